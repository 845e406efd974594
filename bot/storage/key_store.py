"""The key store: the only place where keys of open conversations live, apart from the database and from every backup.

When a key is destroyed here, everything that was locked under it is gone, wherever copies of the database lie.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.rows import Delete, Insert
from bot.storage import tables
from bot.storage.database import migrate
from bot.storage.writer import Writer
from bot.vault.keys import KeyPair, generate_keypair

LIVE_DAYS = 3  # with the last message's own day: an address can be recognised for 48 to 72 hours
_HELD = 20_000  # keys held in memory at most; a key weighs about 200 bytes there


class KeyStore:
    """Conversation keys, the keys of the days, and the server's delivery key."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writer = Writer(engine, tables.key_metadata)
        self._held: dict[bytes, bytes] = {}
        self._days: dict[int, bytes] = {}
        self._dying: set[bytes] = set()
        self._in_use: Counter[bytes] = Counter()
        self._delivery: KeyPair | None = None
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Migrates, starts the writer, makes the delivery key if there is none."""
        await migrate(self._engine, store="keys")
        self._writer.start()
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(tables.server_key).where(tables.server_key.c.name == "delivery"))).first()
        if row is None:
            pair = generate_keypair()
            await self._writer.write(
                [Insert(table="server_key", row={"name": "delivery", "private": pair.private, "public": pair.public}, replace=True)]
            )
            self._delivery = pair
        else:
            self._delivery = KeyPair(private=row.private, public=row.public)

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
            await self._writer.write([Delete(table="conversation_key", key={"id": key_id}) for key_id in dead])
        finally:
            self._dying.difference_update(dead)

    async def day_keys(self, day: int) -> list[tuple[int, bytes]]:
        """The live keys of the days up to `day` (days since 1970), newest first; makes today's, destroys the dead ones."""
        if day in self._days:
            return [(d, self._days[d]) for d in sorted(self._days, reverse=True)]
        async with self._lock:
            if day not in self._days:
                await self._turn_day(day)
        return [(d, self._days[d]) for d in sorted(self._days, reverse=True)]

    async def _turn_day(self, day: int) -> None:
        oldest = day - LIVE_DAYS + 1
        async with self._engine.begin() as connection:
            await connection.execute(delete(tables.day_key).where(tables.day_key.c.day < oldest))
            found = {row.day: row.key for row in await connection.execute(select(tables.day_key.c.day, tables.day_key.c.key))}
        if day not in found:
            key = secrets.token_bytes(32)
            await self._writer.write([Insert(table="day_key", row={"day": day, "key": key})])
            found[day] = key
        self._days = {d: key for d, key in found.items() if oldest <= d <= day}

    async def alive(self) -> None:
        """Raises if the store does not answer."""
        async with self._engine.connect() as connection:
            await connection.execute(select(tables.day_key.c.day).limit(1))

    async def known_ids(self, *, before: int) -> set[bytes]:
        """The ids of the conversation keys made before a moment: the sweep looks for those that nothing uses."""
        key = tables.conversation_key.c
        async with self._engine.connect() as connection:
            return set((await connection.execute(select(key.id).where(key.created_at < before))).scalars())
