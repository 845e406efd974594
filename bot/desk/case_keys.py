"""Case keys that are still sealed to a former key of the unit: sealed to the newest one in a lead's browser, in portions, until none is
left.

Who has gone has the former key: with a copy of the database they could open every case whose key is sealed to it. The old sealing is
overwritten; what they had opened before, and copies from before, stay theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from actions import audit
from actions.rows import Change, Require, Update
from bot.desk.errors import Refused
from bot.desk.permission import Permission
from bot.storage.audit import AuditChain
from bot.storage.faults import Moved
from bot.storage.key_store import KeyStore
from bot.storage.staff import StaffStore
from bot.trust import Trust, holder_of
from bot.vault.member import SEALED_BYTES

MOST = 100  # in one portion


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedAnew:
    """A case's key: `was` as it lay there, `sealed` to the unit's newest key."""

    case_id: bytes
    was: bytes
    sealed: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Stale:
    """What is left: how many in all, and the next portion (rows of case_id, sealed, public_key). `version` and `public_key` are the unit's
    newest."""

    version: int
    public_key: bytes
    left: int
    rows: Sequence[Any]


class CaseKeys:
    """`clock` gives seconds since 1970."""

    def __init__(self, *, store: StaffStore, chain: AuditChain, keys: KeyStore, clock: Callable[[], float]) -> None:
        self._store, self._chain, self._clock = store, chain, clock
        self._permission = Permission(chain, clock)
        self._trust = Trust(store, keys.pins)

    async def _lead(self, by: bytes) -> tuple[Any, Any]:
        """Who asks, a lead who may be believed, and the newest key of their unit. Raises Refused: not_allowed, not_believed, unit_key."""
        row = await self._store.member(by)
        if row is None or row.state != "active":
            raise Refused("not_allowed")
        await self._permission.check(row, "remove", subject_id=row.unit_id, unit_id=row.unit_id)
        if (await self._trust.circle({row.unit_id})).here(row.id) != holder_of(row):
            raise Refused("not_believed")
        keys = await self._store.unit_keys(row.unit_id)
        if not keys:
            raise Refused("unit_key")
        return row, keys[0]

    async def stale(self, by: bytes, *, after: bytes) -> Stale:
        """The next portion, after a case's id (b"": from the beginning)."""
        lead, key = await self._lead(by)
        rows = await self._store.stale_case_keys(lead.unit_id, newest=key.version, after=after, most=MOST)
        left = await self._store.count_stale_case_keys(lead.unit_id, newest=key.version)
        return Stale(version=key.version, public_key=key.public_key, left=left, rows=rows)

    async def seal_anew(self, by: bytes, *, version: int, keys: Sequence[SealedAnew]) -> None:
        """Puts a portion in the place of what lay there. What somebody else has changed meanwhile stays as it is.

        Raises Refused: not_allowed, not_believed, unit_key (of the wrong size, too many, or none), moved (the unit's key is another one by
        now).
        """
        lead, newest = await self._lead(by)
        if not 0 < len(keys) <= MOST or any(len(one.sealed) != SEALED_BYTES for one in keys):
            raise Refused("unit_key")
        if version != newest.version:
            raise Refused("moved")
        changes: list[Change] = [
            Update(
                table="case_key", key={"case_id": one.case_id, "recipient_id": lead.unit_id, "sealed": one.was},
                values={"sealed": one.sealed, "version": version},
            )
            for one in keys
        ]  # fmt: skip
        requires = [
            Require(table="unit", key={"id": lead.unit_id}, values={"public_key": newest.public_key}),
            Require(table="staff", key={"id": lead.id}, values={"state": "active"}),
        ]
        try:
            await self._chain.append(
                action=audit.CASE_KEYS_SEALED_ANEW, subject=lead.unit_id, actors=[lead.id], at=int(self._clock()), along=changes,
                requires=requires,
            )  # fmt: skip
        except Moved:
            raise Refused("moved") from None
