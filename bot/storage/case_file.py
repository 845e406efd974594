"""A case as the console opens it: what is in clear of it, its mailboxes, its files, and the keys sealed to a unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, select

from bot.storage import tables
from bot.storage.case_list import CaseList
from bot.storage.case_records import CaseRecords
from bot.storage.reading import Source, Wrote, rows_of, untold

PIECES = 64  # pieces of a file in one answer: 4 MiB


class CaseFile:
    """Reads for the console, over an engine that reads. `records` are the sealed records of a case, `list` is the list of a unit's.
    `wrote` says of a row of `case_key` whether it is the service's."""

    def __init__(self, engine: Source, wrote: Wrote = untold) -> None:
        self._engine, self._wrote = engine, wrote
        self.records = CaseRecords(engine)
        self.list = CaseList(engine, wrote)

    async def _all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        return await rows_of(self._engine, statement)

    async def units_of(self, case_id: bytes) -> frozenset[bytes]:
        """The units that a case is sealed to (the recovery key is no unit)."""
        key, unit = tables.case_key.c, tables.unit.c
        mine = select(key.case_id, key.recipient_id, key.tag).where(key.case_id == case_id)
        rows = await self._all(mine.join(tables.unit, unit.id == key.recipient_id))
        return frozenset(row.recipient_id for row in rows if self._wrote(row.case_id, row.recipient_id, row.tag))

    async def units_of_hand_off(self, hand_off_id: bytes) -> frozenset[bytes] | None:
        """The units that a hand-off's case is sealed to; None if there is no such hand-off."""
        hand_off, key, unit = tables.hand_off, tables.case_key, tables.unit
        sealed = hand_off.outerjoin(key, key.c.case_id == hand_off.c.case_id).outerjoin(unit, unit.c.id == key.c.recipient_id)
        columns = (key.c.case_id, unit.c.id, key.c.tag)
        rows = await self._all(select(*columns).select_from(sealed).where(hand_off.c.id == hand_off_id))
        units = frozenset(row.id for row in rows if row.id is not None and self._wrote(row.case_id, row.id, row.tag))
        return units if rows else None

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

    async def behind(self, ids: Sequence[bytes], unit_id: bytes) -> dict[bytes, tuple[str, bytes]]:
        """What of a unit's stands behind ids: a case, hand_off or file, and the case that it belongs to."""
        key = tables.case_key.c
        found: dict[bytes, tuple[str, bytes]] = {}
        places: Mapping[str, tuple[Any, Any]] = {
            "file": (tables.evidence.c.id, tables.evidence.c.case_id), "hand_off": (tables.hand_off.c.id, tables.hand_off.c.case_id),
            "case": (key.case_id, key.case_id),
        }  # fmt: skip
        for kind, (row, case_id) in places.items():
            query = select(row.label("id"), case_id.label("of"), key.tag).where(row.in_(ids), key.recipient_id == unit_id)
            rows = await self._all(query if kind == "case" else query.where(key.case_id == case_id))
            found |= {one.id: (kind, one.of) for one in rows if self._wrote(one.of, unit_id, one.tag)}
        return found

    async def case_of_mailbox(self, mailbox_id: bytes) -> bytes | None:
        """The case whose code opens a mailbox, or None."""
        rows = await self._all(select(tables.receipt.c.case_id).where(tables.receipt.c.mailbox_id == mailbox_id))
        return rows[0][0] if rows else None

    async def case_of_record(self, record_id: bytes) -> bytes | None:
        """The case that a record is in, or None."""
        rows = await self._all(select(tables.case_record.c.case_id).where(tables.case_record.c.id == record_id))
        return rows[0][0] if rows else None

    async def unit_of_colleague(self, staff_id: bytes) -> bytes | None:
        """The unit that somebody works for, or None."""
        rows = await self._all(select(tables.staff.c.unit_id).where(tables.staff.c.id == staff_id))
        return rows[0][0] if rows else None

    async def case(self, case_id: bytes) -> Row[Any] | None:
        """A case's row, or None."""
        rows = await self._all(select(tables.cases).where(tables.cases.c.id == case_id))
        return rows[0] if rows else None

    async def key_for(self, case_id: bytes, unit_id: bytes) -> bytes | None:
        """The case's private key sealed to a unit, or None."""
        key = tables.case_key.c
        rows = await self._all(select(key.sealed).where(key.case_id == case_id, key.recipient_id == unit_id))
        return rows[0][0] if rows else None

    async def mailboxes(self, case_id: bytes) -> Sequence[Row[Any]]:
        """The mailboxes that a case's codes open: rows of `receipt`."""
        return await self._all(select(tables.receipt).where(tables.receipt.c.case_id == case_id))

    async def waiting_in(self, case_id: bytes) -> Sequence[Row[Any]]:
        """The replies in a case's mailboxes that were not read yet, oldest first."""
        message, receipt = tables.mailbox_message, tables.receipt
        return await self._all(
            select(message)
            .join(receipt, receipt.c.mailbox_id == message.c.mailbox_id)
            .where(receipt.c.case_id == case_id)
            .order_by(message.c.created_at, message.c.id)
        )
