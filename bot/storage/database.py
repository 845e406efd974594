"""Opening a database: SQLite with the settings that durability and erasure need, or PostgreSQL by URL; and migrating it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy import Engine as SyncEngine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import Pool

from bot.errors import OperatorError

Engine = AsyncEngine
_MIGRATION_LOCK = 0x52A_A0
MIGRATIONS = Path(__file__).parent / "migrations"

# FULL: a 2xx to a platform means that the message survives a power cut. secure_delete: what is deleted is overwritten.
_SQLITE = ("PRAGMA synchronous=FULL", "PRAGMA secure_delete=ON", "PRAGMA busy_timeout=10000", "PRAGMA temp_store=MEMORY")


# With no transaction there is none to open or to end.
_READING: Mapping[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None, "skip_autocommit_rollback": True}

# A commit that was answered survives a power cut there too, whatever the server's own default is; a call that hangs is given up.
_POSTGRES = {
    "timeout": 10.0,
    "command_timeout": 60.0,
    "server_settings": {"application_name": "ruang-aman", "synchronous_commit": "on", "lock_timeout": "20000"},
}


def open_engine(url: str, *, wal: bool = True, reading: bool = False, pool: type[Pool] | None = None) -> AsyncEngine:
    """An engine for a database URL. `wal` chooses SQLite's journal: the key store has none, so that no dead key stays in a log.

    `reading` is for single queries alone: each sees what was committed when it began, and no transaction has to be opened and closed.
    `pool` is another pool than the usual one (PostgreSQL).
    """
    options: dict[str, Any] = {}
    if reading:
        options = dict(_READING)
    if not url.startswith("sqlite"):
        options |= {"poolclass": pool} if pool is not None else {"pool_size": 5, "max_overflow": 0}
        return create_async_engine(url, hide_parameters=True, connect_args=_POSTGRES, **options)
    engine = create_async_engine(url, hide_parameters=True, pool_size=2, max_overflow=0, **options)

    _prepared(engine.sync_engine, (f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}", *_SQLITE))
    return engine


def open_threaded(url: URL, *, connections: int, reading: bool = False) -> SyncEngine:
    """An engine for SQLite, to be used in threads (`bot.storage.reading`, `bot.storage.writer`); the journal is the file's own."""
    options = _READING if reading else {}
    engine = create_engine(url.set(drivername="sqlite"), hide_parameters=True, pool_size=connections, max_overflow=0, **options)
    _prepared(engine, (*_SQLITE, "PRAGMA query_only=ON") if reading else _SQLITE)
    return engine


def _prepared(engine: SyncEngine, pragmas: Sequence[str]) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite+aiosqlite:///{path}"


# The driver begins none of its own for a change of the schema, nor for a look: those would be outside of what follows.
BEGIN = "BEGIN IMMEDIATE"


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that changes what it has looked at, the schema too, all or nothing. On SQLite nobody else writes from its beginning on;
    PostgreSQL locks rows as they are asked for."""
    async with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            await connection.exec_driver_sql(BEGIN)
        yield connection


class StoreError(OperatorError):
    """A database cannot be opened. Its address stays unsaid: it may hold a password."""

    def __init__(self, store: str) -> None:
        setting = "RUANG_AMAN_DATABASE_URL" if store == "main" else "RUANG_AMAN_KEY_STORE"
        what = "database" if store == "main" else "key store"
        super().__init__(f"The {what} cannot be opened: check {setting} and RUANG_AMAN_DATA_DIR, and that this user may write there.")


@contextmanager
def unusable(store: str) -> Iterator[None]:
    """What a database raises inside becomes a StoreError: "main" or "keys"."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StoreError(store) from error


def _config(store: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS / store))
    return config


def revisions(store: str) -> frozenset[str]:
    """Every revision of a store's schema that this program knows."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config(store)).walk_revisions())


def _is_newest(connection: Connection, store: str) -> bool:
    heads = ScriptDirectory.from_config(_config(store)).get_heads()
    return set(MigrationContext.configure(connection).get_current_heads()) == set(heads)


def upgrade(connection: Connection, *, store: str, revision: str = "head") -> None:
    """Brings a database to a revision, inside the connection's transaction; on SQLite that has to be one of `writing`."""
    if connection.dialect.name == "postgresql":  # replicas that start at the same moment: one migrates, the others then find it done
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
    config = _config(store)
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


async def migrate(engine: AsyncEngine, *, store: str) -> None:
    """Brings a database to the newest revision. `store` is "main" or "keys": each has migrations of its own. Raises StoreError."""
    with unusable(store):
        if engine.dialect.name == "sqlite" and engine.url.database:
            # aiosqlite's thread outlives a connection that could not be made, and speaks to a loop that has ended by then.
            with closing(sqlite3.connect(engine.url.database, timeout=10)) as probe:
                probe.execute("PRAGMA schema_version").fetchone()
        async with engine.connect() as connection:
            if await connection.run_sync(_is_newest, store):
                return
        async with writing(engine) as connection:
            await connection.run_sync(lambda there: upgrade(there, store=store))


async def truncate_wal(engine: AsyncEngine) -> None:
    """Empties SQLite's write-ahead log, so that what was erased is not left in it. Nothing to do elsewhere."""
    if engine.dialect.name == "sqlite":
        async with engine.connect() as connection:
            # While a backup reads, the log cannot be emptied: who waits for that keeps every writer waiting as well. It is tried again.
            await connection.exec_driver_sql("PRAGMA busy_timeout=500")
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            await connection.exec_driver_sql("PRAGMA busy_timeout=10000")
            await asyncio.sleep(0)
