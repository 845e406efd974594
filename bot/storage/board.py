"""What a lead's board counts: how many asked for a person, were answered, went away, and how long they waited."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, exists, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import tables
from bot.storage.case_list import UNREAD

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
    """Cases that nobody has opened yet, by urgency: (urgency, when it came)."""

    unread: tuple[tuple[str, int], ...]


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
        """What a unit has not read yet."""
        case, key = tables.cases, tables.case_key.c
        mine = exists().where(key.case_id == case.c.id, key.recipient_id == unit_id)
        rows = await self._all(select(case.c.urgency, case.c.created_at).where(case.c.status.in_(UNREAD), mine).limit(10_000))
        return Reading(unread=tuple((row.urgency, row.created_at) for row in rows))
