"""The desk at one moment, as it is read from the database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from actions.access import LEAD, TALKING
from actions.ending import Second, second_for
from actions.queue import Colleague, HandOff, State
from bot.desk.one_look import OneLook
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

    def closers(self, hand_off: HandOff, by: bytes) -> tuple[frozenset[bytes], bool]:
        """Who of those that can read it is a lead, and whether nobody of them but this person talks with reporters."""
        readers = self.of(hand_off)
        there = [each for each in self.colleagues.values() if each.unit_id in readers and each.role in TALKING]
        return frozenset(each.id for each in there if each.role == LEAD), not any(each.id != by for each in there)

    def second(self, hand_off: HandOff, by: bytes) -> Second:
        """Who has to close a crisis besides this person."""
        if not closed_by_two(hand_off):
            return Second.NONE
        leads, alone = self.closers(hand_off, by)
        return second_for(hand_off, by, leads=leads, alone=alone)

    def last_at(self, hand_off: HandOff) -> int | None:
        """When its reporter wrote last; None if it is not talked in."""
        row = self.conversations.get(hand_off.conversation_id or b"")
        return row.last_at if row is not None else None


def closed_by_two(hand_off: HandOff) -> bool:
    """Whether it is a crisis that somebody has, so that two people have to close it."""
    return hand_off.urgency.crisis and hand_off.state in (State.ACTIVE, State.WRAP_UP)


async def picture(store: DeskStore) -> Picture:
    """The desk now. What hangs on a hand-off is read after it, so that nothing is there without it."""
    hand_offs = await store.open_hand_offs()
    rows, readers, conversations = await asyncio.gather(store.staff(), store.readers_of_open(), store.conversations_of_open())
    return Picture(
        open=tuple(hand_offs), readers=readers, rows=tuple(rows), colleagues=colleagues_of(rows, hand_offs), conversations=conversations
    )


async def close_up(store: DeskStore, hand_off: HandOff, colleagues: dict[bytes, Colleague], *, readers: bool) -> Picture:
    """The desk as far as one hand-off shows it: its conversation, the colleagues as they are known, and with `readers`, or where two people
    close it, the units that can read it."""
    where = hand_off.conversation_id
    return Picture(
        open=(hand_off,), rows=(), colleagues=colleagues,
        readers=await store.readers([hand_off.case_id]) if readers or closed_by_two(hand_off) else {},
        conversations=await store.conversations({where}) if where is not None else {},
    )  # fmt: skip


class Glances:
    """The desk as many ask for it at once."""

    def __init__(self, store: DeskStore) -> None:
        self._look: OneLook[Picture] = OneLook(lambda: picture(store))

    async def glance(self) -> Picture:
        """The desk, at a moment after the call."""
        return await self._look.look()
