"""Pull channels: what waits for a page, that it has news, and what it has by now."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress

import orjson

from actions.rows import Update
from bot import contexts
from bot.channels.base import Pending
from bot.metrics import SENT
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.writer import Writer
from bot.vault.draft import unlock
from bot.vault.errors import VaultError
from flows.message import Outbound

log = logging.getLogger(__name__)

TYPING_SECONDS = 5.0  # for which "is writing" is true


class Pages:
    """The pages that fetch. They may be connected to any process; each is told by the one that it is connected to."""

    def __init__(self, *, writer: Writer, reads: Reads, keys: KeyStore) -> None:
        self._writer, self._reads, self._keys = writer, reads, keys
        self._news: dict[bytes, set[asyncio.Event]] = {}  # one for each page that waits
        self._typing: dict[bytes, float] = {}  # conversation → when somebody of the staff was last writing in it

    def wake(self, conversation_id: bytes) -> None:
        """Tells the pages of a conversation that something may be there for them."""
        for event in self._news.get(conversation_id, ()):
            event.set()

    def wake_all(self) -> None:
        """Tells every page: what another process said may have been lost."""
        for conversation_id in list(self._news):
            self.wake(conversation_id)

    def typing(self, conversation_id: bytes) -> None:
        """Somebody of the staff is writing to a conversation: its pages show it for a moment."""
        now = time.monotonic()
        self._typing = {each: at for each, at in self._typing.items() if now - at < TYPING_SECONDS} | {conversation_id: now}
        self.wake(conversation_id)

    def typed(self, conversation_id: bytes) -> float:
        """When that was last, by a clock that only goes on; 0.0 if it is over."""
        at = self._typing.get(conversation_id, 0.0)
        return at if time.monotonic() - at < TYPING_SECONDS else 0.0

    async def pending(self, conversation_id: bytes) -> list[Pending]:
        """What waits for the client of a pull channel, oldest first."""
        found: list[Pending] = []
        for row in await self._reads.waiting_of(conversation_id):
            key = await self._keys.key(row.key_id)
            if key is not None and row.body is not None and row.kind == "send":
                try:
                    body = unlock(key, row.body, context=contexts.row("outbox", "body", row.id, conversation_id))
                except VaultError:
                    log.error("bubble_unreadable", extra={"row": row.id})  # somebody changed the database: what does open is shown
                    continue
                found.append(Pending(id=row.id, message=Outbound.from_json(orjson.loads(body))))
        return found

    async def news(self, conversation_id: bytes, timeout: float) -> None:
        """Returns when something was queued for this conversation, or after `timeout` seconds."""
        event = asyncio.Event()
        waiting = self._news.setdefault(conversation_id, set())
        waiting.add(event)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), timeout)
        finally:
            waiting.discard(event)
            if not waiting and self._news.get(conversation_id) is waiting:
                del self._news[conversation_id]

    async def confirm(self, conversation_id: bytes, ids: tuple[int, ...]) -> None:
        """The client has these rows: their bodies are erased."""
        values = {"state": "sent", "body": None, "code": None}
        own = await self._reads.own_keys(conversation_id, ids)
        await self._writer.write(
            [Update(table="outbox", key={"id": row_id, "conversation_id": conversation_id}, values=values) for row_id in ids]
        )
        await self._keys.destroy(own)
        SENT.labels("web", "send", "sent").inc(len(ids))
