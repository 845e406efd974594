"""What goes out to Telegram, and what its answers mean."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.channels.base import ChannelError, Received, Refused, TryLater
from bot.channels.telegram import Telegram
from bot.channels.telegram.errors import channel_error
from bot.channels.telegram.transport import QuietRequest
from flows.message import Choice, Inbound, InboundKind, Outbound
from tests.contracts import bot_api
from tests.contracts.telegram_peer import CHAT, TOKEN, Peer, ScriptedRequest, peer

ADDRESS = str(CHAT)
SECRET_WORDS = "aku dipukul paman di Gunung Guntur"


@pytest.fixture
async def running() -> AsyncIterator[Peer]:
    async with peer() as made:
        yield made


def channel(*script: Any) -> Telegram:
    return Telegram(token=TOKEN, request=ScriptedRequest(*script), updates_request=ScriptedRequest(*script), paced=False)


def refusal(status: int, description: str, **parameters: Any) -> tuple[int, dict[str, Any]]:
    answer: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return status, answer | ({"parameters": parameters} if parameters else {})


def choices(*labels: str) -> tuple[Choice, ...]:
    return tuple(Choice(id=f"id{n}", label=label) for n, label in enumerate(labels, 1))


async def test_nothing_that_a_person_wrote_is_interpreted(running: Peer) -> None:
    await running.telegram.send(ADDRESS, Outbound(text="<b>*tebal*</b> https://contoh.invalid"))
    (call,) = running.request.of("sendMessage")
    assert call["text"] == "<b>*tebal*</b> https://contoh.invalid"
    assert "parse_mode" not in call
    assert "entities" not in call
    assert call["link_preview_options"] == {"is_disabled": True}
    assert call["disable_notification"] is True
    assert "protect_content" not in call  # the code must be copied and kept (docs/decisions/telegram.md)
    assert call["chat_id"] == CHAT


async def test_a_colleague_is_woken(running: Peer) -> None:
    await running.telegram.ring(ADDRESS, "Buka konsol.")
    (call,) = running.request.of("sendMessage")
    assert (call["chat_id"], call["text"], call["disable_notification"]) == (CHAT, "Buka konsol.", False)
    with pytest.raises(Refused):
        await running.telegram.ring("nobody", "Buka konsol.")


async def test_that_somebody_is_writing_is_shown(running: Peer) -> None:
    await running.telegram.typing(ADDRESS)
    assert running.request.of("sendChatAction") == [{"chat_id": CHAT, "action": "typing"}]
    with pytest.raises(Refused):
        await running.telegram.typing("nobody")


async def test_two_short_answers_share_a_row_others_have_their_own(running: Peer) -> None:
    async def rows(*labels: str) -> list[int]:
        await running.telegram.send(ADDRESS, Outbound(text="?", choices=choices(*labels)))
        return [len(row) for row in running.request.of("sendMessage")[-1]["reply_markup"]["inline_keyboard"]]

    assert await rows("Ya", "Tidak") == [2]
    assert await rows("Ya", "Tidak", "Lewati") == [1, 1, 1]
    assert await rows("Ya", "Aku tidak yakin soal itu") == [1, 1]
    assert await rows("Ya") == [1]


async def test_a_choice_that_cannot_be_a_button_keeps_its_number(running: Peer) -> None:
    odd = (Choice(id="x" * 65, label="Terlalu panjang"), Choice(id="", label="Kosong"), Choice(id="ok", label=" "))
    await running.telegram.send(ADDRESS, Outbound(text="?", choices=odd))
    (call,) = running.request.of("sendMessage")
    assert call["reply_markup"]["inline_keyboard"] == [[{"text": "3", "callback_data": "ok"}]]
    assert "1. Terlalu panjang\n2. Kosong\n3. " in call["text"]


async def test_the_buttons_are_under_the_last_piece(running: Peer) -> None:
    refs = await running.telegram.send(ADDRESS, Outbound(text="Kata. " * 1000, choices=choices("Ya", "Tidak")))
    calls = running.request.of("sendMessage")
    assert len(calls) == len(refs) == 2
    assert "reply_markup" not in calls[0]
    assert "inline_keyboard" in calls[1]["reply_markup"]
    assert all(len(call["text"]) <= 4096 for call in calls)


async def test_the_location_button(running: Peer) -> None:
    await running.telegram.send(ADDRESS, Outbound(text="Kamu di mana?", ask_location=True))
    (alone,) = running.request.of("sendMessage")
    assert alone["reply_markup"]["keyboard"][0][0]["request_location"] is True

    refs = await running.telegram.send(ADDRESS, Outbound(text="Kamu di mana?", ask_location=True, choices=choices("Aku aman")))
    _, question, button = running.request.of("sendMessage")
    assert "inline_keyboard" in question["reply_markup"]
    assert button["reply_markup"]["keyboard"][0][0]["request_location"] is True
    assert len(refs) == 2  # both can be deleted

    await running.telegram.send(ADDRESS, Outbound(text="Terima kasih."))
    assert running.request.of("sendMessage")[-1]["reply_markup"] == {"remove_keyboard": True}


async def test_a_location_button_that_fails_does_not_ask_twice() -> None:
    telegram = channel((200, {"ok": True, "result": {"message_id": 7}}), refusal(500, "Internal Server Error"))
    assert await telegram.send(ADDRESS, Outbound(text="Di mana?", ask_location=True, choices=choices("Aman"))) == ("7",)


async def test_delete_and_acknowledge(running: Peer) -> None:
    (ref,) = await running.telegram.send(ADDRESS, Outbound(text="x"))
    await running.telegram.delete(ADDRESS, ref)
    assert running.request.of("deleteMessage") == [{"chat_id": CHAT, "message_id": int(ref)}]
    tap = Inbound(kind=InboundKind.TAP, tap="yes")
    await running.telegram.acknowledge(Received(channel="telegram", message_id="1", address=ADDRESS, inbound=tap, receipt="238"))
    assert running.request.of("answerCallbackQuery")[0]["callback_query_id"] == "238"


async def test_the_description_of_the_bot_api_catches_what_is_wrong() -> None:
    if bot_api.description() is None:
        pytest.skip("no description of the Bot API beside the checkout")
    good = {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}}
    assert bot_api.problems("sendMessage", good) == []
    for wrong in (
        good | {"text": "x" * 4097},
        good | {"text": 5},
        good | {"colour": "red"},
        {"chat_id": 1},
        good | {"reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "b" * 65}]]}},
        good | {"reply_markup": {"inline_keyboard": [{"text": "a"}]}},
        good | {"disable_notification": "yes"},
    ):
        assert bot_api.problems("sendMessage", wrong), wrong
    assert bot_api.problems("sendTelepathy", {})


@pytest.mark.parametrize(
    ("answer", "expected", "code", "after"),
    [
        (refusal(429, "Too Many Requests: retry after 17", retry_after=17), TryLater, "telegram_flood", 17),
        (refusal(403, "Forbidden: bot was blocked by the user"), Refused, "telegram_blocked", 0),
        (refusal(403, "Forbidden: user is deactivated"), Refused, "telegram_user_gone", 0),
        (refusal(403, "Forbidden: something new"), Refused, "telegram_forbidden", 0),
        (refusal(400, "Bad Request: chat not found"), Refused, "telegram_chat_not_found", 0),
        (refusal(400, "Bad Request: message is too long"), Refused, "telegram_text_too_long", 0),
        (refusal(400, "Bad Request: BUTTON_DATA_INVALID"), Refused, "telegram_button_invalid", 0),
        (refusal(400, "Bad Request: " + SECRET_WORDS), Refused, "telegram_bad_request", 0),
        (refusal(400, "Bad Request: group migrated", migrate_to_chat_id=-100123), Refused, "telegram_chat_migrated", 0),
        (refusal(401, "Unauthorized"), TryLater, "telegram_token_refused", 60),
        (refusal(404, "Not Found"), TryLater, "telegram_token_refused", 60),
        (refusal(409, "Conflict: terminated by other getUpdates request"), TryLater, "telegram_conflict", 0),
        (refusal(409, "Conflict: can't use getUpdates method while webhook is active"), TryLater, "telegram_conflict_webhook", 0),
        (refusal(500, "Internal Server Error"), TryLater, "telegram_unreachable", 0),
        ((502, b"<html>Bad Gateway " + SECRET_WORDS.encode()), TryLater, "telegram_unreachable", 0),
        ((200, b"\xff\xfe not json"), TryLater, "telegram_bad_answer", 0),
        ((200, []), TryLater, "telegram_bad_answer", 0),
        ((200, {"ok": True}), TryLater, "telegram_bad_answer", 0),
        ((500, {"ok": False, "parameters": 5}), TryLater, "telegram_bad_answer", 0),
        (TimedOut(), TryLater, "telegram_timed_out", 0),
        (NetworkError(f"https://api.telegram.org/bot{TOKEN}/sendMessage"), TryLater, "telegram_unreachable", 0),
        (OSError(SECRET_WORDS), TryLater, "telegram_unreachable", 0),
    ],
)
async def test_answers(answer: Any, expected: type[ChannelError], code: str, after: float, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ChannelError) as caught:
        await channel(answer).send(ADDRESS, Outbound(text=SECRET_WORDS))
    error = caught.value
    assert type(error) is expected
    assert error.code == code
    assert getattr(error, "after", 0) == after
    # Neither the log nor the error, nor anything that hangs on it, repeats the token, the words or the address.
    assert error.__cause__ is None
    assert error.__context__ is None
    for text in (caplog.text, repr(error), str(error)):
        assert TOKEN not in text
        assert SECRET_WORDS not in text
        assert ADDRESS not in text


@pytest.mark.parametrize(
    ("description", "code"),
    [
        ("Bad Request: message can't be deleted for everyone", "telegram_delete_not_allowed"),
        ("Bad Request: message can't be deleted", "telegram_delete_not_allowed"),
        ("Bad Request: chat not found", "telegram_chat_not_found"),
    ],
)
async def test_a_message_that_may_not_be_deleted(description: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        await channel(refusal(400, description)).delete(ADDRESS, "5")
    assert caught.value.code == code


async def test_a_message_that_is_gone_counts_as_deleted() -> None:
    await channel(refusal(400, "Bad Request: message to delete not found")).delete(ADDRESS, "5")


@pytest.mark.parametrize("ref", ["", "x", "-5", "0", "5.0", "9" * 30])
async def test_no_ref_no_call(ref: str) -> None:
    request = ScriptedRequest((200, {"ok": True, "result": True}))
    telegram = Telegram(token=TOKEN, request=request, paced=False)
    with pytest.raises(Refused):
        await telegram.delete(ADDRESS, ref)
    assert request.calls == []


@pytest.mark.parametrize(
    "answer", [refusal(400, "Bad Request: query is too old"), (200, b"?"), OSError("x"), TimedOut(), RetryAfter(5), BadRequest("x")]
)
async def test_an_acknowledgement_that_fails_is_no_error(answer: Any) -> None:
    tap = Inbound(kind=InboundKind.TAP, tap="yes")
    await channel(answer).acknowledge(Received(channel="telegram", message_id="1", address=ADDRESS, inbound=tap, receipt="238"))


async def test_a_long_bubble_goes_on_where_it_was_stopped() -> None:
    request = ScriptedRequest((200, {"ok": True, "result": {"message_id": 11}}), refusal(429, "Too Many Requests", retry_after=3))
    telegram = Telegram(token=TOKEN, request=request, paced=False)
    bubble = Outbound(text="satu " * 1000, choices=choices("Ya", "Tidak"))
    with pytest.raises(TryLater) as stopped:
        await telegram.send(ADDRESS, bubble)
    assert stopped.value.refs == ("11",)
    request = ScriptedRequest((200, {"ok": True, "result": {"message_id": 12}}))
    telegram = Telegram(token=TOKEN, request=request, paced=False)
    assert await telegram.send_rest(ADDRESS, bubble, stopped.value.refs) == ("11", "12")
    assert len(request.calls) == 1


def test_every_error_of_the_library_has_a_code() -> None:
    found = set()

    def walk(kind: type[TelegramError]) -> None:
        for child in kind.__subclasses__():
            found.add(child)
            walk(child)

    walk(TelegramError)
    assert len(found) >= 9
    for kind in found:
        error = channel_error(kind(5) if kind.__name__ in ("RetryAfter", "ChatMigrated") else kind("words"))
        assert error.code.startswith("telegram_")
        assert "words" not in error.code


async def test_the_real_transport_logs_no_token(running: Peer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await running.telegram.send(ADDRESS, Outbound(text=SECRET_WORDS))
    real = Telegram(token=TOKEN, base_url=running.base_url, request=QuietRequest(), updates_request=QuietRequest(), paced=False)
    with pytest.raises(Refused):  # the emulator refuses link_preview_options
        await real.send(ADDRESS, Outbound(text=SECRET_WORDS))
    unreachable = Telegram(token=TOKEN, base_url="http://127.0.0.1:9/bot", paced=True)
    with pytest.raises(TryLater):
        await unreachable.send(ADDRESS, Outbound(text=SECRET_WORDS))
    for telegram in (real, unreachable):
        await telegram.close()
    for word in (TOKEN, SECRET_WORDS, ADDRESS):
        assert word not in caplog.text
    assert TOKEN not in repr(real)


async def test_pacing_keeps_below_thirty_a_second() -> None:

    request = ScriptedRequest((200, {"ok": True, "result": {"message_id": 1}}))
    telegram = Telegram(token=TOKEN, request=request, paced=True)
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(telegram.send(str(CHAT + n), Outbound(text="x")) for n in range(45)))
    assert asyncio.get_running_loop().time() - began >= 0.4  # 30 at once, then 30 a second


@pytest.mark.parametrize("secret", ["", "a b", "x" * 257, "é", "a\n"])
async def test_a_webhook_secret_that_telegram_would_refuse(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret"):
        await channel((200, {"ok": True, "result": True})).set_webhook("https://contoh.invalid/webhooks/telegram", secret)
