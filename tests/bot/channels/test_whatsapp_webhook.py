"""Twilio's doors: signed by twilio's own RequestValidator, and thrown at by everybody else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode

import pytest
from starlette.applications import Starlette

from bot.channels.whatsapp import WhatsApp, routes
from bot.channels.whatsapp.webhook import BODY_LIMIT, PATH
from flows.message import InboundKind
from tests.contracts.mailbag import Mailbag
from tests.contracts.twilio_peer import ACCOUNT, PHONE, TOKEN, Twilio, channel, signed
from tests.faults.asgi import Answer, call, logged
from tests.structure.project import ROOT

PUBLIC = "https://bot.example.org"
URL = PUBLIC + PATH
CANARY = "kenari hitam 8841"


class Reported:
    def __init__(self) -> None:
        self.reports: list[tuple[str, int, str, str]] = []

    async def report(self, channel: str, row_id: int, status: str, code: str = "") -> None:
        self.reports.append((channel, row_id, status, code))


class Door:
    def __init__(self, public_url: str = PUBLIC) -> None:
        self.twilio, self.bag, self.reported = Twilio(), Mailbag(), Reported()
        self.whatsapp: WhatsApp = channel(self.twilio)
        self.app = Starlette(routes=routes(self.bag, self.reported, self.whatsapp, public_url=public_url, auth_token=TOKEN))

    async def post(
        self, form: dict[str, str], *, url: str = URL, path: str = PATH, query: str = "", token: str = TOKEN,
        extra: tuple[tuple[bytes, bytes], ...] = (),
    ) -> Answer:  # fmt: skip
        body, headers = signed(url, form, token=token)
        return await call(self.app, "POST", path, headers=[*headers, *extra], chunks=[body], query=query.encode())


@pytest.fixture
def door() -> Iterator[Door]:
    yield Door()


# What may stand after the #, and between which numbers: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
_OVERRIDES = {"ct": range(100, 10_001), "rt": range(100, 15_001), "rc": range(6)}


async def test_the_address_of_the_readme_is_one_that_is_taken() -> None:
    (address,) = re.findall(r"^ +(https://\S+#\S+)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    sent, _, fragment = address.partition("#")  # what stands after it never leaves Twilio
    given = dict(parse_qsl(fragment, strict_parsing=True))
    assert set(given.pop("rp").split(",")) <= {"ct", "rt", "4xx", "5xx"}
    assert all(int(value) in _OVERRIDES[name] for name, value in given.items()) and given.keys() == _OVERRIDES.keys()
    path = sent.removeprefix("https://example.go.id")
    here = Door(public_url="https://example.go.id")
    assert (await here.post(here.twilio.writes("halo"), url=sent, path=path)).status == 200
    assert len(here.bag.received) == 1


async def test_a_signed_message_is_stored_and_answered_with_nothing(door: Door) -> None:
    answer = await door.post(door.twilio.writes("tolong 😔"))
    assert (answer.status, answer.body) == (200, b"")
    (received,) = door.bag.received
    assert (received.address, received.inbound.text, received.message_id) == (PHONE, "tolong 😔", received.ref)
    assert "Rara" not in repr(received), "who they call themselves is never taken"
    again = await door.post(door.twilio.writes("tolong 😔", MessageSid=received.ref))
    assert again.status == 200
    assert door.bag.redelivered == [received.ref]


async def test_the_configured_address_is_what_was_signed(door: Door) -> None:
    form = door.twilio.writes("halo")
    for url in (f"http://bot.example.org{PATH}", f"{URL}/", f"{URL}?x=1", f"https://evil.example.org{PATH}", PUBLIC, ""):
        assert (await door.post(form, url=url)).status == 403, url
    # Whatever a proxy or a stranger says about it.
    for extra in (((b"host", b"evil.example.org"),), ((b"x-forwarded-proto", b"http"), (b"x-forwarded-host", b"evil.example.org"))):
        assert (await door.post(form, extra=extra)).status == 200
    assert (await door.post(form, url=f"{URL}?a=%20b&c=", query="a=%20b&c=")).status == 200
    assert (await door.post(form, url=f"https://bot.example.org:443{PATH}")).status == 200, "Twilio signs with the port, or without"


async def test_a_trailing_slash_in_the_setting_changes_nothing() -> None:
    door = Door(f"{PUBLIC}/")
    assert (await door.post(door.twilio.writes("halo"))).status == 200


@pytest.mark.parametrize("signature", [None, b"", b"x", b"\xff" * 28, b"a" * 70_000])
async def test_a_forged_call_is_refused(door: Door, signature: bytes | None) -> None:
    body, _ = signed(URL, door.twilio.writes(CANARY))
    headers = [] if signature is None else [(b"x-twilio-signature", signature)]
    with logged() as said:
        answer = await call(door.app, "POST", PATH, headers=headers, chunks=[body])
    assert answer.status == 403
    assert door.bag.received == []
    assert CANARY not in said()
    assert signature is not None or answer.read == 0


async def test_changed_added_left_out_or_reordered_fields_are_noticed(door: Door) -> None:
    form = door.twilio.writes("halo", Empty="")
    body, headers = signed(URL, form)
    for changed in ({**form, "Body": "lain"}, {**form, "More": "1"}, {k: v for k, v in form.items() if k != "To"}):
        assert (await call(door.app, "POST", PATH, headers=headers, chunks=[urlencode(changed).encode()])).status == 403
    shuffled = list(form.items())
    random.Random(1).shuffle(shuffled)
    assert (await call(door.app, "POST", PATH, headers=headers, chunks=[urlencode(shuffled).encode()])).status == 200
    assert (await call(door.app, "POST", PATH, headers=[*headers, headers[1]], chunks=[body])).status == 403, "two signatures"


async def test_blank_and_repeated_fields_are_part_of_what_was_signed(door: Door) -> None:
    pairs = [*door.twilio.writes("").items(), ("Twice", "b"), ("Twice", "a"), ("Blank", "")]
    names: dict[str, set[str]] = {}
    for name, value in pairs:
        names.setdefault(name, set()).add(value)
    text = URL + "".join(name + value for name in sorted(names) for value in sorted(names[name]))
    signature = base64.b64encode(hmac.new(TOKEN.encode(), text.encode(), hashlib.sha1).digest())
    answer = await call(door.app, "POST", PATH, headers=[(b"x-twilio-signature", signature)], chunks=[urlencode(pairs).encode()])
    assert answer.status == 200
    assert door.bag.received[0].inbound.kind is InboundKind.UNSUPPORTED


async def test_a_body_too_large_or_too_slow(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = [(b"x-twilio-signature", b"x")]
    big = await call(door.app, "POST", PATH, headers=headers, chunks=[b"x" * 65536] * 400)
    assert big.status == 413
    assert big.read <= BODY_LIMIT + 65536
    told = await call(door.app, "POST", PATH, headers=[*headers, (b"content-length", b"99999999")], chunks=[b"x"])
    assert (told.status, told.read) == (413, 0)
    monkeypatch.setattr("bot.channels.door.BODY_SECONDS", 0.0)
    assert (await call(door.app, "POST", PATH, headers=headers, chunks=[b"x"] * 3)).status in (403, 408)


async def test_rubbish_is_refused_and_never_a_5xx(door: Door) -> None:
    rng = random.Random(7)
    for _ in range(200):
        body = bytes(rng.randrange(256) for _ in range(rng.randrange(200)))
        signature = base64.b64encode(hmac.new(TOKEN.encode(), URL.encode(), hashlib.sha1).digest())
        answer = await call(door.app, "POST", PATH, headers=[(b"x-twilio-signature", signature)], chunks=[body])
        assert answer.status in (200, 403)
    for form in ({}, {"MessageSid": "x"}, {"MessageSid": "SM" + "0" * 32, "From": "sms:+62811"}, {"From": PHONE}):
        assert (await door.post(form)).status == 200
    assert door.bag.received == []


async def test_what_could_not_be_stored_is_503_and_its_words_are_nowhere(door: Door) -> None:
    door.bag.fails = 1
    form = door.twilio.writes(CANARY)
    with logged() as said:
        answer = await door.post(form)
        assert answer.status == 503
        assert (await door.post(form)).status == 200
    for secret in (CANARY, PHONE, TOKEN, ACCOUNT):
        assert secret not in said()
        assert secret.encode() not in answer.body


async def test_reports_reach_the_book_with_their_row_and_code(door: Door) -> None:
    form = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "undelivered", "ErrorCode": "63016"}
    path = f"{PATH}/status"
    for changed in ({}, {"ErrorCode": "kenari"}, {"MessageStatus": "read"}, {"MessageStatus": "queued"}):
        url = f"{PUBLIC}{path}?row=77"
        assert (await door.post(form | changed, url=url, path=path, query="row=77")).status == 200
    assert door.reported.reports == [
        ("whatsapp", 77, "failed", "whatsapp_63016"), ("whatsapp", 77, "failed", "whatsapp_failed"), ("whatsapp", 77, "read", ""),
    ]  # fmt: skip
    assert (await door.post(form, url=f"{PUBLIC}{path}?row=78", path=path, query="row=77")).status == 403
