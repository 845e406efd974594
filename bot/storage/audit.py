"""The audit chain in the database: appended to by any number of processes at once, never changed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.exc import IntegrityError

from actions.audit import FOR_ALL, ID_BYTES, Entry, Link, following
from actions.rows import Change, Insert, Require
from bot.storage import tables
from bot.storage.faults import is_double
from bot.storage.reading import Source, rows_of
from bot.storage.writer import Writer

_TRIES = 40
_PAUSE = 0.02  # seconds, at most, before the next try


class AuditChain:
    """The chain, over an engine to read with and the writer."""

    def __init__(self, engine: Source, writer: Writer) -> None:
        self._engine, self._writer = engine, writer

    async def links(self) -> list[Link]:
        """The whole chain, oldest first."""
        audit = tables.audit
        return await self._read(select(audit).order_by(audit.c.number))

    async def links_from(self, number: int, *, most: int) -> list[Link]:
        """Links from a number on, oldest first, `most` of them."""
        audit = tables.audit
        return await self._read(select(audit).where(audit.c.number >= number).order_by(audit.c.number).limit(most))

    async def head(self) -> Link | None:
        """The newest link."""
        found = await self._read(select(tables.audit).order_by(tables.audit.c.number.desc()).limit(1))
        return found[0] if found else None

    async def of_unit(self, unit_id: bytes, *, before: int | None, most: int) -> list[Link]:
        """The newest links that concern a unit, newest first, before a number: what was done to its cases, hand-offs, files and colleagues,
        to itself, and what its colleagues did; and what was decided for all units."""
        audit, key, staff = tables.audit.c, tables.case_key.c, tables.staff.c
        cases = select(key.case_id).where(key.recipient_id == unit_id)
        people = select(staff.id).where(staff.unit_id == unit_id)
        concerns = or_(
            audit.subject == unit_id, audit.action.in_(FOR_ALL), audit.subject.in_(cases), audit.subject.in_(people),
            audit.subject.in_(select(tables.hand_off.c.id).where(tables.hand_off.c.case_id.in_(cases))),
            audit.subject.in_(select(tables.evidence.c.id).where(tables.evidence.c.case_id.in_(cases))),
            func.substr(audit.actors, 1, ID_BYTES).in_(people),
        )  # fmt: skip
        query = select(tables.audit).where(concerns).order_by(audit.number.desc()).limit(most)
        return await self._read(query if before is None else query.where(audit.number < before))

    async def append(
        self, *, action: str, subject: bytes | None, actors: Sequence[bytes], at: int, along: Sequence[Change] = (),
        requires: Sequence[Require] = (), notices: Sequence[str] = (),
    ) -> Link:  # fmt: skip
        """Adds an entry, and the rows of `along` in the same commit: all of it is durable on return, or nothing was written. `notices` go
        to other processes with it.

        The number is the primary key: of two who append at once one is refused, and tries again behind the other. Raises Moved if what
        `requires` names is not so, and what the database raised if it is a row of `along` that it does not take.
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
                await self._writer.write([*along, Insert(table="audit", row=row)], requires=requires, notices=notices)
            except IntegrityError as error:
                if attempt >= _TRIES or not is_double(error) or not await self.links_from(link.entry.number, most=1):
                    raise
                await asyncio.sleep(random.uniform(0, _PAUSE))  # noqa: S311 (two that collided must not collide again)
                continue
            return link

    async def _read(self, statement: Select[Any]) -> list[Link]:
        rows = await rows_of(self._engine, statement)
        return [
            Link(
                entry=Entry(number=row.number, at=row.at, action=row.action, subject=row.subject, actors=_ids(row.actors or b"")),
                hash=row.hash,
            )
            for row in rows
        ]  # fmt: skip


def _ids(joined: bytes) -> tuple[bytes, ...]:
    return tuple(joined[at : at + ID_BYTES] for at in range(0, len(joined), ID_BYTES))
