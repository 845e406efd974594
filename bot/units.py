"""Who receives what is told. The database says which units there are and which keys they have; what is sealed goes to the keys that this
service has pinned, whatever the database says.

A unit's key changes when a lead who may be believed signed for the next version; then the pin moves on. Any other change is said loudly,
and what comes in is sealed to the key that was pinned before: nothing is lost, and nothing goes to a stranger.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from actions.ports import IdentityRole, Recipient
from bot.metrics import UNPINNED
from bot.storage.pins import RECOVERY, ROLE, UNIT, Pin, Pins
from bot.storage.reads import Reads
from bot.storage.staff import StaffStore
from bot.trust import Circle, Trust
from bot.vault.identity import ROLES

log = logging.getLogger(__name__)


class StoredUnits:
    """`Units`, held in memory: they change by command and in the console, and both tell. `roles` are the names of the city's two identity
    roles."""

    def __init__(self, reads: Reads, *, staff: StaffStore, pins: Pins, roles: Sequence[str] = ()) -> None:
        self._reads, self._staff, self._pins = reads, staff, pins
        self._trust = Trust(staff, pins)
        self._named = frozenset(roles)
        self._roles: tuple[IdentityRole, ...] = ()
        self._units: tuple[Recipient, ...] = ()
        self._recovery: Recipient | None = None
        self._strange: frozenset[tuple[str, bytes]] = frozenset()

    async def refresh(self) -> None:
        """Reads them anew."""
        pins = await self._pins.all()
        strange: set[tuple[str, bytes]] = set()
        units = await self._refreshed(pins[UNIT], strange)
        self._units = tuple(
            Recipient(
                id=pin.id, name=pin.name, kind=pin.kind, lead=bool(pin.lead), public_key=pin.public_key, version=pin.version or 1
            )
            for pin in units
            if pin.public_key is not None
        )  # fmt: skip
        self._recovery = await self._refreshed_recovery(pins[RECOVERY], strange)
        self._roles = self._disjoint(await self._refreshed_roles(pins[ROLE], strange))
        self._say(frozenset(strange))

    async def _refreshed(self, pins: Mapping[bytes, Pin], strange: set[tuple[str, bytes]]) -> list[Pin]:
        """The pins of all units, in the order in which the units were made; those that may have moved on."""
        rows = {row.id: row for row in await self._reads.units()}
        strange |= {(UNIT, row.id) for row in rows.values() if row.id not in pins and row.public_key is not None}
        order = list(rows)
        found = []
        circle: Circle | None = None
        for pin in sorted(pins.values(), key=lambda pin: order.index(pin.id) if pin.id in rows else len(order)):
            row = rows.get(pin.id)
            if row is not None and row.public_key != pin.public_key:
                circle = circle or await self._trust.circle()
                pin = await self._moved(pin, row, circle)
            if row is None or (row.public_key, row.kind, row.lead) != (pin.public_key, pin.kind, pin.lead):
                strange.add((UNIT, pin.id))
            found.append(pin)
        return found

    async def _moved(self, pin: Pin, row: Any, circle: Circle) -> Pin:
        """The pin of a unit whose key is another one in the database: moved on if that is a later one that somebody vouches for."""
        keys = await self._staff.unit_keys(pin.id)
        found = next((key for key in keys if key.public_key == row.public_key and key.version > pin.version), None)
        if found is None or not circle.vouches(found):
            return pin
        pin = replace(pin, public_key=found.public_key, version=found.version, invite=None)
        await self._pins.put(pin)
        log.info("unit_key_pinned", extra={"unit": pin.id.hex(), "version": pin.version})
        return pin

    async def _refreshed_recovery(self, pins: Mapping[bytes, Pin], strange: set[tuple[str, bytes]]) -> Recipient | None:
        row = await self._reads.recovery()
        if row is not None and (row.id not in pins or pins[row.id].public_key != row.public_key):
            strange.add((RECOVERY, row.id))
        if row is None:
            strange |= {(RECOVERY, pin_id) for pin_id in pins}
        pin = next(iter(pins.values()), None)
        if pin is None or pin.public_key is None:
            return None
        return Recipient(id=pin.id, name="recovery", kind="recovery", lead=False, public_key=pin.public_key)

    async def _refreshed_roles(self, pins: Mapping[bytes, Pin], strange: set[tuple[str, bytes]]) -> list[IdentityRole]:
        rows = {row.id: row for row in await self._reads.identity_roles()}
        strange |= {(ROLE, row_id) for row_id in rows if row_id not in pins}
        for pin in pins.values():
            row = rows.get(pin.id)
            if row is None or (row.role, row.kind, row.public_key) != (pin.name, pin.kind, pin.public_key):
                strange.add((ROLE, pin.id))
        ordered = sorted(pins.values(), key=lambda pin: pin.name)
        return [
            IdentityRole(id=pin.id, name=pin.name, kind=pin.kind, public_key=pin.public_key)
            for pin in ordered
            if pin.public_key is not None
        ]  # fmt: skip

    def _say(self, strange: frozenset[tuple[str, bytes]]) -> None:
        """What the database says and nobody may believe: in the log once, in the metric and in /readyz as long as it is so."""
        for what, row_id in sorted(strange - self._strange):
            log.error("key_not_pinned", extra={"kind": what, "row": row_id.hex()})
        for what in (UNIT, RECOVERY, ROLE):
            UNPINNED.labels(what).set(sum(1 for one, _ in strange if one == what))
        self._strange = strange

    def _disjoint(self, roles: Sequence[IdentityRole]) -> tuple[IdentityRole, ...]:
        """The roles, if they are the city's two and nobody holds two keys with one: neither the other role, nor a unit, nor recovery."""
        others = {unit.public_key for unit in (*self._units, *([self._recovery] if self._recovery else []))}
        keys = {role.public_key for role in roles}
        if len(roles) != ROLES or {role.name for role in roles} != self._named or len(keys) != ROLES or keys & others:
            return ()
        return tuple(roles)

    @property
    def pinned(self) -> bool:
        """Whether the database says of every key what this service remembers of it."""
        return not self._strange

    @property
    def any(self) -> bool:
        """Whether a report could be read by anybody."""
        return bool(self._units)

    async def recipients(self) -> tuple[Recipient, ...]:
        """All units."""
        return self._units

    async def recovery(self) -> Recipient | None:
        """The recovery key."""
        return self._recovery

    @property
    def role_kinds(self) -> tuple[str, ...]:
        """The kinds of the units that the two identity roles belong to; none while no identity can be taken."""
        return tuple(sorted({role.kind for role in self._roles}))

    async def identity_roles(self) -> tuple[IdentityRole, ...]:
        """The two identity roles."""
        return self._roles
