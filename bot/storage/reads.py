"""What is read from the database. Reads of many turns that come in at the same moment share one query."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import tables

_TOGETHER = 300
_AT_A_TIME = 500  # rows of work that is taken up in portions


@dataclass(frozen=True, kw_only=True, slots=True)
class Located:
    """The conversation that an address belongs to. `day` is the day of the row that was found, `address` the conversation's own, locked."""

    conversation_id: bytes
    key_id: bytes
    day: int
    address: bytes


def _answer(waiting: dict[bytes, list[asyncio.Future[Any]]], found: Mapping[bytes, Any]) -> None:
    for key, futures in waiting.items():
        for future in futures:
            if not future.done():
                future.set_result(found.get(key))


class Reads:
    """All queries of the service, over one engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._wanted: dict[bytes, list[asyncio.Future[Any]]] = {}
        self._addresses: dict[bytes, list[asyncio.Future[Any]]] = {}
        self._busy = False
        self._task: asyncio.Task[None] | None = None

    async def conversation(self, conversation_id: bytes) -> Row[Any] | None:
        """A conversation's row, or None."""
        row: Row[Any] | None = await self._asked(self._wanted, conversation_id)
        return row

    async def located(self, row_keys: Sequence[bytes]) -> Located | None:
        """The conversation under any of an address's row keys (newest first), or None."""
        # All are asked before the first is waited for: they share a query.
        asked = [self._asked(self._addresses, key) for key in row_keys]
        found: list[Located | None] = [await future for future in asked]
        return next((row for row in found if row is not None), None)

    def _asked(self, waiting: dict[bytes, list[asyncio.Future[Any]]], key: bytes) -> asyncio.Future[Any]:
        """A question for the next query. Not a coroutine: it must be in `waiting` before anything else runs, since a query that begins
        takes the whole dictionary with it."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        waiting.setdefault(key, []).append(future)
        if not self._busy:
            self._busy = True
            self._task = asyncio.get_running_loop().create_task(self._serve())
        return future

    async def _serve(self) -> None:
        await asyncio.sleep(0)
        try:
            while self._wanted or self._addresses:
                sessions, self._wanted = self._wanted, {}
                addresses, self._addresses = self._addresses, {}
                try:
                    async with self._engine.connect() as connection:
                        await self._serve_batch(connection, sessions, addresses)
                except Exception as error:
                    for future in (f for waiting in (sessions, addresses) for futures in waiting.values() for f in futures):
                        if not future.done():
                            future.set_exception(error)
        finally:
            self._busy = False

    @staticmethod
    async def _serve_batch(connection: Any, sessions: dict[bytes, Any], addresses: dict[bytes, Any]) -> None:
        keys = list(addresses)
        located: dict[bytes, Located] = {}
        for start in range(0, len(keys), _TOGETHER):
            statement = (
                select(
                    tables.address.c.row_key, tables.address.c.day, tables.conversation.c.id, tables.conversation.c.key_id,
                    tables.conversation.c.address,
                )
                .join(tables.conversation, tables.conversation.c.id == tables.address.c.conversation_id)
                .where(tables.address.c.row_key.in_(keys[start : start + _TOGETHER]))
            )  # fmt: skip
            for row in await connection.execute(statement):
                located[row[0]] = Located(conversation_id=row[2], key_id=row[3], day=row[1], address=row[4])
        ids = list(sessions)
        rows: dict[bytes, Row[Any]] = {}
        for start in range(0, len(ids), _TOGETHER):
            found = await connection.execute(
                select(tables.conversation).where(tables.conversation.c.id.in_(ids[start : start + _TOGETHER]))
            )
            rows.update({row.id: row for row in found})
        _answer(addresses, located)
        _answer(sessions, rows)

    async def _all(self, statement: Any) -> Sequence[Row[Any]]:
        async with self._engine.connect() as connection:
            return (await connection.execute(statement)).all()

    async def new_messages(self) -> Sequence[Row[Any]]:
        """Inbox rows that no turn has taken, oldest first."""
        return await self._all(select(tables.inbox).where(tables.inbox.c.state == "new").order_by(tables.inbox.c.id))

    async def message(self, row_id: int) -> Row[Any] | None:
        """An inbox row, or None."""
        rows = await self._all(select(tables.inbox).where(tables.inbox.c.id == row_id))
        return rows[0] if rows else None

    async def outgoing(self, row_id: int) -> Row[Any] | None:
        """An outbox row, or None."""
        rows = await self._all(select(tables.outbox).where(tables.outbox.c.id == row_id))
        return rows[0] if rows else None

    async def waiting_sends(self, *, pull_channels: Sequence[str]) -> Sequence[Row[Any]]:
        """Outbox rows of push channels that have not gone out, oldest first, without what they say."""
        box = tables.outbox.c
        return await self._all(
            select(box.id, box.conversation_id, box.key_id, box.channel, box.kind, box.attempts, box.due_at)
            .where(tables.WAITING, box.channel.not_in(pull_channels))
            .order_by(box.created_at, box.id)  # not by id alone: for that SQLite would go through the whole table in its order
        )

    async def waiting_of(self, conversation_id: bytes) -> Sequence[Row[Any]]:
        """A conversation's outbox rows that have not gone out, oldest first."""
        box = tables.outbox.c
        return await self._all(
            select(tables.outbox)
            .where(box.conversation_id == conversation_id, tables.WAITING)
            .order_by(box.id)
        )  # fmt: skip

    async def refs_of(self, conversation_id: bytes) -> Sequence[Row[Any]]:
        """The locked references of a conversation's messages at the platform: rows of (box, id, ref)."""
        inbox, outbox = tables.inbox.c, tables.outbox.c
        mine = (inbox.conversation_id == conversation_id, outbox.conversation_id == conversation_id)
        return await self._all(
            union_all(
                select(literal("inbox").label("box"), inbox.id, inbox.ref).where(mine[0], inbox.ref.is_not(None)),
                select(literal("outbox").label("box"), outbox.id, outbox.ref).where(
                    mine[1], outbox.ref.is_not(None), outbox.kind == "send"
                ),
            )
        )

    async def under_key(self, key_id: bytes) -> bool:
        """Whether anything that must still be read lies under a conversation key."""
        inbox, outbox = tables.inbox.c, tables.outbox.c
        waiting = union_all(
            select(inbox.id).where(inbox.key_id == key_id, inbox.state == "new"),
            select(outbox.id).where(outbox.key_id == key_id, tables.WAITING),
        )
        return bool(await self._all(waiting))

    async def dying_keys(self) -> Sequence[bytes]:
        """Keys whose death was decided."""
        return [row[0] for row in await self._all(select(tables.key_death.c.key_id))]

    async def used_keys(self) -> set[bytes]:
        """The keys that open conversations use, and those of bubbles that wait under keys of their own."""
        box = tables.outbox.c
        waiting = select(box.key_id).where(tables.WAITING)
        return {row[0] for row in await self._all(union_all(select(tables.conversation.c.key_id), waiting))}

    async def own_keys(self, conversation_id: bytes, row_ids: Sequence[int]) -> list[bytes]:
        """The keys of waiting outbox rows of a conversation, as far as they are not the conversation's key."""
        box, conversation = tables.outbox.c, tables.conversation.c
        found = await self._all(
            select(box.key_id)
            .join(tables.conversation, conversation.id == box.conversation_id)
            .where(
                box.conversation_id == conversation_id, box.id.in_(row_ids), tables.WAITING,
                box.key_id != conversation.key_id,
            )
        )  # fmt: skip
        return [row[0] for row in found]

    async def due_timers(self, now: int) -> Sequence[Row[Any]]:
        """Timers that came due, with the conversation's own last message, oldest first."""
        timer, conversation = tables.timer, tables.conversation
        return await self._all(
            select(timer.c.conversation_id, timer.c.name, timer.c.due_at, conversation.c.last_at)
            .join(conversation, conversation.c.id == timer.c.conversation_id)
            .where(timer.c.due_at <= now)
            .order_by(timer.c.due_at)
            .limit(500)
        )

    async def silent_since(self, moment: int) -> Sequence[Row[Any]]:
        """Conversations without a message since a moment."""
        conversation = tables.conversation.c
        return await self._all(select(conversation.id, conversation.key_id).where(conversation.last_at <= moment).limit(_AT_A_TIME))

    async def units(self) -> Sequence[Row[Any]]:
        """All units."""
        return await self._all(select(tables.unit).order_by(tables.unit.c.created_at, tables.unit.c.id))

    async def recovery(self) -> Row[Any] | None:
        """The newest recovery key, or None."""
        rows = await self._all(select(tables.recovery).order_by(tables.recovery.c.created_at.desc()).limit(1))
        return rows[0] if rows else None

    async def case(self, case_id: bytes) -> Row[Any] | None:
        """A case, or None."""
        rows = await self._all(select(tables.cases).where(tables.cases.c.id == case_id))
        return rows[0] if rows else None

    async def cases_between(self, low: bytes, high: bytes) -> Sequence[Row[Any]]:
        """Up to three cases whose ids lie between two, both included: people type the beginning of one."""
        return await self._all(select(tables.cases).where(and_(tables.cases.c.id >= low, tables.cases.c.id <= high)).limit(3))

    async def all_cases(self) -> Sequence[Row[Any]]:
        """Every case, newest first."""
        return await self._all(select(tables.cases).order_by(tables.cases.c.created_at.desc()).limit(1000))

    async def case_keys(self, case_id: bytes) -> Sequence[Row[Any]]:
        """The wrapped private halves of a case's key."""
        return await self._all(select(tables.case_key).where(tables.case_key.c.case_id == case_id))

    async def case_records(self, case_id: bytes) -> Sequence[Row[Any]]:
        """A case's sealed records, oldest first."""
        record = tables.case_record
        return await self._all(select(record).where(record.c.case_id == case_id).order_by(record.c.created_at, record.c.id))

    async def receipt(self, locator: bytes) -> Row[Any] | None:
        """The receipt under a locator, or None."""
        rows = await self._all(select(tables.receipt).where(tables.receipt.c.locator == locator))
        return rows[0] if rows else None

    async def any_receipt(self) -> bool:
        """Whether a code was ever handed out."""
        return bool(await self._all(select(tables.receipt.c.case_id).limit(1)))

    async def receipts_of(self, case_id: bytes) -> Sequence[Row[Any]]:
        """The receipts of a case."""
        return await self._all(select(tables.receipt).where(tables.receipt.c.case_id == case_id))

    async def mailbox(self, mailbox_id: bytes) -> Sequence[Row[Any]]:
        """The sealed messages of a mailbox, oldest first."""
        message = tables.mailbox_message
        return await self._all(select(message).where(message.c.mailbox_id == mailbox_id).order_by(message.c.created_at, message.c.id))

    async def guesses(self, scopes: Sequence[bytes], hour: int) -> dict[bytes, int]:
        """How many receipt codes were tried in an hour (since 1970), per scope."""
        guess = tables.guess.c
        rows = await self._all(select(guess.scope, guess.count).where(guess.scope.in_(scopes), guess.hour == hour))
        return {scope: tried for scope, tried in map(tuple, rows)}

    async def flow_revisions(self) -> Sequence[Row[Any]]:
        """Every revision of every conversation that this database has seen."""
        return await self._all(select(tables.flow_revision))

    async def counts(self) -> dict[str, int]:
        """How much is waiting, for /metrics and /readyz: counts only."""
        asked = {
            "inbox_new": tables.inbox.c.state == "new",
            "outbox_waiting": tables.WAITING,
            "outbox_dead": tables.outbox.c.state == "dead",
            "hand_off_waiting": tables.hand_off.c.state == "waiting",
        }
        counts: dict[str, int] = {}
        async with self._engine.connect() as connection:
            for name, holds in asked.items():
                counts[name] = (await connection.execute(select(func.count()).where(holds))).scalar_one()
        return counts

    async def alive(self) -> None:
        """Raises if the database does not answer."""
        await self._all(select(1))
