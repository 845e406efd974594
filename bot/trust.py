"""Whom the service believes: colleagues whose certificates lead to a root that it has pinned, and whom it has itself seen admitted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bot.storage.pins import RECOVERY, STAFF, UNIT, Pin, Pins
from bot.storage.staff import StaffStore
from bot.vault.certificate import Holder
from bot.vault.chain import Authority, Certified, believed, vouched


@dataclass(frozen=True, kw_only=True, slots=True)
class Circle:
    """Who may be believed, by id. `gone`: those of them who have been removed, and sign nothing any more. `recovery` vouches as a lead
    does."""

    holders: Mapping[bytes, Holder]
    gone: frozenset[bytes] = frozenset()
    recovery: Authority | None = None

    def here(self, staff_id: bytes) -> Holder | None:
        """Somebody who may sign now; None if they may not."""
        return None if staff_id in self.gone else self.holders.get(staff_id)

    def vouches(self, key: Any) -> bool:
        """Whether a lead who is here, or recovery, signed for a version of a unit's key (a row of `unit_key`)."""
        here = {staff_id: holder for staff_id, holder in self.holders.items() if staff_id not in self.gone}
        leads = {staff_id: holder for staff_id, holder in here.items() if holder.unit_id == key.unit_id}
        return vouched(
            key.public_key, key.signature, unit_id=key.unit_id, version=key.version, root_id=key.root_id, leads=leads,
            recovery=self.recovery,
        )  # fmt: skip


def holder_of(row: Any) -> Holder:
    """What a certificate says of a colleague's row."""
    return Holder(
        staff_id=row.id, unit_id=row.unit_id, role=row.role, sealing_public=row.sealing_public, signing_public=row.signing_public
    )  # fmt: skip


def certified(row: Any) -> Certified:
    """A colleague's row with its certificate."""
    return Certified(holder=holder_of(row), admitted_by=row.admitted_by, certificate=row.certificate)


def authority(pins: Mapping[bytes, Pin]) -> Authority | None:
    """The city's recovery key as one that vouches; None if it was made before it could."""
    found = [Authority(id=pin.id, signing_public=pin.mark) for pin in pins.values() if pin.mark is not None]
    return found[0] if len(found) == 1 else None


class Trust:
    """Looks it up anew each time: it is asked when somebody comes, goes, changes a key or is answered, not at every message."""

    def __init__(self, store: StaffStore, pins: Pins) -> None:
        self._store, self._pins = store, pins

    async def circle(self, unit_ids: Collection[bytes] | None = None) -> Circle:
        """Of some units, or of all."""
        pins = await self._pins.all()
        recovery = authority(pins[RECOVERY])
        known = {pin.mark for pin in pins[STAFF].values() if pin.mark is not None}
        rows = [certified(row) for row in await self._store.everybody()]
        found: dict[bytes, Holder] = {}
        for unit_id, pin in pins[UNIT].items():
            if unit_ids is None or unit_id in unit_ids:
                found |= believed(rows, unit_id=unit_id, root=pin.mark, known=known, recovery=recovery)
        gone = frozenset(staff_id for staff_id, pin in pins[STAFF].items() if pin.gone)
        return Circle(holders=found, gone=gone, recovery=recovery)
