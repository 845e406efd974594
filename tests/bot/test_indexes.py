"""What is asked at every message or every few seconds reads no table from end to end: SQLite's own plan is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect

from bot.storage import tables
from bot.storage.database import migrate, open_engine, sqlite_url
from bot.storage.reads import Reads
from tests.bot.plans import whole_reads

ID = b"i" * 16
HOT: dict[str, Callable[[Reads], Awaitable[Any]]] = {
    "conversation": lambda reads: reads.conversation(ID),
    "located": lambda reads: reads.located([b"r" * 32]),
    "message": lambda reads: reads.message(1),
    "outgoing": lambda reads: reads.outgoing(1),
    "new_messages": lambda reads: reads.new_messages(),
    "waiting_sends": lambda reads: reads.waiting_sends(pull_channels=["web"]),
    "waiting_sends with a window": lambda reads: reads.waiting_sends(pull_channels=["web"], keeping=["whatsapp"], open_since=1),
    "due_deletions": lambda reads: reads.due_deletions(["whatsapp"], 1, 50),
    "outgoing_key": lambda reads: reads.outgoing_key(1),
    "prompt_sid": lambda reads: reads.prompt_sid(b"x" * 32),
    "waiting_of": lambda reads: reads.waiting_of(ID),
    "refs_of": lambda reads: reads.refs_of(ID),
    "under_key": lambda reads: reads.under_key(ID),
    "own_keys": lambda reads: reads.own_keys(ID, [1]),
    "due_timers": lambda reads: reads.due_timers(1),
    "silent_since": lambda reads: reads.silent_since(1),
    "receipt": lambda reads: reads.receipt(b"l" * 32),
    "all_cases": lambda reads: reads.all_cases(),
    "guesses": lambda reads: reads.guesses([b"s" * 32], 1),
    "counts": lambda reads: reads.counts(1),
}


@pytest.mark.parametrize("name", sorted(HOT))
async def test_no_table_is_read_from_end_to_end(name: str, tmp_path: Path) -> None:
    assert await whole_reads(tmp_path, lambda engine: HOT[name](Reads(engine)), known=_partial) == []


_SHORT = ("inbox_new", "outbox_waiting", "outbox_dead", "hand_off_open", "ix_cases_created_at")


def _partial(line: str) -> bool:
    """Whether a scan goes through an index of waiting rows alone, or through the newest cases up to its limit."""
    return any(f" {name}" in line for name in _SHORT)


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
