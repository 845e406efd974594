"""Telegram's door: checks the secret, stores the message."""

from __future__ import annotations

import hmac
import json
import logging
from typing import Any

import orjson
from starlette.routing import Route
from starlette.types import Receive, Scope

from bot.channels.base import Mailroom
from bot.channels.door import Door, Rejected
from bot.channels.telegram.channel import Telegram, check_secret

log = logging.getLogger(__name__)

PATH = "/webhooks/telegram"
# A text of 4,096 characters with all its entities stays below 100 KB.
BODY_LIMIT = 1024 * 1024

_SECRET_HEADER = b"x-telegram-bot-api-secret-token"


def routes(mailroom: Mailroom, telegram: Telegram, secret: str) -> list[Route]:
    """POST /webhooks/telegram. Raises ValueError for a secret that Telegram would not take.

    200 once the message is durable (also for a redelivery, and for an update that is nothing for us); 503 if it could not be stored:
    Telegram then delivers it again. 400, 403, 408, 413 with `{"error": code}`.
    """
    check_secret(secret)
    return [Route(PATH, Webhook(mailroom, telegram, secret), methods=["POST"], name="telegram_webhook")]


class Webhook(Door):
    """The ASGI application behind the route."""

    limit = BODY_LIMIT

    def __init__(self, mailroom: Mailroom, telegram: Telegram, secret: str) -> None:
        self._mailroom = mailroom
        self._telegram = telegram
        self._secret = secret.encode("ascii")

    async def take(self, scope: Scope, receive: Receive) -> None:
        """One update. Raises Rejected."""
        presented = next((value for name, value in scope["headers"] if name == _SECRET_HEADER), b"")
        if not hmac.compare_digest(presented, self._secret):
            raise Rejected(403, "bad_secret")
        received = self._telegram.parse(_json(await self.body(scope, receive)))
        if received is None:
            return
        try:
            await self._mailroom.receive(received)
        except Exception as error:  # whatever it is, Telegram keeps the message; the error's words may hold a person's
            log.error("telegram_store_failed", extra={"update": int(received.message_id), "error": type(error).__name__})
            raise Rejected(503, "not_stored") from None


def _json(body: bytes) -> dict[str, Any]:
    try:
        update = orjson.loads(body)
    except orjson.JSONDecodeError:
        # orjson refuses half of a surrogate pair (`\ud83d`). The standard library takes it and parse mends it: no message is lost.
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            raise Rejected(400, "malformed") from None
    if not isinstance(update, dict):
        raise Rejected(400, "malformed")
    return update
