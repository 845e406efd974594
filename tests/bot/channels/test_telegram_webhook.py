"""The webhook's door: forged, doubled, oversized, malformed; and a database that is down."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from bot.channels.telegram import Telegram, routes
from bot.channels.telegram.webhook import BODY_LIMIT, Webhook
from tests.contracts.hostile_json import JSON, paths, planted
from tests.contracts.mailbag import Mailbag
from tests.contracts.telegram_peer import FIXTURES, TOKEN, ScriptedRequest, captured, logged, peer, tap_update, text_update

SECRET = "a_secret-of-the-webhook"
PATH = "/webhooks/telegram"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}


class Door:
    """The webhook in an application, and a client in front of it."""

    def __init__(self) -> None:
        self.mailbag = Mailbag()
        self.telegram = Telegram(token=TOKEN, request=ScriptedRequest((200, {"ok": True, "result": True})), paced=False)
        self.app = Starlette(routes=list(routes(self.mailbag, self.telegram, SECRET)))
        # An exception in the application would come out here instead of being a 500.
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://test")

    async def post(self, body: Any, headers: dict[str, str] = HEADERS) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.client.post(PATH, content=content, headers=headers)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    made = Door()
    yield made
    await made.client.aclose()


async def test_a_message_is_durable_before_the_answer(door: Door) -> None:
    door.mailbag.gate = asyncio.Event()
    request = asyncio.create_task(door.post(text_update(1, "halo")))
    await door.mailbag.arrived.wait()
    await asyncio.sleep(0.05)
    assert not request.done()
    door.mailbag.gate.set()
    assert (await request).status_code == 200
    assert door.mailbag.texts == ["halo"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Telegram-Bot-Api-Secret-Token": ""},
        {"X-Telegram-Bot-Api-Secret-Token": SECRET[:-1]},
        {"X-Telegram-Bot-Api-Secret-Token": SECRET + "x"},
        {"X-Telegram-Bot-Api-Secret-Token": SECRET.upper()},
        {"X-Telegram-Bot-Api-Secret": SECRET},
        {"Authorization": SECRET},
    ],
)
async def test_a_forged_call_is_refused(door: Door, headers: dict[str, str]) -> None:
    response = await door.post(text_update(1, "halo"), headers)
    assert (response.status_code, response.json()) == (403, {"error": "bad_secret"})
    assert door.mailbag.received == []


async def test_a_header_of_bytes_beyond_ascii_is_refused(door: Door) -> None:
    messages = await raw(door, [b"{}"], headers=[(b"x-telegram-bot-api-secret-token", b"\xff\xfe")])
    assert messages[0]["status"] == 403


async def test_a_redelivery_is_harmless(door: Door) -> None:
    for _ in range(3):
        assert (await door.post(text_update(1, "halo"))).status_code == 200
    assert door.mailbag.texts == ["halo"]


async def test_updates_out_of_order_are_all_taken(door: Door) -> None:
    for number in (3, 1, 2):
        assert (await door.post(text_update(number, f"kata {number}"))).status_code == 200
    assert len(door.mailbag.received) == 3


async def test_a_database_that_is_down_makes_telegram_come_again(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    door.mailbag.fails = 1
    response = await door.post(text_update(77, "rahasia"))
    assert (response.status_code, response.json()) == (503, {"error": "not_stored"})
    assert logged(caplog) == ["telegram_store_failed update=77 error=OSError"]
    assert "rahasia" not in caplog.text
    assert (await door.post(text_update(77, "rahasia"))).status_code == 200
    assert door.mailbag.texts == ["rahasia"]


@pytest.mark.parametrize("name", [path.stem for path in FIXTURES.glob("*.json")])
async def test_every_captured_update_is_answered_with_200(door: Door, name: str) -> None:
    assert (await door.post(captured(name))).status_code == 200


async def test_an_unknown_kind_reaches_nobody(door: Door) -> None:
    assert (await door.post(captured("unknown_kind"))).status_code == 200
    assert door.mailbag.received == []


async def test_a_tap_brings_what_its_acknowledgement_needs(door: Door) -> None:
    response = await door.post(tap_update(5, "yes"))
    assert (response.status_code, response.content) == (200, b"")
    assert door.mailbag.received[0].receipt == tap_update(5, "yes")["callback_query"]["id"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"NaN", b"[" * 100_000, b'{"update_id":' * 50_000, b"1" * 5_000]
)
async def test_a_malformed_body(door: Door, body: bytes) -> None:
    response = await door.post(body)
    assert (response.status_code, response.json()) == (400, {"error": "malformed"})


async def test_half_a_surrogate_pair_loses_no_message(door: Door) -> None:
    body = json.dumps(text_update(1, "tolong \ud83d")).encode()
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(body)
    assert (await door.post(body)).status_code == 200
    assert door.mailbag.texts == ["tolong \N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
async def test_other_methods(door: Door, method: str) -> None:
    assert (await door.client.request(method, PATH, headers=HEADERS)).status_code == 405


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_whatever_comes_is_answered_without_an_error_of_ours(data: st.DataObject) -> None:
    update: Any = captured(data.draw(st.sampled_from(["text", "callback_query", "voice", "venue", "unknown_content"])))
    for _ in range(data.draw(st.integers(1, 3))):
        update = planted(update, data.draw(st.sampled_from(paths(update))), data.draw(JSON))
    body = data.draw(st.sampled_from([json.dumps(update).encode(), data.draw(st.binary(max_size=60))]))

    async def attempt() -> None:
        door = Door()
        response = await door.post(body)
        assert response.status_code in (200, 400)
        await door.client.aclose()

    asyncio.run(attempt())


async def raw(
    door: Door, chunks: list[bytes], headers: list[tuple[bytes, bytes]] | None = None, taken: list[int] | None = None
) -> list[Any]:
    """The webhook called as a server calls it. `taken` gets the size of each chunk that was asked for."""
    sent: list[Any] = []
    rest = iter(chunks)

    async def receive() -> dict[str, Any]:
        chunk = next(rest, None)
        if chunk is None:
            return {"type": "http.disconnect"}
        if taken is not None:
            taken.append(len(chunk))
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": headers or [(b"x-telegram-bot-api-secret-token", SECRET.encode())]}
    await Webhook(door.mailbag, door.telegram, SECRET)(scope, receive, send)
    return sent


async def test_ten_megabytes_are_refused_without_being_read(door: Door) -> None:
    taken: list[int] = []
    chunks = [b"x" * 65536] * 160
    messages = await raw(door, chunks, taken=taken)
    assert messages[0]["status"] == 413
    assert sum(taken) <= BODY_LIMIT + 65536

    taken.clear()
    said = [(b"x-telegram-bot-api-secret-token", SECRET.encode()), (b"content-length", str(10 * 2**20).encode())]
    messages = await raw(door, chunks, headers=said, taken=taken)
    assert messages[0]["status"] == 413
    assert taken == []

    taken.clear()
    assert (await raw(door, chunks, headers=[(b"content-length", b"10485760")], taken=taken))[0]["status"] == 403
    assert taken == []


@pytest.mark.parametrize("length", [b"", b"-1", b"x", b"9" * 6000])
async def test_a_content_length_that_is_none(door: Door, length: bytes) -> None:
    headers = [(b"x-telegram-bot-api-secret-token", SECRET.encode()), (b"content-length", length)]
    messages = await raw(door, [], headers=headers)
    assert messages == [] or messages[0]["status"] == 413


async def test_a_sender_who_hangs_up_gets_no_answer(door: Door) -> None:
    assert await raw(door, [b'{"update_id"']) == []
    assert door.mailbag.received == []


async def test_a_body_that_trickles_is_given_up(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.door.BODY_SECONDS", 0.05)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b" ", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(b"x-telegram-bot-api-secret-token", SECRET.encode())]}
    await Webhook(door.mailbag, door.telegram, SECRET)(scope, receive, send)
    assert sent[0]["status"] == 408


@pytest.mark.parametrize("secret", ["", "has space", "é", "x" * 257])
def test_a_secret_that_telegram_would_not_take_is_refused_at_start(secret: str) -> None:
    telegram = Telegram(token=TOKEN, request=ScriptedRequest((200, {})), paced=False)
    with pytest.raises(ValueError, match="webhook secret"):
        routes(Mailbag(), telegram, secret)


async def test_the_door_costs_less_than_a_tenth_of_a_millisecond(door: Door) -> None:
    class Nothing(Mailbag):
        async def receive(self, received: Any) -> bool:
            return True

    webhook = Webhook(Nothing(), door.telegram, SECRET)
    body = json.dumps(captured("text")).encode()
    scope = {
        "type": "http",
        "headers": [(b"host", b"x"), (b"content-length", b"500"), (b"x-telegram-bot-api-secret-token", SECRET.encode())],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None: ...

    def cost(began: float, count: int) -> float:
        return (time.process_time() - began) / count

    costs = []
    for _ in range(7):  # the best of several: the machine is shared
        began = time.process_time()
        for _ in range(300):
            await webhook(scope, receive, send)
        costs.append(cost(began, 300))
    assert min(costs) < 100e-6


@contextlib.asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[int]:
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def test_telegram_delivers_to_the_webhook_and_comes_again_after_a_failure() -> None:
    async with peer() as running:
        mailbag = Mailbag()
        async with served(Starlette(routes=list(routes(mailbag, running.telegram, SECRET)))) as port:
            await running.telegram.set_webhook(f"http://127.0.0.1:{port}{PATH}", SECRET)
            await running.enqueue(text_update(1, "satu"))
            await running.enqueue(tap_update(2, "yes"))
            assert mailbag.texts == ["satu", "yes"]
            mailbag.fails = 1
            await running.enqueue(text_update(3, "tiga"))
            assert running.waiting == 1
            await running.emulator.deliver_updates(token=TOKEN)
            assert mailbag.texts == ["satu", "yes", "tiga"]
            assert running.waiting == 0
        (call,) = running.request.of("setWebhook")
        assert call["secret_token"] == SECRET
        assert call["allowed_updates"] == ["message", "callback_query"]
        assert call["drop_pending_updates"] is False


async def test_a_real_server_refuses_ten_megabytes_and_goes_on(door: Door) -> None:
    async def flood() -> AsyncIterator[bytes]:
        for _ in range(160):
            yield b"x" * 65536

    async with served(door.app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for content in (b"x" * 10 * 2**20, flood()):
            with contextlib.suppress(httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):  # hung up on while still sending
                assert (await client.post(PATH, content=content, headers=HEADERS)).status_code == 413
        assert (await client.post(PATH, json=text_update(1, "halo"), headers=HEADERS)).status_code == 200
    assert door.mailbag.texts == ["halo"]


async def test_a_delivery_with_another_secret_is_not_taken() -> None:
    async with peer() as running:
        mailbag = Mailbag()
        async with served(Starlette(routes=list(routes(mailbag, running.telegram, SECRET)))) as port:
            await running.telegram.set_webhook(f"http://127.0.0.1:{port}{PATH}", "another-secret")
            await running.enqueue(text_update(1, "satu"))
            assert running.waiting == 1
        assert mailbag.received == []
