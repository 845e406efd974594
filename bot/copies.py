"""Which copies of bubbles a platform has: those that it must forget, and those that tell whether a bubble went out already."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from actions.rows import Change
from bot import contexts
from bot.channels.base import Asking, Channel
from bot.clearing import deletion
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.writer import Writer
from bot.vault.draft import unlock
from bot.vault.errors import VaultError
from bot.waiting import Waiting

log = logging.getLogger(__name__)


class Copies:
    """Over the outbox's rows of kind `delete`: one for each message that the platform still has."""

    def __init__(self, *, writer: Writer, reads: Reads, keys: KeyStore, clock: Callable[[], float]) -> None:
        self._writer, self._reads, self._keys, self._clock = writer, reads, keys, clock

    async def present_key(self, row: Waiting) -> tuple[bytes, bytes] | None:
        """The conversation's key as it is now, with its id; None (and logged) if there is none: that message cannot be taken back."""
        try:
            stored = await self._reads.conversation(row.conversation_id)
            key = await self._keys.key(stored.key_id) if stored is not None else None
        except Exception:  # it went out, and must not go out again for this
            log.exception("delivery_ref_lost", extra={"row": row.id})
            return None
        return (stored.key_id, key) if stored is not None and key is not None else None

    async def deletion(self, row: Waiting, ref: str, kept: float, *, message_id: int | None = None) -> list[Change]:
        """The row by which the platform will forget a bubble that it has now (or, with `message_id`, something else that was sent for it);
        none if the conversation is gone."""
        found = await self.present_key(row)
        if found is None:
            return []
        now = int(self._clock())
        return [
            deletion(
                message_id or row.id, conversation_id=row.conversation_id, channel=row.channel, key_id=found[0], key=found[1], ref=ref,
                now=now, due_at=int(now + kept),
            )
        ]  # fmt: skip

    async def mend(self, row: Waiting, ref: str, kept: float) -> None:
        """Writes the deletion once more if the conversation's key was changed at the moment at which it was written."""
        try:
            stored = await self._reads.conversation(row.conversation_id)
            written = await self._reads.outgoing_key(-row.id)
            if stored is not None and written is not None and await self._keys.key(written) is None:
                await self._writer.write(await self.deletion(row, ref, kept))
        except Exception:
            log.exception("delivery_ref_lost", extra={"row": row.id})

    async def there_already(self, channel: Channel, row: Waiting, address: str) -> tuple[str, ...]:
        """The ids of a bubble's first messages, as far as earlier tries came: what was noted when one failed, and what the platform has if
        it may have more. Raises TryLater, Refused."""
        if row.message is None or not isinstance(channel, Asking) or not (row.unsure or row.attempts):
            return ()
        noted: list[str] = []
        known: set[str] = set()
        for other in await self._reads.waiting_of(row.conversation_id):
            key = await self._keys.key(other.key_id) if other.kind == "delete" and other.body is not None else None
            if key is not None:
                with suppress(VaultError):
                    context = contexts.row("outbox", "body", other.id, row.conversation_id)
                    refs = unlock(key, other.body, context=context).decode().split(",")
                    if other.id == -row.id:
                        noted = refs
                    else:
                        known.update(refs)
        found = await channel.sent_already(address, row.message, row.created_at, known) if row.unsure else ()
        return max(tuple(noted), found, key=len)
