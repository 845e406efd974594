"""Cases as the console lists and opens them: what is in clear, the sealed records, and the keys sealed to a unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, literal, select, tuple_
from sqlalchemy import case as by_value
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.deadline import UNREAD, Deadlines
from bot.storage import tables

PAGE = 100  # cases of a list at a time
PIECES = 64  # pieces of a file in one answer: 4 MiB
CRISES = ("danger", "self_harm")
Place = tuple[int, int, bytes]
"""Where a list goes on: a number to sort by, a moment in seconds since 1970, and the id of the case that was shown last."""


class CaseFile:
    """Reads for the console, over an engine that reads."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def _all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        async with self._engine.connect() as connection:
            found: Sequence[Row[Any]] = (await connection.execute(statement)).all()
        return found

    async def units_of(self, case_id: bytes) -> frozenset[bytes]:
        """The units that a case is sealed to (the recovery key is no unit)."""
        key, unit = tables.case_key.c, tables.unit.c
        rows = await self._all(select(key.recipient_id).join(tables.unit, unit.id == key.recipient_id).where(key.case_id == case_id))
        return frozenset(row[0] for row in rows)

    async def case_of_hand_off(self, hand_off_id: bytes) -> bytes | None:
        """The case behind a hand-off, or None."""
        rows = await self._all(select(tables.hand_off.c.case_id).where(tables.hand_off.c.id == hand_off_id))
        return rows[0][0] if rows else None

    async def hand_off(self, hand_off_id: bytes) -> Row[Any] | None:
        """A hand-off's row, or None."""
        rows = await self._all(select(tables.hand_off).where(tables.hand_off.c.id == hand_off_id))
        return rows[0] if rows else None

    async def hand_offs_of(self, case_id: bytes) -> Sequence[Row[Any]]:
        """The hand-offs of a case, newest first."""
        row = tables.hand_off
        return await self._all(select(row).where(row.c.case_id == case_id).order_by(row.c.created_at.desc()))

    async def case_of_file(self, evidence_id: bytes) -> bytes | None:
        """The case that a file belongs to; None if it belongs to none."""
        rows = await self._all(select(tables.evidence.c.case_id).where(tables.evidence.c.id == evidence_id))
        return rows[0][0] if rows else None

    async def file_pieces(self, evidence_id: bytes, first: int) -> Sequence[bytes]:
        """Sealed pieces of a file in their order, from one on; no more than `PIECES`."""
        chunk = tables.evidence_chunk.c
        rows = await self._all(
            select(chunk.sealed).where(chunk.evidence_id == evidence_id, chunk.number >= first).order_by(chunk.number).limit(PIECES)
        )
        return [row[0] for row in rows]

    async def case(self, case_id: bytes) -> Row[Any] | None:
        """A case's row, or None."""
        rows = await self._all(select(tables.cases).where(tables.cases.c.id == case_id))
        return rows[0] if rows else None

    async def key_for(self, case_id: bytes, unit_id: bytes) -> bytes | None:
        """The case's private key sealed to a unit, or None."""
        key = tables.case_key.c
        rows = await self._all(select(key.sealed).where(key.case_id == case_id, key.recipient_id == unit_id))
        return rows[0][0] if rows else None

    async def records(self, case_id: bytes, *, since: int = 0) -> Sequence[Row[Any]]:
        """A case's sealed records from a second on (that second included), oldest first."""
        record = tables.case_record
        return await self._all(
            select(record).where(record.c.case_id == case_id, record.c.created_at >= since).order_by(*tables.RECORDS_OLDEST_FIRST)
        )

    async def signer(self, staff_id: bytes) -> bytes | None:
        """The public half that a colleague signs with, or None."""
        rows = await self._all(select(tables.staff.c.signing_public).where(tables.staff.c.id == staff_id))
        return rows[0][0] if rows else None

    async def mailboxes(self, case_id: bytes) -> Sequence[Row[Any]]:
        """The mailboxes that a case's codes open."""
        receipt = tables.receipt.c
        return await self._all(select(receipt.mailbox_id, receipt.mailbox_public).where(receipt.case_id == case_id))

    async def waiting_in(self, case_id: bytes) -> Sequence[Row[Any]]:
        """The replies in a case's mailboxes that were not read yet, oldest first."""
        message, receipt = tables.mailbox_message, tables.receipt
        return await self._all(
            select(message)
            .join(receipt, receipt.c.mailbox_id == message.c.mailbox_id)
            .where(receipt.c.case_id == case_id)
            .order_by(message.c.created_at, message.c.id)
        )

    async def listed(
        self, unit_id: bytes, *, deadlines: Deadlines, which: str = "open", before: Place | None = None
    ) -> Sequence[Row[Any]]:  # fmt: skip
        """A unit's cases, `PAGE` of them, with `rank` and `moment` (their place in the list); `which` is open, unread, closed or all.

        Unread ones come as they have to be read: crises first, then by deadline; all others the newest first. `before` is where the list
        goes on.
        """
        case, key, record = tables.cases, tables.case_key, tables.case_record
        latest = select(func.max(record.c.created_at)).where(record.c.case_id == case.c.id).scalar_subquery()
        unread = which == "unread"
        rank: ColumnElement[int] = by_value((case.c.urgency.in_(CRISES), 0), else_=1) if unread else literal(0)
        moment = case.c.created_at + _to_read(deadlines) if unread else case.c.created_at
        place = (rank, moment, case.c.id)
        statement = (
            select(case, latest.label("last_at"), rank.label("rank"), moment.label("moment"))
            .where(exists().where(key.c.case_id == case.c.id, key.c.recipient_id == unit_id), *_which(which))
            .order_by(*(each if unread else each.desc() for each in place[0 if unread else 1 :]))
            .limit(PAGE)
        )
        if before is not None:
            here, last = tuple_(*place), tuple_(*(literal(part) for part in before))
            statement = statement.where(here > last if unread else here < last)
        return await self._all(statement)

    async def counts(self, unit_id: bytes) -> dict[str, int]:
        """How many of a unit's cases are unread, open, closed."""
        case, key = tables.cases, tables.case_key
        mine = exists().where(key.c.case_id == case.c.id, key.c.recipient_id == unit_id)
        found: dict[str, int] = {}
        for which in ("unread", "open", "closed"):
            rows = await self._all(select(func.count()).select_from(case).where(mine, *_which(which)))
            found[which] = int(rows[0][0])
        return found


def _to_read(deadlines: Deadlines) -> ColumnElement[int]:
    """Seconds that each case has until somebody must have read it."""
    known = {urgency: deadlines.to_read(urgency) for urgency in (*CRISES, "child", "other")}
    return by_value(known, value=tables.cases.c.urgency, else_=deadlines.high)


def _which(which: str) -> list[ColumnElement[bool]]:
    status = tables.cases.c.status
    filters: dict[str, list[ColumnElement[bool]]] = {
        "unread": [status.in_(UNREAD)], "open": [status != "closed"], "closed": [status == "closed"], "all": [],
    }  # fmt: skip
    return filters[which]
