"""The web chat's routes, over ASGI and, where a stream is read, over a real server on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from bot.channels import web_page
from bot.channels.base import Channel, Mailroom, Pending, Received, Refused
from bot.channels.web import BODY_LIMIT, TEXT_LIMIT, WebChannel, routes
from bot.channels.web_throttle import Throttle
from flows.message import Choice, InboundKind, Outbound
from tests.bot.channels.mailroom import MemoryMailroom

NUMBERS = {"emergency": "112", "police": "110", "ambulance": "119"}
TOKEN = "A1" * 21 + "_"
OTHER = "B-" * 21 + "9"
ADDRESS = hashlib.sha256(TOKEN.encode()).hexdigest()
SECRET = "namaku Melati dan aku takut"


def app_of(mailroom: Mailroom, channel: WebChannel | None = None, **settings: Any) -> Starlette:
    given_settings: dict[str, Any] = {"numbers": NUMBERS, "service_name": "Teman Cerita", "throttle": Throttle(burst=1000), **settings}
    return Starlette(routes=routes(mailroom, channel=channel or WebChannel(), **given_settings))


def client_of(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://chat")


def bearer(token: str = TOKEN) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def text(words: str = SECRET, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "kind": "text", "text": words, **more}


@asynccontextmanager
async def served(app: Starlette, channel: WebChannel) -> AsyncIterator[httpx.AsyncClient]:
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
            yield client
    finally:
        await channel.close()
        server.should_exit = True
        await asyncio.wait_for(task, 10)


async def bubbles(response: httpx.Response, wanted: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            found.append(json.loads(line[6:]))
            if len(found) == wanted:
                break
    return found


# --- the page -------------------------------------------------------------------------------------------------------------------------


async def test_page_has_a_strict_policy_and_nothing_inline() -> None:
    async with client_of(app_of(MemoryMailroom())) as client:
        answer = await client.get("/chat")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "set-cookie" not in answer.headers
    scripts = re.findall(r"<script\b[^>]*>(.*?)</script>", answer.text, re.DOTALL)
    assert scripts and not any(body.strip() for body in scripts)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", answer.text)
    assert "https://" not in answer.text and "http://" not in answer.text


async def test_every_file_the_page_names_is_served_from_here_and_never_cached() -> None:
    async with client_of(app_of(MemoryMailroom())) as client:
        page = (await client.get("/chat")).text
        named = set(re.findall(r'(?:src|href)="(/chat/[^"]+)"', page))
        for script in [name for name in named if name.endswith(".js")]:
            named |= {"/chat/static/" + found for found in re.findall(r'from "\./([^"]+)"', (await client.get(script)).text)}
        assert len(named) >= 9
        for path in sorted(named):
            answer = await client.get(path)
            assert answer.status_code == 200, path
            assert answer.headers["cache-control"] == "no-store", path
        assert (await client.get("/chat/static/chat.html")).status_code == 404
        assert (await client.get("/chat/static/../web.py")).status_code == 404


def test_scripts_stay_small() -> None:
    scripts = list(web_page._FOLDER.glob("*.js"))
    assert len(scripts) >= 5
    # About 4 s on a weak 2G connection, uncompressed, before the first question: a new feature goes in the place of an old one.
    assert sum(len(file.read_bytes()) for file in scripts) < 35 * 1024


async def test_numbers_come_from_the_directory_alone() -> None:
    invented = {"emergency": "55501", "police": "55502", "ambulance": "0555-03"}
    async with client_of(app_of(MemoryMailroom(), numbers=invented)) as client:
        page = (await client.get("/chat")).text
    fallback = re.search(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert fallback
    for number in invented.values():
        assert number in fallback[1]
    assert 'href="tel:055503"' in fallback[1]
    files = [file for file in web_page._FOLDER.iterdir() if file.is_file()]
    assert len(files) >= 10
    for file in files:
        assert not re.search(r"(?<![\w#.])(112|110|119|129)(?![\w%])", file.read_text()), file.name


def test_a_missing_number_stops_the_start() -> None:
    with pytest.raises(ValueError, match="police"):
        app_of(MemoryMailroom(), numbers={"emergency": "112", "ambulance": "119"})


async def test_page_and_cover_look_harmless() -> None:
    async with client_of(app_of(MemoryMailroom(), service_name="<b>Nama</b>")) as client:
        page = (await client.get("/chat")).text
        cover = (await client.get("/chat/pr")).text
    assert "<title>Obrolan</title>" in page
    assert "&lt;b&gt;Nama&lt;/b&gt;" in page and "<b>Nama" not in page
    assert "<title>Latihan Perkalian</title>" in cover
    assert not re.search(r"chat|obrolan|lapor|aman|anak|nama\b", re.sub(r"/chat/static/", "", cover), re.IGNORECASE)


# --- messages -------------------------------------------------------------------------------------------------------------------------


async def test_a_message_is_received_under_the_hash_of_the_token() -> None:
    mailroom = MemoryMailroom()
    async with client_of(app_of(mailroom)) as client:
        answer = await client.post("/chat/messages", json=text(language="en"), headers=bearer())
    assert answer.status_code == 202
    [received] = mailroom.received
    assert received.channel == "web"
    assert received.address == ADDRESS
    assert received.inbound.kind is InboundKind.TEXT
    assert received.inbound.text == SECRET
    assert received.inbound.language == "en"
    assert TOKEN not in repr(received)


async def test_the_same_id_is_one_message_in_a_conversation_and_another_one_in_another() -> None:
    mailroom = MemoryMailroom()
    body = text()
    async with client_of(app_of(mailroom)) as client:
        for token in (TOKEN, TOKEN, OTHER):
            assert (await client.post("/chat/messages", json=body, headers=bearer(token))).status_code == 202
        upper = {**body, "id": body["id"].upper()}
        assert (await client.post("/chat/messages", json=upper, headers=bearer())).status_code == 202
    assert len(mailroom.received) == 2
    assert mailroom.redelivered == 2


async def test_every_kind_arrives() -> None:
    mailroom = MemoryMailroom()
    bodies: list[dict[str, Any]] = [
        {"kind": "start"},
        {"kind": "tap", "tap": "report.safe.yes"},
        {"kind": "location", "location": [-1.2654, 116.8312]},
    ]
    async with client_of(app_of(mailroom)) as client:
        for body in bodies:
            assert (await client.post("/chat/messages", json={"id": str(uuid4()), **body}, headers=bearer())).status_code == 202
    start, tap, location = (received.inbound for received in mailroom.received)
    assert start.kind is InboundKind.START
    assert tap.tap == "report.safe.yes"
    assert location.location == (-1.2654, 116.8312)


GOOD_ID = "9d8f1a51-4f0e-4dc4-8f0b-64a3ac90c1aa"


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        (b"[]", 400, "malformed"),
        (b"null", 400, "malformed"),
        (b"{", 400, "malformed"),
        (b"[" * 60_000, 400, "malformed"),
        (b'{"a":' * 9_000, 400, "malformed"),
        (b"9" * 60_000, 400, "malformed"),
        (f'{{"id":"{GOOD_ID}","kind":"location","location":[NaN,1]}}'.encode(), 400, "malformed"),
        (f'{{"id":"{GOOD_ID}","kind":"location","location":[1e999,1]}}'.encode(), 400, "bad_location"),
        (f'{{"id":"{GOOD_ID}","kind":"location","location":[91,1]}}'.encode(), 400, "bad_location"),
        (f'{{"id":"{GOOD_ID}","kind":"location","location":[true,1]}}'.encode(), 400, "bad_location"),
        (f'{{"id":"{GOOD_ID}","kind":"location","location":[{"9" * 400},1]}}'.encode(), 400, "bad_location"),
        (f'{{"id":"{GOOD_ID}","kind":"location"}}'.encode(), 400, "bad_location"),
        (f'{{"id":"{GOOD_ID}","kind":"media","text":"x"}}'.encode(), 400, "bad_kind"),
        (f'{{"id":"{GOOD_ID}","kind":["text"]}}'.encode(), 400, "bad_kind"),
        (f'{{"id":"{GOOD_ID}","kind":"text","text":" \\n"}}'.encode(), 400, "empty"),
        (f'{{"id":"{GOOD_ID}","kind":"text","text":7}}'.encode(), 400, "empty"),
        (f'{{"id":"{GOOD_ID}","kind":"tap","tap":"{"x" * 65}"}}'.encode(), 400, "bad_tap"),
        (f'{{"id":"{GOOD_ID}","kind":"tap"}}'.encode(), 400, "bad_tap"),
        (b'{"id":"1","kind":"text","text":"x"}', 400, "bad_id"),
        (b'{"kind":"text","text":"x"}', 400, "bad_id"),
        (f'{{"id":"{GOOD_ID}","kind":"text","text":"{"a" * (TEXT_LIMIT + 1)}"}}'.encode(), 413, "too_long"),
    ],
)
async def test_what_is_no_message_gets_a_code(raw: bytes, status: int, code: str) -> None:
    mailroom = MemoryMailroom()
    async with client_of(app_of(mailroom)) as client:
        answer = await client.post("/chat/messages", content=raw, headers=bearer())
    assert (answer.status_code, answer.json()) == (status, {"code": code})
    assert mailroom.received == []


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer short", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer " + "é" * 43])
async def test_without_a_token_nothing_is_taken_or_given(header: str) -> None:
    mailroom = MemoryMailroom()
    headers = {b"Authorization": header.encode()} if header else {}
    async with client_of(app_of(mailroom)) as client:
        for path in ("/chat/messages", "/chat/confirm"):
            assert (await client.post(path, json=text(), headers=headers)).status_code == 401
        assert (await client.get("/chat/events", headers=headers)).json() == {"code": "bad_token"}
        assert (await client.get(f"/chat/events?token={TOKEN}")).status_code == 401
    assert mailroom.received == []


async def test_4000_characters_of_any_sort_fit_and_stay_as_written() -> None:
    mailroom = MemoryMailroom()
    longest = "🙏" * (TEXT_LIMIT - 5) + " \n\tñ "
    async with client_of(app_of(mailroom)) as client:
        assert (await client.post("/chat/messages", json=text(longest), headers=bearer())).status_code == 202
        half = f'{{"id":"{uuid4()}","kind":"text","text":"a\\ud800b"}}'.encode()
        assert (await client.post("/chat/messages", content=half, headers=bearer())).status_code == 202
    assert mailroom.received[0].inbound.text == longest
    assert mailroom.received[1].inbound.text == "a\ufffdb"


async def ask(app: Starlette, chunks: Iterable[bytes], headers: dict[str, str], path: str = "/chat/messages") -> tuple[int, int]:
    """Status, and how many chunks of the body were read."""
    read = 0
    body = iter(chunks)

    async def receive() -> dict[str, Any]:
        nonlocal read
        chunk = next(body, None)
        if chunk is None:
            return {"type": "http.disconnect"}
        read += 1
        return {"type": "http.request", "body": chunk, "more_body": True}

    status = 0

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": raw, "http_version": "1.1", "scheme": "http"}
    await app(scope, receive, send)
    return status, read


@pytest.mark.parametrize("path", ["/chat/messages", "/chat/confirm", "/chat/leave"])
async def test_a_body_of_10_megabytes_is_refused_while_it_is_read(path: str) -> None:
    mailroom = MemoryMailroom()
    app = app_of(mailroom)
    chunk = b"x" * 16_384
    status, read = await ask(app, (chunk for _ in range(640)), bearer(), path)
    assert status == 413
    assert read <= BODY_LIMIT // len(chunk) + 1
    status, read = await ask(app, (chunk for _ in range(640)), {**bearer(), "Content-Length": "10485760"}, path)
    assert (status, read) == (413, 0)
    status, read = await ask(app, (chunk for _ in range(640)), {**bearer(), "Content-Length": "9" * 5_000}, path)
    assert (status, read) == (413, 0)
    assert mailroom.received == []


async def test_a_client_that_goes_away_in_the_middle_disturbs_nobody() -> None:
    mailroom = MemoryMailroom()
    status, read = await ask(app_of(mailroom), [b'{"id":'], bearer())
    assert (status, read) == (400, 1)
    assert mailroom.received == []


class BrokenMailroom(MemoryMailroom):
    async def receive(self, received: Received) -> bool:
        raise RuntimeError(f"could not write {received.inbound.text}")

    async def pending(self, channel: str, address: str) -> list[Pending]:
        raise RuntimeError(f"could not read {SECRET} of {address}")


async def test_trouble_of_ours_is_a_503_to_try_again_and_tells_the_log_no_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with client_of(app_of(BrokenMailroom())) as client:
        answer = await client.post("/chat/messages", json=text(), headers=bearer())
        stream = await client.get("/chat/events", headers=bearer())
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json() == {"code": "slow_down"}
    assert SECRET not in stream.text
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert ours == ["web_request_failed path=/chat/messages kind=RuntimeError", "web_stream_failed kind=RuntimeError"]
    assert all(record.exc_info is None for record in caplog.records)


async def test_the_log_knows_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    channel, mailroom = WebChannel(), MemoryMailroom(lambda received: [Outbound(text="rahasia kita")])
    async with served(app_of(mailroom, channel), channel) as client:
        await client.post("/chat/messages", json=text(), headers=bearer())
        async with client.stream("GET", "/chat/events", headers=bearer()) as stream:
            assert await bubbles(stream, 1)
        await client.post("/chat/leave", content=json.dumps({"token": TOKEN, "id": str(uuid4())}))
    told = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore")))
    for secret in (SECRET, "rahasia", TOKEN, ADDRESS, "127.0.0.1:"):
        assert secret not in re.sub(r"Uvicorn running on \S+", "", told), secret


@given(st.dictionaries(st.sampled_from(["token", "id", "kind", "text", "tap", "location", "language"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([TOKEN, GOOD_ID, "text", "tap", "location"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)))  # fmt: skip
def test_parse_never_raises(update: dict[str, Any]) -> None:
    received = WebChannel().parse(update)
    assert received is None or len(received.address) == 64


def test_parse_understands_what_the_page_sends() -> None:
    received = WebChannel().parse({"token": TOKEN, "id": GOOD_ID, "kind": "leave"})
    assert received is not None and received.inbound.kind is InboundKind.LEAVE


async def test_it_is_a_pull_channel() -> None:
    channel = WebChannel()
    assert isinstance(channel, Channel)
    assert channel.pull and channel.name == "web"
    with pytest.raises(Refused):
        await channel.send(ADDRESS, Outbound(text="x"))
    with pytest.raises(Refused):
        await channel.delete(ADDRESS, "1")


# --- leaving --------------------------------------------------------------------------------------------------------------------------


async def test_leave_takes_the_token_in_the_body_as_a_beacon_sends_it() -> None:
    mailroom = MemoryMailroom()
    body = json.dumps({"token": TOKEN, "id": GOOD_ID})
    async with client_of(app_of(mailroom)) as client:
        for _ in range(2):
            answer = await client.post("/chat/leave", content=body, headers={"Content-Type": "text/plain;charset=UTF-8"})
            assert answer.status_code == 202
        assert (await client.post("/chat/leave", json={"token": TOKEN})).status_code == 202
        assert (await client.post("/chat/leave", json={"id": GOOD_ID})).status_code == 401
    assert [received.inbound.kind for received in mailroom.received] == [InboundKind.LEAVE, InboundKind.LEAVE]
    assert {received.address for received in mailroom.received} == {ADDRESS}


# --- events ---------------------------------------------------------------------------------------------------------------------------


async def test_a_bubble_comes_until_it_is_confirmed_and_then_no_more() -> None:
    question = Outbound(text="Aman?", choices=(Choice(id="q.yes", label="Ya"),), numbers=("112",), ask_location=True, many=True)
    channel, mailroom = WebChannel(), MemoryMailroom(lambda received: [Outbound(text="Halo"), question])
    async with served(app_of(mailroom, channel), channel) as client:
        await client.post("/chat/messages", json=text(), headers=bearer())
        for _ in range(2):  # the second time as after a lost connection
            async with client.stream("GET", "/chat/events", headers=bearer()) as stream:
                assert stream.headers["content-type"].startswith("text/event-stream")
                assert stream.headers["cache-control"] == "no-store"
                first, second = await bubbles(stream, 2)
            assert first["message"] == {"text": "Halo"}
            assert second["message"] == question.to_json()
        confirmed = await client.post("/chat/confirm", json={"ids": [first["id"], second["id"]]}, headers=bearer())
        assert confirmed.status_code == 202
        mailroom.put("web", ADDRESS, Outbound(text="Nanti"))
        async with client.stream("GET", "/chat/events", headers=bearer()) as stream:
            assert [found["message"]["text"] for found in await bubbles(stream, 1)] == ["Nanti"]


async def test_what_comes_while_listening_is_shown_at_once_and_once_and_only_to_its_own() -> None:
    channel, mailroom = WebChannel(), MemoryMailroom()
    async with (
        served(app_of(mailroom, channel), channel) as client,
        client.stream("GET", "/chat/events", headers=bearer()) as mine,
        client.stream("GET", "/chat/events", headers=bearer(OTHER)) as others,
    ):
        while mailroom.listening() < 2:
            await asyncio.sleep(0.01)
        for words in ("satu", "dua", "tiga"):
            mailroom.put("web", ADDRESS, Outbound(text=words))
            await asyncio.sleep(0.05)
        async with asyncio.timeout(3):
            found = await bubbles(mine, 3)
        assert [bubble["message"]["text"] for bubble in found] == ["satu", "dua", "tiga"]
        mailroom.put("web", hashlib.sha256(OTHER.encode()).hexdigest(), Outbound(text="lain"))
        async with asyncio.timeout(3):
            assert [bubble["message"]["text"] for bubble in await bubbles(others, 1)] == ["lain"]


async def test_that_somebody_writes_is_shown_once_for_each_hint_and_only_to_its_own() -> None:
    mailroom, channel = MemoryMailroom(), WebChannel()
    async with (
        served(app_of(mailroom, channel, heartbeat=5), channel) as client,
        client.stream("GET", "/chat/events", headers=bearer()) as response,
    ):
        reading = asyncio.create_task(bubbles(response, 3))
        mailroom.types_to("web", "f" * 64, 9.0)
        for hint in (1.0, 2.0):
            mailroom.types_to("web", ADDRESS, hint)
            await asyncio.sleep(0.3)
            mailroom.types_to("web", ADDRESS, hint)  # woken by something else: the same hint is not shown again
            await asyncio.sleep(0.3)
        mailroom.put("web", ADDRESS, Outbound(text="halo"))
        first, second, bubble = await asyncio.wait_for(reading, 5)
    assert first == second == {"typing": True}
    assert bubble["message"]["text"] == "halo"


async def test_the_page_says_that_it_is_written_in() -> None:
    mailroom = MemoryMailroom()
    async with client_of(app_of(mailroom)) as client:
        assert (await client.post("/chat/typing", json={}, headers=bearer())).status_code == 202
        assert (await client.post("/chat/typing", json={})).status_code == 401
    assert mailroom.typists == [("web", ADDRESS)]
    assert mailroom.received == []


async def test_a_heart_beats_while_nothing_comes() -> None:
    channel, mailroom = WebChannel(), MemoryMailroom()
    async with served(app_of(mailroom, channel, heartbeat=0.1), channel) as client:
        async with client.stream("GET", "/chat/events", headers=bearer()) as stream, asyncio.timeout(3):
            beats = 0
            async for line in stream.aiter_lines():
                beats += line.startswith(":")
                if beats == 4:
                    break
        while mailroom.listening():  # who has gone is not waited for
            await asyncio.sleep(0.01)


async def test_closing_ends_the_streams() -> None:
    channel, mailroom = WebChannel(), MemoryMailroom()
    async with served(app_of(mailroom, channel), channel) as client, asyncio.timeout(5):
        async with client.stream("GET", "/chat/events", headers=bearer()) as stream:
            while not mailroom.listening():
                await asyncio.sleep(0.01)
            await channel.close()
            assert [line async for line in stream.aiter_lines()] == [": here", ""]
        assert (await client.get("/chat/events", headers=bearer())).status_code == 503
    assert mailroom.listening() == 0


async def test_an_address_has_few_streams_and_gets_them_back() -> None:
    channel, mailroom = WebChannel(), MemoryMailroom()
    async with served(app_of(mailroom, channel), channel) as client, asyncio.timeout(10):
        async with (
            client.stream("GET", "/chat/events", headers=bearer()),
            client.stream("GET", "/chat/events", headers=bearer()),
            client.stream("GET", "/chat/events", headers=bearer()),
            client.stream("GET", "/chat/events", headers=bearer()),
        ):
            assert (await client.get("/chat/events", headers=bearer())).status_code == 503
            async with client.stream("GET", "/chat/events", headers=bearer(OTHER)) as other:
                assert other.status_code == 200
        while mailroom.listening():
            await asyncio.sleep(0.01)
        async with client.stream("GET", "/chat/events", headers=bearer()) as again:
            assert again.status_code == 200


@pytest.mark.parametrize("ids", [None, "1", [1.5], [True], [-1], ["1"], [2**63], [1] * 501])
async def test_odd_confirmations_are_refused(ids: Any) -> None:
    async with client_of(app_of(MemoryMailroom())) as client:
        answer = await client.post("/chat/confirm", json={"ids": ids}, headers=bearer())
    assert (answer.status_code, answer.json()) == (400, {"code": "bad_ids"})


async def test_nobody_confirms_for_another() -> None:
    mailroom = MemoryMailroom()
    number = mailroom.put("web", ADDRESS, Outbound(text="x"))
    async with client_of(app_of(mailroom)) as client:
        await client.post("/chat/confirm", json={"ids": [number]}, headers=bearer(OTHER))
        assert [p.id for p in await mailroom.pending("web", ADDRESS)] == [number]
        await client.post("/chat/confirm", json={"ids": [number]}, headers=bearer())
    assert await mailroom.pending("web", ADDRESS) == []


# --- abuse ----------------------------------------------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def throttled(**limits: float) -> tuple[Throttle, Clock]:
    clock = Clock()
    build: Callable[..., Throttle] = Throttle
    return build(clock=clock, **limits), clock


async def test_who_is_too_fast_is_asked_to_come_again_and_is_then_heard() -> None:
    throttle, clock = throttled(burst=3, per_second=0.5)
    mailroom = MemoryMailroom()
    async with client_of(app_of(mailroom, throttle=throttle)) as client:
        for _ in range(3):
            assert (await client.post("/chat/messages", json=text(), headers=bearer())).status_code == 202
        fourth = text("yang keempat")
        held = await client.post("/chat/messages", json=fourth, headers=bearer())
        assert (held.status_code, held.headers["retry-after"], held.json()) == (429, "2", {"code": "slow_down"})
        assert (await client.post("/chat/messages", json=text(), headers=bearer(OTHER))).status_code == 202
        clock.now += 2
        assert (await client.post("/chat/messages", json=fourth, headers=bearer())).status_code == 202
    assert mailroom.received[-1].inbound.text == "yang keempat"
    assert mailroom.redelivered == 0


def test_a_flood_of_new_conversations_holds_up_no_running_one_and_no_leaving() -> None:
    throttle, clock = throttled(new_per_minute=60)
    assert throttle.message("old") == 0
    waits = [throttle.message(f"new {n}") for n in range(100)]
    assert waits[:59] == [0] * 59
    assert all(0 < wait <= 1 for wait in waits[59:])
    assert throttle.message("old") == 0
    for n in range(100):
        throttle.leave(f"stranger {n}")
    assert throttle.leave("stranger") > 0
    assert throttle.leave("old") == 0
    clock.now += 1
    assert throttle.message("new 99") == 0


def test_memory_of_addresses_is_bounded() -> None:
    throttle, clock = throttled(remembered=10, new_per_minute=6_000)
    for n in range(1_000):
        clock.now += 0.01
        assert throttle.message(str(n)) == 0
        assert throttle.fetch(str(n)) == 0
    assert len(throttle._talking) == len(throttle._fetching) == 10


async def test_streams_and_confirmations_are_limited_too() -> None:
    throttle, _ = throttled(burst=2, per_second=1)
    async with client_of(app_of(MemoryMailroom(), throttle=throttle)) as client:
        for _ in range(2):
            assert (await client.post("/chat/confirm", json={"ids": []}, headers=bearer())).status_code == 202
        assert (await client.post("/chat/confirm", json={"ids": []}, headers=bearer())).status_code == 429
        assert (await client.get("/chat/events", headers=bearer())).status_code == 429
