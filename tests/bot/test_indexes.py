"""What is asked at every message or every few seconds reads no table from end to end: SQLite's own plan is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, inspect

from bot.storage import tables
from bot.storage.database import migrate, open_engine, sqlite_url
from bot.storage.reads import Reads

ID = b"i" * 16
HOT: dict[str, Callable[[Reads], Awaitable[Any]]] = {
    "conversation": lambda reads: reads.conversation(ID),
    "located": lambda reads: reads.located([b"r" * 32]),
    "message": lambda reads: reads.message(1),
    "outgoing": lambda reads: reads.outgoing(1),
    "new_messages": lambda reads: reads.new_messages(),
    "waiting_sends": lambda reads: reads.waiting_sends(pull_channels=["web"]),
    "waiting_of": lambda reads: reads.waiting_of(ID),
    "refs_of": lambda reads: reads.refs_of(ID),
    "under_key": lambda reads: reads.under_key(ID),
    "own_keys": lambda reads: reads.own_keys(ID, [1]),
    "due_timers": lambda reads: reads.due_timers(1),
    "silent_since": lambda reads: reads.silent_since(1),
    "receipt": lambda reads: reads.receipt(b"l" * 32),
    "guesses": lambda reads: reads.guesses([b"s" * 32], 1),
    "counts": lambda reads: reads.counts(),
}
SMALL = {"hand_off"}  # one row a conversation that was handed to people


@pytest.mark.parametrize("name", sorted(HOT))
async def test_no_table_is_read_from_end_to_end(name: str, tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "main.db"))
    await migrate(engine, store="main")
    asked: list[tuple[str, Any]] = []
    listener = lambda connection, cursor, statement, parameters, *rest: asked.append((statement, parameters))  # noqa: E731
    event.listen(engine.sync_engine, "before_cursor_execute", listener)
    await HOT[name](Reads(engine))
    event.remove(engine.sync_engine, "before_cursor_execute", listener)
    assert asked
    async with engine.connect() as connection:
        for statement, parameters in asked:
            plan = [row[3] for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            whole = [line for line in plan if line.startswith("SCAN") and not _partial(line) and line.split()[1] not in SMALL]
            assert not whole, f"{statement}: {plan}"
    await engine.dispose()


def _partial(line: str) -> bool:
    """Whether a scan goes through an index of waiting rows alone."""
    return any(f" {name}" in line for name in ("inbox_new", "outbox_waiting", "outbox_dead"))


async def test_the_migrations_make_the_indexes_of_the_tables(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "main.db"))
    await migrate(engine, store="main")

    def made(connection: Any) -> set[tuple[str, str, tuple[str, ...]]]:
        found = inspect(connection)
        return {
            (table, str(index["name"]), tuple(str(column) for column in index["column_names"]))
            for table in found.get_table_names()
            for index in found.get_indexes(table)
        }

    async with engine.connect() as connection:
        there = await connection.run_sync(made)
    await engine.dispose()
    wanted = {
        (table.name, str(index.name), tuple(column.name for column in index.columns))
        for table in tables.metadata.tables.values()
        for index in table.indexes
    }
    assert wanted == there
