"""What is read from the database. Reads of many turns that come in at the same moment share one query."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from sqlalchemy import Row, and_, func, literal, or_, select, union_all

from actions.queue import HandOff, State, Urgency
from bot.storage import tables
from bot.storage.reading import Source, rows_of
from bot.storage.sharing import alive_holder

T = TypeVar("T")

_TOGETHER = 300
_AT_A_TIME = 500  # rows of work that is taken up in portions
LATE = 86_400  # seconds after which a platform should long have deleted what passed through it


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
    """All queries of the service, over one engine. `holder` is this process among others, None where it is alone: what lies in the hands of
    another one that lives is then not taken for left over."""

    def __init__(self, engine: Source, *, holder: bytes | None = None) -> None:
        self._engine = engine
        self._holder = holder
        self._wanted: dict[bytes, list[asyncio.Future[Any]]] = {}
        self._addresses: dict[bytes, list[asyncio.Future[Any]]] = {}
        self._blocks: dict[bytes, list[asyncio.Future[Any]]] = {}
        self._busy = False
        self._task: asyncio.Task[None] | None = None

    async def conversation(self, conversation_id: bytes) -> Row[Any] | None:
        """A conversation's row, or None."""
        row: Row[Any] | None = await self._asked(self._wanted, conversation_id)
        return row

    async def hand_off(self, hand_off_id: bytes) -> HandOff | None:
        """A hand-off, or None."""
        rows = await rows_of(self._engine, select(tables.hand_off).where(tables.hand_off.c.id == hand_off_id))
        if not rows:
            return None
        row = rows[0]._mapping
        values = {each.name: row[each.name] for each in fields(HandOff)}
        return HandOff(**{**values, "state": State(row["state"]), "urgency": Urgency(row["urgency"])})

    async def located(self, row_keys: Sequence[bytes]) -> Located | None:
        """The conversation under any of an address's row keys (newest first), or None."""
        # All are asked before the first is waited for: they share a query.
        asked = [self._asked(self._addresses, key) for key in row_keys]
        found: list[Located | None] = [await future for future in asked]
        return next((row for row in found if row is not None), None)

    async def blocks(self, row_keys: Sequence[bytes]) -> list[Row[Any]]:
        """The blocks under any of an address's names."""
        asked = [self._asked(self._blocks, key) for key in row_keys]
        found: list[Row[Any] | None] = [await future for future in asked]
        return [row for row in found if row is not None]

    async def block(self, block_id: bytes) -> Row[Any] | None:
        """A block, or None."""
        rows = await self._all(select(tables.block).where(tables.block.c.id == block_id))
        return rows[0] if rows else None

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
            while self._wanted or self._addresses or self._blocks:
                sessions, self._wanted = self._wanted, {}
                addresses, self._addresses = self._addresses, {}
                blocks, self._blocks = self._blocks, {}
                try:
                    await self._serve_batch(sessions, addresses)
                    await self._serve_blocks(blocks)
                except Exception as error:
                    for future in (f for waiting in (sessions, addresses, blocks) for futures in waiting.values() for f in futures):
                        if not future.done():
                            future.set_exception(error)
        finally:
            self._busy = False

    async def _serve_batch(self, sessions: dict[bytes, Any], addresses: dict[bytes, Any]) -> None:
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
            for row_key, day, conversation_id, key_id, address in map(tuple, await rows_of(self._engine, statement)):
                located[row_key] = Located(conversation_id=conversation_id, key_id=key_id, day=day, address=address)
        ids = list(sessions)
        rows: dict[bytes, Row[Any]] = {}
        for start in range(0, len(ids), _TOGETHER):
            wanted = select(tables.conversation).where(tables.conversation.c.id.in_(ids[start : start + _TOGETHER]))
            found = await rows_of(self._engine, wanted)
            rows.update({row.id: row for row in found})
        _answer(addresses, located)
        _answer(sessions, rows)

    async def _serve_blocks(self, blocks: dict[bytes, Any]) -> None:
        names, block = list(blocks), tables.block
        rows: dict[bytes, Row[Any]] = {}
        for start in range(0, len(names), _TOGETHER):
            wanted = select(block).where(block.c.row_key.in_(names[start : start + _TOGETHER]))
            rows.update({row.row_key: row for row in await rows_of(self._engine, wanted)})
        _answer(blocks, rows)

    async def _all(self, statement: Any) -> Sequence[Row[Any]]:
        return await rows_of(self._engine, statement)

    def _takeable(self, statement: Any, conversation_id: Any) -> Any:
        """Only rows of conversations that this process has or may have: not those that another one that lives has in hand."""
        if self._holder is None:
            return statement
        conversation, replica = tables.conversation, tables.replica
        return (
            statement.join(conversation, conversation.c.id == conversation_id)
            .outerjoin(replica, replica.c.id == conversation.c.holder)
            .where(or_(conversation.c.holder.is_(None), conversation.c.holder == self._holder, replica.c.id.is_(None), ~alive_holder()))
        )

    async def new_messages(self, conversation_id: bytes | None = None) -> Sequence[Row[Any]]:
        """Inbox rows that no turn has taken, oldest first: of one conversation, or all that may be taken up here."""
        inbox = tables.inbox
        statement = select(inbox.c.id, inbox.c.conversation_id, inbox.c.key_id).where(inbox.c.state == "new").order_by(inbox.c.id)
        if conversation_id is not None:
            return await self._all(statement.where(inbox.c.conversation_id == conversation_id))
        return await self._all(self._takeable(statement, inbox.c.conversation_id))

    async def new_messages_of(self, conversation_id: bytes) -> Sequence[Row[Any]]:
        """A conversation's inbox rows that no turn has taken, oldest first."""
        box = tables.inbox.c
        return await self._all(
            select(tables.inbox).where(box.conversation_id == conversation_id, box.state == "new").order_by(box.id)
        )  # fmt: skip

    async def message(self, row_id: int) -> Row[Any] | None:
        """An inbox row, or None."""
        rows = await self._all(select(tables.inbox).where(tables.inbox.c.id == row_id))
        return rows[0] if rows else None

    async def outgoing(self, row_id: int) -> Row[Any] | None:
        """An outbox row, or None."""
        rows = await self._all(select(tables.outbox).where(tables.outbox.c.id == row_id))
        return rows[0] if rows else None

    async def waiting_sends(
        self, *, pull_channels: Sequence[str], keeping: Sequence[str] = (), open_since: int = 0
    ) -> Sequence[Row[Any]]:  # fmt: skip
        """Outbox rows of push channels that have not gone out, oldest first, without what they say. Deletions at `keeping` channels are not
        among them, nor what waits until a person writes again, unless they did after `open_since`."""
        box, person = tables.outbox.c, tables.conversation.alias()
        wanted: list[Any] = [tables.WAITING, box.channel.not_in(pull_channels)]
        if keeping:
            wanted.append(or_(box.kind == "send", box.channel.not_in(keeping)))
        if open_since:
            last_at = select(person.c.last_at).where(person.c.id == box.conversation_id).scalar_subquery()
            wanted.append(or_(box.code.is_(None), box.code.not_in(tables.WINDOW), last_at > open_since))
        statement = (
            select(box.id, box.conversation_id, box.key_id, box.channel, box.kind, box.attempts, box.due_at, box.created_at)
            .where(*wanted)
            .order_by(box.created_at, box.id)  # not by id alone: for that SQLite would go through the whole table in its order
        )
        return await self._all(self._takeable(statement, box.conversation_id))

    async def due_deletions(self, channels: Sequence[str], now: int, most: int) -> Sequence[Row[Any]]:
        """Deletions of messages and files at these channels that are due, the earliest first."""
        box = tables.outbox.c
        return await self._all(
            select(box.id, box.conversation_id, box.key_id, box.channel, box.kind, box.attempts, box.created_at, box.body)
            .where(tables.WAITING, box.kind != "send", box.channel.in_(channels), box.due_at <= now)
            .order_by(box.due_at)
            .limit(most)
        )

    async def outgoing_key(self, row_id: int) -> bytes | None:
        """The key that an outbox row is under now, None if it is gone."""
        rows = await self._all(select(tables.outbox.c.key_id).where(tables.outbox.c.id == row_id))
        return rows[0][0] if rows else None

    async def prompt_sid(self, digest: bytes) -> str | None:
        """The platform's name of a stored prompt."""
        rows = await self._all(select(tables.content_resource.c.sid).where(tables.content_resource.c.hash == digest))
        return str(rows[0][0]) if rows else None

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
        statement = (
            select(timer.c.conversation_id, timer.c.name, timer.c.due_at, conversation.c.last_at)
            .where(timer.c.due_at <= now)
            .order_by(timer.c.due_at)
            .limit(_AT_A_TIME)
        )
        if self._holder is not None:
            return await self._all(self._takeable(statement, timer.c.conversation_id))
        return await self._all(statement.join(conversation, conversation.c.id == timer.c.conversation_id))

    async def conversations(self) -> Sequence[Row[Any]]:
        """Every open conversation."""
        return await self._all(select(tables.conversation).order_by(tables.conversation.c.id))

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

    async def identity_roles(self) -> Sequence[Row[Any]]:
        """The roles that open identities together, by name."""
        return await self._all(select(tables.identity_role).order_by(tables.identity_role.c.role))

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
        return await self._all(select(record).where(record.c.case_id == case_id).order_by(*tables.RECORDS_OLDEST_FIRST))

    async def receipt(self, locator: bytes) -> Row[Any] | None:
        """The receipt under a locator, or None."""
        rows = await self._all(select(tables.receipt).where(tables.receipt.c.locator == locator))
        return rows[0] if rows else None

    async def any_receipt(self) -> bool:
        """Whether a code was ever handed out."""
        return bool(await self._all(select(tables.receipt.c.case_id).limit(1)))

    async def mailbox(self, mailbox_id: bytes) -> Sequence[Row[Any]]:
        """The sealed messages of a mailbox, oldest first."""
        message = tables.mailbox_message
        return await self._all(select(message).where(message.c.mailbox_id == mailbox_id).order_by(message.c.created_at, message.c.id))

    async def guesses(self, scopes: Sequence[bytes], hour: int) -> dict[bytes, int]:
        """How many receipt codes were tried in an hour (since 1970), per scope."""
        guess = tables.guess.c
        rows = await self._all(select(guess.scope, guess.count).where(guess.scope.in_(scopes), guess.hour == hour))
        return {scope: tried for scope, tried in map(tuple, rows)}

    async def switch(self, name: str) -> str | None:
        """How a switch stands, or None if nobody has touched it."""
        rows = await self._all(select(tables.switch.c.value).where(tables.switch.c.name == name))
        return str(rows[0].value) if rows else None

    async def file_pieces(self, evidence_id: bytes) -> list[bytes]:
        """The sealed pieces of a file, in their order."""
        chunk = tables.evidence_chunk.c
        found = await self._all(select(chunk.sealed).where(chunk.evidence_id == evidence_id).order_by(chunk.number))
        return [row[0] for row in found]

    async def files_of(self, conversation_id: bytes) -> list[bytes]:
        """The ids of the files that go with an open conversation."""
        file = tables.evidence.c
        return [row[0] for row in await self._all(select(file.id).where(file.conversation_id == conversation_id))]

    async def open_pieces(self) -> int:
        """How many pieces of files go with open conversations."""
        file = tables.evidence.c
        rows = await self._all(select(func.coalesce(func.sum(file.chunks), 0)).where(file.conversation_id.is_not(None)))
        return int(rows[0][0])

    async def flow_revisions(self) -> Sequence[Row[Any]]:
        """Every revision of every conversation that this database has seen."""
        return await self._all(select(tables.flow_revision))

    async def counts(self, now: int) -> dict[str, int]:
        """How much is waiting at a moment (seconds since 1970), for /metrics and /readyz: counts only."""
        deletions = and_(tables.WAITING, tables.outbox.c.kind != "send")
        asked = {
            "inbox_new": tables.inbox.c.state == "new",
            "outbox_waiting": and_(tables.WAITING, tables.outbox.c.kind == "send"),
            "outbox_deletions": deletions,
            "outbox_deletions_late": and_(deletions, tables.outbox.c.created_at < now - LATE),
            "outbox_window": and_(tables.WAITING, tables.outbox.c.code.in_(tables.WINDOW)),
            "outbox_dead": tables.outbox.c.state == "dead",
            "hand_off_waiting": and_(
                tables.hand_off.c.ended_at.is_(None), tables.hand_off.c.state == "waiting", tables.hand_off.c.false_alarm == 0
            ),
        }
        return {name: (await self._all(select(func.count()).where(holds)))[0][0] for name, holds in asked.items()}

    async def alive(self) -> None:
        """Raises if the database does not answer."""
        await self._all(select(1))
