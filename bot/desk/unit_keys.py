"""A unit's key and who has it: admitting, removing, changing the key. What is sealed and signed here was made in a lead's browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from actions import audit
from actions.access import LEAD, allowed
from actions.rows import Change, Insert, Require, Update
from bot.desk.errors import Refused
from bot.desk.leaving import Leaving
from bot.desk.permission import Permission
from bot.desk.staff import farewell
from bot.storage.audit import AuditChain
from bot.storage.faults import Moved, is_double
from bot.storage.key_store import KeyStore
from bot.storage.pins import STAFF, Pin
from bot.storage.staff import StaffStore
from bot.trust import Trust, holder_of
from bot.vault.certificate import check_certificate, check_unit_key, holder_mark
from bot.vault.errors import SignatureError
from bot.vault.member import SEALED_BYTES


@dataclass(frozen=True, kw_only=True, slots=True)
class NextKey:
    """A unit's next key: the public half with the lead's signature, the former private half sealed to it, the new one sealed to each
    member."""

    version: int
    public: bytes
    signature: bytes
    former: bytes
    members: tuple[tuple[bytes, bytes], ...]


class UnitKeys:
    """`changed` is called when a unit's public key is another; `clock` gives seconds since 1970.

    Whoever admits, removes or changes a key has to be somebody who may be believed (`bot.trust`): a row in the database makes no lead.
    """

    def __init__(
        self, *, store: StaffStore, chain: AuditChain, keys: KeyStore, changed: Callable[[], Awaitable[None]], clock: Callable[[], float]
    ) -> None:  # fmt: skip
        self._store, self._chain, self._keys, self._changed, self._clock = store, chain, keys, changed, clock
        self._permission = Permission(chain, clock)
        self._trust = Trust(store, keys.pins)
        self._leaving = Leaving(store=store, keys=keys, clock=clock)

    async def _lead(self, by: bytes, verb: str, unit_id: bytes | None, subject_id: bytes) -> Any:
        """Who asks, if they may: of the unit that is meant, None if it is their own."""
        row = await self._store.member(by)
        if row is None or row.state != "active":
            raise Refused("not_allowed")
        await self._permission.check(row, verb, subject_id=subject_id, unit_id=unit_id or row.unit_id)
        circle = await self._trust.circle({row.unit_id})
        if circle.here(row.id) != holder_of(row):
            raise Refused("not_believed")
        return row

    async def _both(self, by: bytes, verb: str, staff_id: bytes) -> tuple[Any, Any]:
        """Who asks, and for whom. Raises Refused: not_allowed, unknown."""
        row = await self._store.member(staff_id)
        lead = await self._lead(by, verb, row.unit_id if row is not None else None, staff_id)
        if row is None or row.state == "removed":
            raise Refused("unknown")
        return lead, row

    async def admit(self, by: bytes, *, staff_id: bytes, certificate: bytes | None, sealed: Sequence[tuple[int, bytes]]) -> None:
        """A lead's word for who somebody is, and the unit's key for them; or the key alone for who was admitted before.

        Raises Refused: not_allowed, not_believed (who asks is no lead whom this service knows), unknown, certificate (it does not hold),
        unit_key (not the newest, or none where the role needs it), moved.
        """
        lead, row = await self._both(by, "admit", staff_id)
        unit = await self._store.unit(row.unit_id)
        keys = await self._store.unit_keys(row.unit_id)
        if unit is None or not keys:
            raise Refused("unit_key")
        if any(version != keys[0].version or len(blob) != SEALED_BYTES for version, blob in sealed) or len(sealed) > 1:
            raise Refused("unit_key")
        changes: list[Change] = [
            Insert(
                table="unit_member", row={"unit_id": unit.id, "version": version, "staff_id": row.id, "sealed": blob}, replace=True
            )
            for version, blob in sealed
        ]  # fmt: skip
        if row.state == "new":
            if not sealed and "case" in allowed(row.role):
                raise Refused("unit_key")
            try:
                check_certificate(holder_of(row), certificate or b"", lead_public=lead.signing_public)
            except SignatureError:
                raise Refused("certificate") from None
            # Before the row is written: without the certificate it says nothing, and a certificate is believed only with it.
            await self._keys.pins.put(Pin(what=STAFF, id=row.id, name=row.shown, mark=holder_mark(holder_of(row))))
            values = {"state": "active", "admitted_by": lead.id, "certificate": certificate}
            changes.append(Update(table="staff", key={"id": row.id}, values=values))
        elif not sealed:
            raise Refused("unit_key")
        requires = [
            Require(table="unit", key={"id": unit.id}, values={"public_key": unit.public_key}),
            Require(table="staff", key={"id": row.id}, values={"state": row.state, "sealing_public": row.sealing_public}),
            Require(table="staff", key={"id": lead.id}, values={"state": "active"}),
        ]
        action = audit.KEY_GIVEN if sealed else audit.STAFF_ADMITTED
        await self._append(action, row.id, lead.id, changes, requires)

    async def remove(self, by: bytes, *, staff_id: bytes, next_key: NextKey | None) -> None:
        """Somebody goes. Had they the unit's key, it is changed in the same commit.

        Raises Refused: not_allowed, not_believed, unknown, only_lead (a unit has one at least), unit_key (missing, or not what it has to
        be), moved.
        """
        lead, row = await self._both(by, "remove", staff_id)
        if row.role == LEAD and row.state == "active" and await self._store.leads(row.unit_id) < 2:
            raise Refused("only_lead")
        if row.id == lead.id:
            raise Refused("not_allowed")  # another lead makes the key that this one must not have
        keys = await self._store.unit_keys(row.unit_id)
        held = bool(keys) and any(one.unit_id == row.unit_id for one in await self._store.sealed_to(row.id))
        if held != (next_key is not None):
            raise Refused("unit_key")
        requires = [
            Require(table="staff", key={"id": row.id}, values={"state": row.state}),
            Require(table="staff", key={"id": lead.id}, values={"state": "active"}),
        ]
        changes: list[Change] = list(farewell(row.id))
        if next_key is not None:
            more, relied = await self._next(lead, next_key, without=row.id)
            changes += more
            requires += relied
        await self._leaving.begins(row.id)
        try:
            await self._append(audit.STAFF_REMOVED, row.id, lead.id, changes, requires)
        except Refused:
            await self._leaving.stays(row.id)
            raise
        await self._leaving.ends(row.id)
        if next_key is not None:
            await self._changed()

    async def change(self, by: bytes, *, next_key: NextKey) -> None:
        """Another key for the unit, for all who have the present one. Raises Refused: not_allowed, not_believed, unit_key, moved."""
        lead = await self._lead(by, "remove", None, by)
        changes, requires = await self._next(lead, next_key, without=None)
        requires.append(Require(table="staff", key={"id": lead.id}, values={"state": "active"}))
        await self._append(audit.UNIT_KEY_CHANGED, lead.unit_id, lead.id, changes, requires)
        await self._changed()

    async def _next(self, lead: Any, key: NextKey, *, without: bytes | None) -> tuple[list[Change], list[Require]]:
        named = {staff_id for staff_id, _ in key.members}
        for staff_id in sorted(named):
            theirs = await self._store.member(staff_id)
            if theirs is not None and theirs.unit_id != lead.unit_id:
                await self._permission.refused(lead, staff_id)
        unit = await self._store.unit(lead.unit_id)
        keys = await self._store.unit_keys(lead.unit_id)
        if unit is None or not keys:
            raise Refused("unit_key")
        if key.version != keys[0].version + 1:
            raise Refused("moved")
        expected = await self._store.holders(unit.id, keys[0].version) - {without}
        sizes = [len(key.former), *(len(sealed) for _, sealed in key.members)]
        if named != expected or lead.id not in expected or len(key.members) != len(expected):
            raise Refused("unit_key")  # somebody would be left without it, or get it who has no part in it
        if set(sizes) != {SEALED_BYTES} or key.public in await self._store.public_keys():
            raise Refused("unit_key")
        try:
            check_unit_key(key.public, key.signature, unit_id=unit.id, version=key.version, lead_public=lead.signing_public)
        except SignatureError:
            raise Refused("unit_key") from None
        row = {
            "unit_id": unit.id, "version": key.version, "public_key": key.public, "root_id": lead.id, "signature": key.signature,
            "former": key.former, "created_at": int(self._clock()),
        }  # fmt: skip
        changes: list[Change] = [
            Insert(table="unit_key", row=row), Update(table="unit", key={"id": unit.id}, values={"public_key": key.public}),
            *(
                Insert(table="unit_member", row={"unit_id": unit.id, "version": key.version, "staff_id": staff_id, "sealed": sealed})
                for staff_id, sealed in key.members
            ),
        ]  # fmt: skip
        return changes, [Require(table="unit", key={"id": unit.id}, values={"public_key": unit.public_key})]

    async def _append(self, action: str, subject: bytes, by: bytes, changes: Sequence[Change], requires: Sequence[Require]) -> None:
        try:
            await self._chain.append(action=action, subject=subject, actors=[by], at=int(self._clock()), along=changes, requires=requires)
        except Moved:
            raise Refused("moved") from None
        except Exception as error:
            if is_double(error):
                raise Refused("moved") from None
            raise
