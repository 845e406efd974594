"""What becomes of real Telegram updates."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import Received
from bot.channels.telegram import Telegram
from bot.channels.telegram.update import _SERVICE, Ignored, read_update
from flows.message import Inbound, InboundKind, Media
from tests.contracts import bot_api
from tests.contracts.hostile_json import JSON, paths, planted
from tests.contracts.telegram_peer import CHAT, FIXTURES, TOKEN, ScriptedRequest, captured, logged, text_update

TEXT, TAP, LOCATION, MEDIA = InboundKind.TEXT, InboundKind.TAP, InboundKind.LOCATION, InboundKind.MEDIA
UNSUPPORTED, START = InboundKind.UNSUPPORTED, InboundKind.START


def inbound(kind: InboundKind, **fields: Any) -> Inbound:
    return Inbound(kind=kind, language="id", **fields)


def filed(kind: str, handle: str, content_type: str, size: int, **fields: Any) -> Inbound:
    """A handle is chat / message / file: Telegram deletes a file with its message."""
    return inbound(MEDIA, media=Media(kind=kind, handle=handle, content_type=content_type, size=size), **fields)


MEANS: dict[str, Inbound | Ignored] = {
    "text": inbound(TEXT, text="Aku mau cerita 😔 tapi takut ketahuan mama.\nBoleh?"),
    "start": inbound(START),
    "command": inbound(TEXT, text="/menu"),
    "callback_query": inbound(TAP, tap="yes"),
    "callback_query_inaccessible": inbound(TAP, tap="no"),
    "location": inbound(LOCATION, location=(-1.265386, 116.8312)),
    "venue": inbound(LOCATION, location=(-1.2742, 116.8271), text="Pasar Klandasan, Jl. Jenderal Sudirman"),
    "voice": filed("voice", "5550100042/108/AwACAgUAAxkBAAIBbGcVoiceExample", "audio/ogg", 55321),
    "photo_caption": filed("image", "5550100042/109/AgACAgUAAxkBAAIBbWcLarge", "image/jpeg", 98112, text="ini lebamnya"),
    "document_image": filed("image", "5550100042/110/BQACAgUAAxkBAAIBbmcDoc", "image/jpeg", 2811034),
    "animation": filed("video", "5550100042/111/CgACAgUAAxkBAAIBb2cGif", "video/mp4", 60231),
    "sticker": inbound(UNSUPPORTED),
    "contact": inbound(UNSUPPORTED),
    "poll": inbound(UNSUPPORTED),
    "unknown_content": inbound(UNSUPPORTED, text="lihat ini"),
    "edited_message": Ignored.EDITED,
    "auto_delete_timer": Ignored.SERVICE,
    "group_message": Ignored.NOT_PRIVATE,
    "channel_post": Ignored.UNKNOWN,
    "my_chat_member": Ignored.UNKNOWN,
    "unknown_kind": Ignored.UNKNOWN,
}


def test_every_captured_update_has_a_meaning() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(MEANS)


@pytest.mark.parametrize("name", MEANS)
def test_meaning(name: str) -> None:
    update = captured(name)
    found = read_update(update)
    expected = MEANS[name]
    if isinstance(expected, Ignored):
        assert found is expected
        return
    assert isinstance(found, Received)
    assert found.inbound == expected
    assert (found.channel, found.message_id, found.address) == ("telegram", str(update["update_id"]), str(CHAT))
    if expected.kind is TAP:
        assert (found.ref, found.receipt) == ("", update["callback_query"]["id"])
    else:
        assert (found.ref, found.receipt) == (str(update["message"]["message_id"]), "")


@pytest.mark.parametrize("name", ["contact", "text", "photo_caption", "sticker"])
def test_who_wrote_and_whom_they_know_is_not_taken(name: str) -> None:
    kept = repr(read_update(captured(name)))
    for word in ("Rara", "rara_bpn", "Paman", "Contoh", "6281200005555", "5550100077", "VCARD"):
        assert word not in kept


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("/start", (START, "")),
        ("/START", (START, "")),
        ("/start@ruang_contoh_bot abc", (START, "")),
        ("/start tolong aku dipukul", (TEXT, "/start tolong aku dipukul")),  # words that a person wrote are kept
        ("/starting", (TEXT, "/starting")),
        ("/keluar@ruang_contoh_bot sekarang", (TEXT, "/keluar sekarang")),
        ("/menu\nemail: a@b.id", (TEXT, "/menu\nemail: a@b.id")),
        ("tulis ke /menu@bot", (TEXT, "tulis ke /menu@bot")),
        ("/", (TEXT, "/")),
        ("/🙂@x", (TEXT, "/🙂@x")),
    ],
)
def test_commands(text: str, means: tuple[InboundKind, str]) -> None:
    found = read_update(text_update(1, text))
    assert isinstance(found, Received)
    assert (found.inbound.kind, found.inbound.text) == means


@pytest.mark.parametrize(
    ("code", "hint"), [("id", "id"), ("en-US", "en"), ("PT_br", "pt"), ("", None), ("klingon", None), (5, None), ("e", None)]
)
def test_language_hint(code: object, hint: str | None) -> None:
    update = text_update(1, "x")
    update["message"]["from"]["language_code"] = code
    found = read_update(update)
    assert isinstance(found, Received)
    assert found.inbound.language == hint


@pytest.mark.parametrize(
    "place",
    [
        {"latitude": 91, "longitude": 0},
        {"latitude": float("nan"), "longitude": 0},
        {"latitude": True, "longitude": 0},
        {"latitude": "1", "longitude": "2"},
        {"latitude": 10**400, "longitude": 0},
        {},
        [],
        None,
    ],
)
def test_a_place_that_is_none_gets_an_answer(place: object) -> None:
    update = captured("location")
    update["message"]["location"] = place
    found = read_update(update)
    assert isinstance(found, Received)
    assert found.inbound.kind is UNSUPPORTED


@pytest.mark.parametrize(
    "update",
    [
        None,
        [],
        "x",
        {},
        {"update_id": "5"},
        {"update_id": True, "message": {}},
        {"update_id": 10**5000, "message": {}},
        {"update_id": 1, "message": None},
        {"update_id": 1, "message": {"chat": {"id": 10**5000, "type": "private"}}},
        {"update_id": 1, "message": {"chat": {"id": "@rara", "type": "private"}}},
        {"update_id": 1, "callback_query": []},
    ],
)
def test_what_is_no_update(update: object) -> None:
    assert read_update(update) is Ignored.MALFORMED


def test_a_bot_is_not_answered() -> None:
    update = text_update(1, "halo")
    update["message"]["from"]["is_bot"] = True
    assert read_update(update) is Ignored.BOT


@given(st.text())
def test_words_are_kept_to_the_character(text: str) -> None:
    found = read_update(json.loads(json.dumps(text_update(1, "a" + text))))
    assert isinstance(found, Received)
    assert found.inbound.text == "a" + text


@given(st.data())
def test_anything_anywhere_is_read_without_an_error(data: st.DataObject) -> None:
    """`Telegram.parse` would hide a fault here behind a log line; `read_update` does not."""
    update: Any = captured(data.draw(st.sampled_from(sorted(MEANS))))
    for _ in range(data.draw(st.integers(1, 3))):
        update = planted(update, data.draw(st.sampled_from(paths(update))), data.draw(JSON))
    found = read_update(update)
    assert isinstance(found, Received | Ignored)
    if isinstance(found, Received):
        assert Inbound.from_json(found.inbound.to_json()) == found.inbound


def test_a_fault_of_ours_holds_nobody_up(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(update: object) -> Received:
        raise RuntimeError(repr(update))

    monkeypatch.setattr("bot.channels.telegram.channel.read_update", broken)
    telegram = Telegram(token=TOKEN, request=ScriptedRequest((200, {})), paced=False)
    assert telegram.parse(text_update(1, "rahasia")) is None
    assert logged(caplog) == ["telegram_update_unreadable error=RuntimeError"]
    assert "rahasia" not in caplog.text


def test_the_channel_takes_what_is_a_message_and_nothing_else() -> None:
    telegram = Telegram(token=TOKEN, request=ScriptedRequest((200, {})), paced=False)
    taken = [name for name in ("unknown_kind", "my_chat_member", "group_message", "text") if telegram.parse(captured(name)) is not None]
    assert taken == ["text"]


@pytest.mark.skipif(bot_api.description() is None, reason="no description of the Bot API beside the checkout")
def test_every_service_message_of_the_bot_api_is_known() -> None:
    api = bot_api.description()
    assert api is not None
    said = {field["name"] for field in api["types"]["Message"]["fields"] if "ervice message" in field["description"]}
    assert len(said) > 30
    # This one carries data that a person sent from a web app: they get an answer.
    assert said - {"web_app_data"} <= _SERVICE
