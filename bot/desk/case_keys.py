"""The keys of a unit's cases after the unit's own key was changed, in portions, in a lead's browser, until none is left.

Who has gone has the unit's former key, and may have kept the keys of cases. An open case gets another key pair: what comes from then on
opens with the new one only, and the former private key lies in the case, sealed to the new one, for those who stay. The key of a closed
case is sealed to the unit's newest key instead of the former one. What they had opened before, and copies from before, stay theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actions import audit
from actions.rows import Change, Insert, Require, Update
from bot.desk.errors import Refused
from bot.desk.permission import Permission
from bot.readers import Readers
from bot.storage.audit import AuditChain
from bot.storage.faults import Moved
from bot.storage.key_store import KeyStore
from bot.storage.pins import RECOVERY, UNIT
from bot.storage.sharing import CASE_CHANGED, notice
from bot.storage.staff import StaffStore
from bot.trust import Trust, holder_of
from bot.vault.errors import SignatureError
from bot.vault.former_key import KIND
from bot.vault.keys import KEY_BYTES
from bot.vault.member import SEALED_BYTES
from bot.vault.row_tag import RowTags
from bot.vault.staff_entry import FIRST, StaffEntry, check_entry, link

MOST = 100  # in one portion
MOST_CHANGED = 20  # cases that get another key at once
MOST_READERS = 64  # of a case
LARGEST = 4096  # bytes of the sealed entry: it holds two keys


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedAnew:
    """A case's key: `was` as it lay there, `sealed` to the unit's newest key."""

    case_id: bytes
    was: bytes
    sealed: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """A case's next key pair: its public half, and the private one sealed to each of its readers (id → the version of the unit's key, none
    of recovery's, and what is sealed). `entry` says so in the case, signed: in it lies the former private key, sealed to the new one.
    `was` is the former public half, as the page met it: a key that lay in the case's place only while the page looked leads nowhere."""

    was: bytes
    public: bytes
    keys: Mapping[bytes, tuple[int | None, bytes]]
    entry: StaffEntry
    signature: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Stale:
    """What is left: how many in all, and the next portion (rows of case_id, sealed, version, public_key, head, open). `version` and
    `public_key` are the unit's newest. `readers`: of the open ones, the ids of all to whom they are sealed. `units`: the newest keys of the
    other units among these (rows of `unit_key`), as this service has pinned them."""

    version: int
    public_key: bytes
    left: int
    rows: Sequence[Any]
    readers: Mapping[bytes, Sequence[bytes]]
    units: Sequence[Any]


class CaseKeys:
    """`changed` tells the consoles that a case is another than before; `clock` gives seconds since 1970."""

    def __init__(
        self, *, store: StaffStore, chain: AuditChain, keys: KeyStore, tags: RowTags, changed: Callable[[bytes], None],
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._store, self._chain, self._tags, self._changed, self._clock = store, chain, tags, changed, clock
        self._permission = Permission(chain, clock)
        self._pins, self._ours = keys.pins, Readers(tags)
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
        """The next portion, after a case's id (b"": from the beginning). That it was handed out is on the audit chain."""
        lead, key = await self._lead(by)
        rows = await self._store.stale_case_keys(lead.unit_id, newest=key.version, after=after, most=MOST)
        left = await self._store.count_stale_case_keys(lead.unit_id, newest=key.version)
        readers = await self._readers([row.case_id for row in rows if row.open])
        others = {reader for ids in readers.values() for reader in ids} - {lead.unit_id}
        if rows:
            await self._chain.append(
                action=audit.CASE_KEYS_HANDED_OUT, subject=lead.unit_id, actors=[lead.id], at=int(self._clock())
            )  # fmt: skip
        return Stale(
            version=key.version, public_key=key.public_key, left=left, rows=rows, readers=readers, units=await self._pinned(others)
        )  # fmt: skip

    async def _readers(self, case_ids: Sequence[bytes]) -> dict[bytes, list[bytes]]:
        """To whom this service sealed each of some cases: a row of somebody else's making gets no key."""
        found: dict[bytes, list[bytes]] = {case_id: [] for case_id in case_ids}
        for row in await self._store.readers(case_ids) if case_ids else ():
            if self._ours(row.case_id, row.recipient_id, row.tag):
                found[row.case_id].append(row.recipient_id)
        return found

    async def _pinned(self, unit_ids: Iterable[bytes]) -> list[Any]:
        """The newest key of each of some units, if it is the one that this service has pinned."""
        pins = (await self._pins.all())[UNIT]
        found = []
        for unit_id in sorted(unit_ids):
            keys, pin = await self._store.unit_keys(unit_id), pins.get(unit_id)
            if keys and pin is not None and pin.public_key == keys[0].public_key:
                found.append(keys[0])
        return found

    async def seal_anew(self, by: bytes, *, version: int, keys: Sequence[SealedAnew]) -> None:
        """Puts a portion in the place of what lay there. What somebody else has changed meanwhile stays as it is.

        Raises Refused: not_allowed, not_believed, unit_key (of the wrong size, too many, or none), moved (the unit's key is another one by
        now), unknown (a case that is not sealed to the unit).
        """
        lead, newest = await self._lead(by)
        if not 0 < len(keys) <= MOST or any(len(one.sealed) != SEALED_BYTES for one in keys):
            raise Refused("unit_key")
        await self._own([one.case_id for one in keys], lead)
        if version != newest.version:
            raise Refused("moved")
        changes: list[Change] = [
            Update(
                table="case_key", key={"case_id": one.case_id, "recipient_id": lead.unit_id, "sealed": one.was},
                values={"sealed": one.sealed, "version": version},
            )
            for one in keys
        ]  # fmt: skip
        try:
            await self._chain.append(
                action=audit.CASE_KEYS_SEALED_ANEW, subject=lead.unit_id, actors=[lead.id], at=int(self._clock()), along=changes,
                requires=self._still(lead, newest),
            )  # fmt: skip
        except Moved:
            raise Refused("moved") from None

    async def change(self, by: bytes, *, version: int, cases: Sequence[NewKey]) -> list[bytes]:
        """Gives some open cases another key. Returns those to which something came meanwhile: they keep the key that they have, and are
        asked for again. Each that is changed is on the audit chain.

        Raises Refused: not_allowed, not_believed, unit_key (of the wrong size, too many, none, no new one), forged (the entry is not
        signed by who sends it), moved (a unit's key is another one by now), unknown (a case that is not sealed to the unit).
        """
        lead, newest = await self._lead(by)
        if not 0 < len(cases) <= MOST_CHANGED or not all(map(_in_form, cases)):
            raise Refused("unit_key")
        await self._own([one.entry.case_id for one in cases], lead)
        for one in cases:
            try:
                check_entry(one.entry, one.signature, author_public=lead.signing_public)
            except SignatureError:
                raise Refused("forged") from None
        if version != newest.version:
            raise Refused("moved")
        wanted = {reader for one in cases for reader in one.keys}
        versions: dict[bytes, int | None] = {row.unit_id: row.version for row in await self._pinned(wanted)}
        versions |= {**dict.fromkeys((await self._pins.all())[RECOVERY]), lead.unit_id: newest.version}
        readers = await self._readers([one.entry.case_id for one in cases])
        moved = []
        for one in cases:
            if any(versions.get(reader, -1) != of for reader, (of, _) in one.keys.items()):
                raise Refused("moved")
            if set(one.keys) != set(readers[one.entry.case_id]) or not await self._changed_one(lead, newest, one):
                moved.append(one.entry.case_id)
        return moved

    async def _changed_one(self, lead: Any, newest: Any, new: NewKey) -> bool:
        """Whether a case has its new key; if not, something came to it meanwhile, or what lies there is not what this service wrote."""
        case_id = new.entry.case_id
        case = await self._store.case(case_id)
        if case is None or not self._tags.wrote_case(case) or case.public_key != new.was or new.public == new.was:
            return False
        now = int(self._clock())
        row = {
            "id": new.entry.record_id, "case_id": case_id, "version": new.entry.version, "kind": KIND, "created_at": now,
            "sealed": new.entry.sealed, "author_id": lead.id, "signature": new.signature, "previous": new.entry.previous,
        }  # fmt: skip
        values = {
            "public_key": new.public, "tag": self._tags.case(case_id, new.public), "head": link(new.entry, new.signature)
        }  # fmt: skip
        changes: list[Change] = [
            Insert(table="case_record", row=row), Update(table="cases", key={"id": case_id}, values=values),
            *(
                Update(
                    table="case_key", key={"case_id": case_id, "recipient_id": reader},
                    values={"sealed": sealed, "version": of, "born": of},
                )
                for reader, (of, sealed) in new.keys.items()
            ),
        ]  # fmt: skip
        before = None if new.entry.previous == FIRST else new.entry.previous
        seen = Require(table="cases", key={"id": case_id}, values={"public_key": new.was, "head": before})
        try:
            await self._chain.append(
                action=audit.CASE_KEY_CHANGED, subject=case_id, actors=[lead.id], at=now, along=changes,
                requires=[seen, *self._still(lead, newest)], notices=(notice(CASE_CHANGED, case_id),),
            )  # fmt: skip
        except Moved:
            return False
        self._changed(case_id)
        return True

    async def _own(self, case_ids: Sequence[bytes], lead: Any) -> None:
        """Raises Refused unknown, and says so on the audit chain, if one of some cases was not sealed to the unit."""
        rows = await self._store.readers(case_ids)
        ours = {row.case_id for row in rows if row.recipient_id == lead.unit_id and self._ours(row.case_id, row.recipient_id, row.tag)}
        strange = sorted({row.case_id for row in rows} - ours)
        for case_id in strange:
            await self._permission.refused(lead, case_id)
        if strange:
            raise Refused("unknown")

    @staticmethod
    def _still(lead: Any, newest: Any) -> list[Require]:
        """That the unit's key is the newest one, and that the lead is here."""
        return [
            Require(table="unit", key={"id": lead.unit_id}, values={"public_key": newest.public_key}),
            Require(table="staff", key={"id": lead.id}, values={"state": "active"}),
        ]


def _in_form(new: NewKey) -> bool:
    sizes = {len(sealed) for _, sealed in new.keys.values()}
    return (
        len(new.public) == KEY_BYTES and 0 < len(new.keys) <= MOST_READERS and sizes == {SEALED_BYTES} and len(new.entry.sealed) <= LARGEST
    )
