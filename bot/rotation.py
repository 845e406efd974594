"""New keys for everything that the server can read, while the service is stopped: after a theft, or because a year is over.

The pepper cannot be changed: every code that was handed out would die with it. Units' keys are the units'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actions.rows import Change, Insert, Update
from bot import contexts
from bot.intake import DAY
from bot.rollover import Rollover
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.staff import StaffStore
from bot.storage.writer import Writer
from bot.vault.draft import lock, row_key, unlock
from bot.vault.errors import VaultError


def _opened(key: bytes, locked: bytes, context: bytes) -> bytes | None:
    try:
        return unlock(key, locked, context=context)
    except VaultError:
        return None  # damaged, or under the new key already: this was begun before


@dataclass(kw_only=True, slots=True)
class Rotated:
    """What came of it: conversations with new keys, and those that could not be read and ended."""

    conversations: int = 0
    ended: int = 0


class Rotation:
    """Changes all keys. Kills in between leave conversations under the old key or the new one, never between: run it again."""

    def __init__(self, *, writer: Writer, reads: Reads, keys: KeyStore, rollover: Rollover, staff: StaffStore) -> None:
        self._writer, self._reads, self._keys, self._rollover, self._staff = writer, reads, keys, rollover, staff

    async def run(self, *, now: int, progress: Callable[[int, int], None]) -> Rotated:
        """All of it, at a moment (seconds since 1970)."""
        await self._keys.change_delivery(now=now)
        day_key = await self._keys.change_day(now // DAY)
        await self._colleagues()
        done = Rotated()
        rows = await self._reads.conversations()
        for number, row in enumerate(rows, start=1):
            key = await self._keys.key(row.key_id)
            if key is None:
                done.ended += 1  # its key is dead already: only its rows are left, and the next sweep takes them
            else:
                await self._change(row, key, day_key, now)
                done.conversations += 1
            progress(number, len(rows))
        for key_id in await self._reads.dying_keys():
            await self._rollover.bury(key_id)
        return done

    async def _colleagues(self) -> None:
        """What the service keeps of staff: seeds of second factors, where alerts go. What does not open stays; who needs it notices."""
        old, new = self._keys.desk, await self._keys.next_desk()
        changes: list[Change] = []
        for row in await self._staff.everybody():
            values: dict[str, Any] = {}
            for column in ("totp", "telegram", "telephone"):
                locked, context = getattr(row, column), contexts.staff(column, row.id)
                if locked is not None and (plain := _opened(old, locked, context)) is not None:
                    values[column] = lock(new, plain, context=context)
            if values:
                changes.append(Update(table="staff", key={"id": row.id}, values=values))
        await self._writer.write(changes)
        await self._keys.change_desk()

    async def _change(self, row: Any, old: bytes, day_key: bytes, now: int) -> None:
        rolled = await self._rollover.change_key(row, old, now, drop=False, seen=False)
        changes: list[Change] = list(rolled.rows)
        values = dict(rolled.values)
        if row.session is not None:
            try:
                session = unlock(old, row.session, context=contexts.session(row.id))
            except VaultError:
                values["session"] = None  # damaged: it begins anew, as it would have done at its next message
            else:
                values["session"] = lock(rolled.key, session, context=contexts.session(row.id))
        changes.append(Update(table="conversation", key={"id": row.id}, values=values))
        changes += await self._messages(row, old, rolled.key_id, rolled.key)
        changes += await self._bubbles(row, now)
        address = unlock(old, row.address, context=contexts.address(row.id))
        name = row_key(day_key, b"address", row.channel.encode(), address)
        changes.append(Insert(table="address", row={"row_key": name, "conversation_id": row.id, "day": now // DAY}, replace=True))
        await self._writer.write(changes)
        await self._rollover.bury(row.key_id)

    async def _messages(self, row: Any, old: bytes, key_id: bytes, key: bytes) -> list[Change]:
        """What nobody has answered yet."""
        changes: list[Change] = []
        for message in await self._reads.new_messages_of(row.id):
            if message.key_id != row.key_id:
                continue  # under a key from before, which lives until it is answered
            values: dict[str, Any] = {"key_id": key_id}
            for column in ("body", "ref"):
                locked = getattr(message, column)
                if locked is not None:
                    context = contexts.row("inbox", column, message.id, row.id)
                    values[column] = lock(key, unlock(old, locked, context=context), context=context)
            changes.append(Update(table="inbox", key={"id": message.id}, values=values))
        return changes

    async def _bubbles(self, row: Any, now: int) -> list[Change]:
        """What waits under a key of its own: a code, a reply."""
        changes: list[Change] = []
        for bubble in await self._reads.waiting_of(row.id):
            own = await self._keys.key(bubble.key_id) if bubble.key_id != row.key_id and bubble.body is not None else None
            if own is None:
                continue
            context = contexts.row("outbox", "body", bubble.id, row.id)
            key_id, key = await self._keys.create(now=now)
            body = lock(key, unlock(own, bubble.body, context=context), context=context)
            changes.append(Update(table="outbox", key={"id": bubble.id}, values={"key_id": key_id, "body": body}))
            changes.append(Insert(table="key_death", row={"key_id": bubble.key_id}, replace=True))
        return changes
