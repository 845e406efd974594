"""Databases that are made at the newest schema. Going through every revision takes a quarter of a second, which more than a thousand tests
would wait for. Programs that tests start go through them all, and so do the tests of the migrations."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import database

_VERSION = "SELECT version_num FROM alembic_version"
_by_every_revision = database.migrate


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs it to its end in a loop of its own: the caller may be inside one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@cache
def _template(store: str) -> Path:
    """A SQLite file that went through every revision."""
    file = Path(_folder().name) / f"{store}.db"

    async def make() -> None:
        engine = database.open_engine(database.sqlite_url(file))
        await _by_every_revision(engine, store=store)
        await engine.dispose()

    apart(make())
    return file


@cache
def _newest(store: str) -> list[Any]:
    with closing(sqlite3.connect(_template(store))) as template:
        return template.execute(_VERSION).fetchall()


async def migrate(engine: AsyncEngine, *, store: str) -> None:
    """Brings a database to the newest revision, as `bot.storage.database.migrate` does."""
    if engine.dialect.name == "sqlite":
        done = bool(engine.url.database) and _done(Path(str(engine.url.database)), store)
    else:
        with database.unusable(store):
            async with engine.connect() as connection:
                done = await connection.run_sync(_is_newest, store)
    if not done:
        await _by_every_revision(engine, store=store)


def _done(file: Path, store: str) -> bool:
    """Whether a file of SQLite's is at the newest revision; one that is not there is made."""
    try:
        if not file.exists():
            shutil.copyfile(_template(store), file)
            return True
        with closing(sqlite3.connect(file, timeout=10)) as there:
            return there.execute(_VERSION).fetchall() == _newest(store)
    except (OSError, sqlite3.Error):
        return False  # who goes through the revisions says what is wrong


def _is_newest(connection: Connection, store: str) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    return [tuple(row) for row in connection.exec_driver_sql(_VERSION)] == _newest(store)
