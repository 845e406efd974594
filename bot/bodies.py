"""Bodies of requests, read no further than they may be long, and no longer than they may take."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

SECONDS = 15.0


class Unread(Exception):
    """A body that was not read to its end; `status` is HTTP's."""

    status = 400


class TooLarge(Unread):
    """It has more bytes than it may."""

    status = 413


class TooSlow(Unread):
    """It did not come in time."""

    status = 408


async def read(request: Request, *, limit: int, seconds: float = SECONDS) -> bytes:
    """A request's body. Raises Unread as soon as it is known to be larger than `limit` bytes (such a one is never held whole), or after
    `seconds`."""
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said[:18]) > limit:
        raise TooLarge
    parts = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                parts += chunk
                if len(parts) > limit:
                    raise TooLarge
    except TimeoutError:
        raise TooSlow from None
    return bytes(parts)
