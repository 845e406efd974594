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
    """Answers every call at once, as Telegram would. `waiting` is woken by chat id with the time of the first bubble; `buttons` holds
    what was last offered in a chat, and `offered` wakes whoever needs an option of it."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.waiting: dict[int, asyncio.Future[float]] = {}
        self.buttons: dict[int, dict[str, str]] = {}
        self.offered: dict[int, tuple[str, asyncio.Future[str]]] = {}
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
        markup = parameters.get("reply_markup") or {}
        lines = (orjson.loads(markup) if isinstance(markup, str) else markup).get("inline_keyboard", ())
        shown = {button["callback_data"].partition(".")[2]: button["callback_data"] for line in lines for button in line}
        if shown:
            self.buttons[chat] = shown
            option, wanted = self.offered.get(chat, ("", None))
            if wanted is not None and option in shown and not wanted.done():
                wanted.set_result(shown[option])
        future = self.waiting.pop(chat, None)
        if future is not None and not future.done():
            future.set_result(time.perf_counter())
        result = {"message_id": self._message, "date": 1, "chat": {"id": chat, "type": "private"}, "text": "x"}
        return 200, orjson.dumps({"ok": True, "result": result})

    async def option(self, chat: int, option: str) -> str:
        """The button of an option, once it is offered."""
        held = self.buttons.get(chat, {}).get(option)
        if held is None:
            future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            self.offered[chat] = (option, future)
            held = await asyncio.wait_for(future, 30)
            del self.offered[chat]
        self.buttons[chat] = {}
        return held
