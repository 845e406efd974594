"""Which way SQLite goes for what is asked: the statements of some work, and the tables that one of them reads from end to end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage.database import migrate, open_engine, sqlite_url


async def whole_reads(
    folder: Path, work: Callable[[AsyncEngine], Awaitable[Any]], *, known: Callable[[str], bool]
) -> list[tuple[str, str]]:  # fmt: skip
    """Does some work on an empty database; gives each line of a plan that is a scan, with its statement, but for those that are `known`
    to be short. Fails if nothing was asked."""
    engine = open_engine(sqlite_url(folder / "main.db"))
    await migrate(engine, store="main")
    asked: list[tuple[str, Any]] = []
    listener = lambda connection, cursor, statement, parameters, *rest: asked.append((statement, parameters))  # noqa: E731
    event.listen(engine.sync_engine, "before_cursor_execute", listener)
    await work(engine)
    event.remove(engine.sync_engine, "before_cursor_execute", listener)
    assert asked
    found: list[tuple[str, str]] = []
    async with engine.connect() as connection:
        for statement, parameters in asked:
            plan = [row[3] for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            found += [(line, statement) for line in plan if line.startswith("SCAN") and not known(line)]
    await engine.dispose()
    return found
