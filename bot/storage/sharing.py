"""Several processes on one database: which of them has a conversation, who does the periodic work, and what one tells the others.

A conversation that something is being done for is *held* by one replica: it alone runs its turns and sends its bubbles, so both stay in
order. A hold is a column of the conversation's row, looked at under a row lock in the very transaction that relies on it
(`bot.storage.writer`); it is as good as its holder's heartbeat. With SQLite there is one process, and everything is its own.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from sqlalchemy import Connection, Integer, cast, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from bot.errors import OperatorError
from bot.storage import tables
from bot.storage.database import open_engine

log = logging.getLogger(__name__)

BEAT = 2.0  # seconds between two heartbeats
DEAD_AFTER = 10  # seconds of silence (by the database's clock) after which others take what a replica held
FRESH = 6.0  # seconds after its last heartbeat in which a replica may still send: well before others take over
IDLE = 10.0  # seconds after which a conversation for which nothing is to be done is given back
CHANNEL = "ruang_aman"  # of LISTEN and NOTIFY
_ALONE_LOCK = 0x52A_A1  # the advisory lock of whoever must be the only one on a database; replicas share it

# What one process tells the others: a letter, an id, who is meant, and who tells it (drawn by each process at its start, and in `replica`
# anyway). Never more: whoever can connect to the database can listen.
MESSAGE, BUBBLE, KEY_DEATH, HAND_OFF, CASE_DUE, STAFF = "m", "b", "k", "d", "c", "s"
PRESENCE = "p"  # somebody came to the desk, or went
STAFF_TYPES, REPORTER_TYPES = "t", "w"  # of a conversation, of a hand-off
CASE_CHANGED, SETTING = "f", "q"  # a case came, or is another than before; a lead changed what holds for the whole desk


def notice(kind: str, subject: bytes, *, to: bytes | None = None) -> str:
    """What is sent: `kind`, the id of what it is about, and the one process that it is for (None: all)."""
    return f"{kind}:{subject.hex()}:{to.hex() if to is not None else ''}"


class NotAloneError(OperatorError):
    """Two processes with key stores of their own on one database would each be blind for the other's conversations."""

    def __init__(self) -> None:
        super().__init__(
            "Another process uses this database: several of them need one PostgreSQL for RUANG_AMAN_KEY_STORE as well, the same for all, "
            "or stop the other one first."
        )


class Sharing(Protocol):
    """How a process stands to others on the same stores."""

    @property
    def holder(self) -> bytes | None:
        """This process's id in `conversation.holder`; None where it is alone."""

    @property
    def fresh(self) -> bool:
        """Whether this process may rely on what it holds."""

    async def start(self, heard: Callable[[str, bytes], None], missed: Callable[[], None]) -> None:
        """Begins. `heard` gets every notice of another process; `missed` is called when some may have been lost."""

    async def stop(self) -> None:
        """Gives everything back."""

    async def take(self, conversation_ids: Iterable[bytes]) -> set[bytes]:
        """Those of these conversations that are ours, or that nobody alive has: they are ours from now on."""

    def held(self, conversation_id: bytes) -> None:
        """A conversation became ours in somebody's commit."""

    def lost(self, conversation_id: bytes) -> None:
        """A commit found that a conversation is not ours any more."""

    async def give_back(self, busy: Callable[[bytes], bool]) -> None:
        """Conversations for which nothing was to be done for a while are anybody's again."""

    async def turn_of(self, work: str, seconds: float) -> bool:
        """Whether this process does a periodic work now: nobody else gets it for so many seconds."""


class Alone:
    """One process, one database: nothing to agree on."""

    holder: bytes | None = None
    fresh = True

    async def start(self, heard: Callable[[str, bytes], None], missed: Callable[[], None]) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to give back."""

    async def take(self, conversation_ids: Iterable[bytes]) -> set[bytes]:
        """All of them."""
        return set(conversation_ids)

    def held(self, conversation_id: bytes) -> None:
        """They all are."""

    def lost(self, conversation_id: bytes) -> None:
        """There is nobody to lose it to."""

    async def give_back(self, busy: Callable[[bytes], bool]) -> None:
        """There is nobody to give them to."""

    async def turn_of(self, work: str, seconds: float) -> bool:
        """Always."""
        return True


def database_now() -> Any:
    """Seconds since 1970 by the database's clock, which all replicas share (PostgreSQL)."""
    return cast(func.extract("epoch", func.clock_timestamp()), Integer)


def alive_holder() -> Any:
    """Whether the replica that is joined as a conversation's holder lives."""
    return tables.replica.c.seen_at > database_now() - DEAD_AFTER


class Listener:
    """One connection that hears what other processes tell (LISTEN). It comes back by itself; what it may have missed is said."""

    def __init__(self, url: str, *, lock: bool | None = None, holder: bytes = b"") -> None:
        # A connection of its own, outside every pool: a listening one cannot be lent to anybody.
        self._engine = open_engine(url, pool=NullPool)
        self._holder = holder.hex()  # what is meant for another one is not listened to, nor what comes from here
        self._lock = lock  # True: alone on this database, False: with others, None: not asked here
        self._task: asyncio.Task[None] | None = None
        self._up = asyncio.Event()
        self._refused: OperatorError | None = None

    async def start(self, heard: Callable[[str, bytes], None], missed: Callable[[], None]) -> None:
        """Returns once it listens. Raises NotAloneError if somebody uses this database in a way that does not go with ours."""
        self._task = asyncio.create_task(self._run(heard, missed), name="listener")
        up = asyncio.create_task(self._up.wait())
        await asyncio.wait({self._task, up}, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._refused is not None:
            raise self._refused

    async def stop(self) -> None:
        """Ends."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._engine.dispose()

    async def _run(self, heard: Callable[[str, bytes], None], missed: Callable[[], None]) -> None:
        pause, first = 0.2, True
        while True:
            try:
                async with self._engine.connect() as connection:
                    if self._lock is not None and not await self._locked(connection, first):
                        self._refused = NotAloneError()
                        return
                    raw: Any = (await connection.get_raw_connection()).driver_connection
                    ended = asyncio.Event()
                    raw.add_termination_listener(lambda *_: ended.set())  # noqa: B023  called before the next round

                    def on_notice(connection: Any, pid: int, channel: str, payload: str) -> None:
                        with suppress(ValueError):  # whoever can connect can send anything
                            kind, subject, to, sender = payload.split(":")
                            if to in ("", self._holder) and sender != self._holder:
                                heard(kind, bytes.fromhex(subject))

                    await raw.add_listener(CHANNEL, on_notice)
                    if not first:
                        missed()
                    first, pause = False, 0.2
                    self._up.set()
                    await ended.wait()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("listener_down", extra={"error": type(error).__name__})
            await asyncio.sleep(pause)
            pause = min(5.0, pause * 2)

    async def _locked(self, connection: Any, first: bool) -> bool:
        kind = "pg_try_advisory_lock" if self._lock else "pg_try_advisory_lock_shared"
        for _ in range(50 if first else 1):  # a process that was just ended lets go a moment later
            if (await connection.exec_driver_sql(f"SELECT {kind}({_ALONE_LOCK})")).scalar_one():
                await connection.commit()
                return True
            await connection.commit()
            if first and self._lock:
                await asyncio.sleep(0.1)
            else:
                break
        return not first  # later on, the connection was lost and another came first: that one is asked to go, not this one


class Single(Alone):
    """One process on PostgreSQL, with a key store of its own: nobody else may be there."""

    def __init__(self, url: str) -> None:
        self._listener = Listener(url, lock=True)

    async def start(self, heard: Callable[[str, bytes], None], missed: Callable[[], None]) -> None:
        """Makes sure of it. Raises NotAloneError."""
        await self._listener.start(lambda kind, subject: None, lambda: None)

    async def stop(self) -> None:
        """Lets others in."""
        await self._listener.stop()


class Replica:
    """One of several processes on the same PostgreSQL, and on the same PostgreSQL as key store."""

    def __init__(self, engine: AsyncEngine, *, database_url: str, key_store_url: str) -> None:
        self.holder: bytes = secrets.token_bytes(16)
        self._engine = engine
        self._listeners = (Listener(database_url, lock=False, holder=self.holder), Listener(key_store_url, holder=self.holder))
        self._mine: dict[bytes, float] = {}  # conversation → when something was last done for it
        self._beaten = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def fresh(self) -> bool:
        """Whether the last heartbeat is young enough that nobody can have taken over."""
        return time.monotonic() - self._beaten < FRESH

    async def start(self, heard: Callable[[str, bytes], None], missed: Callable[[], None]) -> None:
        """Registers this process and listens. Raises NotAloneError."""
        for listener in self._listeners:
            await listener.start(heard, missed)
        await self._beat()
        self._task = asyncio.create_task(self._beating(), name="heartbeat")

    async def stop(self) -> None:
        """Gives every conversation back and goes."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            with suppress(Exception):  # a database that is gone gives them back itself, by silence
                async with self._engine.begin() as connection:
                    held = tables.conversation.c.holder == self.holder
                    await connection.execute(update(tables.conversation).where(held).values(holder=None))
                    await connection.execute(delete(tables.replica).where(tables.replica.c.id == self.holder))
        for listener in self._listeners:
            await listener.stop()

    async def _beat(self) -> None:
        begun = time.monotonic()
        row = {"id": self.holder, "seen_at": database_now()}
        statement = insert(tables.replica).values(row)
        statement = statement.on_conflict_do_update(index_elements=["id"], set_={"seen_at": database_now()})
        async with self._engine.begin() as connection:
            await connection.execute(statement)
        self._beaten = begun

    async def _beating(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            try:
                async with asyncio.timeout(FRESH):
                    await self._beat()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("heartbeat_failed", extra={"error": type(error).__name__})

    async def take(self, conversation_ids: Iterable[bytes]) -> set[bytes]:
        """Those of these that are ours or that nobody alive has; a row that somebody is just writing is left to them.

        What was ours a moment ago counts as ours: a turn's own commit looks again.
        """
        asked = set(conversation_ids)
        known = asked & self._mine.keys()
        for conversation_id in known:
            self.held(conversation_id)
        wanted = sorted(asked - known)
        if not wanted:
            return known
        conversation, replica = tables.conversation, tables.replica
        async with self._engine.begin() as connection:
            free = (
                select(conversation.c.id)
                .outerjoin(replica, replica.c.id == conversation.c.holder)
                .where(
                    conversation.c.id.in_(wanted),
                    or_(conversation.c.holder.is_(None), conversation.c.holder == self.holder, replica.c.id.is_(None), ~alive_holder()),
                )
                .order_by(conversation.c.id)
                .with_for_update(of=conversation, skip_locked=True)
            )
            found = [row[0] for row in await connection.execute(free)]
            if found:
                await connection.execute(update(conversation).where(conversation.c.id.in_(found)).values(holder=self.holder))
        for conversation_id in found:
            self.held(conversation_id)
        return known | set(found)

    def held(self, conversation_id: bytes) -> None:
        """A conversation is ours, and something is being done for it."""
        self._mine[conversation_id] = time.monotonic()

    def lost(self, conversation_id: bytes) -> None:
        """A conversation is another's, or nobody's."""
        self._mine.pop(conversation_id, None)

    async def give_back(self, busy: Callable[[bytes], bool]) -> None:
        """Gives back what is idle: other replicas then take its next message themselves."""
        now = time.monotonic()
        for conversation_id in [each for each in self._mine if busy(each)]:
            self._mine[conversation_id] = now
        idle = sorted(conversation_id for conversation_id, at in self._mine.items() if now - at > IDLE)
        if not idle:
            return
        for conversation_id in idle:  # first here: what arrives from now on asks again
            self._mine.pop(conversation_id, None)
        async with self._engine.begin() as connection:
            ours = tables.conversation.c.holder == self.holder
            await connection.execute(update(tables.conversation).where(tables.conversation.c.id.in_(idle), ours).values(holder=None))

    async def turn_of(self, work: str, seconds: float) -> bool:
        """Compare-and-set on the work's row: whoever changes it has it."""
        claim = tables.claim
        until = database_now() + int(seconds)
        statement = insert(claim).values(name=work, holder=self.holder, until=until)
        statement = statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": self.holder, "until": until},
            where=or_(claim.c.until <= database_now(), claim.c.holder == self.holder),
        )
        async with self._engine.begin() as connection:
            return (await connection.execute(statement.returning(claim.c.name))).first() is not None


def sharing_of(engine: AsyncEngine, *, database_url: str, key_store_url: str) -> Sharing:
    """How a process with these stores stands to others: replicas need both on PostgreSQL."""
    shared = [not url.startswith("sqlite") for url in (database_url, key_store_url)]
    if all(shared):
        return Replica(engine, database_url=database_url, key_store_url=key_store_url)
    return Single(database_url) if shared[0] else Alone()


def notify(connection: Connection, notices: Sequence[str], *, sender: bytes) -> None:
    """Tells the other processes once this transaction is committed. PostgreSQL tells `sender` as well, who knows it by its id."""
    if notices:
        told = [{"channel": CHANNEL, "payload": f"{one}:{sender.hex()}"} for one in notices]
        connection.execute(text("SELECT pg_notify(:channel, :payload)"), told)
