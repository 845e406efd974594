"""What a turn writes to cases is signed by the service and numbered on its way to the writer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from actions.rows import Change, Insert, Require, Update
from bot.storage.faults import Moved
from bot.storage.pins import RECORDS, Pins
from bot.storage.reads import Reads
from bot.storage.untagged import Untagged
from bot.storage.writer import Fence, Writer, Written
from bot.vault.witness import TAKEN_BACK, Told, Witness, told_of

log = logging.getLogger(__name__)


class Witnessing:
    """A writer for turns. Of what goes through it, no record of a case is unsigned."""

    def __init__(self, writer: Writer, witness: Witness, reads: Reads) -> None:
        self._writer, self._witness, self._reads = writer, witness, reads

    async def write(
        self, changes: Sequence[Change], *, requires: Sequence[Require] = (), fence: Fence | None = None, notices: Sequence[str] = ()
    ) -> Written:  # fmt: skip
        """As the writer does; raises Moved also if another turn added to one of the cases meanwhile."""
        signed, relied = await self.signed(changes)
        return await self._writer.write(signed, requires=[*requires, *relied], fence=fence, notices=notices)

    async def signed(self, changes: Sequence[Change]) -> tuple[list[Change], list[Require]]:
        """The same changes with what they add to cases signed and counted, and what that relies on: nobody else counted on meanwhile."""
        adds = {change.row["case_id"] for change in changes if isinstance(change, Insert) and _is_told(change)}
        if not adds:
            return list(changes), []
        new = {change.row["id"] for change in changes if isinstance(change, Insert) and change.table == "cases"}
        before: dict[bytes, int | None] = {}
        for case_id in adds - new:
            row = await self._reads.case(case_id)
            before[case_id] = row.told if row is not None else None
        counts = {case_id: before.get(case_id) or 0 for case_id in adds}
        done = [self._numbered(change, counts) if _is_told(change) else change for change in changes]
        done = [_counting(change, counts) for change in done]
        done += [Update(table="cases", key={"id": case_id}, values={"told": counts[case_id]}) for case_id in sorted(before)]
        return done, [Require(table="cases", key={"id": case_id}, values={"told": before[case_id]}) for case_id in sorted(before)]

    def _numbered(self, change: Any, counts: dict[bytes, int]) -> Insert:
        row = dict(change.row)
        if row["kind"] not in TAKEN_BACK:
            counts[row["case_id"]] += 1
            row["number"] = counts[row["case_id"]]
        told = Told(
            case_id=row["case_id"], record_id=row["id"], version=row["version"], number=row.get("number", 0), kind=row["kind"],
            at=row["created_at"], sealed=row["sealed"],
        )  # fmt: skip
        signed: Insert = replace(change, row={**row, "signature": self._witness.sign(told)})
        return signed


def _is_told(change: Change) -> Any:
    """Whether it adds a record to a case that nobody of staff wrote."""
    return isinstance(change, Insert) and change.table == "case_record" and change.row.get("author_id") is None


def _counting(change: Change, counts: dict[bytes, int]) -> Change:
    """A new case says from the beginning how many records there are."""
    if isinstance(change, Insert) and change.table == "cases" and change.row["id"] in counts:
        return replace(change, row={**change.row, "told": counts[change.row["id"]]})
    return change


async def vouch_for_before(witness: Witness, *, pins: Pins, untagged: Untagged, writer: Writer) -> None:
    """Once: signs what is in the cases from before the service did, and says loudly that it took the database's word for it. Nothing
    happens if that was done before. Of several processes that start at once one signs a case."""
    if await pins.adopted(RECORDS):
        return
    count = 0
    async for told, rows in untagged.unsigned():
        changes: list[Change] = []
        for row in rows:
            number = 0 if row.kind in TAKEN_BACK else (told := told + 1)
            signature = witness.sign(replace(told_of(row), number=number))
            changes.append(Update(table="case_record", key={"id": row.id}, values={"number": number or None, "signature": signature}))
        changes.append(Update(table="cases", key={"id": rows[0].case_id}, values={"told": told}))
        try:
            await writer.write(changes, requires=[Require(table="case_record", key={"id": rows[0].id}, values={"signature": None})])
        except Moved:
            continue  # another process has signed them
        count += len(rows)
    await pins.set_adopted(True, RECORDS)
    if count:
        log.warning("records_vouched_for", extra={"rows": count})
