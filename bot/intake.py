"""From a channel to the inbox: finds or opens the conversation, locks the message, and returns when it is durable."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from actions.rows import Change, Insert, Update
from bot import contexts
from bot.channels.base import Channel, Received
from bot.metrics import RECEIVED
from bot.row_ids import RowIds
from bot.storage.key_store import KeyStore
from bot.storage.reads import Located, Reads
from bot.storage.writer import Writer
from bot.vault.draft import lock, row_key, unlock
from bot.vault.errors import VaultError
from flows.message import Inbound

log = logging.getLogger(__name__)

DAY = 86_400
SILENCE = DAY  # an unfinished report is sealed or erased after a day without a message (the city's rule)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrived:
    """An inbox row on its way to its turn. `inbound` is in memory when the row was just written; None after a restart."""

    id: int
    conversation_id: bytes
    key_id: bytes
    inbound: Inbound | None


class Intake:
    """Takes messages in. `arrived` hands each on to its turn once it is stored."""

    def __init__(
        self, *, writer: Writer, reads: Reads, keys: KeyStore, ids: RowIds, channels: Mapping[str, Channel],
        clock: Callable[[], float], arrived: Callable[[Arrived], None],
    ) -> None:  # fmt: skip
        self._writer, self._reads, self._keys, self._ids = writer, reads, keys, ids
        self._channels = channels
        self._clock = clock
        self._arrived = arrived
        self._gates: dict[bytes, tuple[asyncio.Lock, int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def row_keys(self, channel: str, address: str) -> list[tuple[int, bytes]]:
        """What an address is called in the database under each live day's key, newest first."""
        day = int(self._clock()) // DAY
        parts = (b"address", channel.encode(), address.encode())
        return [(d, row_key(key, *parts)) for d, key in await self._keys.day_keys(day)]

    async def receive(self, received: Received) -> bool:
        """Stores a message; returns once it is durable. False for a message that was stored before."""
        names = await self.row_keys(received.channel, received.address)
        lock_of, users = self._gates.get(names[0][1], (asyncio.Lock(), 0))
        self._gates[names[0][1]] = (lock_of, users + 1)
        try:
            async with lock_of:
                new = await self._store(received, names)
        finally:
            gate, users = self._gates[names[0][1]]
            if users <= 1:
                del self._gates[names[0][1]]
            else:
                self._gates[names[0][1]] = (gate, users - 1)
        RECEIVED.labels(received.channel, "new" if new else "double").inc()
        if received.receipt:
            self._later(self._channels[received.channel].acknowledge(received))
        return new

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def conversation(self, channel: str, address: str) -> bytes | None:
        """The id of an address's conversation, if it has one that can be read."""
        located, key = await self._located(address, await self.row_keys(channel, address))
        return located.conversation_id if located is not None and key is not None else None

    async def _located(self, address: str, names: list[tuple[int, bytes]]) -> tuple[Located | None, bytes | None]:
        """The conversation of an address and its key; no key if that is dead.

        A conversation counts only if the address that is locked in it is the same: whoever can write to the database, and points a row of
        his own at somebody else's conversation, must not be answered in it.
        """
        located: Located | None = None
        key: bytes | None = None
        for _ in range(2):  # a key that died since the row was read was changed for another, and the row names that one now
            located = await self._reads.located([name for _, name in names])
            key = await self._keys.key(located.key_id) if located is not None else None
            if located is None or key is not None:
                break
        if located is not None and key is not None:
            try:
                same = unlock(key, located.address, context=contexts.address(located.conversation_id)) == address.encode()
            except VaultError:
                same = False
            if not same:
                log.error("address_of_another")
                return None, None
        return located, key

    async def _store(self, received: Received, names: list[tuple[int, bytes]]) -> bool:
        now = int(self._clock())
        today, name = names[0]
        dedupe = [
            row_key(day_key, b"message", received.channel.encode(), received.message_id.encode())
            for _, day_key in await self._keys.day_keys(now // DAY)
        ]
        located, key = await self._located(received.address, names)
        changes: list[Change] = []
        key_id = located.key_id if located else b""
        conversation_id = located.conversation_id if located else secrets.token_bytes(16)
        if key is None:
            key_id, key = await self._keys.create(now=now)
            locked = lock(key, received.address.encode(), context=contexts.address(conversation_id))
            row = {"key_id": key_id, "version": 0, "session": None, "address": locked, "refs": None, "created_at": now, "last_at": now}
            if located:
                changes.append(Update(table="conversation", key={"id": conversation_id}, values=row))
            else:
                changes.append(Insert(table="conversation", row={"id": conversation_id, "channel": received.channel, **row}))
            due = {"conversation_id": conversation_id, "name": "silence", "due_at": now + SILENCE}
            changes.append(Insert(table="timer", row=due, replace=True))
        if located is None or located.day != today:
            row = {"row_key": name, "conversation_id": conversation_id, "day": today}
            changes.append(Insert(table="address", row=row, replace=True))
        row_id = self._ids.next()
        body = orjson.dumps(received.inbound.to_json())
        bound = {column: contexts.row("inbox", column, row_id, conversation_id) for column in ("body", "ref")}
        ref = lock(key, received.ref.encode(), context=bound["ref"]) if received.ref else None
        changes.append(
            Insert(
                table="inbox",
                row={
                    "id": row_id, "conversation_id": conversation_id, "key_id": key_id, "dedupe": dedupe[0], "received_at": now,
                    "state": "new", "attempts": 0, "body": lock(key, body, context=bound["body"]), "ref": ref,
                },
            )
        )  # fmt: skip
        # The key must outlive this message's turn, whatever another turn decides meanwhile. Nothing was awaited since it was found alive.
        self._keys.lease(key_id)
        try:
            new = await self._writer.write(changes, dedupe=tuple(dedupe))
        except BaseException:
            self._keys.release(key_id)
            raise
        if not new:
            self._keys.release(key_id)
            return False
        self._arrived(Arrived(id=row_id, conversation_id=conversation_id, key_id=key_id, inbound=received.inbound))
        return True
