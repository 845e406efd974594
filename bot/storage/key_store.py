"""The key store: the only place where keys of open conversations live, apart from the database and from every backup.

When a key is destroyed here, everything that was locked under it is gone, wherever copies of the database lie.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.rows import Change, Delete, Insert, Update
from bot.storage import tables
from bot.storage.database import migrate
from bot.storage.faults import is_double
from bot.storage.key_server import keeps, write_anew
from bot.storage.pins import Pins
from bot.storage.sharing import KEY_DEATH, notice
from bot.storage.writer import Writer
from bot.vault.keys import KeyPair, generate_keypair

log = logging.getLogger(__name__)

LIVE_DAYS = 3  # with the last message's own day: an address can be recognised for 48 to 72 hours
TOMBSTONES = frozenset({"cases", "case_record", "mailbox_message", "evidence", "staff"})
"""Tables whose deleted rows (of staff: who was removed) a restored backup must not bring back. What is under a conversation's key needs
none: that key is dead."""

_ROUNDS = 2  # of `scrub` after a death: the first may have kept what somebody's transaction still saw
_HELD = 20_000  # keys held in memory at most; a key weighs about 200 bytes there


class KeyStore:
    """Conversation keys, the keys of the days, and the server's own: for return addresses, and for the desk. `clock` gives seconds since
    1970.

    `holder` is this process among others on the same store, None where it is alone: the others hear of every death.
    """

    def __init__(self, engine: AsyncEngine, *, holder: bytes | None = None, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock
        self._writer = Writer(engine, tables.key_metadata, holder=holder)
        self.pins = Pins(engine, self._writer)
        self._held: dict[bytes, bytes] = {}
        self._days: dict[int, bytes] = {}
        self._former: list[tuple[int, bytes]] = []
        self._dying: set[bytes] = set()
        self._in_use: Counter[bytes] = Counter()
        self._delivery: KeyPair | None = None
        self._desk: KeyPair | None = None
        self._lock = asyncio.Lock()
        self.stained = _ROUNDS  # how often the server has yet to write its tables anew: who knows what died before the start

    async def open(self) -> None:
        """Migrates, starts the writer, makes the server's own keys if there are none."""
        await migrate(self._engine, store="keys")
        self._writer.start()
        self._delivery, self._desk = await self._made(_DELIVERY), await self._made(_DESK)
        for name in await keeps(self._engine):
            log.warning("key_server_keeps_dead_keys", extra={"code": name})

    async def _made(self, name: str) -> KeyPair:
        """A key of the server's own, made if there is none."""
        query = select(tables.server_key).where(tables.server_key.c.name == name)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            try:
                await self._writer.write([_server_key(name, generate_keypair(), int(self._clock()), replace=False)])
            except Exception as error:  # another process started at the same moment: there is one such key, its own or ours
                if not is_double(error):
                    raise
            async with self._engine.connect() as connection:
                row = (await connection.execute(query)).one()
        return KeyPair(private=row.private, public=row.public)

    async def close(self) -> None:
        """Flushes and ends."""
        await self._writer.close()
        await self._engine.dispose()

    @property
    def delivery(self) -> KeyPair:
        """The server's delivery key: return addresses are sealed to its public half."""
        if self._delivery is None:
            raise RuntimeError("the key store is not open")
        return self._delivery

    @property
    def desk(self) -> bytes:
        """The key (32 bytes) under which lies what the service needs of staff: the seed of a second factor, where alerts go."""
        if self._desk is None:
            raise RuntimeError("the key store is not open")
        return self._desk.private

    async def next_desk(self) -> bytes:
        """The desk key that is to come: what is locked under today's goes under it, and `change_desk` follows. The same until then."""
        return (await self._made(_NEXT_DESK)).private

    async def change_desk(self) -> None:
        """The desk key that was to come is the one; the former is overwritten."""
        new = await self._made(_NEXT_DESK)
        await self._writer.write(
            [_server_key(_DESK, new, int(self._clock())), Delete(table="server_key", key={"name": _NEXT_DESK})]
        )  # fmt: skip
        self._desk = new
        self.stained = _ROUNDS

    async def delivery_privates(self) -> list[bytes]:
        """The private halves of every delivery key that there was, the newest first: one of them opens any return address."""
        async with self._engine.connect() as connection:
            found = {row.name: row.private for row in await connection.execute(select(tables.server_key))}
        former = sorted((name for name in found if name.startswith(f"{_DELIVERY}.")), key=_number, reverse=True)
        return [found[name] for name in (_DELIVERY, *former) if name in found]

    async def change_delivery(self, *, now: int) -> None:
        """A new delivery key for the return addresses to come; the old ones are kept, to open what was sealed to them."""
        old, new = self.delivery, generate_keypair()
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(tables.server_key).where(tables.server_key.c.name == _DELIVERY))).one()
            names = set((await connection.execute(select(tables.server_key.c.name))).scalars())
        number = next(n for n in range(1, len(names) + 1) if f"{_DELIVERY}.{n}" not in names)
        await self._writer.write(
            [_server_key(f"{_DELIVERY}.{number}", old, row.created_at), _server_key(_DELIVERY, new, now)]
        )  # fmt: skip
        self._delivery = new

    async def change_day(self, day: int) -> bytes:
        """A new key for today, which it gives. The day's key of until now is kept as a former one until its day is over."""
        days = await self.day_keys(day)
        new = secrets.token_bytes(32)
        former = b"".join(key for d, key in days if d == day)
        await self._writer.write([Update(table="day_key", key={"day": day}, values={"key": new, "former": former})])
        self._days = {}
        return new

    async def create(self, *, now: int) -> tuple[bytes, bytes]:
        """A new conversation key, durable when this returns: (key id, key)."""
        key_id, key = secrets.token_bytes(16), secrets.token_bytes(32)
        await self._writer.write([Insert(table="conversation_key", row={"id": key_id, "key": key, "created_at": now})])
        self._hold(key_id, key)
        return key_id, key

    def _hold(self, key_id: bytes, key: bytes) -> None:
        while len(self._held) >= _HELD:
            del self._held[next(iter(self._held))]
        self._held[key_id] = key

    def held(self, key_id: bytes) -> bytes | None:
        """A key without asking the store; None if it is not in memory."""
        return self._held.get(key_id)

    async def key(self, key_id: bytes) -> bytes | None:
        """A conversation key, or None if it was destroyed, or is about to be."""
        held = self._held.get(key_id)
        if held is None and key_id not in self._dying:
            async with self._engine.connect() as connection:
                found = await connection.execute(select(tables.conversation_key.c.key).where(tables.conversation_key.c.id == key_id))
                held = found.scalar_one_or_none()
            if key_id in self._dying:
                return None  # it was read just before its end: it must not come back to memory
            if held is not None:
                self._hold(key_id, held)
        return held

    def lease(self, key_id: bytes) -> None:
        """Marks a key as in use: a message under it is on its way to the database."""
        self._in_use[key_id] += 1

    def release(self, key_id: bytes) -> None:
        """The end of a lease."""
        self._in_use[key_id] -= 1
        if self._in_use[key_id] <= 0:
            del self._in_use[key_id]

    def leases(self, key_id: bytes) -> int:
        """How many messages under this key are on their way."""
        return self._in_use.get(key_id, 0)

    async def destroy(self, key_ids: Iterable[bytes]) -> None:
        """Destroys keys for good: overwritten in the store and dropped from memory when this returns. Nobody gets one from now on."""
        dead = list(key_ids)
        if not dead:
            return
        self._dying.update(dead)
        for key_id in dead:
            self._held.pop(key_id, None)
        try:
            await self._writer.write(
                [Delete(table="conversation_key", key={"id": key_id}) for key_id in dead],
                notices=[notice(KEY_DEATH, key_id) for key_id in dead],
            )
        finally:
            self._dying.difference_update(dead)
            self.stained = _ROUNDS

    def died(self, key_id: bytes) -> None:
        """Another process destroyed this key: it is dropped from memory here, too."""
        self.stained = _ROUNDS
        self._held.pop(key_id, None)

    def forget_held(self) -> None:
        """Drops every key from memory: some may have been destroyed by another process without our hearing of it."""
        self._held.clear()
        self.stained = _ROUNDS

    async def day_keys(self, day: int) -> list[tuple[int, bytes]]:
        """The live keys of the days up to `day` (days since 1970), newest first; makes today's, destroys the dead ones."""
        if day not in self._days:
            async with self._lock:
                if day not in self._days:
                    await self._turn_day(day)
        return [*((d, self._days[d]) for d in sorted(self._days, reverse=True)), *self._former]

    async def _turn_day(self, day: int) -> None:
        oldest = day - LIVE_DAYS + 1
        async with self._engine.begin() as connection:
            if (await connection.execute(delete(tables.day_key).where(tables.day_key.c.day < oldest))).rowcount:
                self.stained = _ROUNDS
            rows = (await connection.execute(select(tables.day_key).order_by(tables.day_key.c.day.desc()))).all()
        found = {row.day: row.key for row in rows}
        self._former = [
            (row.day, row.former[at : at + 32]) for row in rows if oldest <= row.day <= day for at in range(0, len(row.former or b""), 32)
        ]
        if day not in found:
            try:
                await self._writer.write([Insert(table="day_key", row={"day": day, "key": secrets.token_bytes(32)})])
            except Exception as error:  # another process made it at the same moment
                if not is_double(error):
                    raise
            async with self._engine.connect() as connection:
                found[day] = (await connection.execute(select(tables.day_key.c.key).where(tables.day_key.c.day == day))).scalar_one()
        self._days = {d: key for d, key in found.items() if oldest <= d <= day}

    async def scrub(self) -> None:
        """Has a PostgreSQL server forget the keys that died since the last time (`bot.storage.key_server`)."""
        if self.stained:
            await write_anew(self._engine)
            self.stained -= 1

    async def scrub_all(self) -> None:
        """The same as often as it takes: for a command, after which nothing else does it."""
        while self.stained:
            await self.scrub()

    async def everything(self) -> dict[bytes, bytes]:
        """Every conversation key by its id: for a restore."""
        key = tables.conversation_key.c
        async with self._engine.connect() as connection:
            return {key_id: found for key_id, found in map(tuple, await connection.execute(select(key.id, key.key)))}

    async def alive(self) -> None:
        """Raises if the store does not answer."""
        async with self._engine.connect() as connection:
            await connection.execute(select(tables.day_key.c.day).limit(1))

    async def known_ids(self, *, before: int) -> set[bytes]:
        """The ids of the conversation keys made before a moment: the sweep looks for those that nothing uses."""
        key = tables.conversation_key.c
        async with self._engine.connect() as connection:
            return set((await connection.execute(select(key.id).where(key.created_at < before))).scalars())

    async def entomb(self, changes: Iterable[Change], *, now: int) -> None:
        """Remembers the ids of rows that are about to be deleted, so that no backup brings them back; durable when this returns.

        Of `changes` it looks at deletions by id from the tables in TOMBSTONES. Before the rows go, not after: after a kill in between, a
        backup that is restored misses what nobody had read yet, instead of showing what was read or erased.
        """
        graves: list[Change] = [
            Insert(
                table="tombstone", row={"id": change.key["id"], "kind": change.table, "at": now}, replace=True
            )
            for change in changes
            if isinstance(change, Delete) and change.table in TOMBSTONES and "id" in change.key
        ]  # fmt: skip
        if graves:
            await self._writer.write(graves)

    async def tombstones(self) -> dict[str, frozenset[bytes]]:
        """The ids of what was deleted, by table."""
        found: dict[str, set[bytes]] = {}
        async with self._engine.connect() as connection:
            for row in await connection.execute(select(tables.tombstone.c.kind, tables.tombstone.c.id)):
                found.setdefault(row.kind, set()).add(row.id)
        return {kind: frozenset(ids) for kind, ids in found.items()}

    async def buried(self, ids: Iterable[bytes], *, for_seconds: int) -> frozenset[bytes]:
        """Those of some ids whose rows were deleted, or were about to be, so long ago that nobody is still about it."""
        stone, wanted = tables.tombstone.c, list(ids)
        async with self._engine.connect() as connection:
            found = await connection.execute(select(stone.id).where(stone.id.in_(wanted), stone.at < int(self._clock()) - for_seconds))
            return frozenset(found.scalars())

    async def count_tombstones(self, *, before: int) -> int:
        """How many tombstones are from before a moment."""
        async with self._engine.connect() as connection:
            query = select(func.count()).where(tables.tombstone.c.at < before)
            return (await connection.execute(query)).scalar_one()

    async def drop_tombstones(self, *, before: int) -> None:
        """Forgets tombstones from before a moment (seconds since 1970): no backup is as old as that."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(tables.tombstone).where(tables.tombstone.c.at < before))

    async def born_at(self) -> int | None:
        """When this store was made, in seconds since 1970; None if that was not written down."""
        async with self._engine.connect() as connection:
            found = list((await connection.execute(select(tables.server_key.c.created_at))).scalars())
        return None if not found or None in found else min(found)


_DELIVERY, _DESK, _NEXT_DESK = "delivery", "desk", "desk.next"


def _number(name: str) -> int:
    return int(name.rpartition(".")[2])


def _server_key(name: str, pair: KeyPair, created_at: int | None, *, replace: bool = True) -> Insert:
    row = {"name": name, "private": pair.private, "public": pair.public, "created_at": created_at}
    return Insert(table="server_key", row=row, replace=replace)
