"""The public web chat: a channel that the page in the browser fetches from, and the routes that the page talks to.

The person is known by a token alone, made by the browser (32 random bytes). Only its SHA-256 leaves this module, as the address: who
reads the database, a log or a backup cannot continue anybody's conversation. No cookie is set and no IP address is looked at.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import math
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bot import bodies
from bot.channels.base import Limits, Mailroom, Received, Refused, TryLater
from bot.channels.bubble import whole_unicode
from bot.channels.web_page import API_HEADERS, COVER_PATH, page_routes
from bot.channels.web_throttle import Throttle
from bot.evidence.format import LARGEST, format_of
from flows.message import Inbound, InboundKind, Media, Outbound

NAME = "web"
BODY_LIMIT = 64 * 1024  # bytes of a request, read no further than this
TEXT_LIMIT = 4_000  # characters of one message, the same as a text step of a flow takes
BODY_SECONDS = 15.0  # a body that trickles in longer than this is given up
FILE_SECONDS = 300.0  # a bad mobile network takes that long for a photo
UPLOADS = 8  # at once: each is held in memory
HEARTBEAT_SECONDS = 15.0
IDLE_SECONDS = 0.1  # "something may wait" said again and again does not make a stream spin
STREAMS_PER_ADDRESS = 4  # a page has one; a second one stands during a reconnect
STREAMS = 4_000

log = logging.getLogger(__name__)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes in base64url without padding
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_KINDS = {kind.value: kind for kind in (InboundKind.TEXT, InboundKind.TAP, InboundKind.LOCATION, InboundKind.START, InboundKind.LEAVE)}


class BadRequest(Exception):
    """What came is no message of ours. `code` is for the page, which has the words; nothing of the request is repeated."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


class WebChannel:
    """The web chat as a channel. Nothing is sent: the page fetches what waits (`pull`)."""

    name = NAME
    limits = Limits(text=8_000, options=None, label=80, id_bytes=64)
    pull = True

    def __init__(self) -> None:
        self.closing = asyncio.Event()

    def parse(self, update: Mapping[str, Any]) -> Received | None:
        """The message in a request's JSON body with the bearer token beside it under `token`; None if it is none."""
        try:
            return message_of(update.get("token"), update)
        except BadRequest:
            return None

    async def acknowledge(self, received: Received) -> None:
        """Nothing to do: the page knows from the answer to its request."""

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        """Always raises Refused: the page fetches, nobody can push to it."""
        raise Refused("web_is_fetched")

    async def delete(self, address: str, ref: str) -> None:
        """Always raises Refused: what stands in the page is the page's to wipe (leave quickly, or closing the tab)."""
        raise Refused("web_page_wipes_itself")

    async def close(self) -> None:
        """Ends the open streams, so that the server need not wait for them to stop. Pages reconnect by themselves."""
        self.closing.set()


def address_of(token: object) -> str:
    """The address of a token: its SHA-256 in hex. Raises BadRequest if it does not look like 32 bytes in base64url."""
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise BadRequest("bad_token", 401)
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def message_of(token: object, body: Mapping[str, Any]) -> Received:
    """The message in a request. Raises BadRequest with a code that the page explains.

    The message id is a hash over address and the page's id: one conversation cannot use up the ids of another.
    """
    return _received(address_of(token), body.get("id"), lambda: _inbound(body))


def _received(address: str, own_id: object, inbound: Inbound | Callable[[], Inbound]) -> Received:
    if not isinstance(own_id, str) or not _UUID.fullmatch(own_id):
        raise BadRequest("bad_id")
    return Received(
        channel=NAME,
        message_id=hashlib.sha256(f"{address}:{own_id.lower()}".encode()).hexdigest(),
        address=address,
        inbound=inbound if isinstance(inbound, Inbound) else inbound(),
    )


def _inbound(body: Mapping[str, Any]) -> Inbound:
    raw_kind = body.get("kind")
    kind = _KINDS.get(raw_kind) if isinstance(raw_kind, str) else None
    raw_language = body.get("language")
    language = raw_language if isinstance(raw_language, str) and _LANGUAGE.fullmatch(raw_language) else None
    if kind is None:
        raise BadRequest("bad_kind")
    if kind is InboundKind.TEXT:
        return Inbound(kind=kind, text=_text(body.get("text")), language=language)
    if kind is InboundKind.TAP:
        tap = body.get("tap")
        if not isinstance(tap, str) or not tap or len(whole_unicode(tap).encode()) > WebChannel.limits.id_bytes:
            raise BadRequest("bad_tap")
        return Inbound(kind=kind, tap=whole_unicode(tap), language=language)
    if kind is InboundKind.LOCATION:
        return Inbound(kind=kind, location=_location(body.get("location")), language=language)
    return Inbound(kind=kind, language=language)


def _text(raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise BadRequest("empty")
    if len(raw) > TEXT_LIMIT:
        raise BadRequest("too_long", 413)
    return whole_unicode(raw)


def _location(raw: object) -> tuple[float, float]:
    if not isinstance(raw, list) or len(raw) != 2 or any(isinstance(n, bool) or not isinstance(n, int | float) for n in raw):
        raise BadRequest("bad_location")
    try:
        latitude, longitude = float(raw[0]), float(raw[1])
    except OverflowError:
        raise BadRequest("bad_location") from None
    if not (math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180):
        raise BadRequest("bad_location")
    return latitude, longitude


def routes(
    mailroom: Mailroom,
    *,
    channel: WebChannel,
    numbers: Mapping[str, str],
    service_name: str,
    throttle: Throttle | None = None,
    cover: str = COVER_PATH,
    heartbeat: float = HEARTBEAT_SECONDS,
) -> list[Route]:
    """The web chat's routes: page, files, messages, files, events, confirm, typing, leave.

    `numbers` maps a service's id (`emergency`, `police`, `ambulance`) to its telephone number, shown without JavaScript and while there
    is no connection; ValueError if one of the three is missing. `service_name` is the neutral name in the heading. `cover` is where "leave
    quickly" ends: another page of the same site, or another site's address. `heartbeat` is in seconds.
    """
    chat = _Chat(mailroom, channel, throttle or Throttle(), heartbeat)
    return [
        *page_routes(numbers=numbers, service_name=service_name, cover=cover, text_limit=TEXT_LIMIT),
        Route("/chat/messages", _guarded(chat.messages), methods=["POST"]),
        Route("/chat/files", _guarded(chat.files), methods=["POST"]),
        Route("/chat/events", _guarded(chat.events), methods=["GET"]),
        Route("/chat/confirm", _guarded(chat.confirm), methods=["POST"]),
        Route("/chat/typing", _guarded(chat.typing), methods=["POST"]),
        Route("/chat/leave", _guarded(chat.leave), methods=["POST"]),
    ]


class _Chat:
    def __init__(self, mailroom: Mailroom, channel: WebChannel, throttle: Throttle, heartbeat: float) -> None:
        self._mailroom = mailroom
        self._channel = channel
        self._throttle = throttle
        self._heartbeat = heartbeat
        self._streams: Counter[str] = Counter()
        self._uploads: Counter[str] = Counter()

    async def messages(self, request: Request) -> Response:
        token = _bearer(request)
        address = address_of(token)
        body = await _json(request)
        received = message_of(token, body)
        if wait := self._throttle.message(address):
            return _slow_down(wait)
        await self._mailroom.receive(received)
        return _reply(202, {"ok": True})

    async def files(self, request: Request) -> Response:
        """A file as the raw body. Not a form: its parser writes what is above a megabyte to a temporary file, in clear."""
        token = _bearer(request)
        address = address_of(token)
        own_id, language = request.headers.get("chat-message", ""), request.headers.get("chat-language", "")
        if wait := self._throttle.message(address):
            return _slow_down(wait)
        if self._uploads[address] >= 1 or self._uploads.total() >= UPLOADS:
            return _slow_down(2.0, status=503)
        self._uploads[address] += 1
        try:
            content = await _body(request, limit=LARGEST, seconds=FILE_SECONDS)
            found = format_of(content)
            if found is None:
                raise BadRequest("wrong_type", 415)
            media = Media(kind=found.kind, handle="", content_type=found.content_type, size=len(content))
            inbound = Inbound(kind=InboundKind.MEDIA, media=media, language=language if _LANGUAGE.fullmatch(language) else None)
            await self._mailroom.receive_file(_received(address, own_id, inbound), content)
        except TryLater:
            return _slow_down(30.0, status=503)
        finally:
            self._uploads[address] -= 1
            if self._uploads[address] <= 0:
                del self._uploads[address]
        return _reply(202, {"ok": True})

    async def leave(self, request: Request) -> Response:
        # The token is in the body: navigator.sendBeacon, which still goes out while the page is already gone, sends no headers.
        body = await _json(request)
        received = message_of(body.get("token"), {"id": body.get("id", str(uuid4())), "kind": InboundKind.LEAVE.value})
        if wait := self._throttle.leave(received.address):
            return _slow_down(wait)
        await self._mailroom.receive(received)
        return _reply(202, {"ok": True})

    async def confirm(self, request: Request) -> Response:
        address = address_of(_bearer(request))
        ids = (await _json(request)).get("ids")
        if not isinstance(ids, list) or len(ids) > 500 or any(type(i) is not int or not 0 <= i < 2**63 for i in ids):
            raise BadRequest("bad_ids")
        if wait := self._throttle.fetch(address):
            return _slow_down(wait)
        if ids:
            await self._mailroom.confirm(NAME, address, tuple(ids))
        return _reply(202, {"ok": True})

    async def typing(self, request: Request) -> Response:
        """Whoever has the page open is writing. The page says so only to somebody who was shown to be writing before."""
        address = address_of(_bearer(request))
        if wait := self._throttle.fetch(address):
            return _slow_down(wait)
        await self._mailroom.types(NAME, address)
        return _reply(202, {"ok": True})

    async def events(self, request: Request) -> Response:
        address = address_of(_bearer(request))
        if wait := self._throttle.fetch(address):
            return _slow_down(wait)
        if self._channel.closing.is_set() or self._streams[address] >= STREAMS_PER_ADDRESS or self._streams.total() >= STREAMS:
            return _slow_down(2.0, status=503)
        return StreamingResponse(self._stream(address), media_type="text/event-stream", headers={**API_HEADERS, "X-Accel-Buffering": "no"})

    async def _stream(self, address: str) -> AsyncIterator[bytes]:
        self._streams[address] += 1
        sent: set[int] = set()  # what is not confirmed yet stays pending; it is not sent twice on one stream
        closing = asyncio.ensure_future(self._channel.closing.wait())
        changed: asyncio.Future[None] | None = None
        shown = 0.0  # the last hint that somebody is writing
        try:
            yield b": here\n\n"
            while not closing.done():
                # Listen first, look second: what arrives between the two wakes us at once instead of waiting for the heartbeat.
                changed = asyncio.ensure_future(self._mailroom.changed(NAME, address, self._heartbeat))
                await asyncio.sleep(0)
                pending = await self._mailroom.pending(NAME, address)
                fresh = [bubble for bubble in pending if bubble.id not in sent]
                for bubble in fresh:
                    yield _event({"id": bubble.id, "message": bubble.message.to_json()})
                sent = {bubble.id for bubble in pending}
                if (typed := await self._mailroom.typed(NAME, address)) > shown:
                    shown = typed
                    yield _event({"typing": True})
                began = asyncio.get_running_loop().time()
                await asyncio.wait({changed, closing}, return_when=asyncio.FIRST_COMPLETED)
                if changed.done():
                    changed.result()
                waited = asyncio.get_running_loop().time() - began
                if waited >= self._heartbeat * 0.9:
                    yield b": here\n\n"
                elif not fresh and waited < IDLE_SECONDS:
                    await asyncio.sleep(IDLE_SECONDS)
        except Exception as error:
            # The page reconnects. The error's words may hold a person's, so only its kind is logged.
            log.warning("web_stream_failed kind=%s", type(error).__name__)
        finally:
            closing.cancel()
            if changed is not None:
                changed.cancel()
            self._streams[address] -= 1
            if self._streams[address] <= 0:
                del self._streams[address]


def _guarded(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Whatever happens, the page gets a code that it can act on, and the log gets no word of a person's."""

    async def run(request: Request) -> Response:
        try:
            return await endpoint(request)
        except BadRequest as bad:
            return _reply(bad.status, {"code": bad.code})
        except ClientDisconnect:
            return _reply(400, {"code": "gone"})  # nobody is left to read it
        except Exception as error:
            log.error("web_request_failed path=%s kind=%s", request.url.path, type(error).__name__)
            return _slow_down(2.0, status=503)

    return run


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _json(request: Request) -> Mapping[str, Any]:
    raw = await _body(request)
    try:
        body = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise BadRequest("malformed") from None
    if not isinstance(body, dict):
        raise BadRequest("malformed")
    return body


def _no_constant(name: str) -> float:
    raise ValueError(name)  # NaN and Infinity are no JSON


async def _body(request: Request, *, limit: int = BODY_LIMIT, seconds: float = BODY_SECONDS) -> bytes:
    """The body. Raises BadRequest."""
    try:
        return await bodies.read(request, limit=limit, seconds=seconds)
    except bodies.Unread as unread:
        raise BadRequest("body_too_large" if isinstance(unread, bodies.TooLarge) else "too_slow", unread.status) from None


def _reply(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status, {**API_HEADERS, **(headers or {})}, "application/json")


def _slow_down(seconds: float, status: int = 429) -> Response:
    return _reply(status, {"code": "slow_down"}, {"Retry-After": str(max(1, math.ceil(seconds)))})


def _event(body: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"
