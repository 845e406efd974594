"""Throw-away stores of a benchmark: SQLite files, or databases in a PostgreSQL server of its own, or the empty ones that were named."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bot.errors import OperatorError
from bot.settings import load_settings

# As in production: a commit that was answered survives a power cut. No network, and room for many replicas' connections.
_SERVER = {
    "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "listen_addresses": "", "max_connections": "200",
    "shared_buffers": "256MB", "max_wal_size": "4GB", "log_min_messages": "fatal",
}  # fmt: skip
_DISK = Path("/var/tmp")  # /tmp may lie in memory, and a server under another user may not enter a home folder


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """Where databases are made. `process` is the server's first process, None where it is not ours; `folder` is on the disk of the
    commits."""

    database: str
    folder: Path
    process: int | None
    pairs: Iterator[Mapping[str, Any]]

    def pair(self) -> Mapping[str, Any]:
        """What `load_settings` is given for one more pair of stores."""
        return next(self.pairs)


def address(url: str) -> str:
    """A database's address as asyncpg takes it, from what SQLAlchemy takes."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


@contextmanager
def server(database: str, *, named: bool = False) -> Iterator[Server]:
    """Stores on "sqlite" or "postgresql", gone afterwards. `named`: those of RUANG_AMAN_DATABASE_URL and RUANG_AMAN_KEY_STORE if both are
    PostgreSQL; they must be empty, and what was written stays there. Raises OperatorError if there is no PostgreSQL to use."""
    given = load_settings()
    urls = {name: getattr(given, name).get_secret_value() for name in ("database_url", "key_store")}
    theirs = named and database == "postgresql" and not any(url.startswith("sqlite") for url in urls.values())
    base = Path(tempfile.mkdtemp(prefix="ruang-aman-bench-", dir=Path.cwd()))
    try:
        if database == "sqlite":
            yield Server(database="sqlite synchronous=FULL", folder=base, process=None, pairs=_files(base))
        elif theirs:
            asyncio.run(_empty(urls["database_url"]))
            yield Server(database="postgresql, named", folder=base, process=None, pairs=_again(base, urls))
        else:
            with _own(base) as made:
                yield made
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _files(base: Path) -> Iterator[Mapping[str, Any]]:
    while True:
        yield {"data_dir": Path(tempfile.mkdtemp(dir=base))}


def _again(base: Path, urls: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    while True:
        yield {"data_dir": base, **urls}


@contextmanager
def _own(base: Path) -> Iterator[Server]:
    try:
        from tests.postgres import PostgresServer, binaries
    except ModuleNotFoundError:
        raise OperatorError("The benchmarks are not part of this installation: run this in a checkout of the project.") from None
    if binaries() is None:
        raise OperatorError(
            "PostgreSQL is not installed here: apt install postgresql, or name an empty database with RUANG_AMAN_DATABASE_URL and "
            "another with RUANG_AMAN_KEY_STORE."
        )
    own = PostgresServer(_SERVER, base=_DISK if _DISK.is_dir() else None)

    def pairs() -> Iterator[Mapping[str, Any]]:
        while True:
            folder = Path(tempfile.mkdtemp(dir=base))
            yield {"data_dir": folder, "database_url": own.url(own.create()), "key_store": own.url(own.create())}

    try:
        version = own.sql("SHOW server_version").split()[0]
        yield Server(database=f"postgresql {version} fsync=on", folder=own.folder, process=own.process(), pairs=pairs())
    finally:
        own.end()


async def _empty(url: str) -> None:
    """Raises OperatorError unless nobody's conversation or case is in this database: a benchmark writes thousands of its own."""
    try:
        connection = await asyncpg.connect(address(url), timeout=10)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        raise OperatorError("The database cannot be opened: check RUANG_AMAN_DATABASE_URL.") from None
    try:
        for table in ("conversation", "cases", "receipt", "unit"):
            there = await connection.fetchval("SELECT to_regclass($1)", table) is not None
            if there and await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):
                raise OperatorError(
                    "The database that RUANG_AMAN_DATABASE_URL names is in use, and a benchmark would fill it: name an empty one, or none."
                )
    finally:
        await connection.close()
