"""The HTTP transport under python-telegram-bot, and silence about what passes through it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot.channels.base import Refused, TryLater

_PATIENCE = httpx.Timeout(20.0, connect=10.0)


class QuietRequest(HTTPXRequest):
    """python-telegram-bot's transport over httpx, that does not log an answer which it cannot read (it may quote a message)."""

    __slots__ = ()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer as a dictionary. Raises TelegramError if it is not one."""
        try:
            answer = orjson.loads(payload)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            raise TelegramError("Invalid server response")
        return answer


async def downloaded(address: str) -> AsyncIterator[bytes]:
    """The bytes at an address, in pieces. python-telegram-bot reads a file whole, however large it turns out to be; this does not.

    Raises TryLater or Refused, which hold neither the address (the token is in it) nor the original error.
    """
    problem: TryLater | Refused
    try:
        async with httpx.AsyncClient(timeout=_PATIENCE, follow_redirects=False) as client, client.stream("GET", address) as answer:
            if answer.status_code == 200:
                async for piece in answer.aiter_bytes():
                    yield piece
                return
        gone = answer.status_code in (400, 404, 410)
        problem = Refused("telegram_file_gone") if gone else TryLater("telegram_file_refused")
    except httpx.HTTPError:
        problem = TryLater("telegram_unreachable")
    raise problem  # outside the `except`: the new error must not carry the old one in its context


def quiet_loggers() -> None:
    """Silences the loggers that would write the token or people's words, whatever the level of the root logger.

    httpx logs each URL at INFO, and the bot token is in it; httpcore does at DEBUG; python-telegram-bot logs parameters and answers at
    DEBUG, unreadable answers at ERROR and unreadable updates at CRITICAL. What an operator needs of them comes as our own codes.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
