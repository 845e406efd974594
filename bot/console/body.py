"""JSON in and out of the console: bodies of limited size, fields of a given form, answers that no cache keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from bot import bodies

LIMIT = 256 * 1024
"""Bytes of a body, read no further than this. The largest is a unit's new key, sealed to hundreds of members."""

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}  # fmt: skip


class BadRequest(Exception):
    """What came is no request of the page's: `status`, and a code for the page, which has the words. Nothing of it is repeated."""

    def __init__(self, code: str = "bad", status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


def answer(content: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON; bytes go as hex."""
    body = orjson.dumps(content, default=_hex)
    return Response(body, status_code=status, media_type="application/json", headers={**HEADERS, **(headers or {})})


def _hex(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError


async def read(request: Request, *, limit: int = LIMIT) -> bytes:
    """A request's body (`bot.bodies`). Raises BadRequest."""
    try:
        return await bodies.read(request, limit=limit)
    except bodies.Unread as unread:
        raise BadRequest("too_long" if isinstance(unread, bodies.TooLarge) else "too_slow", unread.status) from None


async def json_body(request: Request, *, limit: int = LIMIT) -> Mapping[str, Any]:
    """The object in a request's body. Raises BadRequest."""
    # A form of another site's page can send no JSON without asking first.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BadRequest("no_json", 415)
    try:
        body = orjson.loads(await read(request, limit=limit))
    except orjson.JSONDecodeError:
        raise BadRequest("no_json") from None
    if not isinstance(body, dict):
        raise BadRequest("no_json")
    return body


def text(body: Mapping[str, Any], name: str, *, most: int = 200, default: str | None = None) -> str:
    """A field of words. Raises BadRequest unless it is there (or has a default) and no longer than `most` characters."""
    value = body.get(name, default)
    if not isinstance(value, str) or len(value) > most:
        raise BadRequest(name)
    return value


def octets(body: Mapping[str, Any], name: str, size: int) -> bytes:
    """A field of so many bytes, in hex. Raises BadRequest."""
    value = body.get(name)
    try:
        found = bytes.fromhex(value) if isinstance(value, str) and len(value) == 2 * size else None
    except ValueError:
        found = None
    if found is None or len(found) != size:
        raise BadRequest(name)
    return found


def octets_or_none(body: Mapping[str, Any], name: str, size: int) -> bytes | None:
    """The same, or None if the field is not there or null."""
    return octets(body, name, size) if body.get(name) is not None else None


def number(body: Mapping[str, Any], name: str, *, most: int = 2**31 - 1) -> int:
    """A field with a whole number from 0 to `most`. Raises BadRequest."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise BadRequest(name)
    return value


def objects(body: Mapping[str, Any], name: str, *, most: int = 1_000) -> Sequence[Mapping[str, Any]]:
    """A field with a list of objects. Raises BadRequest."""
    value = body.get(name, [])
    if not isinstance(value, list) or len(value) > most or not all(isinstance(one, dict) for one in value):
        raise BadRequest(name)
    return value


def object_or_none(body: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """A field with an object, or None. Raises BadRequest."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise BadRequest(name)
    return value
