"""The polling loop: nothing lost, nothing confirmed before it is durable, whatever breaks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram.error import NetworkError

from bot.channels.telegram import Poller, PollerState, Telegram
from tests.contracts.mailbag import Mailbag
from tests.contracts.telegram_peer import CHAT, TOKEN, Peer, ScriptedRequest, captured, logged, peer, tap_update, text_update


@pytest.fixture
async def running() -> AsyncIterator[Peer]:
    async with peer() as made:
        yield made


@contextlib.asynccontextmanager
async def polling(telegram: Telegram, mailbag: Mailbag) -> AsyncIterator[Poller]:
    poller = Poller(telegram, mailbag, wait=1, backoff=0.02)
    task = asyncio.create_task(poller.run())
    try:
        yield poller
    finally:
        await poller.stop()
        await task


def scripted(*script: Any) -> Telegram:
    request = ScriptedRequest(*script)
    return Telegram(token=TOKEN, request=request, updates_request=request, paced=False)


def answer(*updates: Any) -> tuple[int, Any]:
    return 200, {"ok": True, "result": list(updates)}


OK = (200, {"ok": True, "result": True})


async def test_messages_arrive_in_order_and_are_confirmed(running: Peer) -> None:
    mailbag = Mailbag()
    for number in range(1, 251):  # more than one batch
        await running.enqueue(text_update(number, f"kata {number}", chat=CHAT + number % 7))
    async with polling(running.telegram, mailbag) as poller:
        await mailbag.until(250)
        assert poller.state.value == "polling"
        await running.enqueue(text_update(251, "lagi"))
        await mailbag.until(251)
    assert running.waiting == 0
    assert poller.state is PollerState.STOPPED
    assert mailbag.redelivered == []
    for person in range(7):
        numbers = [int(each.message_id) for each in mailbag.received[:250] if each.address == str(CHAT + person)]
        assert numbers == sorted(numbers)
        assert len(numbers) > 30
    asked = running.updates_request.of("getUpdates")[0]
    assert asked["allowed_updates"] == ["message", "callback_query"]


async def test_a_webhook_is_taken_down_and_nothing_that_waits_is_dropped(running: Peer) -> None:
    await running.telegram.set_webhook("https://127.0.0.1:9/webhooks/telegram", "s" * 20)
    await running.enqueue(text_update(1, "halo"))
    mailbag = Mailbag()
    async with polling(running.telegram, mailbag):
        await mailbag.until(1)
    assert running.request.of("deleteWebhook") == [{"drop_pending_updates": False}]


async def test_a_tap_brings_what_its_acknowledgement_needs(running: Peer) -> None:
    mailbag = Mailbag()
    await running.enqueue(tap_update(1, "yes"))
    async with polling(running.telegram, mailbag):
        await mailbag.until(1)
    assert mailbag.received[0].receipt == tap_update(1, "yes")["callback_query"]["id"]


async def test_a_crash_before_the_commit_loses_nothing(running: Peer) -> None:
    first = Mailbag()
    first.gate = asyncio.Event()
    for number in (1, 2, 3):
        await running.enqueue(text_update(number, f"kata {number}"))
    task = asyncio.create_task(Poller(running.telegram, first, wait=1).run())
    await first.arrived.wait()
    task.cancel()  # the process dies here
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert first.received == []
    assert running.waiting == 3
    second = Mailbag()
    async with polling(running.telegram, second):
        await second.until(3)
    assert second.texts == ["kata 1", "kata 2", "kata 3"]


async def test_a_database_that_is_down_loses_nothing_and_overtakes_nobody(running: Peer, caplog: pytest.LogCaptureFixture) -> None:
    mailbag = Mailbag()
    mailbag.fails = 3
    for number in range(1, 6):
        await running.enqueue(text_update(number, f"kata {number}"))
    async with polling(running.telegram, mailbag):
        await mailbag.until(5)
    assert mailbag.texts == [f"kata {number}" for number in range(1, 6)]
    assert logged(caplog).count("telegram_store_failed update=1 error=OSError") == 3
    assert "kata" not in caplog.text


async def test_one_person_whose_message_fails_does_not_lose_the_others_order(running: Peer) -> None:
    class Picky(Mailbag):
        async def receive(self, received: Any) -> bool:
            if received.address == str(CHAT) and self.fails:
                self.fails -= 1
                raise OSError
            self.fails, kept = 0, self.fails
            try:
                return await super().receive(received)
            finally:
                self.fails = kept

    mailbag = Picky()
    mailbag.fails = 2
    for number in range(1, 7):
        await running.enqueue(text_update(number, f"kata {number}", chat=CHAT + number % 2))
    async with polling(running.telegram, mailbag):
        await mailbag.until(6)
    for person in (0, 1):
        numbers = [int(each.message_id) for each in mailbag.received if each.address == str(CHAT + person)]
        assert numbers == sorted(numbers)
    assert running.waiting == 0


async def test_stopping_waits_for_the_batch_in_hand(running: Peer) -> None:
    mailbag = Mailbag()
    mailbag.gate = asyncio.Event()
    await running.enqueue(text_update(1, "halo"))
    poller = Poller(running.telegram, mailbag, wait=1)
    task = asyncio.create_task(poller.run())
    await mailbag.arrived.wait()
    stop = asyncio.create_task(poller.stop())
    await asyncio.sleep(0.05)
    assert not stop.done()
    mailbag.gate.set()
    await stop
    await task
    assert mailbag.texts == ["halo"]
    assert running.waiting == 0  # confirmed, so the next start does not get it again


async def test_stopping_does_not_wait_for_a_long_poll(running: Peer) -> None:
    poller = Poller(running.telegram, Mailbag(), wait=40)
    task = asyncio.create_task(poller.run())
    await asyncio.sleep(0.2)
    async with asyncio.timeout(2):
        await poller.stop()
        await task


async def test_stopping_works_while_updates_never_pause() -> None:
    flood = scripted(OK, answer(text_update(1, "halo")))
    mailbag = Mailbag()
    async with asyncio.timeout(5), polling(flood, mailbag):
        await mailbag.until(1)


async def test_a_server_that_does_not_hold_requests_open_is_not_hammered() -> None:
    request = ScriptedRequest(OK, answer())
    telegram = Telegram(token=TOKEN, request=request, updates_request=request, paced=False)
    async with polling(telegram, Mailbag()):
        await asyncio.sleep(0.5)
    assert 2 <= len(request.calls) <= 6


async def test_what_is_nothing_for_us_holds_nobody_up() -> None:
    odd = [captured(name) for name in ("group_message", "my_chat_member", "unknown_kind", "edited_message", "auto_delete_timer")]
    batch: list[Any] = [
        *odd,
        {"update_id": 871000090, "message": "?"},
        {"message": {}},
        {"update_id": True},
        5,
        None,
        text_update(871000099, "halo"),
    ]
    telegram = scripted(OK, answer(*batch), answer())
    mailbag = Mailbag()
    async with polling(telegram, mailbag) as poller:
        await mailbag.until(1)
    assert mailbag.texts == ["halo"]
    assert poller._offset == 871000100


async def test_a_batch_without_any_number_is_not_asked_for_in_a_tight_loop() -> None:
    request = ScriptedRequest(OK, answer({"message": {}}))
    telegram = Telegram(token=TOKEN, request=request, updates_request=request, paced=False)
    async with polling(telegram, Mailbag()):
        await asyncio.sleep(0.3)
    assert len(request.calls) < 12


async def test_a_network_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    broken: list[Any] = [
        NetworkError(f"https://api.telegram.org/bot{TOKEN}/deleteWebhook"),
        OK,
        OSError("connection reset"),
        (502, b"<html>"),
        (200, b"{"),
        (429, {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 1", "parameters": {"retry_after": 1}}),
    ]
    mailbag = Mailbag()
    began = asyncio.get_running_loop().time()
    async with polling(scripted(*broken, answer(text_update(1, "halo")), answer()), mailbag):
        await mailbag.until(1)
    assert asyncio.get_running_loop().time() - began >= 1.0  # the pause that Telegram asked for
    assert "telegram_poll_retry code=telegram_flood failures=5 seconds=1.0" in logged(caplog)
    assert TOKEN not in caplog.text
    assert "halo" not in caplog.text


async def test_pauses_grow_with_jitter_and_have_an_end(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float, *rest: Any) -> None:
        pauses.append(seconds)

    poller = Poller(scripted(OSError()), Mailbag(), backoff=1.0)
    monkeypatch.setattr("bot.channels.telegram.poller.asyncio.sleep", sleep)
    for failures in range(1, 40):
        await poller._pause(failures, "x")
    assert 0.5 <= pauses[0] <= 1.0
    assert all(30 <= pause <= 60 for pause in pauses[6:])
    assert len(set(pauses)) > 30


async def test_another_poller_is_named_and_this_one_goes_on(running: Peer, caplog: pytest.LogCaptureFixture) -> None:
    mailbag = Mailbag()
    other = asyncio.create_task(running.telegram.get_updates(offset=None, wait=1))
    await asyncio.sleep(0.1)
    async with polling(running.telegram, mailbag):
        await asyncio.sleep(0.3)
        assert any(line.startswith("telegram_poll_retry code=telegram_conflict ") for line in logged(caplog))
        await other
        await running.enqueue(text_update(1, "halo"))
        await mailbag.until(1)


@pytest.mark.parametrize("status", [401, 404])
async def test_a_wrong_token_ends_the_loop_with_one_line(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    poller = Poller(scripted((status, {"ok": False, "error_code": status, "description": "Unauthorized"})), Mailbag())
    async with asyncio.timeout(5):
        await poller.run()
        await poller.stop()
    assert poller.state is PollerState.REFUSED
    ours = [record for record in caplog.records if record.name.startswith("bot.")]
    assert len(ours) == 1
    assert "RUANG_AMAN_TELEGRAM_TOKEN" in ours[0].getMessage()
    assert TOKEN not in caplog.text
