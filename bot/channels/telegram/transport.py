"""The HTTP transport under python-telegram-bot, and silence about what passes through it."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from telegram.error import TelegramError
from telegram.request import HTTPXRequest


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


def quiet_loggers() -> None:
    """Silences the loggers that would write the token or people's words, whatever the level of the root logger.

    httpx logs each URL at INFO, and the bot token is in it; httpcore does at DEBUG; python-telegram-bot logs parameters and answers at
    DEBUG, unreadable answers at ERROR and unreadable updates at CRITICAL. What an operator needs of them comes as our own codes.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
