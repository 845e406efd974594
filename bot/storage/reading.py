"""Single queries. With SQLite each is one way to a thread and back: through aiosqlite it is four, and between them the service does
something else, so that who waits for ten answers waits for forty turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Engine, Row, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage.database import open_engine, open_threaded
from bot.storage.faults import is_outage

AT_ONCE = 2  # queries of SQLite


class Reader:
    """Reads from a database that others write to: each query sees what was committed when it began. `engine` is what it reads with."""

    def __init__(self, url: str) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reader")
        known = make_url(url)
        self.engine: AsyncEngine | Engine
        if known.get_backend_name() == "sqlite":
            self.engine = open_threaded(known, connections=AT_ONCE, reading=True)
        else:
            self.engine = open_engine(url, reading=True)

    async def all(self, statement: Any) -> Sequence[Row[Any]]:
        """The rows of a query."""
        if isinstance(self.engine, AsyncEngine):
            return await _rows(self.engine, statement)
        return await asyncio.get_running_loop().run_in_executor(self._threads, _read, self.engine, statement)

    async def dispose(self) -> None:
        """Closes its connections."""
        self._threads.shutdown()
        if isinstance(self.engine, AsyncEngine):
            await self.engine.dispose()
        else:
            self.engine.dispose()


def _read(engine: Engine, statement: Any) -> Sequence[Row[Any]]:
    with engine.connect() as connection:
        return connection.execute(statement).all()


Source = Reader | AsyncEngine
Wrote = Callable[[bytes, bytes, bytes | None], bool]
"""Whether this service sealed a case to a recipient: by the case's id, the recipient's, and the tag of the row of `case_key`."""


def untold(case_id: bytes, recipient_id: bytes, tag: bytes | None) -> bool:
    """Of a store that was not told which rows of `case_key` are the service's: it names no readers. Raises ValueError."""
    raise ValueError("this store does not know who may read a case")


async def rows_of(source: Source, statement: Any) -> Sequence[Row[Any]]:
    """The rows of a query, from a reader or from any engine. It is asked once more if the connection that it was lent had died: after a
    restart of the server all in the pool have."""
    for last in (False, True):
        try:
            if isinstance(source, Reader):
                return await source.all(statement)
            return await _rows(source, statement)
        except Exception as error:
            if last or not is_outage(error):
                raise
    raise AssertionError("unreachable")


async def _rows(engine: AsyncEngine, statement: Any) -> Sequence[Row[Any]]:
    async with engine.connect() as connection:
        return (await connection.execute(statement)).all()
