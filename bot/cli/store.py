"""The stores as commands use them: opened, migrated, closed again, beside a service that may be running."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.process import private_files
from bot.settings import Settings
from bot.storage.audit import AuditChain
from bot.storage.database import Engine, migrate, open_engine
from bot.storage.key_store import KeyStore
from bot.storage.pins import Pins
from bot.storage.reads import Reads
from bot.storage.staff import StaffStore
from bot.storage.writer import Writer


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """The database, to read and to write."""

    engine: Engine
    reads: Reads
    writer: Writer
    audit: AuditChain
    staff: StaffStore


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """The database of these settings for the length of a command."""
    private_files()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = open_engine(settings.database_url.get_secret_value())
    writer = Writer(engine)
    try:
        await migrate(engine, store="main")
        writer.start()
        yield Store(engine=engine, reads=Reads(engine), writer=writer, audit=AuditChain(engine, writer), staff=StaffStore(engine))
    finally:
        await writer.close()
        await engine.dispose()


@asynccontextmanager
async def pins_of(settings: Settings) -> AsyncIterator[Pins]:
    """What the service remembers apart from the database, for the length of a command. Beside a running service as well: it looks every
    20 seconds."""
    private_files()
    settings.keys_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = KeyStore(open_engine(settings.key_store.get_secret_value(), wal=False))
    try:
        await keys.open()
        yield keys.pins
    finally:
        await keys.close()
