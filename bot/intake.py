"""From a channel to the inbox: finds or opens the conversation, locks the message, and returns when it is durable."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from actions.rows import Change, Insert, Require, Update
from bot import contexts
from bot.channels.base import Channel, Keeping, Received, Windowed
from bot.clearing import deletion
from bot.metrics import RECEIVED
from bot.outbox import bubble_rows
from bot.row_ids import RowIds
from bot.storage.faults import Stale, is_double
from bot.storage.key_store import KeyStore
from bot.storage.reads import Located, Reads
from bot.storage.sharing import Sharing
from bot.storage.writer import Arrival, Writer
from bot.vault.draft import lock, row_key, unlock
from bot.vault.errors import VaultError
from bot.waiting import Waiting
from flows.message import Inbound, Outbound

log = logging.getLogger(__name__)

DAY = 86_400
_Done = TypeVar("_Done")
Files = Callable[[bytes, int], Sequence[Change]]
May = Callable[[bytes], Awaitable[Sequence[Require] | None]]
_TRIES = 4  # at storing a message whose conversation another process changes meanwhile
SILENCE = DAY  # an unfinished report is sealed or erased after a day without a message (the city's rule)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrived:
    """An inbox row on its way to its turn. `inbound` is in memory when the row was just written; None after a restart."""

    id: int
    conversation_id: bytes
    key_id: bytes
    inbound: Inbound | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """The conversation of an address, and its key. `found` is the id of the key that its row names; None: there is no row. `changes` make
    it, begin it anew if that key is dead (both: `begins`), and keep its name of today."""

    id: bytes
    channel: str
    key_id: bytes
    key: bytes
    found: bytes | None
    begins: bool
    changes: Sequence[Change]


class Intake:
    """Takes messages in. `arrived` hands each on to its turn once it is stored; `left_over` has the messages of a conversation taken up
    that were stored elsewhere."""

    def __init__(
        self, *, writer: Writer, reads: Reads, keys: KeyStore, ids: RowIds, channels: Mapping[str, Channel], sharing: Sharing,
        clock: Callable[[], float], arrived: Callable[[Arrived], None], left_over: Callable[[bytes], None],
    ) -> None:  # fmt: skip
        self._writer, self._reads, self._keys, self._ids = writer, reads, keys, ids
        self._channels, self._sharing = channels, sharing
        self._clock = clock
        self._arrived, self._left_over = arrived, left_over
        self._gates: dict[bytes, tuple[asyncio.Lock, int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def row_keys(self, channel: str, address: str) -> list[tuple[int, bytes]]:
        """What an address is called in the database under each live day's key, newest first."""
        day = int(self._clock()) // DAY
        parts = (b"address", channel.encode(), address.encode())
        return [(d, row_key(key, *parts)) for d, key in await self._keys.day_keys(day)]

    async def _place(
        self, channel: str, address: str, names: list[tuple[int, bytes]], *, now: int, last_at: int, again: bool
    ) -> _Place:  # fmt: skip
        """`last_at`: when somebody wrote in it last, if it begins now. `again`: another process was at it in the same moment."""
        located, key = await self._located(address, names)
        conversation_id = located.conversation_id if located else secrets.token_bytes(16)
        key_id, begins = located.key_id if located else b"", key is None
        changes: list[Change] = []
        if key is None:
            key_id, key = await self._keys.create(now=now)
            locked = lock(key, address.encode(), context=contexts.address(conversation_id))
            row = {"key_id": key_id, "version": 0, "session": None, "address": locked, "refs": None, "created_at": now, "last_at": last_at}
            if located:
                changes.append(Update(table="conversation", key={"id": conversation_id}, values=row))
            else:
                row |= {"id": conversation_id, "channel": channel, "holder": self._sharing.holder}
                changes.append(Insert(table="conversation", row=row))
        today, name = names[0]
        if located is None or located.day != today:
            row = {"row_key": name, "conversation_id": conversation_id, "day": today}
            # Somebody's first message, taken in by two processes at once, makes one conversation: the second finds the name taken, and then
            # the conversation under it. If there is none that can be read, the name is nobody's.
            changes.append(Insert(table="address", row=row, replace=again or located is not None))
        found = located.key_id if located else None
        return _Place(id=conversation_id, channel=channel, key_id=key_id, key=key, found=found, begins=begins, changes=changes)

    async def written_to(
        self, channel: str, address: str, bubble: Outbound, *, may: May, relies: Sequence[Require] = ()
    ) -> Sequence[Waiting] | None:  # fmt: skip
        """Stores a bubble for somebody who has not written, in their conversation, which begins if there is none. Gives what is to be
        queued; nothing if another process has the conversation, and sends it.

        `may` is asked, for the id of the conversation that there is, what has to be so for that; if it gives None nothing is stored, and
        None is given. Raises Moved if that, or what it `relies` on besides, is not so any more.
        """
        names = await self.row_keys(channel, address)
        async with self._gate(names[0][1]):
            return await self._tried(lambda again: self._write_to(channel, address, bubble, names, may, relies, again=again))

    async def _write_to(
        self, channel: str, address: str, bubble: Outbound, names: list[tuple[int, bytes]], may: May, relies: Sequence[Require], *,
        again: bool,
    ) -> Sequence[Waiting] | None:  # fmt: skip
        now, sender = int(self._clock()), self._channels[channel]
        # Where a platform lets us write only to whoever wrote lately, nobody has.
        last_at = int(now - sender.window) if isinstance(sender, Windowed) else now
        place = await self._place(channel, address, names, now=now, last_at=last_at, again=again)
        requires = await may(place.id) if place.found is not None else ()
        if requires is None:
            return None
        bubbles, waiting = bubble_rows([bubble], [(place.key_id, place.key)], row=place, ids=self._ids, pull=sender.pull, now=now)
        ours = place.found is None or place.id in await self._sharing.take({place.id})
        await self._writer.write([*place.changes, *bubbles], requires=[*requires, *relies])
        if ours:
            self._sharing.held(place.id)
        return waiting if ours else ()

    async def receive(self, received: Received, *, files: Files | None = None) -> bool:
        """Stores a message; returns once it is durable. False for a message that was stored before. `files` gives, for conversation and
        moment, the rows of a file that came with it: they are written with it or not at all."""
        names = await self.row_keys(received.channel, received.address)
        async with self._gate(names[0][1]):
            new = await self._tried(lambda again: self._store(received, names, files, again=again))
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

    @asynccontextmanager
    async def _gate(self, name: bytes) -> AsyncIterator[None]:
        """One at a time for an address."""
        lock_of, users = self._gates.get(name, (asyncio.Lock(), 0))
        self._gates[name] = (lock_of, users + 1)
        try:
            async with lock_of:
                yield
        finally:
            gate, users = self._gates[name]
            if users <= 1:
                del self._gates[name]
            else:
                self._gates[name] = (gate, users - 1)

    async def _tried(self, work: Callable[[bool], Awaitable[_Done]]) -> _Done:
        """Does something; again (which it is told) if another process opened the conversation, or changed the key, at the same moment."""
        tries = 0
        while True:
            try:
                return await work(tries > 0)
            except Exception as error:
                tries += 1
                if tries >= _TRIES or not (isinstance(error, Stale) or is_double(error)):
                    raise
            await asyncio.sleep(0.02 * tries)

    async def _store(self, received: Received, names: list[tuple[int, bytes]], files: Files | None, *, again: bool) -> bool:
        now = int(self._clock())
        dedupe = [
            row_key(day_key, b"message", received.channel.encode(), received.message_id.encode())
            for _, day_key in await self._keys.day_keys(now // DAY)
        ]
        place = await self._place(received.channel, received.address, names, now=now, last_at=now, again=again)
        conversation_id, key_id, key = place.id, place.key_id, place.key
        arrival = Arrival(conversation_id=conversation_id, key_id=place.found) if place.found is not None else None
        changes = list(place.changes)
        if place.begins:
            due = {"conversation_id": conversation_id, "name": "silence", "due_at": now + SILENCE}
            changes.append(Insert(table="timer", row=due, replace=True))
        row_id = self._ids.next()
        body = orjson.dumps(received.inbound.to_json())
        bound = {column: contexts.row("inbox", column, row_id, conversation_id) for column in ("body", "ref")}
        channel = self._channels[received.channel]
        keeps = isinstance(channel, Keeping)
        ref = lock(key, received.ref.encode(), context=bound["ref"]) if received.ref and not keeps else None
        if received.ref and isinstance(channel, Keeping):
            changes.append(
                deletion(
                    row_id, conversation_id=conversation_id, channel=received.channel, key_id=key_id, key=key, ref=received.ref, now=now,
                    due_at=int(now + channel.kept),
                )
            )  # fmt: skip
        changes.append(
            Insert(
                table="inbox",
                row={
                    "id": row_id, "conversation_id": conversation_id, "key_id": key_id, "dedupe": dedupe[0], "received_at": now,
                    "state": "new", "attempts": 0, "body": lock(key, body, context=bound["body"]), "ref": ref,
                },
            )
        )  # fmt: skip
        if files is not None:
            changes += files(conversation_id, now)
        # The key must outlive this message's turn, whatever another turn decides meanwhile. Nothing was awaited since it was found alive.
        self._keys.lease(key_id)
        try:
            written = await self._writer.write(changes, dedupe=tuple(dedupe), arrival=arrival)
        except BaseException:
            self._keys.release(key_id)
            raise
        if not written or not written.ours:
            # It was stored before; or another process has the conversation, and was told.
            self._keys.release(key_id)
            return bool(written)
        self._sharing.held(conversation_id)
        if written.earlier:  # in their order, this one among them
            self._keys.release(key_id)
            self._left_over(conversation_id)
            return True
        self._arrived(Arrived(id=row_id, conversation_id=conversation_id, key_id=key_id, inbound=received.inbound))
        return True
