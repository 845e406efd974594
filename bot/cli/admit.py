"""staff admit: a new lead of a unit in which nobody can admit any more, with two of the three recovery shares.

What a lead's browser does for a newcomer, the recovery key does here, once: it certifies the new lead, makes the unit's next key, sealed to
the new lead and to all who have the present one, and seals to it the keys of all cases that recovery can open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from actions import audit
from actions.access import LEAD
from actions.rows import Change, Insert, Require, Update
from bot.cli.command import CommandError
from bot.cli.progress import Progress
from bot.cli.store import Store, opened, pins_of
from bot.pepper import read_pepper
from bot.readers import Readers
from bot.settings import Settings
from bot.storage.faults import Moved
from bot.storage.pins import RECOVERY, STAFF, Pin, Pins
from bot.trust import Trust, holder_of
from bot.vault.certificate import certify, fingerprint, holder_mark, sign_unit_key
from bot.vault.errors import RecoveryError, SealError
from bot.vault.keys import generate_keypair, public_of
from bot.vault.member import seal_to_member
from bot.vault.recovery import combine, signing_private_of
from bot.vault.row_tag import RowTags
from bot.vault.seal import open_key, seal_key
from bot.vault.signing import signing_public_of

_AT_A_TIME = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """What came of it: cases whose keys are sealed to the unit's new key; those that recovery cannot open (from before there was one, or
    damaged): these open for whoever had the unit's former key; and those of which nothing but the database says that they are the unit's:
    to these nothing was sealed."""

    unit: str
    sealed: int
    left: int
    strange: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Recovery:
    id: bytes
    private: bytes

    @property
    def signing(self) -> bytes:
        return signing_private_of(self.private)


async def admit(settings: Settings, *, name: str, words: str, shares: Sequence[str], now: int) -> Admitted:
    """Admits a colleague who has joined as a lead and waits. Called again for the same one, it goes on where it was broken off.

    `words` are the six that they read out; `shares` two or three of recovery's; `now` is in seconds since 1970. Raises CommandError, and
    PepperError if the pepper is not here: without it nobody knows which cases are the unit's.
    """
    ours = Readers(RowTags(read_pepper(settings.pepper_file, receipts_exist=True)))
    async with opened(settings) as store, pins_of(settings) as pins:
        row = await store.staff.named(name)
        if row is None or row.role != LEAD or row.state == "removed":
            raise CommandError(f"Nobody called '{name}' has joined as a lead: 'staff invite --role lead' makes a link for that.")
        said = re.split(r"[\s,.-]+", words.strip().lower())
        if tuple(said) != fingerprint(row.id, sealing_public=row.sealing_public, signing_public=row.signing_public):
            raise CommandError(
                "These are not the six words of the keys that lie here. Ask once more, in person; if they stay others, somebody has "
                "exchanged the keys: admit nobody."
            )
        recovery = await _recovery(store, pins, shares)
        if row.state == "new":
            await _admitted(store, pins, row, recovery, now)
        elif row.admitted_by != recovery.id:
            raise CommandError(f"'{name}' is in already, admitted by a lead.")
        unit = await store.staff.unit(row.unit_id)
        keys = await store.staff.unit_keys(row.unit_id)
        if unit is None or not keys or keys[0].root_id != recovery.id:
            raise CommandError("The unit's key was changed since by a lead: what is left to do is done at that lead's sign-in.")
        sealed, left, strange = await _sealed_anew(store, row, keys[0], recovery, ours, now)
    return Admitted(unit=unit.name, sealed=sealed, left=left, strange=strange)


async def _recovery(store: Store, pins: Pins, shares: Sequence[str]) -> _Recovery:
    """The recovery key, if these shares give the one that this service has pinned."""
    try:
        private = combine(shares)
    except RecoveryError as error:
        raise CommandError(str(error)) from None
    pin = next(iter((await pins.all())[RECOVERY].values()), None)
    if pin is None or pin.public_key != public_of(private):
        raise CommandError("These shares do not give the recovery key that this service knows: nothing was changed.")
    signs = signing_public_of(signing_private_of(private))
    if pin.mark is None:  # made before recovery could vouch for anybody: browsers learn it now, for the first time
        await pins.put(Pin(what=RECOVERY, id=pin.id, public_key=pin.public_key, mark=signs))
        await store.writer.write([Update(table="recovery", key={"id": pin.id}, values={"signing_public": signs})])
    elif pin.mark != signs:
        raise CommandError("The key store says that recovery signs with another key: somebody has changed it. Nothing was changed.")
    return _Recovery(id=pin.id, private=private)


async def _admitted(store: Store, pins: Pins, row: Any, recovery: _Recovery, now: int) -> None:
    """The certificate and the unit's next key, in one commit."""
    unit, keys = await store.staff.unit(row.unit_id), await store.staff.unit_keys(row.unit_id)
    if unit is None or not keys:
        raise CommandError("This unit has no key yet: its first lead makes it ('staff invite --role lead'), and is admitted by nobody.")
    circle = await Trust(store.staff, pins).circle({unit.id})
    version, pair = keys[0].version + 1, generate_keypair()
    stay = {one: circle.here(one) for one in await store.staff.holders(unit.id, keys[0].version)}
    publics = {one: holder.sealing_public for one, holder in stay.items() if holder is not None} | {row.id: row.sealing_public}
    certificate = certify(holder_of(row), private_key=recovery.signing)
    key_row = {
        "unit_id": unit.id, "version": version, "public_key": pair.public, "root_id": recovery.id,
        "signature": sign_unit_key(pair.public, unit_id=unit.id, version=version, private_key=recovery.signing), "former": None,
        "created_at": now,
    }  # fmt: skip
    changes: list[Change] = [
        Update(
            table="staff", key={"id": row.id}, values={"state": "active", "admitted_by": recovery.id, "certificate": certificate}
        ),
        Insert(table="unit_key", row=key_row), Update(table="unit", key={"id": unit.id}, values={"public_key": pair.public}),
        *(
            Insert(table="unit_member", row={
                "unit_id": unit.id, "version": version, "staff_id": one,
                "sealed": seal_to_member(pair.private, member_public=public, unit_id=unit.id, version=version, staff_id=one),
            })
            for one, public in publics.items()
        ),
    ]  # fmt: skip
    requires = [
        Require(table="unit", key={"id": unit.id}, values={"public_key": unit.public_key}),
        Require(table="staff", key={"id": row.id}, values={"state": "new", "signing_public": row.signing_public}),
    ]
    await pins.put(Pin(what=STAFF, id=row.id, name=row.shown, mark=holder_mark(holder_of(row))))
    try:
        await store.audit.append(
            action=audit.STAFF_RECOVERED, subject=row.id, actors=[recovery.id], at=now, along=changes, requires=requires
        )  # fmt: skip
    except Moved:
        raise CommandError("Somebody changed the unit's key at this very moment: try again.") from None


async def _sealed_anew(
    store: Store, row: Any, key: Any, recovery: _Recovery, ours: Readers, now: int
) -> tuple[int, int, int]:  # fmt: skip
    """The keys of the unit's cases, opened with recovery's, sealed to the unit's new one. Gives how many, how many could not be, and how
    many are none of the unit's as far as this service knows."""
    progress, after, done, strange = Progress("Case keys"), b"", 0, 0
    whole = await store.staff.count_stale_case_keys(row.unit_id, newest=key.version)
    try:
        while stale := await store.staff.stale_case_keys(row.unit_id, newest=key.version, after=after, most=_AT_A_TIME):
            changes: list[Change] = []
            for one in stale:
                after = one.case_id
                if not ours(one.case_id, row.unit_id, one.tag):
                    strange += 1
                    continue
                own = next((k.sealed for k in await store.reads.case_keys(one.case_id) if k.recipient_id == recovery.id), None)
                try:
                    case_key = open_key(own or b"", private_key=recovery.private, case_id=one.case_id, recipient_id=recovery.id)
                except SealError:
                    continue
                if public_of(case_key) != one.public_key:
                    continue
                sealed = seal_key(case_key, recipient_public=key.public_key, case_id=one.case_id, recipient_id=row.unit_id)
                where = {"case_id": one.case_id, "recipient_id": row.unit_id, "sealed": one.sealed}
                changes.append(Update(table="case_key", key=where, values={"sealed": sealed, "version": key.version}))
            if changes:
                await store.audit.append(
                    action=audit.CASE_KEYS_SEALED_ANEW, subject=row.unit_id, actors=[recovery.id], at=now, along=changes
                )  # fmt: skip
            done += len(changes)
            progress(done, whole)
    finally:
        progress.end()
    return done, whole - done - strange, strange
