"""From one key to the next: when a report is sealed, when somebody leaves or erases, the conversation's old key dies.

What must live on is locked anew first; the death is written down in the same commit, so that a kill in between changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from actions.rows import Change, Delete, Insert, Update
from bot import contexts
from bot.outbox import outbox_row
from bot.row_ids import RowIds
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.writer import Writer
from bot.vault.draft import lock, unlock
from bot.vault.errors import VaultError
from bot.waiting import Waiting

MOST_REFS = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Rolled:
    """A conversation's new key, what is written for it (`rows`, and `values` of the conversation's own row), the platform's ids of both
    sides' messages, and the keys that die with what was taken back."""

    key_id: bytes
    key: bytes
    rows: list[Change]
    values: dict[str, Any]
    refs: list[str]
    dead: list[bytes]


class Rollover:
    """Changes keys and buries old ones."""

    def __init__(self, *, writer: Writer, reads: Reads, keys: KeyStore, ids: RowIds) -> None:
        self._writer, self._reads, self._keys, self._ids = writer, reads, keys, ids

    async def bury(self, key_id: bytes, *, own: bool = False) -> bool:
        """Destroys a key whose death was written down, unless a message under it is still on its way (`own` is the caller's).

        Otherwise the sweep comes back to it. True when it is dead.
        """
        others = self._keys.leases(key_id) - (1 if own else 0)
        if others > 0 or await self._reads.under_key(key_id):
            return False
        await self._keys.destroy([key_id])
        await self._writer.write([Delete(table="key_death", key={"key_id": key_id})])
        return True

    async def change_key(self, row: Any, old: bytes, now: int, *, drop: bool, seen: bool) -> Rolled:
        """A new key for the conversation: what must live on is locked anew, the old key's death is written down. With `drop` no bubble
        that waits lives on; with `seen` none but those under keys of their own (a code, a reply)."""
        key_id, key = await self._keys.create(now=now)
        refs = await self._refs(row, old)
        changes: list[Change] = [Insert(table="key_death", row={"key_id": row.key_id}, replace=True)]
        dead: list[bytes] = []
        for waiting in await self._reads.waiting_of(row.id):
            own = waiting.key_id != row.key_id
            if waiting.kind == "send" and (drop or (seen and not own)):
                changes.append(Update(table="outbox", key={"id": waiting.id}, values={"state": "dead", "code": "withdrawn", "body": None}))
                dead += [waiting.key_id] if own else []
            elif not own and waiting.body is not None:
                context = contexts.row("outbox", "body", waiting.id, row.id)
                try:
                    body = lock(key, unlock(old, waiting.body, context=context), context=context)
                except VaultError:  # changed by somebody in the database: no reason to keep a person from leaving
                    continue
                # Only what still waits as it was read: of what was finished since, nothing is to be put back.
                as_read = {"id": waiting.id, "body": waiting.body}
                changes.append(Update(table="outbox", key=as_read, values={"key_id": key_id, "body": body}))
        changes.append(Update(table="inbox", key={"conversation_id": row.id, "state": "done"}, values={"ref": None}))
        changes.append(Update(table="outbox", key={"conversation_id": row.id, "state": "sent"}, values={"ref": None}))
        address = unlock(old, row.address, context=contexts.address(row.id))
        values = {
            "key_id": key_id,
            "address": lock(key, address, context=contexts.address(row.id)),
            "refs": lock(key, orjson.dumps(refs), context=contexts.refs(row.id)) if refs else None,
        }
        return Rolled(key_id=key_id, key=key, rows=changes, values=values, refs=refs, dead=dead)

    async def _refs(self, row: Any, key: bytes) -> list[str]:
        """The platform's ids of both sides' messages, oldest first."""
        refs: list[str] = []
        if row.refs is not None:
            with suppress(VaultError):  # as above
                refs = orjson.loads(unlock(key, row.refs, context=contexts.refs(row.id)))
        for found in sorted(await self._reads.refs_of(row.id), key=lambda found: int(found.id)):  # both boxes have one numbering
            try:
                refs += unlock(key, found.ref, context=contexts.row(found.box, "ref", found.id, row.id)).decode().split(",")
            except VaultError:
                continue  # it went out while the key was being changed: that one message cannot be taken back
        return list(dict.fromkeys(refs))[-MOST_REFS:]  # a bubble that was changed has the id of the one before

    def wipe(
        self, row: Any, key_id: bytes, key: bytes, refs: Sequence[str], now: int
    ) -> tuple[list[Change], list[Waiting]]:  # fmt: skip
        """Outbox rows that have the platform delete these messages."""
        changes: list[Change] = []
        waiting: list[Waiting] = []
        for ref in refs:
            row_id = self._ids.next()
            body = lock(key, ref.encode(), context=contexts.row("outbox", "body", row_id, row.id))
            changes.append(outbox_row(row_id, row, key_id, "delete", "sending", now, body=body))
            waiting.append(
                Waiting(id=row_id, conversation_id=row.id, key_id=key_id, channel=row.channel, kind="delete", ref=ref, attempts=0)
            )
        return changes, waiting
