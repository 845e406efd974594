"""Opening a database: SQLite with the settings that durability and erasure need, or PostgreSQL by URL; and migrating it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import OperatorError

Engine = AsyncEngine
MIGRATIONS = Path(__file__).parent / "migrations"

# FULL: a 2xx to a platform means that the message survives a power cut. secure_delete: what is deleted is overwritten.
_SQLITE = ("PRAGMA synchronous=FULL", "PRAGMA secure_delete=ON", "PRAGMA busy_timeout=10000", "PRAGMA temp_store=MEMORY")


def open_engine(url: str, *, wal: bool = True, reading: bool = False) -> AsyncEngine:
    """An engine for a database URL. `wal` chooses SQLite's journal: the key store has none, so that no dead key stays in a log.

    `reading` is for single queries alone: each sees what was committed when it began, and no transaction has to be opened and closed.
    """
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None} if reading else {}
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_size=4, max_overflow=4, hide_parameters=True, **options)
    engine = create_async_engine(url, hide_parameters=True, pool_size=2, max_overflow=0, **options)

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
        for pragma in _SQLITE:
            cursor.execute(pragma)
        cursor.close()

    return engine


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite+aiosqlite:///{path}"


class StoreError(OperatorError):
    """A database cannot be opened. Its address stays unsaid: it may hold a password."""

    def __init__(self, store: str) -> None:
        setting = "RUANG_AMAN_DATABASE_URL" if store == "main" else "RUANG_AMAN_KEY_STORE"
        what = "database" if store == "main" else "key store"
        super().__init__(f"The {what} cannot be opened: check {setting} and RUANG_AMAN_DATA_DIR, and that this user may write there.")


async def migrate(engine: AsyncEngine, *, store: str) -> None:
    """Brings a database to the newest revision. `store` is "main" or "keys": each has migrations of its own. Raises StoreError."""

    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS / store))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    try:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(store) from error


async def truncate_wal(engine: AsyncEngine) -> None:
    """Empties SQLite's write-ahead log, so that what was erased is not left in it. Nothing to do elsewhere."""
    if engine.dialect.name == "sqlite":
        async with engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            await asyncio.sleep(0)
