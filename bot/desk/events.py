"""Who has a console open hears that something changed: which hand-off and which version, never what."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.storage import sharing

HAND_OFF, QUEUE, ALARM, STAFF, CASE, DEADLINE = "hand_off", "queue", "alarm", "staff", "case", "deadline"
TICKS, TYPING, ASKED = "ticks", "typing", "asked"
NOTICED = {sharing.CASE_CHANGED: CASE, sharing.CASE_DUE: DEADLINE, sharing.SETTING: QUEUE, sharing.STAFF: STAFF}
"""What consoles here hear as another process told it, by the letter of its notice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """`what` is hand_off, queue, alarm (a crisis that nobody has yet: be loud), ticks (a reply in a hand-off arrived, or could not), case
    (one came, or is another than before), deadline (a case whose time has passed: for leads), typing (the reporter of a hand-off is
    writing), asked (`to` is asked to take a hand-off, or to look on, and only they hear it) or staff; `id` is its id, empty for all of a
    kind."""

    what: str
    id: bytes
    version: int = 0
    to: bytes = b""


class Subscription:
    """What one console has not heard yet. A slow one hears the newest version of each thing once, however often it changed."""

    def __init__(self) -> None:
        self._news: OrderedDict[tuple[str, bytes], Changed] = OrderedDict()
        self._wake = asyncio.Event()

    def put(self, changed: Changed) -> None:
        """Something changed."""
        known = self._news.get((changed.what, changed.id))
        if known is None or known.version <= changed.version:
            self._news[(changed.what, changed.id)] = changed
        self._wake.set()

    def __aiter__(self) -> AsyncIterator[Changed]:
        return self

    async def __anext__(self) -> Changed:
        while not self._news:
            self._wake.clear()
            await self._wake.wait()
        return self._news.popitem(last=False)[1]


class Events:
    """The hub of one process."""

    def __init__(self) -> None:
        self._open: set[Subscription] = set()

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Subscription]:
        """A console listens, as long as the context lasts."""
        subscription = Subscription()
        self._open.add(subscription)
        try:
            yield subscription
        finally:
            self._open.discard(subscription)

    def publish(self, changed: Changed) -> None:
        """Everybody here hears of it."""
        for subscription in self._open:
            subscription.put(changed)
