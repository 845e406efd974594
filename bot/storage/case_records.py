"""A case's sealed records for the console, a page at a time: what was said last, and what is older when somebody asks for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select

from bot.storage import tables
from bot.storage.reading import Source, rows_of

NEWEST = 60  # of what was said: as much as comes with the first look
EARLIER = 240  # of what was said: as much as comes with each look further back
TICKS = 60  # replies whose way to the reporter is told with every look; older ones have arrived, or never will
_SAID = "said"


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some records, oldest first. `since` is the second before which what was said was left out; None: it reaches back to the beginning."""

    records: Sequence[Row[Any]]
    since: int | None


class CaseRecords:
    """Reads over an engine. A page never ends within a second: what came in one second stands in an order that only the browser knows."""

    def __init__(self, engine: Source) -> None:
        self._engine = engine

    async def _all(self, statement: Any) -> Sequence[Row[Any]]:
        return await rows_of(self._engine, statement)

    async def newest(self, case_id: bytes) -> Page:
        """What was said last, and everything else that the case holds: what was told first, notes, replies into the mailbox."""
        record = tables.case_record.c
        since = await self._boundary(record.case_id == case_id, NEWEST)
        newer = [or_(record.kind != _SAID, record.created_at >= since)] if since is not None else []
        return Page(records=await self._where(record.case_id == case_id, *newer), since=since)

    async def earlier(self, case_id: bytes, before: int) -> Page:
        """What was said before a second, as far back as a page goes."""
        record = tables.case_record.c
        asked = and_(record.case_id == case_id, record.created_at < before)
        since = await self._boundary(asked, EARLIER)
        newer = [record.created_at >= since] if since is not None else []
        return Page(records=await self._where(asked, record.kind == _SAID, *newer), since=since)

    async def later(self, case_id: bytes, since: int) -> Sequence[Row[Any]]:
        """All records from a second on, that second included."""
        record = tables.case_record.c
        return await self._where(record.case_id == case_id, record.created_at >= since)

    async def told_since(self, case_id: bytes, since: int) -> int:
        """How many messages were added to a case from a second on."""
        record = tables.case_record.c
        asked = select(func.count()).where(record.case_id == case_id, record.kind == "message", record.created_at >= since)
        return int((await self._all(asked))[0][0])

    async def has(self, case_id: bytes, record_id: bytes, kind: str) -> bool:
        """Whether a case holds this record, of this kind."""
        record = tables.case_record.c
        return bool(await self._all(select(record.id).where(record.id == record_id, record.case_id == case_id, record.kind == kind)))

    async def _boundary(self, asked: ColumnElement[bool], most: int) -> int | None:
        """The second in which the page of the newest `most` begins; None if nothing was said before it."""
        record = tables.case_record.c
        said = select(record.created_at).where(asked, record.kind == _SAID).order_by(record.created_at.desc())
        first = await self._all(said.offset(most - 1).limit(1))
        if not first or not await self._all(said.where(record.created_at < first[0].created_at).limit(1)):
            return None
        return int(first[0].created_at)

    async def _where(self, *asked: ColumnElement[bool]) -> Sequence[Row[Any]]:
        return await self._all(select(tables.case_record).where(*asked).order_by(*tables.RECORDS_OLDEST_FIRST))

    async def ticks(self, conversation_id: bytes, *, of: Collection[bytes] | None = None) -> Sequence[Row[Any]]:
        """What became of staff's replies in a conversation, oldest first: record_id, state, status, code. Of the newest `TICKS`, or of
        the records with these ids."""
        box = tables.outbox.c
        replies = select(box.record_id, box.state, box.status, box.code).where(box.conversation_id == conversation_id)
        if of is not None:
            return await self._all(replies.where(box.record_id.in_(sorted(of))).order_by(box.id))
        return (await self._all(replies.where(box.record_id.is_not(None)).order_by(box.id.desc()).limit(TICKS)))[::-1]
