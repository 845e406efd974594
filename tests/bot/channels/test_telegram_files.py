"""A file at Telegram: fetched in pieces from an emulator of the Bot API, with nothing of its address in a log or an error."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from bot.channels.base import Fetching, Refused, TryLater
from bot.channels.telegram import Telegram
from bot.channels.telegram.transport import QuietRequest
from tests.bot.filed import sample
from tests.contracts.telegram_peer import CHAT, TOKEN, Peer, ScriptedRequest, peer

HANDLE = f"{CHAT}/118/AwACAgUAAxkVoice"


@pytest.fixture
async def running() -> AsyncIterator[Peer]:
    async with peer() as found:
        yield found


async def whole(telegram: Telegram, handle: str) -> bytes:
    return b"".join([piece async for piece in telegram.fetch(handle)])


async def test_the_bytes_come_as_they_are(running: Peer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    running.emulator.assets["AwACAgUAAxkVoice"] = {"data": sample("voice.ogg")}
    assert isinstance(running.telegram, Fetching)
    assert await whole(running.telegram, HANDLE) == sample("voice.ogg")
    assert TOKEN not in caplog.text and TOKEN.partition(":")[2] not in caplog.text


async def test_a_file_that_is_gone_is_refused(running: Peer) -> None:
    with pytest.raises(Refused, match="telegram_file_gone"):
        await whole(running.telegram, HANDLE)


@pytest.mark.parametrize("handle", ["", "AwACAgUAAxkVoice", "1/2/", "staged:00:00"])
async def test_a_handle_that_is_none_is_refused(running: Peer, handle: str) -> None:
    with pytest.raises(Refused, match="telegram_file_invalid"):
        await whole(running.telegram, handle)


async def test_dropping_deletes_the_message_that_the_file_is_in(running: Peer) -> None:
    with suppress(Refused):  # the emulator knows no such message; what counts is what it was asked
        await running.telegram.drop(HANDLE)
    (asked,) = running.request.of("deleteMessage")
    assert (asked["chat_id"], asked["message_id"]) == (CHAT, 118)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((400, {"ok": False, "error_code": 400, "description": "Bad Request: file is too big"}), "telegram_file_too_big"),
        ((200, {"ok": True, "result": {"file_id": "x"}}), "telegram_bad_answer"),
        ((500, b"<html>"), "telegram_unreachable"),
        ((200, {"ok": True, "result": {"file_path": "voice/file_1.oga"}}), "telegram_unreachable"),
    ],
)
async def test_failures_have_codes_and_hold_no_token(answer: tuple[int, object], error: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    request = ScriptedRequest(answer)
    telegram = Telegram(token=TOKEN, base_url="http://127.0.0.1:9/bot", request=request, updates_request=QuietRequest(), paced=False)
    with pytest.raises((TryLater, Refused)) as raised:
        await whole(telegram, HANDLE)
    await telegram.close()
    assert raised.value.code == error
    assert raised.value.__cause__ is None and raised.value.__context__ is None
    assert TOKEN not in f"{raised.getrepr(style='long')}{caplog.text}"
