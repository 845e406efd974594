"""Telegram as the benchmark sees it: a transport under python-telegram-bot that counts, and remembers the buttons it was given."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import orjson
from telegram.request import BaseRequest, RequestData

_OK = b'{"ok":true,"result":true}'


class CountingTransport(BaseRequest):
    """Answers every call at once, as Telegram would. `replies` are woken by chat id with the time and the buttons of the message."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.waiting: dict[int, asyncio.Future[tuple[float, dict[str, str]]]] = {}
        self._message = 0

    @property
    def read_timeout(self) -> float | None:
        """No limit: nothing is read."""
        return None

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:  # fmt: skip
        """One call of the Bot API."""
        name = url.rpartition("/")[2]
        self.calls[name] += 1
        if name != "sendMessage" or request_data is None:
            return 200, _OK
        parameters = request_data.parameters
        chat = int(parameters["chat_id"])
        self._message += 1
        future = self.waiting.pop(chat, None)
        if future is not None and not future.done():
            buttons = {}
            markup = parameters.get("reply_markup") or {}
            for line in (orjson.loads(markup) if isinstance(markup, str) else markup).get("inline_keyboard", ()):
                for button in line:
                    buttons[button["callback_data"].partition(".")[2]] = button["callback_data"]
            future.set_result((time.perf_counter(), buttons))
        result = {"message_id": self._message, "date": 1, "chat": {"id": chat, "type": "private"}, "text": "x"}
        return 200, orjson.dumps({"ok": True, "result": result})
