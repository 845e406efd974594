"""Which database the tests run on: SQLite, or PostgreSQL with RUANG_AMAN_TEST_STORE=postgresql. A folder stands for one pair of stores."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.pool import NullPool

from bot.settings import PREFIX
from bot.storage import tables
from bot.storage.database import migrate, open_engine
from tests.newest_schema import apart
from tests.postgres import server

ON_POSTGRES = os.environ.get(f"{PREFIX}TEST_STORE", "sqlite") == "postgresql"

postgres_only = pytest.mark.skipif(not ON_POSTGRES, reason="about a database server")
sqlite_only = pytest.mark.skipif(ON_POSTGRES, reason="about SQLite's own files")

_made: dict[Path, dict[str, str]] = {}
_FILES = {"database_url": Path("ruang-aman.db"), "key_store": Path("keys/keys.db")}


@cache
def _template(store: str) -> str:
    """A migrated database that new ones are copied from: migrating takes a second, copying a twentieth of it."""
    name = server().create()

    async def prepare() -> None:
        engine = open_engine(server().url(name))
        await migrate(engine, store=store)
        await engine.dispose()

    apart(prepare())
    return name


def on_postgres(folder: Path) -> dict[str, str]:
    """The settings that name two databases in PostgreSQL for a data directory; the same folder has the same ones."""
    if folder not in _made:
        pg = server()
        names = {"database_url": "main", "key_store": "keys"}
        _made[folder] = {setting: pg.url(pg.create(template=_template(store))) for setting, store in names.items()}
    return _made[folder]


def stores(folder: Path) -> dict[str, str]:
    """The settings that name the stores of a data directory on the database that is asked for. Empty on SQLite: the defaults."""
    return on_postgres(folder) if ON_POSTGRES else {}


def given(folder: Path, **settings: Any) -> dict[str, Any]:
    """What `load_settings` is given for a data directory. No test installs, trains or starts Rasa but those that are about it."""
    return {"data_dir": folder, "nlu_url": "off", **stores(folder), **settings}


def environment(folder: Path) -> dict[str, str]:
    """The same as variables, for a program of its own."""
    return {f"{PREFIX}{name.upper()}": str(value) for name, value in given(folder).items()}


def copied(source: Path, target: Path) -> None:
    """Copies a data directory, and its stores with it: databases on the server, or SQLite's files, whose rows go to the database that is
    asked for."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    if source in _made:
        _made[target] = {setting: server().url(server().copy(_name(url))) for setting, url in _made[source].items()}
    elif ON_POSTGRES:
        for setting, metadata in (("database_url", tables.metadata), ("key_store", tables.key_metadata)):
            file = target / _FILES[setting]
            if file.exists():
                apart(_carried(file, on_postgres(target)[setting], metadata.sorted_tables))
                for path in file.parent.glob(f"{file.name}*"):
                    path.unlink()  # so that nothing is read there by mistake


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def lost(folder: Path) -> None:
    """A data directory's database is gone, its key store is there: an empty one is in its place."""
    if folder in _made:
        _made[folder] |= {"database_url": server().url(server().create(template=_template("main")))}
    for path in folder.glob("ruang-aman.db*"):
        path.unlink()


async def _carried(file: Path, url: str, of: Sequence[Any]) -> None:
    engine = open_engine(url, pool=NullPool)
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        async with engine.begin() as into:
            for table in of:
                rows = [dict(row) for row in connection.execute(f'SELECT * FROM "{table.name}"')]
                if rows:
                    await into.execute(insert(table), rows)
    await engine.dispose()


def on_server(file: Path) -> str | None:
    """The address of the database in PostgreSQL that stands for a data directory's SQLite file; None if it is that file."""
    for setting, place in _FILES.items():
        if file.name == place.name:
            return _made.get(file.parents[len(place.parts) - 1], {}).get(setting)
    return None


def run(file: Path, statement: str, *values: Any) -> list[dict[str, Any]]:
    """One statement on a store past the service, committed; `?` stands for a value. `file` is SQLite's, or would be."""
    url = on_server(file)
    if url is not None:
        found: list[dict[str, Any]] = apart(_run(url, statement, values))
        return found
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(statement, values)]


async def _run(url: str, statement: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    for number in range(1, len(values) + 1):
        statement = statement.replace("?", f"${number}", 1)
    engine = open_engine(url, pool=NullPool)
    try:
        async with engine.begin() as connection:
            result = await connection.exec_driver_sql(statement, tuple(values))
            return [dict(row) for row in result.mappings()] if result.returns_rows else []
    finally:
        await engine.dispose()


def refusing(table: str, event: str, words: str) -> list[str]:
    """Statements after which the database refuses an event (INSERT, UPDATE) on a table, with these words."""
    if not ON_POSTGRES:
        return [f"CREATE TRIGGER refused BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, '{words}'); END"]
    return [
        f"CREATE OR REPLACE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION '{words}'; END $$ LANGUAGE plpgsql",
        f"CREATE TRIGGER refused BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()",
    ]


def accepting(table: str) -> str:
    """The statement that undoes `refusing`."""
    return f"DROP TRIGGER refused ON {table}" if ON_POSTGRES else "DROP TRIGGER refused"
