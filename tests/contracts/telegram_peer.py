"""The other end of Telegram: a Bot API emulator written by others, the transports that lead to it, and updates as Telegram sends them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from lo_bot_api_emulator import LoBotApiEmulator
from telegram.request import BaseRequest, RequestData

from bot.channels.telegram import Telegram
from bot.channels.telegram.transport import QuietRequest
from tests.contracts import bot_api

TOKEN = "7000000001:AAEmulatedTokenThatMustNeverBeLogged"
CHAT = 5550100042
FIXTURES = Path(__file__).parents[1] / "fixtures" / "telegram"

# The emulator knows fewer parameters than the Bot API; the product sends them all the same.
_REFUSED_BY_EMULATOR = {"link_preview_options", "protect_content", "message_thread_id"}


def captured(name: str) -> dict[str, Any]:
    """An update from tests/fixtures/telegram."""
    found: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return found


def text_update(number: int, text: str, *, chat: int = CHAT) -> dict[str, Any]:
    """A text message in a private chat."""
    person = {"id": chat, "is_bot": False, "first_name": "Rara", "language_code": "id"}
    place = {"id": chat, "first_name": "Rara", "type": "private"}
    return {"update_id": number, "message": {"message_id": number, "from": person, "chat": place, "date": 1794200000, "text": text}}


def tap_update(number: int, data: str, *, chat: int = CHAT) -> dict[str, Any]:
    """A tap on an inline button."""
    place = {"id": chat, "first_name": "Rara", "type": "private"}
    return {
        "update_id": number,
        "callback_query": {
            "id": f"23837031{number}",
            "from": {"id": chat, "is_bot": False, "first_name": "Rara", "language_code": "id"},
            "message": {"message_id": 1, "chat": place, "date": 0},
            "chat_instance": "1",
            "data": data,
        },
    }


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Our own log lines, as `event name=value …`."""
    lines = []
    for record in caplog.records:
        if record.name.startswith("bot."):
            fields = [
                (name, record.__dict__[name]) for name in ("update", "code", "failures", "seconds", "error") if name in record.__dict__
            ]
            lines.append(" ".join([record.getMessage(), *(f"{name}={value}" for name, value in fields)]))
    return lines


class CheckedRequest(QuietRequest):
    """The product's transport. Notes every call, checks it with the Bot API's description, and is lenient with the emulator."""

    def __init__(self) -> None:
        super().__init__(connection_pool_size=8)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.problems: list[str] = []

    async def do_request(self, url: str, method: str, request_data: RequestData | None = None, **timeouts: Any) -> tuple[int, bytes]:
        name = url.rpartition("/")[2]
        parameters = request_data.parameters if request_data else {}
        self.calls.append((name, parameters))
        self.problems += bot_api.problems(name, parameters)
        if request_data is not None:
            request_data = RequestData([p for p in request_data._parameters if p.name not in _REFUSED_BY_EMULATOR])
        return await super().do_request(url, method, request_data, **timeouts)

    def of(self, name: str) -> list[dict[str, Any]]:
        """The parameters of all calls of one method."""
        return [parameters for called, parameters in self.calls if called == name]


class ScriptedRequest(BaseRequest):
    """A transport that answers what a test wants: (status, body) or an exception, one after the other, the last for ever."""

    def __init__(self, *script: tuple[int, Any] | Exception | Callable[[str], tuple[int, Any]]) -> None:
        self.script = list(script)
        self.calls: list[str] = []

    @property
    def read_timeout(self) -> float | None:
        return 5.0

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    parse_json_payload = staticmethod(QuietRequest.parse_json_payload)

    async def do_request(self, url: str, method: str, request_data: RequestData | None = None, **timeouts: Any) -> tuple[int, bytes]:
        self.calls.append(url.rpartition("/")[2])
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        status, body = step(self.calls[-1]) if callable(step) else step
        return status, body if isinstance(body, bytes) else json.dumps(body).encode()


class Peer:
    """A running emulator and a channel that talks to it."""

    def __init__(self, emulator: LoBotApiEmulator, base_url: str) -> None:
        self.emulator = emulator
        self.base_url = base_url
        self.request = CheckedRequest()
        self.updates_request = CheckedRequest()
        self.telegram = Telegram(token=TOKEN, base_url=base_url, request=self.request, updates_request=self.updates_request, paced=False)

    async def enqueue(self, update: dict[str, Any]) -> None:
        """Somebody writes to the bot."""
        await self.emulator.enqueue_update(update, token=TOKEN)

    @property
    def waiting(self) -> int:
        """Updates that nobody has confirmed."""
        count: int = self.emulator._update_queues.info(TOKEN)["pending_update_count"]
        return count


@asynccontextmanager
async def peer() -> AsyncIterator[Peer]:
    """An emulator on a free loopback port. At the end every call that the channel made must have been one that the Bot API knows."""
    emulator = LoBotApiEmulator(allow_insecure_loopback_webhooks=True)
    runner = web.AppRunner(emulator.app(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    running = Peer(emulator, f"http://127.0.0.1:{port}/bot")
    try:
        yield running
    finally:
        await running.telegram.close()
        await runner.cleanup()
    assert running.request.problems == []
    assert running.updates_request.problems == []
