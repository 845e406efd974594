"""What a lead's board counts: how many asked for a person, were answered, went away, and how long they waited."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, or_, select

from actions.deadline import UNREAD, Clock, Deadlines, overdue
from actions.hand_off import MESSAGE, Urgency
from bot.storage import tables
from bot.storage.reading import Source, rows_of

_GONE = ("left", "erased", "silent")
FEWEST = 5  # stars of which a mean is told


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A span of time: how many were answered, and how many went before anybody had answered; the median wait in seconds, None if nobody
    was answered. Apart from these, for nobody waited there: the `messages` that were left, and how many of them were `taken`."""

    answered: int
    abandoned: int
    median: int | None
    messages: int
    taken: int

    @property
    def over(self) -> int:
        """How many do not wait any more, whichever way. Who is waiting just now counts for neither."""
        return self.answered + self.abandoned


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """Cases whose clocks run (`actions.deadline`): those that nobody has opened yet, and those of which nobody has said yet whether the
    three days apply. (urgency, status, when it came, whether the second clock is open, since when something added to it is unread)."""

    clocks: tuple[tuple[str, str, int, bool, int | None], ...]

    @property
    def unread(self) -> int:
        """How many nobody has opened yet, or what was added to them."""
        return sum(status in UNREAD or added_at is not None for _, status, _, _, added_at in self.clocks)

    def overdue(self, clock: Clock, *, now: int, deadlines: Deadlines) -> int:
        """How many are past one of the clocks."""
        found = (overdue(*each[:3], open_clock=each[3], added_at=each[4], now=now, deadlines=deadlines) for each in self.clocks)
        return sum(each is clock for each in found)


class Board:
    """Counts for one unit, over an engine that reads."""

    def __init__(self, engine: Source) -> None:
        self._engine = engine

    async def _all(self, statement: Any) -> Sequence[Row[Any]]:
        return await rows_of(self._engine, statement)

    async def span(self, unit_id: bytes, since: int) -> Span:
        """The hand-offs of a unit that began since a moment."""
        row = tables.hand_off.c
        columns = (row.created_at, row.taken_at, row.ended, row.urgency)
        rows = await self._all(select(*columns).where(row.created_at >= since, self._mine(unit_id)))
        left = [each for each in rows if _is_message(each)]
        found = [each for each in rows if not _is_message(each)]
        waits = [each.taken_at - each.created_at for each in found if each.taken_at is not None]
        abandoned = sum(each.taken_at is None and each.ended in _GONE for each in found)
        median = round(statistics.median(waits)) if waits else None
        taken = sum(each.taken_at is not None for each in left)
        return Span(answered=len(waits), abandoned=abandoned, median=median, messages=len(left), taken=taken)

    async def stars(self, unit_id: bytes, since: int) -> tuple[float | None, int]:
        """What reporters gave the talks of a unit that were closed since a moment: the mean of 1 to 5, and how many gave one. No mean of
        fewer than `FEWEST`: it would say what one person gave."""
        row = tables.hand_off.c
        found = await self._all(select(row.rating).where(row.ended_at >= since, row.rating.is_not(None), self._mine(unit_id)))
        given = [int(each.rating) for each in found]
        return (round(statistics.mean(given), 1) if len(given) >= FEWEST else None), len(given)

    async def alone(self, unit_id: bytes, since: int) -> int:
        """How many crises were closed since a moment by one person, because there was nobody else."""
        row = tables.hand_off.c
        one = row.closed_by.is_not(None) & (row.closed_by == row.closing_id)
        return len(await self._all(select(row.id).where(row.ended_at >= since, one, self._mine(unit_id))))

    @staticmethod
    def _mine(unit_id: bytes) -> ColumnElement[bool]:
        row, key = tables.hand_off.c, tables.case_key.c
        return exists().where(key.case_id == row.case_id, key.recipient_id == unit_id)

    async def reading(self, unit_id: bytes) -> Reading:
        """What a unit has not read, or not answered, yet."""
        case, key = tables.cases, tables.case_key.c
        mine = exists().where(key.case_id == case.c.id, key.recipient_id == unit_id)
        columns = (case.c.urgency, case.c.status, case.c.created_at, case.c.due_at, case.c.added_at)
        runs = or_(case.c.status.in_(UNREAD), case.c.due_at.is_not(None), case.c.added_at.is_not(None))
        rows = await self._all(select(*columns).where(runs, mine).limit(10_000))
        return Reading(clocks=tuple((row.urgency, row.status, row.created_at, row.due_at is not None, row.added_at) for row in rows))


def _is_message(row: Any) -> bool:
    """As `actions.hand_off.HandOff.message`: a crisis is never only that."""
    return row.ended == MESSAGE and not Urgency(row.urgency).crisis
