"""The one writer: many turns share one commit.

Whoever wants rows written hands them over and waits; a task collects what came in while the last commit was on its way, and flushes it
with one statement per table and kind. A flush that fails is tried again turn by turn, so that one bad turn cannot lose the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.base import Executable

from actions.rows import Change, Delete, Insert, Update
from bot.storage import tables

log = logging.getLogger(__name__)

MOST_JOBS = 400


@dataclass(slots=True)
class _Job:
    changes: Sequence[Change]
    dedupe: tuple[bytes, ...]
    future: asyncio.Future[bool]


class Writer:
    """Durable group commits over one engine."""

    def __init__(self, engine: AsyncEngine, metadata: Any = tables.metadata) -> None:
        self._engine = engine
        self._tables: dict[str, Table] = dict(metadata.tables)
        self._jobs: list[_Job] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._statements: dict[tuple[Any, ...], Executable] = {}
        self._closing = False
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

    async def write(self, changes: Iterable[Change], *, dedupe: tuple[bytes, ...] = ()) -> bool:
        """Returns once the rows are durable. With `dedupe`: False, and nothing is written, if an inbox row holds one of these already.

        Raises what the database raised if these rows could not be written even on their own.
        """
        if self._closing:
            raise RuntimeError("the writer is closed")
        job = _Job(tuple(changes), dedupe, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        self._wake.set()
        return await job.future

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
        try:
            new = await self._commit(batch)
        except Exception as error:
            if len(batch) == 1:
                self._fail(batch[0], error)
                return
            log.warning("flush_failed", extra={"turns": len(batch), "error": type(error).__name__})
            for job in batch:
                try:
                    single = await self._commit([job])
                except Exception as alone:
                    self._fail(job, alone)
                else:
                    self._settle(job, job in single)
            return
        kept = {id(job) for job in new}
        for job in batch:
            self._settle(job, id(job) in kept)

    @staticmethod
    def _settle(job: _Job, written: bool) -> None:
        if not job.future.done():
            job.future.set_result(written)

    @staticmethod
    def _fail(job: _Job, error: Exception) -> None:
        log.error("write_failed", extra={"error": type(error).__name__})
        if not job.future.done():
            job.future.set_exception(error)

    async def _commit(self, batch: list[_Job]) -> list[_Job]:
        async with self._engine.begin() as connection:
            new = await self._without_doubles(connection, batch)
            for statement, rows in self._grouped(change for job in new for change in job.changes):
                await connection.execute(statement, rows)
        self.commits += 1
        self.flushed += len(batch)
        return new

    async def _without_doubles(self, connection: AsyncConnection, batch: list[_Job]) -> list[_Job]:
        wanted = [value for job in batch for value in job.dedupe]
        if not wanted:
            return batch
        found = await connection.execute(select(tables.inbox.c.dedupe).where(tables.inbox.c.dedupe.in_(wanted)))
        seen = {row[0] for row in found}
        new: list[_Job] = []
        for job in batch:
            if seen.isdisjoint(job.dedupe):
                seen.update(job.dedupe)
                new.append(job)
        return new

    def _grouped(self, changes: Iterable[Change]) -> Iterable[tuple[Executable, list[dict[str, Any]]]]:
        # The order of the groups is that of their first row; a turn never depends on the order between two of its own groups.
        groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for change in changes:
            match change:
                case Insert():
                    groups.setdefault(("insert", change.table, change.replace, tuple(change.row)), []).append(dict(change.row))
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
            return self._replace(table, key[3]) if key[2] else insert(table)
        where = [table.c[name] == bindparam(f"k_{name}") for name in key[2]]
        if key[0] == "delete":
            return delete(table).where(*where)
        return update(table).where(*where).values({name: bindparam(f"v_{name}") for name in key[3]})

    def _replace(self, table: Table, columns: tuple[str, ...]) -> Executable:
        dialect: Any = sqlite if self._engine.dialect.name == "sqlite" else postgresql
        statement = dialect.insert(table)
        primary = [column.name for column in table.primary_key]
        others = {name: statement.excluded[name] for name in columns if name not in primary}
        if not others:
            return statement.on_conflict_do_nothing(index_elements=primary)  # type: ignore[no-any-return]
        return statement.on_conflict_do_update(index_elements=primary, set_=others)  # type: ignore[no-any-return]
