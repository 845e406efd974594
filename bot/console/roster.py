"""What a browser is told about units and colleagues: names, public keys, signatures, and what is sealed to itself. It believes none of it
unchecked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.storage.staff import StaffStore

_PUBLIC = ("id", "unit_id", "shown", "role", "state", "sealing_public", "signing_public", "certificate", "admitted_by")


def signer(row: Any) -> Mapping[str, Any]:
    """What it takes to check what a colleague signed."""
    return {name: getattr(row, name) for name in _PUBLIC}


def member(row: Any) -> Mapping[str, Any]:
    """The same, as their own unit sees it."""
    languages = row.languages.split()
    return {
        **signer(row), "name": row.name, "created_at": row.created_at, "languages": languages, "capacity": row.capacity,
        "skills": row.skills.split(),
    }  # fmt: skip


def unit_key(row: Any) -> Mapping[str, Any]:
    """A version of a unit's key, and who signed for it."""
    return {"version": row.version, "public": row.public_key, "root_id": row.root_id, "signature": row.signature}


async def unit(store: StaffStore, unit_id: bytes, *, staff_id: bytes) -> Mapping[str, Any]:
    """A unit: its keys, newest first, with what is sealed to one colleague; who vouches for them; the recovery key."""
    row = await store.unit(unit_id)
    if row is None:
        raise RuntimeError("a colleague without a unit")
    sealed = {one.version: one.sealed for one in await store.sealed_to(staff_id) if one.unit_id == unit_id}
    keys = [
        {**unit_key(key), "former": key.former, "sealed": sealed.get(key.version)} for key in await store.unit_keys(unit_id)
    ]  # fmt: skip
    return {"id": row.id, "name": row.name, "kind": row.kind, "public": row.public_key, "keys": keys}


async def opened(store: StaffStore, row: Any, *, witness: bytes) -> Mapping[str, Any]:
    """What somebody gets who has shown that they know the passphrase. `witness`: what the service signs what reporters tell with."""
    recovery = await store.recovery()
    staff = {
        **signer(row), "name": row.name, "salt": row.salt, "wrapped": row.wrapped, "languages": row.languages.split(),
    }  # fmt: skip
    return {
        "staff": staff,
        "units": [await unit(store, row.unit_id, staff_id=row.id)],
        "signers": await signers(store, row.unit_id),
        "recovery": _recovery(recovery) if recovery is not None else None,
        "witness": witness,
    }


def _recovery(row: Any) -> Mapping[str, Any]:
    return {"id": row.id, "public": row.public_key, "signing": row.signing_public}


async def signers(store: StaffStore, unit_id: bytes | None) -> Sequence[Mapping[str, Any]]:
    """Everybody whose signature may be met: of one unit, or of all."""
    rows = await store.of_unit(unit_id) if unit_id is not None else await store.everybody()
    return [signer(row) for row in rows]
