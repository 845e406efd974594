"""Rows from before the service put tags on what it writes, in portions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import select

from bot.storage import tables
from bot.storage.reading import Source, rows_of

_AT_A_TIME = 1_000


class Untagged:
    """Over the engine that reads."""

    def __init__(self, engine: Source) -> None:
        self._engine = engine

    async def portions(self) -> AsyncIterator[tuple[Sequence[Any], Sequence[Any]]]:
        """Cases and receipts without a tag, up to 1,000 of each at a time. Whoever reads on has given those of before their tags."""
        case, receipt = tables.cases.c, tables.receipt.c
        while True:
            cases = await rows_of(self._engine, select(case.id, case.public_key).where(case.tag.is_(None)).limit(_AT_A_TIME))
            receipts = await rows_of(self._engine, select(tables.receipt).where(receipt.tag.is_(None)).limit(_AT_A_TIME))
            if not cases and not receipts:
                return
            yield cases, receipts

    async def any_reader_tagged(self) -> bool:
        """Whether it was ever written down, so that nobody else can, who reads a case."""
        return bool(await rows_of(self._engine, select(tables.case_key.c.case_id).where(tables.case_key.c.tag.is_not(None)).limit(1)))

    async def readers(self) -> AsyncIterator[Sequence[Any]]:
        """Rows of `case_key` without a tag, up to 1,000 at a time: case_id, recipient_id. Whoever reads on has given those of before their
        tags."""
        key = tables.case_key.c
        while rows := await rows_of(self._engine, select(key.case_id, key.recipient_id).where(key.tag.is_(None)).limit(_AT_A_TIME)):
            yield rows

    async def talks(self) -> Sequence[Any]:
        """The conversations that are in a hand-off, as both their rows say: id, key_id, version, session, hand_off_id, case_id."""
        row, hand_off = tables.conversation.c, tables.hand_off
        columns = (row.id, row.key_id, row.version, row.session, row.hand_off_id, hand_off.c.case_id)
        both = tables.conversation.join(hand_off, (hand_off.c.id == row.hand_off_id) & (hand_off.c.conversation_id == row.id))
        return await rows_of(self._engine, select(*columns).select_from(both))

    async def unsigned(self) -> AsyncIterator[tuple[int, Sequence[Any]]]:
        """Cases with records that neither staff nor the service signed, one after the other: how many records of it the service counted,
        and these, oldest first. A case that another process has signed meanwhile is left out."""
        record, case = tables.case_record.c, tables.cases.c
        mine, after = record.author_id.is_(None) & record.signature.is_(None), b""
        while True:
            next_ones = select(record.case_id).where(mine, record.case_id > after).distinct().order_by(record.case_id).limit(_AT_A_TIME)
            found = await rows_of(self._engine, next_ones)
            if not found:
                return
            after = found[-1].case_id
            for row in found:
                told = await rows_of(self._engine, select(case.told).where(case.id == row.case_id))
                query = select(tables.case_record).where(record.case_id == row.case_id, mine).order_by(record.created_at, record.id)
                if rows := await rows_of(self._engine, query):  # else another process has just signed them
                    yield (told[0].told or 0) if told else 0, rows
