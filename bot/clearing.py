"""What a platform keeps of a conversation is deleted there: each message, of both sides, soon after it arrived (docs/privacy.md).

A row of kind `delete` is written with the message that it is about, under the negative of that message's id: there can be only one, and
whoever hears that the message arrived brings its time forward without knowing any id of the platform's. A row of kind `drop` is about a
person's file. Rows are worked off on their own, a few at a time, and never stand before a reply.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from actions.rows import Change, Delete, Insert, Update
from bot import contexts
from bot.channels.base import Channel, ChannelError, Fetching, Keeping, Refused, TryLater
from bot.metrics import SENT
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.sharing import Sharing
from bot.storage.writer import Writer
from bot.vault.draft import lock, unlock
from bot.vault.errors import VaultError

log = logging.getLogger(__name__)

AT_ONCE = 2  # calls side by side: Twilio counts them together with the sends
_PORTION = 50  # rows between two looks at what is due
_CLAIM = 60.0  # seconds for which one of several processes does this
_LONGEST = 3600.0  # seconds between two tries at most, where the platform is out of reach
_LONGEST_OF_ONE = 6 * 3600.0  # the same where one message cannot be deleted yet: a report that it arrived brings the next try forward
# WhatsApp tries to deliver for 30 days (https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/time-to-live);
# what cannot be deleted a day after that never will be.
GIVEN_UP_AFTER = 31 * 86_400


def deletion(
    message_id: int, *, conversation_id: bytes, channel: str, key_id: bytes, key: bytes, ref: str, now: int, due_at: int
) -> Insert:  # fmt: skip
    """The row that has the platform delete a message. `message_id` is that of the inbox or outbox row, `ref` the platform's id (several
    with commas between), locked under the conversation's present key: where that is changed, this is locked anew with all that waits."""
    body = lock(key, ref.encode(), context=contexts.row("outbox", "body", -message_id, conversation_id))
    return Insert(
        table="outbox", replace=True,
        row={
            "id": -message_id, "conversation_id": conversation_id, "key_id": key_id, "channel": channel, "kind": "delete",
            "state": "pending", "attempts": 0, "due_at": due_at, "created_at": now, "code": None, "body": body, "ref": None,
        },
    )  # fmt: skip


def due_now(message_id: int, now: int) -> Update:
    """Brings the deletion of a message forward."""
    return Update(table="outbox", key={"id": -message_id, "kind": "delete"}, values={"due_at": now})


def forgetting(conversation_id: bytes, message_id: int | None, everything: bool, now: int) -> list[Change]:
    """What the end of a turn makes due: the deletion of its message, if it may go, and with `everything` that of all others."""
    changes: list[Change] = [due_now(message_id, now)] if message_id is not None else []
    if everything:
        changes.append(Update(table="outbox", key={"conversation_id": conversation_id, "kind": "delete"}, values={"due_at": now}))
    return changes


class Clearing:
    """Works off deletions at platforms that keep what passed."""

    def __init__(
        self, *, writer: Writer, reads: Reads, keys: KeyStore, channels: Mapping[str, Channel], sharing: Sharing,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._writer, self._reads, self._keys, self._sharing, self._clock = writer, reads, keys, sharing, clock
        self._channels = {name: channel for name, channel in channels.items() if isinstance(channel, Keeping)}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Deletes what is due now."""
        while self._channels and await self._sharing.turn_of("clearing", _CLAIM):
            rows = await self._reads.due_deletions(list(self._channels), int(self._clock()), _PORTION)
            if not rows:
                return
            await asyncio.gather(*(self._clear(row) for row in rows))

    async def _clear(self, row: Any) -> None:
        async with self._slots:
            key = await self._keys.key(row.key_id)
            try:
                ref = unlock(key, row.body, context=contexts.row("outbox", "body", row.id, row.conversation_id)) if key else None
            except VaultError:
                ref = None
            if key is None or ref is None:
                if key is not None or await self._reads.outgoing_key(row.id) == row.key_id:  # else it was locked anew meanwhile
                    log.error("deletion_unreadable", extra={"row": row.id})
                    await self._writer.write([Update(table="outbox", key={"id": row.id}, values={"state": "dead", "code": "unreadable"})])
                return
            left: list[str] = []  # parts of a bubble that are still there
            later: TryLater | None = None
            refused: Refused | None = None
            for part in ref.decode().split(","):
                try:
                    await self._gone(row, part)
                except TryLater as error:
                    later = error
                    left.append(part)
                except Refused as error:
                    refused = error
            if later is not None and later.of_message and row.created_at + GIVEN_UP_AFTER < self._clock():
                log.error("deletion_given_up", extra={"row": row.id, "channel": row.channel, "code": later.code})
                await self._over(row, later.code)
            elif later is not None:
                await self._later(row, key, ",".join(left).encode(), later)
            elif refused is not None:
                log.warning("deletion_refused", extra={"row": row.id, "channel": row.channel, "code": refused.code})
                await self._over(row, refused.code)
            else:
                SENT.labels(row.channel, row.kind, "sent").inc()
                await self._writer.write([Delete(table="outbox", key={"id": row.id})])

    async def _gone(self, row: Any, ref: str) -> None:
        """Has the platform delete one message or file. Raises TryLater or Refused."""
        channel = self._channels[row.channel]
        try:
            if row.kind == "delete":
                await channel.delete("", ref)
            elif isinstance(channel, Fetching):
                await channel.drop(ref)
        except ChannelError:
            raise
        except Exception:
            log.exception("deletion_failed", extra={"row": row.id})
            raise TryLater("fault", after=60.0, of_message=True) from None

    async def _over(self, row: Any, code: str) -> None:
        """The platform keeps it: nobody tries again, and people see the row."""
        SENT.labels(row.channel, row.kind, "dead").inc()
        values = {"state": "dead", "code": code, "body": None}
        await self._writer.write([Update(table="outbox", key={"id": row.id}, values=values)])

    async def _later(self, row: Any, key: bytes, left: bytes, error: TryLater) -> None:
        SENT.labels(row.channel, row.kind, "later").inc()
        log.warning("deletion_later", extra={"row": row.id, "channel": row.channel, "code": error.code, "attempt": row.attempts + 1})
        now = int(self._clock())
        longest = _LONGEST_OF_ONE if error.of_message else _LONGEST
        wait = max(error.after, min(longest, 2.0 ** min(row.attempts + 1, 16)))
        values: dict[str, Any] = {"attempts": row.attempts + 1, "due_at": int(now + wait) + 1, "code": error.code}
        if row.attempts == 0:
            # It can take weeks (error 20009), and must outlive the conversation's key: from now on it has one of its own.
            values["key_id"], key = await self._keys.create(now=now)
        values["body"] = lock(key, left, context=contexts.row("outbox", "body", row.id, row.conversation_id))
        await self._writer.write([Update(table="outbox", key={"id": row.id}, values=values)])
