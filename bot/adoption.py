"""What was there before the service remembered it: taken over once, when the key store is new or a backup was restored, and said loudly.

From then on the database's word alone counts for nothing. A root, a removal and a colleague that are pinned already stay so: what a
restored backup says is only followed as far as these vouch for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from actions.rows import Change, Insert, Update
from bot.storage.pins import RECOVERY, ROLE, STAFF, UNIT, Pin, Pins, pin_of_recovery, pin_of_role, pin_of_unit
from bot.storage.reads import Reads
from bot.storage.staff import StaffStore
from bot.storage.untagged import Untagged
from bot.storage.writer import Writer
from bot.trust import Circle, Trust, authority, certified, holder_of
from bot.vault.certificate import holder_mark, root_mark
from bot.vault.chain import LEAD, believed
from bot.vault.row_tag import RowTags

log = logging.getLogger(__name__)


class Adoption:
    """Over a service's stores. `clock` gives seconds since 1970."""

    def __init__(
        self, *, reads: Reads, writer: Writer, staff: StaffStore, pins: Pins, untagged: Untagged, tags: RowTags,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._reads, self._writer, self._staff, self._pins = reads, writer, staff, pins
        self._untagged, self._tags, self._clock = untagged, tags, clock

    async def run(self) -> None:
        """Once: what has no pin or tag gets one. Nothing happens if that was done before."""
        if await self._pins.adopted():
            return
        await self._missing()
        new = [*await self._keys(), *await self._units()]
        await self._pins.put(*new)
        await self._pins.put(*await self._colleagues())
        await self._later_or_earlier()
        rows = await self._rows()
        await self._pins.set_adopted(True)
        if new or rows:
            log.warning("pins_adopted", extra={"pins": len(new), "rows": rows})

    async def _missing(self) -> None:
        """What was made after the backup that was restored: keys that lie in files or shares come back, units whose key lay in the database
        alone are gone with it."""
        pins = await self._pins.all()
        now = int(self._clock())
        units = {row.id for row in await self._reads.units()}
        roles = {row.id for row in await self._reads.identity_roles()}
        rows: list[Change] = []
        for pin in pins[UNIT].values():
            if pin.id in units:
                continue
            if pin.version:
                await self._pins.drop(UNIT, pin.id)
                continue
            row = {"id": pin.id, "name": pin.name, "kind": pin.kind, "lead": pin.lead, "public_key": pin.public_key, "created_at": now}
            rows.append(Insert(table="unit", row=row, replace=True))
        if await self._reads.recovery() is None:
            rows += [
                Insert(table="recovery", row={
                    "id": pin.id, "public_key": pin.public_key, "created_at": now, "signing_public": pin.mark,
                }, replace=True)
                for pin in pins[RECOVERY].values()
            ]  # fmt: skip
        rows += [
            Insert(table="identity_role", row={
                "role": pin.name, "id": pin.id, "kind": pin.kind, "public_key": pin.public_key, "created_at": now,
            }, replace=True)
            for pin in pins[ROLE].values()
            if pin.id not in roles
        ]  # fmt: skip
        if rows:
            await self._writer.write(rows)

    async def _keys(self) -> list[Pin]:
        pins = await self._pins.all()
        found: list[Pin] = []
        row = await self._reads.recovery()
        if row is not None and not pins[RECOVERY]:
            found.append(pin_of_recovery(row._asdict()))
        if not pins[ROLE]:
            found += [pin_of_role(row._asdict()) for row in await self._reads.identity_roles()]
        return found

    async def _units(self) -> list[Pin]:
        pins = (await self._pins.all())[UNIT]
        found = []
        for row in await self._reads.units():
            if row.id in pins:
                continue
            keys = await self._staff.unit_keys(row.id)
            rows = await self._staff.of_unit(row.id)
            roots = [
                holder_of(one) for one in rows if one.admitted_by == one.id and one.role == LEAD
            ]  # fmt: skip
            pin = pin_of_unit(row._asdict())
            found.append(replace(pin, version=keys[0].version if keys else 0, mark=root_mark(roots[0]) if len(roots) == 1 else None))
        return found

    async def _colleagues(self) -> list[Pin]:
        """Whoever is certified and not remembered yet."""
        pins = await self._pins.all()
        rows = await self._staff.everybody()
        all_of = [certified(row) for row in rows]
        known, names = {holder_mark(one.holder) for one in all_of}, {row.id: row.shown for row in rows}
        found = []
        for unit_id, pin in pins[UNIT].items():
            trusted = believed(all_of, unit_id=unit_id, root=pin.mark, known=known, recovery=authority(pins[RECOVERY]))
            found += [
                Pin(what=STAFF, id=staff_id, name=names[staff_id], mark=holder_mark(holder))
                for staff_id, holder in trusted.items()
                if staff_id not in pins[STAFF]
            ]  # fmt: skip
        removed = {row.id for row in rows if row.state == "removed"}
        return [replace(pin, gone=1) if pin.id in removed else pin for pin in found]

    async def _later_or_earlier(self) -> None:
        """A restored backup may hold a unit's former key: if somebody who may be believed signed for it, it is the one again."""
        circle = await Trust(self._staff, self._pins).circle()
        everybody = Circle(holders=circle.holders, recovery=circle.recovery)  # who has gone since could sign then
        pins = (await self._pins.all())[UNIT]
        for row in await self._reads.units():
            pin = pins.get(row.id)
            if pin is None or row.public_key == pin.public_key:
                continue
            keys = await self._staff.unit_keys(row.id)
            key = next((one for one in keys if one.public_key == row.public_key), None)
            if key is not None and everybody.vouches(key):
                await self._pins.put(replace(pin, public_key=key.public_key, version=key.version))

    async def _rows(self) -> int:
        """Cases and codes from before there were tags."""
        count = 0
        async for cases, receipts in self._untagged.portions():
            changes: list[Change] = [
                Update(table="cases", key={"id": row.id}, values={"tag": self._tags.case(row.id, row.public_key)}) for row in cases
            ]
            changes += [
                Update(table="receipt", key={"locator": row.locator}, values={"tag": self._tags.receipt(
                    row.locator, case_id=row.case_id, mailbox_id=row.mailbox_id, mailbox_public=row.mailbox_public
                )})
                for row in receipts
            ]  # fmt: skip
            await self._writer.write(changes)
            count += len(changes)
        return count
