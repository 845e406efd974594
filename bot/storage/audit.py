"""The audit chain in the database: appended to by any number of processes at once, never changed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.audit import ID_BYTES, Entry, Link, following
from actions.rows import Change, Insert, Require
from bot.storage import tables
from bot.storage.writer import Writer

_TRIES = 40
_PAUSE = 0.02  # seconds, at most, before the next try


class AuditChain:
    """The chain, over an engine to read with and the writer."""

    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine, self._writer = engine, writer

    async def links(self) -> list[Link]:
        """The whole chain, oldest first."""
        audit = tables.audit
        return await self._read(select(audit).order_by(audit.c.number))

    async def append(
        self, *, action: str, subject: bytes | None, actors: Sequence[bytes], at: int, along: Sequence[Change] = (),
        requires: Sequence[Require] = (),
    ) -> Link:  # fmt: skip
        """Adds an entry, and the rows of `along` in the same commit: all of it is durable on return, or nothing was written.

        The number is the primary key: of two who append at once one is refused, and tries again behind the other. Raises Moved if what
        `requires` names is not so.
        """
        audit = tables.audit
        attempt = 0
        while True:
            attempt += 1
            last = await self._read(select(audit).order_by(audit.c.number.desc()).limit(1))
            link = following(last[0] if last else None, at=at, action=action, subject=subject, actors=actors)
            row = {
                "number": link.entry.number, "at": at, "action": action, "subject": subject, "actors": b"".join(actors), "hash": link.hash,
            }  # fmt: skip
            try:
                await self._writer.write([*along, Insert(table="audit", row=row)], requires=requires)
            except IntegrityError:
                if attempt >= _TRIES:
                    raise
                await asyncio.sleep(random.uniform(0, _PAUSE))  # noqa: S311 (two that collided must not collide again)
                continue
            return link

    async def _read(self, statement: Select[Any]) -> list[Link]:
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement)).all()
        return [
            Link(
                entry=Entry(number=row.number, at=row.at, action=row.action, subject=row.subject, actors=_ids(row.actors or b"")),
                hash=row.hash,
            )
            for row in rows
        ]  # fmt: skip


def _ids(joined: bytes) -> tuple[bytes, ...]:
    return tuple(joined[at : at + ID_BYTES] for at in range(0, len(joined), ID_BYTES))
