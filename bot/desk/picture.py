"""The desk at one moment, as it is read from the database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from actions.queue import Colleague, HandOff
from bot.desk.presence import colleagues_of
from bot.storage.desk import DeskStore

NOBODY: frozenset[bytes] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """The desk at one moment. `conversations` are the rows (id, channel, last_at) of those that are talked in and still there."""

    open: tuple[HandOff, ...]
    readers: dict[bytes, frozenset[bytes]]
    rows: tuple[Any, ...]
    colleagues: dict[bytes, Colleague]
    conversations: dict[bytes, Any]

    def of(self, hand_off: HandOff) -> frozenset[bytes]:
        """The units that can read it."""
        return self.readers.get(hand_off.case_id, NOBODY)

    def last_at(self, hand_off: HandOff) -> int | None:
        """When its reporter wrote last; None if it is not talked in."""
        row = self.conversations.get(hand_off.conversation_id or b"")
        return row.last_at if row is not None else None


async def picture(store: DeskStore) -> Picture:
    """The desk now."""
    hand_offs = await store.open_hand_offs()
    rows = await store.staff()
    return Picture(
        open=tuple(hand_offs),
        readers=await store.readers(each.case_id for each in hand_offs),
        rows=tuple(rows),
        colleagues=colleagues_of(rows, hand_offs),
        conversations=await store.conversations(each.conversation_id for each in hand_offs if each.conversation_id is not None),
    )


async def close_up(store: DeskStore, hand_off: HandOff, *, readers: bool) -> Picture:
    """The desk as far as one hand-off shows it: its conversation, who is there (how much they have to do is not looked at), and with
    `readers` the units that can read it."""
    rows, where = await store.staff(), hand_off.conversation_id
    return Picture(
        open=(hand_off,), rows=tuple(rows), colleagues=colleagues_of(rows, (hand_off,)),
        readers=await store.readers([hand_off.case_id]) if readers else {},
        conversations=await store.conversations({where}) if where is not None else {},
    )  # fmt: skip


class Glances:
    """The desk as many ask for it at once: one look for all of them. Nobody is given a look that began before they asked, so whoever has
    just changed something sees it changed."""

    def __init__(self, store: DeskStore) -> None:
        self._store = store
        self._now: asyncio.Task[Picture] | None = None
        self._next: asyncio.Task[Picture] | None = None

    async def glance(self) -> Picture:
        """The desk, at a moment after the call."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._now), name="desk-glance")
        return await asyncio.shield(self._next)  # who goes away leaves the others their look

    async def _after(self, before: asyncio.Task[Picture] | None) -> Picture:
        if before is not None:
            await asyncio.wait({before})
        self._now, self._next = self._next, None
        return await picture(self._store)
