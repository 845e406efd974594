"""The one writer of a process: many turns share one commit.

Whoever wants rows written hands them over and waits; a task collects what came in while the last commit was on its way, and flushes it
with one statement per table and kind. A flush that fails is tried again turn by turn, so that one bad turn cannot lose the others.

What a write relies on is looked at in its own transaction, under the lock of the conversation's row (SQLite: under the one that the whole
file has): a message under a key that was changed or destroyed meanwhile, or, where several processes share the database, a turn of a
conversation that another one has by now, is not written.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.base import Executable

from actions.rows import Change, Delete, Insert, Require, Update
from bot.storage import tables
from bot.storage.database import BEGIN, open_threaded
from bot.storage.faults import Lost, Moved, Stale, is_double, outage_code
from bot.storage.sharing import MESSAGE, alive_holder, notice, notify

log = logging.getLogger(__name__)

MOST_JOBS = 400
_ID = tables.conversation.c.id
_KEYS = select(_ID, tables.conversation.c.key_id).where(_ID.in_(bindparam("ids", expanding=True))).order_by(_ID).with_for_update()


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """What a message relies on: its conversation is still under this key."""

    conversation_id: bytes
    key_id: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Fence:
    """What a turn relies on: its conversation is ours, and nobody has answered this message (None: a timer's turn)."""

    conversation_id: bytes
    inbox_id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What became of a write. `new` is False (as is the whole) if it was there before: nothing was written.

    `ours`: the message's conversation is this process's to answer; else `holder` has it. `earlier`: messages of it wait that may not be
    known to this process.
    """

    new: bool
    ours: bool = True
    holder: bytes | None = None
    earlier: bool = False

    def __bool__(self) -> bool:
        return self.new


@dataclass(slots=True)
class _Job:
    changes: Sequence[Change]
    dedupe: tuple[bytes, ...]
    arrival: Arrival | None
    fence: Fence | None
    notices: tuple[str, ...]
    requires: tuple[Require, ...]
    future: asyncio.Future[Written] = field(repr=False)


class Writer:
    """Durable group commits over one engine. `holder` is this process among others (`bot.storage.sharing`), None where it is alone."""

    def __init__(self, engine: AsyncEngine, metadata: Any = tables.metadata, *, holder: bytes | None = None) -> None:
        self._engine = engine
        # SQLite's commits are made in one thread, each in one way there and back: through aiosqlite every step of them is a way of its own.
        self._threaded = open_threaded(engine.url, connections=1) if engine.dialect.name == "sqlite" else None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._holder = holder
        self._tables: dict[str, Table] = dict(metadata.tables)
        self._jobs: list[_Job] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._statements: dict[tuple[Any, ...], Executable] = {}
        self._closing = False
        self.trouble = ""  # why the last commit failed, if that was the store's fault: a word of `bot.storage.faults`
        self.commits = 0
        self.flushed = 0

    def start(self) -> None:
        """Starts the task that flushes."""
        self._task = asyncio.create_task(self._run(), name="writer")

    async def close(self) -> None:
        """Flushes what is waiting and ends."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        self._thread.shutdown()
        if self._threaded is not None:
            self._threaded.dispose()

    async def write(
        self, changes: Iterable[Change], *, dedupe: tuple[bytes, ...] = (), arrival: Arrival | None = None, fence: Fence | None = None,
        notices: Sequence[str] = (), requires: Sequence[Require] = (),
    ) -> Written:  # fmt: skip
        """Returns once the rows are durable. With `dedupe`: False, and nothing is written, if an inbox row holds one of these already.

        `arrival`, `fence`, `requires` and the rows themselves say what they rely on; `notices` go to the other processes with the commit.
        Raises Stale, Lost or Moved if what was relied on is not so, and what the database raised if these rows could not be written even
        on their own.
        """
        if self._closing:
            raise RuntimeError("the writer is closed")
        shared, changes = self._holder is not None, tuple(changes)
        named = (each.relies for each in changes if isinstance(each, Insert) and each.relies is not None)
        job = _Job(
            changes=changes, dedupe=dedupe, arrival=arrival, fence=fence if shared else None,
            notices=tuple(notices) if shared else (), requires=(*requires, *named), future=asyncio.get_running_loop().create_future(),
        )  # fmt: skip
        self._jobs.append(job)
        self._wake.set()
        return await job.future

    async def probe(self) -> None:
        """Makes a commit that says nothing, to see whether the store takes one again. Raises what the store raised."""
        await self.write([Insert(table="claim", row={"name": "probe", "holder": b"", "until": 0}, replace=True)])

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._jobs:
                batch, self._jobs = self._jobs[:MOST_JOBS], self._jobs[MOST_JOBS:]
                await self._flush(batch)
            if self._closing:
                return

    async def _flush(self, batch: list[_Job]) -> None:
        # What relies on a row that another job of the same flush may change goes alone, after those that came before it.
        run: list[_Job] = []
        for job in batch:
            if not job.requires:
                run.append(job)
                continue
            if run:
                await self._together(run)
            await self._alone(job)
            run = []
        if run:
            await self._together(run)

    async def _together(self, batch: list[_Job]) -> None:
        try:
            results = await self._commit(batch)
        except Exception as error:
            if len(batch) > 1:
                log.warning("flush_failed", extra={"turns": len(batch), "error": type(error).__name__})
            elif not is_double(error):
                self._fail(batch[0], error)
                return
            for job in batch:
                await self._alone(job)
            return
        self._settle(batch, results)

    async def _alone(self, job: _Job) -> None:
        for last in (False, True):
            try:
                self._settle([job], await self._commit([job]))
            except Exception as error:
                # Another process wrote a row of the same key between our look and our commit: the next look sees it.
                if isinstance(error, Moved):
                    self._settle([job], {id(job): error})
                    return
                if last or not is_double(error):
                    self._fail(job, error)
                    return
            else:
                return

    @staticmethod
    def _settle(batch: list[_Job], results: dict[int, Written | Exception]) -> None:
        for job in batch:
            result = results[id(job)]
            if job.future.done():
                continue
            if isinstance(result, Exception):
                job.future.set_exception(result)
            else:
                job.future.set_result(result)

    def _fail(self, job: _Job, error: Exception) -> None:
        trouble = outage_code(error)
        if trouble:
            self.trouble = trouble
            log.error("write_failed", extra={"error": type(error).__name__, "code": trouble})
        elif not is_double(error):  # that one is the caller's to understand
            log.error("write_failed", extra={"error": type(error).__name__})
        if not job.future.done():
            job.future.set_exception(error)

    async def _commit(self, batch: list[_Job]) -> dict[int, Written | Exception]:
        """What became of each job, by its identity; raises if the transaction failed as a whole."""
        if self._threaded is not None:
            results = await asyncio.get_running_loop().run_in_executor(self._thread, self._commit_here, self._threaded, batch)
        else:
            async with self._engine.begin() as connection:
                results = await connection.run_sync(self._written, batch)
        self.trouble = ""
        self.commits += 1
        self.flushed += len(batch)
        return results

    def _commit_here(self, engine: Engine, batch: list[_Job]) -> dict[int, Written | Exception]:
        with engine.begin() as connection:
            connection.exec_driver_sql(BEGIN)
            return self._written(connection, batch)

    def _written(self, connection: Connection, batch: list[_Job]) -> dict[int, Written | Exception]:
        """Writes what holds of a batch, in a transaction that is open."""
        for job in batch:
            self._required(connection, job.requires)
        results = self._relied_on(connection, batch) if self._holder is not None else self._stale(connection, batch)
        going = [job for job in batch if not isinstance(results.get(id(job), True), Exception)]
        seen = self._doubles(connection, going)
        new: list[_Job] = []
        for job in going:
            if not seen.isdisjoint(job.dedupe) or results.get(id(job)) == Written(new=False):
                results[id(job)] = Written(new=False)
                continue
            seen.update(job.dedupe)
            new.append(job)
            results.setdefault(id(job), Written(new=True))
        for statement, rows in self._grouped(change for job in new for change in job.changes):
            connection.execute(statement, rows)
        if self._holder is not None:
            self._arrived(connection, new, results)
        return results

    def _required(self, connection: Connection, requires: Sequence[Require]) -> None:
        """Raises Moved unless every row is as it is relied on; until the commit nobody else changes it."""
        for require in requires:
            table = self._tables[require.table]
            where = [table.c[name] == value for name, value in require.key.items()]
            found = select(*(table.c[name] for name in require.values)).where(*where)
            row = connection.execute(found.with_for_update()).first()
            if row is None or tuple(row) != tuple(require.values.values()):
                raise Moved

    def _doubles(self, connection: Connection, batch: list[_Job]) -> set[bytes]:
        """Which de-duplication ids of these jobs are in the inbox."""
        wanted = [value for job in batch for value in job.dedupe]
        if not wanted:
            return set()
        found = connection.execute(select(tables.inbox.c.dedupe).where(tables.inbox.c.dedupe.in_(wanted)))
        return {row[0] for row in found}

    @staticmethod
    def _stale(connection: Connection, batch: list[_Job]) -> dict[int, Written | Exception]:
        """The messages whose conversation was forgotten, or got another key, since they were locked; where one process has them all."""
        relying = {id(job): job.arrival for job in batch if job.arrival is not None}
        if not relying:
            return {}
        keys = dict(map(tuple, connection.execute(_KEYS, {"ids": sorted({each.conversation_id for each in relying.values()})})))
        return {job: Stale() for job, each in relying.items() if keys.get(each.conversation_id) != each.key_id}

    def _relied_on(self, connection: Connection, batch: list[_Job]) -> dict[int, Written | Exception]:
        """Locks the conversations that these jobs rely on, in one order for all processes, and looks whether what they rely on is so.

        A conversation that nobody alive has becomes ours with the first message for it.
        """
        results: dict[int, Written | Exception] = {}
        relying = {id(job): (job.arrival or job.fence) for job in batch}
        wanted = sorted({each.conversation_id for each in relying.values() if each is not None})
        if not wanted:
            return results
        conversation, replica = tables.conversation, tables.replica
        statement = (
            select(conversation.c.id, conversation.c.key_id, conversation.c.holder, alive_holder().label("alive"))
            .outerjoin(replica, replica.c.id == conversation.c.holder)
            .where(conversation.c.id.in_(wanted))
            .order_by(conversation.c.id)
            .with_for_update(of=conversation)
        )
        rows = {row.id: row for row in connection.execute(statement)}
        ours = {row.id for row in rows.values() if row.holder == self._holder}
        free = {row.id for row in rows.values() if row.holder != self._holder and not row.alive}
        asked = [job.fence.inbox_id for job in batch if job.fence is not None and job.fence.inbox_id is not None]
        waiting = self._waiting(connection, asked) if asked else set()
        taken: set[bytes] = set()
        for job in batch:
            if job.arrival is not None:
                row = rows.get(job.arrival.conversation_id)
                if row is None or row.key_id != job.arrival.key_id:
                    results[id(job)] = Stale()
                else:
                    taken |= {row.id} & free
                    mine = row.id in ours or row.id in free
                    results[id(job)] = Written(new=True, ours=mine, holder=None if mine else row.holder)
            elif job.fence is not None:
                if job.fence.conversation_id not in ours:
                    results[id(job)] = Lost()
                elif job.fence.inbox_id is not None and job.fence.inbox_id not in waiting:
                    results[id(job)] = Written(new=False)  # answered, by a commit whose answer we did not hear
        if taken:
            connection.execute(update(conversation).where(conversation.c.id.in_(taken)).values(holder=self._holder))
        return results

    @staticmethod
    def _waiting(connection: Connection, inbox_ids: Sequence[int]) -> set[int]:
        inbox = tables.inbox.c
        return set(connection.execute(select(inbox.id).where(inbox.id.in_(inbox_ids), inbox.state == "new")).scalars())

    def _arrived(self, connection: Connection, new: list[_Job], results: dict[int, Written | Exception]) -> None:
        """Tells each holder of other conversations; finds out which of ours have messages that another process took in."""
        arrived = [job for job in new if job.arrival is not None]
        notices = [one for job in new for one in job.notices]
        mine: list[_Job] = []
        for job in arrived:
            result = results[id(job)]
            if isinstance(result, Written) and not result.ours and job.arrival is not None:
                notices.append(notice(MESSAGE, job.arrival.conversation_id, to=result.holder))
            else:
                mine.append(job)
        notify(connection, notices, sender=self._holder or b"")
        if not mine:
            return
        inbox = tables.inbox.c
        ids = {job.arrival.conversation_id for job in mine if job.arrival is not None}
        found = connection.execute(select(inbox.conversation_id).where(inbox.conversation_id.in_(ids), inbox.state == "new"))
        waiting = Counter(found.scalars())
        for job in mine:
            if job.arrival is not None and waiting[job.arrival.conversation_id] > 1:
                results[id(job)] = Written(new=True, earlier=True)

    def _grouped(self, changes: Iterable[Change]) -> Iterable[tuple[Executable, list[dict[str, Any]]]]:
        # The order of the groups is that of their first row; a turn never depends on the order between two of its own groups.
        groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for change in changes:
            match change:
                case Insert():
                    groups.setdefault(("insert", change.table, change.replace, tuple(change.row), change.add), []).append(dict(change.row))
                case Update():
                    row = {f"k_{name}": value for name, value in change.key.items()} | {f"v_{n}": v for n, v in change.values.items()}
                    groups.setdefault(("update", change.table, tuple(change.key), tuple(change.values)), []).append(row)
                case Delete():
                    row = {f"k_{name}": value for name, value in change.key.items()}
                    groups.setdefault(("delete", change.table, tuple(change.key)), []).append(row)
        for key, rows in groups.items():
            statement = self._statements.get(key)
            if statement is None:
                statement = self._statements[key] = self._statement(key)
            yield statement, rows

    def _statement(self, key: tuple[Any, ...]) -> Executable:
        table = self._tables[key[1]]
        if key[0] == "insert":
            return self._replace(table, key[3], key[4]) if key[2] or key[4] else insert(table)
        where = [table.c[name] == bindparam(f"k_{name}") for name in key[2]]
        if key[0] == "delete":
            return delete(table).where(*where)
        return update(table).where(*where).values({name: bindparam(f"v_{name}") for name in key[3]})

    def _replace(self, table: Table, columns: tuple[str, ...], add: tuple[str, ...]) -> Executable:
        dialect: Any = sqlite if self._engine.dialect.name == "sqlite" else postgresql
        statement = dialect.insert(table)
        primary = [column.name for column in table.primary_key]
        others = {name: statement.excluded[name] for name in columns if name not in primary}
        others |= {name: table.c[name] + statement.excluded[name] for name in add}
        if not others:
            return statement.on_conflict_do_nothing(index_elements=primary)  # type: ignore[no-any-return]
        return statement.on_conflict_do_update(index_elements=primary, set_=others)  # type: ignore[no-any-return]
