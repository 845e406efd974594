"""The WhatsApp channel: what it reads, what it sends, how it fetches and paces. The contract suite says the rest."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.channels.base import Refused, TryLater
from bot.channels.whatsapp import media
from bot.channels.whatsapp.errors import Unauthorized
from bot.channels.whatsapp.pacing import BURST, Pace
from bot.channels.whatsapp.update import Ignored, read_form
from flows.message import Choice, InboundKind, Outbound
from tests.contracts.twilio_peer import PHONE, TOKEN, Fault, Twilio, channel, serving

CHOICES = (Choice(id="17.yes", label="Ya"), Choice(id="17.no", label="Tidak"))


def asking(count: int = 2, label: int = 5, *, fixed: bool = True, text: str = "Aman?", **options: Any) -> Outbound:
    choices = tuple(Choice(id=f"17.o{n}", label=f"{n:0{label}d}") for n in range(count))
    return Outbound(text=text, choices=choices, fixed=fixed, **options)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (asking(3, 20), "twilio/quick-reply"), (asking(4, 20), "twilio/list-picker"), (asking(3, 21), "twilio/list-picker"),
        (asking(10, 24), "twilio/list-picker"), (asking(11, 5), None), (asking(3, 25), None), (asking(fixed=False), None),
        (asking(many=True), None), (asking(text="a" * 1010), None), (asking(text="{{1}}"), None),
        (Outbound(text="x", fixed=True, choices=(Choice(id="1.a", label="Sama"), Choice(id="1.b", label="Sama"))), None),
    ],
)  # fmt: skip
async def test_how_a_question_goes(message: Outbound, kind: str | None) -> None:
    twilio = Twilio()
    whatsapp = channel(twilio)
    await whatsapp.send(PHONE, message)
    (shown,) = twilio.screen()
    made = [name for sid, content in twilio.contents.items() for name in content["types"] if name != "twilio/text"]
    assert made == ([kind] if kind else [])
    assert [button for button, _ in shown.buttons] == ([choice.id for choice in message.choices] if kind else [])
    for number, choice in enumerate(message.choices, 1):
        assert f"{number}. {choice.label}" in shown.body
    assert twilio.problems == []


async def test_the_number_of_the_question_is_all_that_changes() -> None:
    twilio = Twilio()
    whatsapp = channel(twilio)
    for number in (17, 18, 19):
        await whatsapp.send(PHONE, Outbound(text="Aman?", fixed=True, choices=(Choice(id=f"{number}.yes", label="Ya"),)))
    assert [one.buttons[0][0] for one in twilio.screen()] == ["17.yes", "18.yes", "19.yes"]
    assert len(twilio.tried("content")) == 1


async def test_what_a_person_said_never_becomes_a_stored_prompt() -> None:
    twilio = Twilio()
    await channel(twilio).send(PHONE, Outbound(text="Ceritamu: kenari", choices=CHOICES))
    assert twilio.tried("content") == []


def test_what_is_read() -> None:
    twilio = Twilio()

    def read(form: dict[str, str]) -> Any:
        found = read_form(form)
        return found if isinstance(found, Ignored) else [each.inbound for each in found]

    (tap,) = read(twilio.taps("17.yes", "bukan ini"))
    assert (tap.kind, tap.tap, tap.text) == (InboundKind.TAP, "17.yes", "")
    (item,) = read(twilio.taps("3.b", "B", listed=True))
    assert item.tap == "3.b"
    (place,) = read(twilio.writes("", Latitude="-1.26", Longitude="116.83"))
    assert place.location == (-1.26, 116.83)
    (odd,) = read(twilio.writes("halo", Latitude="999", Longitude="nan"))
    assert odd.kind is InboundKind.TEXT
    (voice,) = read(twilio.sends_files(("audio/ogg; codecs=opus", b"x")))
    assert (voice.media.kind, voice.media.content_type) == ("voice", "audio/ogg")
    files = twilio.sends_files(("image/jpeg", b"x"), ("application/pdf", b"y"), caption="lihat")
    assert [(each.media.kind, each.text) for each in read(files)] == [("image", "lihat"), ("document", "")]
    received = read_form(files)
    assert not isinstance(received, Ignored)
    assert [(each.message_id.partition("/")[2], bool(each.ref)) for each in received] == [("", True), ("1", False)]
    assert read(twilio.writes("", MessageType="sticker"))[0].kind is InboundKind.UNSUPPORTED
    assert read(twilio.writes("👍", MessageType="reaction")) is Ignored.REACTION
    elsewhere = files | {"MediaUrl0": "https://evil.example.org/x", "NumMedia": "1", "Body": ""}
    assert read(elsewhere)[0].kind is InboundKind.UNSUPPORTED


async def test_a_file_is_fetched_streamed_and_dropped_over_real_sockets() -> None:
    twilio, data = Twilio(), b"suara" * 50_000
    async with serving(twilio) as url:
        whatsapp = channel(twilio, api_url=url, client=None)
        (received,) = whatsapp.parse_all(twilio.sends_files(("audio/ogg", data)))
        assert received.inbound.media is not None
        handle = received.inbound.media.handle
        assert b"".join([piece async for piece in whatsapp.fetch(handle)]) == data
        await whatsapp.drop(handle)
        await whatsapp.drop(handle)
        with pytest.raises(Refused, match="gone"):
            [piece async for piece in whatsapp.fetch(handle)]
        for wrong in ("", "../x", f"{handle}/..", "http://evil.example.org/", handle.upper().replace("/", "//")):
            with pytest.raises(Refused, match="handle_invalid"):
                [piece async for piece in whatsapp.fetch(wrong)]
        await whatsapp.check()
        assert whatsapp.state == "ok"
        await whatsapp.close()
    assert twilio.problems == []


@pytest.mark.parametrize(
    ("location", "followed"),
    [
        ("https://mms.twiliocdn.com/AC/x", True), ("https://media.us1.twilio.com/x", True),
        ("https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC/x?sig=1", True), ("http://mms.twiliocdn.com/x", False),
        ("https://s3-external-1.amazonaws.com/else/x", False), ("https://s3-external-1.amazonaws.com/media.twiliocdn.com/../x", False),
        ("https://twiliocdn.com.evil.example/x", False), ("https://eviltwilio.com/x", False), ("https://a@mms.twiliocdn.com/x", False),
        ("https://mms.twiliocdn.com:8443/x", False), ("http://169.254.169.254/latest/meta-data", False), ("file:///etc/passwd", False),
        ("//localhost/x", False), ("https://[::1]/x", False), ("", False),
    ],
)  # fmt: skip
async def test_a_redirection_leads_to_twilios_storage_or_nowhere_and_never_with_credentials(location: str, followed: bool) -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(307, headers={"location": location}) if len(asked) == 1 else httpx.Response(200, content=b"x")

    client = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    pieces = media.download(client, "https://api.twilio.com/2010-04-01/x", auth=("AC", TOKEN))
    if followed:
        assert [piece async for piece in pieces] == [b"x"]
        assert "authorization" not in asked[1].headers
    else:
        with pytest.raises(Refused) as caught:
            [piece async for piece in pieces]
        assert caught.value.code == "whatsapp_media_elsewhere"
        assert len(asked) == 1
    assert "authorization" in asked[0].headers


async def test_a_file_too_large_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "LIMIT", 1000)

    async def endless() -> Any:
        while True:
            yield b"x" * 400

    for answer in (httpx.Response(200, content=endless()), httpx.Response(200, content=b"x" * 1001)):
        client = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: answer))  # noqa: B023
        with pytest.raises(Refused, match="too_large"):
            [piece async for piece in media.download(client, "https://api.twilio.com/x", auth=("a", "b"))]


@pytest.mark.parametrize(
    ("fault", "code", "after", "unsure"),
    [
        (Fault(call="send", status=429, code=20429, headers={"Retry-After": "7"}), "whatsapp_flood", 7.0, False),
        (Fault(call="send", status=400, code=63018), "whatsapp_flood", 2.0, False),
        (Fault(call="send", status=401, code=20003), "whatsapp_account_refused", 60.0, False),
        (Fault(call="send", status=400, code=63007), "whatsapp_63007", 60.0, False),
        (Fault(call="send", status=500), "whatsapp_fault", 0.0, True),
        (Fault(call="send", kind="lost"), "whatsapp_unreachable", 0.0, True),
    ],
)
async def test_what_passes_is_tried_again(fault: Fault, code: str, after: float, unsure: bool) -> None:
    twilio = Twilio()
    twilio.faults.append(fault)
    with pytest.raises(TryLater) as caught:
        await channel(twilio).send(PHONE, Outbound(text="halo"))
    error = caught.value
    assert (error.code, error.after, error.unsure) == (code, after, unsure)
    assert error.__cause__ is None
    assert error.__context__ is None


async def test_lists_that_cannot_be_had_say_why() -> None:
    twilio = Twilio()
    twilio.faults += [Fault(call="media", status=401), Fault(call="media", status=429), Fault(call="delete", status=409, code=20009)]
    whatsapp = channel(twilio)
    sid = twilio.writes("x")["MessageSid"]
    for kind, after in ((Unauthorized, 60.0), (TryLater, 2.0), (TryLater, 600.0)):
        with pytest.raises(kind) as caught:
            await whatsapp.delete("", sid)
        assert caught.value.after == after
    await whatsapp.delete("", sid)
    await whatsapp.delete("", sid)
    assert twilio.deleted == [sid]


async def test_a_long_bubble_goes_on_where_it_stopped() -> None:
    twilio = Twilio()
    whatsapp = channel(twilio)
    message = Outbound(text="satu dua tiga. " * 250)
    for code, kind in ((20429, TryLater), (63024, Refused)):
        twilio.faults.append(Fault(call="send", status=400, code=code, after=1))
        with pytest.raises(kind) as caught:
            await whatsapp.send_as(7, PHONE, message)
        assert caught.value.refs == (twilio.sent[-1].sid,)
    begun = twilio.sent.pop(0).sid
    refs = await whatsapp.send_as(7, PHONE, message, caught.value.refs)
    assert refs == tuple(one.sid for one in twilio.sent) and len(refs) == 3
    assert "".join("".join(one.body.split()) for one in twilio.sent) == "".join(message.text.split())
    assert await whatsapp.send_as(7, PHONE, message, refs) == refs and len(twilio.sent) == 3
    assert await whatsapp.sent_already(PHONE, message, 0, {begun}) == refs
    del twilio.kept[refs[1]]
    assert await whatsapp.sent_already(PHONE, message, 0, {begun}) == refs[:1]


async def test_one_person_is_not_sent_to_too_fast() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    for _ in range(BURST):
        await pace.wait("a")
    with pytest.raises(TryLater) as caught:
        await pace.wait("a")
    assert caught.value.after == pytest.approx(6.0)
    await pace.wait("b")
    now[0] += caught.value.after
    await pace.wait("a")
    with pytest.raises(TryLater):
        await pace.wait("a")


def test_the_channel_tells_nobody_its_secrets() -> None:
    whatsapp = channel(Twilio())
    assert repr(whatsapp) == "WhatsApp()"
    assert TOKEN not in f"{whatsapp!r} {whatsapp}"
