"""A webhook's door: reads a body of limited size in limited time, and answers without quoting a word of it.

An ASGI application rather than a Starlette endpoint: whoever knocks is looked at before anything else of the request is touched, the body
is never held beyond the limit, and there is no error page that could quote it.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

BODY_SECONDS = 10.0  # a body that trickles in longer than this is given up: platforms send it in one go


class Rejected(Exception):
    """What came is answered with `status` and `{"error": code}`."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class _Gone(Exception):
    """The sender hung up before the body was complete."""


class Door(ABC):
    """The ASGI application behind a webhook's route. 200 once `take` is through; 408, 413 and whatever it raises as `Rejected`."""

    limit: int  # bytes of body at most

    @abstractmethod
    async def take(self, scope: Scope, receive: Receive) -> None:
        """Looks who it is, reads the body with `body`, and stores what was told. Raises Rejected."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.take(scope, receive)
        except Rejected as rejection:
            await _answer(send, rejection.status, orjson.dumps({"error": rejection.code}), close=True)
        except _Gone:
            return
        else:
            await _answer(send, 200)

    async def body(self, scope: Scope, receive: Receive) -> bytes:
        """The request's body. Raises Rejected (408, 413)."""
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if length.isdigit() and int(length[:20]) > self.limit:
            raise Rejected(413, "too_large")
        chunks: list[bytes] = []
        size, more = 0, True
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while more and size <= self.limit:
                    event = await _next(receive)
                    chunks.append(event.get("body", b""))
                    size += len(chunks[-1])
                    more = event.get("more_body", False)
        except TimeoutError:
            raise Rejected(408, "too_slow") from None
        if size > self.limit:
            raise Rejected(413, "too_large")
        return b"".join(chunks)


async def _next(receive: Receive) -> Any:
    event = await receive()
    if event["type"] == "http.disconnect":
        raise _Gone
    return event


async def _answer(send: Send, status: int, body: bytes = b"", *, close: bool = False) -> None:
    headers = [(b"content-length", str(len(body)).encode("ascii"))]
    if body:
        headers.append((b"content-type", b"application/json"))
    if close:  # the rest of a refused body is not worth reading
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
