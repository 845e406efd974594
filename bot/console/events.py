"""What the consoles hear while they stand open: that something changed, and its version now. What that is, they ask for."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from actions.access import LEAD, Subject, allowed, may
from bot.console.auth import NotAdmitted, NotSignedIn, Staff, signed_in
from bot.console.document import SAFE
from bot.console.guard import Asked, Found, answer
from bot.desk.events import ALARM, ASKED, CASE, DEADLINE, HAND_OFF, TICKS, TYPING, Changed, Events
from bot.desk.one_look import OneLook

HEARTBEAT_SECONDS = 15.0  # by it the page knows that the line stands, and says that it is there
STREAMS_PER_PERSON = 6
SECONDS = 3600.0  # after which a stream ends: the page asks again, and whoever was removed since is refused
_KINDS = {
    HAND_OFF: "hand_off", ALARM: "hand_off", TICKS: "hand_off", TYPING: "hand_off", ASKED: "hand_off", CASE: "case", DEADLINE: "case",
}  # fmt: skip
_MOST_KNOWN = 4_096


class Streams:
    """Endpoint GET /console/events. `unread` gives whether a unit has cases that nobody has read; `closing` ends all streams, so that the
    server need not wait for them."""

    def __init__(
        self, events: Events, *, found: Found, unread: Callable[[bytes], Awaitable[bool]], closing: asyncio.Event | None = None,
        heartbeat: float = HEARTBEAT_SECONDS,
    ) -> None:  # fmt: skip
        self._events, self._found, self._heartbeat = events, found, heartbeat
        self._looks: dict[bytes, OneLook[bool]] = {}
        self._unread = unread
        self.closing = closing or asyncio.Event()
        self._open: Counter[bytes] = Counter()
        self._known: OrderedDict[tuple[str, bytes], Subject] = OrderedDict()

    async def stream(self, request: Request, asked: Asked) -> Response:
        """The stream of one page."""
        if self.closing.is_set() or self._open[asked.staff.id] >= STREAMS_PER_PERSON:
            return answer({"error": "busy"}, 503)
        headers = {**SAFE, "X-Accel-Buffering": "no"}
        return StreamingResponse(self._told(request, asked.staff), media_type="text/event-stream", headers=headers)

    async def _told(self, request: Request, staff: Staff) -> AsyncIterator[bytes]:
        self._open[staff.id] += 1
        loop = asyncio.get_running_loop()
        end, beat = loop.time() + SECONDS, loop.time() + self._heartbeat
        closing = asyncio.ensure_future(self.closing.wait())
        waiting: asyncio.Future[Changed] | None = None
        try:
            async with self._events.subscribe() as changes:
                # Listening comes first, then the word that it stands: what the page asks for after that word, it cannot miss.
                yield b"retry: 1500\n\n" + _event("here", {})
                if "open" in allowed(staff.role).get("case", ()):
                    yield await self._said(staff, Changed(what=CASE, id=b""))
                while not closing.done() and loop.time() < end:
                    waiting = waiting or asyncio.ensure_future(_next(changes))
                    either = cast("set[asyncio.Future[Any]]", {waiting, closing})
                    left = max(0.0, beat - loop.time())
                    done, _ = await asyncio.wait(either, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                    if closing.done():
                        break
                    if loop.time() >= beat:  # however much happens meanwhile
                        await signed_in(request, active=False, proved=False)  # a stream outlives nobody's session
                        yield _event("here", {})
                        beat = loop.time() + self._heartbeat
                    if waiting in done:
                        changed, waiting = waiting.result(), None
                        if await self._theirs(staff, changed):
                            yield await self._said(staff, changed)
        except (NotSignedIn, NotAdmitted):
            return
        finally:
            closing.cancel()
            if waiting is not None:
                waiting.cancel()
            self._open[staff.id] -= 1
            if self._open[staff.id] <= 0:
                del self._open[staff.id]

    async def _said(self, staff: Staff, changed: Changed) -> bytes:
        """A change, as a page is told it. A case has no version: with it comes whether there is one that nobody has read, so that the page
        can show that there is without fetching its list."""
        version = changed.version
        if changed.what == CASE and "open" in allowed(staff.role).get("case", ()):
            looks = self._looks.setdefault(staff.unit_id, OneLook(partial(self._unread, staff.unit_id)))
            version = int(await looks.look())
        return _event("changed", {"what": changed.what, "id": changed.id.hex(), "version": version})

    async def _theirs(self, staff: Staff, changed: Changed) -> bool:
        """Whether somebody may know that this changed: of another unit's, not even the id is told."""
        kind = _KINDS.get(changed.what)
        if kind is None or not changed.id:
            return True
        if changed.what == DEADLINE and staff.role != LEAD:
            return False  # it calls a lead; the list of cases tells everybody else
        if changed.what == ASKED and staff.id != changed.to:
            return False
        subject = self._known.get((kind, changed.id))
        if subject is None:
            subject = await self._found(kind, "open", changed.id)
            if subject is None:
                return False
            self._known[(kind, changed.id)] = subject
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return may(staff, "open", subject)


async def _next(changes: AsyncIterator[Changed]) -> Changed:
    return await changes.__anext__()


def _event(name: str, data: Mapping[str, object]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
