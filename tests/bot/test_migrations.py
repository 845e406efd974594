"""An upgrade that is interrupted: the database is as it was, and the next start brings it to the newest revision, with all its rows."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event

from bot.storage.database import migrate, open_engine, revisions, sqlite_url, upgrade
from tests.stores import sqlite_only

pytestmark = sqlite_only  # PostgreSQL ends a transaction for no statement

NEWEST = {store: max(revisions(store)) for store in ("main", "keys")}
CASE = (
    "INSERT INTO cases (id, kind, status, urgency, language, public_key, created_at) VALUES (?, 'report', 'stored', 'child', 'id', 'k', 1)"
)
KEY = "INSERT INTO conversation_key (id, key, created_at) VALUES (?, 'k', 1)"
ROWS = {"main": ("cases", CASE), "keys": ("conversation_key", KEY)}
MOMENTS = [
    ("main", "0001", "UPDATE hand_off SET waiting_since"),  # in the midst of 0004, which makes tables anew
    ("main", "0005", "CREATE INDEX cases_due"),  # in 0006: what it added is there, what it fills in too
    ("main", "0005", "UPDATE hand_off SET ended"),  # 0008
    ("main", "0008", "ALTER TABLE cases ADD COLUMN added_due"),  # in the last one
    ("keys", "0001", "CREATE TABLE pin"),
]  # fmt: skip


class Interrupted(Exception):
    """The power fails, or the disk is full."""


def old(file: Path, store: str, revision: str) -> None:
    """A database of an older program, with five rows."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        upgrade(connection, store=store, revision=revision)
    engine.dispose()
    with closing(sqlite3.connect(file)) as raw, raw:
        if store == "main":
            raw.execute("PRAGMA journal_mode=WAL")
        raw.executemany(ROWS[store][1], [(bytes([number]) * 16,) for number in range(5)])


def schema(file: Path) -> tuple[list[Any], list[Any]]:
    with closing(sqlite3.connect(file)) as raw:
        made = raw.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
        return made, raw.execute("SELECT version_num FROM alembic_version").fetchall()


@contextmanager
def interrupted(engine: Engine, before: str, killed: Path) -> Iterator[None]:
    """Ends the work on an engine before a statement, and puts into `killed` the files as a kill in that moment leaves them."""

    def end(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if " ".join(statement.split()).startswith(before):
            for file in Path(str(engine.url.database)).parent.iterdir():
                shutil.copy(file, killed / file.name)
            raise Interrupted

    event.listen(engine, "before_cursor_execute", end)
    yield
    event.remove(engine, "before_cursor_execute", end)


@pytest.mark.parametrize(("store", "revision", "before"), MOMENTS)
async def test_an_interrupted_upgrade_changes_nothing_and_the_next_start_ends_it(
    tmp_path: Path, store: str, revision: str, before: str
) -> None:  # fmt: skip
    broken, killed = tmp_path / "broken", tmp_path / "killed"
    broken.mkdir(), killed.mkdir()
    old(broken / "old.db", store, revision)
    was = schema(broken / "old.db")
    engine = open_engine(sqlite_url(broken / "old.db"), wal=store == "main")
    with interrupted(engine.sync_engine, before, killed), pytest.raises(Interrupted):
        await migrate(engine, store=store)
    await engine.dispose()
    for file in (broken / "old.db", killed / "old.db"):
        assert schema(file) == was, file.parent.name
        engine = open_engine(sqlite_url(file), wal=store == "main")
        await migrate(engine, store=store)
        await engine.dispose()
        assert schema(file)[1] == [(NEWEST[store],)]
        with closing(sqlite3.connect(file)) as raw:
            assert raw.execute(f"SELECT count(*) FROM {ROWS[store][0]}").fetchall() == [(5,)]


async def test_a_database_that_is_new_already_is_only_read(tmp_path: Path) -> None:
    """A command beside a running service, or on a copy that it may not write to, waits for nobody."""
    file = tmp_path / "new.db"
    engine = open_engine(sqlite_url(file))
    await migrate(engine, store="main")
    with closing(sqlite3.connect(file, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        event.listen(engine.sync_engine, "connect", lambda connection, record: connection.cursor().execute("PRAGMA busy_timeout=0"))
        await migrate(engine, store="main")
    await engine.dispose()
