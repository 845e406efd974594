"""A counsellor blocks the address of the conversation that they have, and does not see it: it is unlocked, hashed and forgotten here."""

from __future__ import annotations

from collections.abc import Sequence

from actions.access import TALKING, Who
from actions.audit import ADDRESS_BLOCKED
from actions.block import until
from actions.hand_off import Refusal, only_owner
from actions.queue import WrappedUp
from actions.rows import Change, Require
from bot import contexts
from bot.blocks import Blocks
from bot.desk.ledger import Ledger
from bot.desk.replies import GONE, Replies
from bot.desk.views import Entry, Result
from bot.hand_offs import talked_in
from bot.storage.audit import AuditChain
from bot.storage.desk import DeskStore
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.vault.draft import unlock


class Blocking:
    """Over the desk's parts."""

    def __init__(
        self, *, store: DeskStore, reads: Reads, keys: KeyStore, blocks: Blocks, ledger: Ledger, replies: Replies, chain: AuditChain
    ) -> None:  # fmt: skip
        self._store, self._reads, self._keys = store, reads, keys
        self._blocks, self._ledger, self._replies, self._chain = blocks, ledger, replies, chain

    async def block(self, staff: Who, hand_off_id: bytes, entry: Entry, *, hours: int, told: int) -> Result:
        """Ends the talk that this person has, and blocks where it comes from for so many hours: with the signed reason, the entry of the
        audit chain and the end in one commit, or not at all. `told`: how many records of the reporter's the case had when they decided.
        `stale`: something was written meanwhile; look again and sign anew. So nobody is hung up on who has just cried for help."""
        found = await self._store.readable(hand_off_id, staff.unit_id) if staff.role in TALKING else None
        if found is None:
            return Result.no(Refusal.UNKNOWN)
        seen, now = found.hand_off, self._ledger.now
        refusal = only_owner(seen, staff.id)
        if refusal is not None:
            return Result.no(refusal, seen.version)
        talked = await talked_in(seen, self._reads, self._keys)
        if talked is None:  # or the database alone says that it is in that chat: nobody is blocked for its word
            return Result.no(GONE, seen.version)
        where, key = talked
        rows = await self._replies.entry_rows(staff, seen, entry, kind="note")
        if isinstance(rows, str):
            return Result.no(rows, seen.version)
        address = unlock(key, where.address, context=contexts.address(where.id)).decode()
        blocked = await self._blocks.rows(where.channel, address, case_id=seen.case_id, until=until(now, hours), staff_id=staff.id)

        async def write(changes: Sequence[Change], *, requires: Sequence[Require], notices: Sequence[str]) -> None:
            await self._chain.append(
                action=ADDRESS_BLOCKED, subject=seen.case_id, actors=[staff.id], at=now, along=changes, requires=requires, notices=notices
            )

        return await self._ledger.move(
            seen, WrappedUp(at=now, by=staff.id), also=[*rows, *blocked], write=write,
            requires=[self._replies.head(seen, entry), Require(table="cases", key={"id": seen.case_id}, values={"told": told or None})],
        )  # fmt: skip
