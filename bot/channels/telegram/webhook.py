"""The webhook's door: checks the secret, reads a body of limited size, stores the message, answers.

An ASGI application of its own rather than a Starlette endpoint: nothing of the request is touched before the secret is right, the body is
never held beyond the limit, and there is no error page that could quote it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from typing import Any

import orjson
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.channels.base import Mailroom
from bot.channels.telegram.channel import Telegram, check_secret

log = logging.getLogger(__name__)

PATH = "/webhooks/telegram"
# A text of 4,096 characters with all its entities stays below 100 KB.
BODY_LIMIT = 1024 * 1024
# A body that trickles in longer than this is given up: Telegram sends it in one go.
BODY_SECONDS = 10.0

_SECRET_HEADER = b"x-telegram-bot-api-secret-token"


class _Rejected(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class _Gone(Exception):
    """The sender hung up before the body was complete."""


def routes(mailroom: Mailroom, telegram: Telegram, secret: str) -> list[Route]:
    """POST /webhooks/telegram. Raises ValueError for a secret that Telegram would not take.

    200 once the message is durable (also for a redelivery, and for an update that is nothing for us); 503 if it could not be stored:
    Telegram then delivers it again. 400, 403, 408, 413 with `{"error": code}`.
    """
    check_secret(secret)
    return [Route(PATH, Webhook(mailroom, telegram, secret), methods=["POST"], name="telegram_webhook")]


class Webhook:
    """The ASGI application behind the route."""

    def __init__(self, mailroom: Mailroom, telegram: Telegram, secret: str) -> None:
        self._mailroom = mailroom
        self._telegram = telegram
        self._secret = secret.encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._take(scope, receive, send)
        except _Rejected as rejection:
            await _answer(send, rejection.status, orjson.dumps({"error": rejection.code}), close=True)
        except _Gone:
            return

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> None:
        presented, length = b"", b""
        for name, value in scope["headers"]:
            if name == _SECRET_HEADER:
                presented = value
            elif name == b"content-length":
                length = value
        if not hmac.compare_digest(presented, self._secret):
            raise _Rejected(403, "bad_secret")
        if length.isdigit() and int(length[:20]) > BODY_LIMIT:
            raise _Rejected(413, "too_large")
        update = _json(await _body(receive))
        received = self._telegram.parse(update)
        if received is None:
            await _answer(send, 200)
            return
        try:
            await self._mailroom.receive(received)
        except Exception as error:  # whatever it is, Telegram keeps the message; the error's words may hold a person's
            log.error("telegram_store_failed", extra={"update": int(received.message_id), "error": type(error).__name__})
            raise _Rejected(503, "not_stored") from None
        await _answer(send, 200)


async def _body(receive: Receive) -> bytes:
    event = await _next(receive)
    body: bytes = event.get("body", b"")
    if not event.get("more_body", False):
        if len(body) > BODY_LIMIT:
            raise _Rejected(413, "too_large")
        return body
    chunks, size = [body], len(body)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while event.get("more_body", False):
                event = await _next(receive)
                chunks.append(event.get("body", b""))
                size += len(chunks[-1])
                if size > BODY_LIMIT:
                    raise _Rejected(413, "too_large")
    except TimeoutError:
        raise _Rejected(408, "too_slow") from None
    return b"".join(chunks)


async def _next(receive: Receive) -> Any:
    event = await receive()
    if event["type"] == "http.disconnect":
        raise _Gone
    return event


def _json(body: bytes) -> dict[str, Any]:
    try:
        update = orjson.loads(body)
    except orjson.JSONDecodeError:
        # orjson refuses half of a surrogate pair (`\ud83d`). The standard library takes it and parse mends it: no message is lost.
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            raise _Rejected(400, "malformed") from None
    if not isinstance(update, dict):
        raise _Rejected(400, "malformed")
    return update


async def _answer(send: Send, status: int, body: bytes = b"", *, close: bool = False) -> None:
    headers = [(b"content-length", str(len(body)).encode("ascii"))]
    if body:
        headers.append((b"content-type", b"application/json"))
    if close:  # the rest of a refused body is not worth reading
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
