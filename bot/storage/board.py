"""What a lead's board counts: how many asked for a person, were answered, went away, and how long they waited."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.deadline import UNREAD, Clock, Deadlines, overdue
from bot.storage import tables

_GONE = ("left", "erased", "silent")


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A span of time: how many asked, were answered, and went before anybody had answered; the median wait in seconds, None if nobody was
    answered."""

    asked: int
    answered: int
    abandoned: int
    median: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """Cases whose clocks run (`actions.deadline`): those that nobody has opened yet, and those of which nobody has said yet whether the
    three days apply. (urgency, status, when it came, whether the second clock is open)."""

    clocks: tuple[tuple[str, str, int, bool], ...]

    @property
    def unread(self) -> int:
        """How many nobody has opened yet."""
        return sum(status in UNREAD for _, status, _, _ in self.clocks)

    def overdue(self, clock: Clock, *, now: int, deadlines: Deadlines) -> int:
        """How many are past one of the clocks."""
        found = (overdue(*each[:3], open_clock=each[3], now=now, deadlines=deadlines) for each in self.clocks)
        return sum(each is clock for each in found)


class Board:
    """Counts for one unit, over an engine that reads."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def _all(self, statement: Any) -> Sequence[Row[Any]]:
        async with self._engine.connect() as connection:
            return (await connection.execute(statement)).all()

    async def span(self, unit_id: bytes, since: int) -> Span:
        """The hand-offs of a unit that began since a moment."""
        row, key = tables.hand_off.c, tables.case_key.c
        mine = exists().where(key.case_id == row.case_id, key.recipient_id == unit_id)
        found = await self._all(select(row.created_at, row.taken_at, row.ended).where(row.created_at >= since, mine))
        waits = [each.taken_at - each.created_at for each in found if each.taken_at is not None]
        abandoned = sum(each.taken_at is None and each.ended in _GONE for each in found)
        median = round(statistics.median(waits)) if waits else None
        return Span(asked=len(found), answered=len(waits), abandoned=abandoned, median=median)

    async def reading(self, unit_id: bytes) -> Reading:
        """What a unit has not read, or not answered, yet."""
        case, key = tables.cases, tables.case_key.c
        mine = exists().where(key.case_id == case.c.id, key.recipient_id == unit_id)
        columns = (case.c.urgency, case.c.status, case.c.created_at, case.c.due_at)
        rows = await self._all(select(*columns).where(or_(case.c.status.in_(UNREAD), case.c.due_at.is_not(None)), mine).limit(10_000))
        return Reading(clocks=tuple((row.urgency, row.status, row.created_at, row.due_at is not None) for row in rows))
