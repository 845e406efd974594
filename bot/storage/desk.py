"""What is read of the desk: what waits, who is there, what a case holds. Written through the one writer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Row, and_, or_, select

from actions.desk import TOLD
from actions.queue import MESSAGE, HandOff, State, Urgency
from actions.talk import SAID
from bot.storage import tables
from bot.storage.faults import is_double
from bot.storage.reading import Source, Wrote, rows_of, untold

_COLUMNS = tuple(each.name for each in fields(HandOff))
_STATES, _URGENCIES = ({each.value: each for each in kind} for kind in (State, Urgency))
_HAND_OFF = tuple(tables.hand_off.c[name] for name in _COLUMNS)
_AT_A_TIME = 500
_IS_OPEN = tables.hand_off.c.ended_at.is_(None)
# Every change counts the version up but these: they are compared as well.
_MARK = ("version", "conversation_id", "false_alarm", "rating")
_MARKS = select(tables.hand_off.c.id, *(tables.hand_off.c[name] for name in _MARK)).where(_IS_OPEN)
_READERS = select(tables.case_key.c.case_id, tables.case_key.c.recipient_id, tables.case_key.c.tag)
_CONVERSATIONS = select(tables.conversation.c.id, tables.conversation.c.channel, tables.conversation.c.last_at)
_READERS_OF_OPEN = _READERS.join(tables.hand_off, tables.hand_off.c.case_id == tables.case_key.c.case_id).where(_IS_OPEN).distinct()
_CONVERSATIONS_OF_OPEN = _CONVERSATIONS.join(
    tables.hand_off, tables.hand_off.c.conversation_id == tables.conversation.c.id
).where(_IS_OPEN)  # fmt: skip
_THERE = (tables.presence.c.state.label("presence"), tables.presence.c.state_until, tables.presence.c.until)
_STAFF_COLUMNS = ("id", "unit_id", "role", "shown", "languages", "skills", "capacity", "on_call", "telegram", "telephone", "signing_public")
_STAFF = (
    select(*(tables.staff.c[name] for name in _STAFF_COLUMNS), *_THERE)
    .outerjoin(tables.presence, tables.presence.c.staff_id == tables.staff.c.id)
    .where(tables.staff.c.state == "active")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Readable:
    """A hand-off for one unit: the case's public half, the mark of its last staff entry (None: there is none), and the private half sealed
    to the unit."""

    hand_off: HandOff
    public_key: bytes
    head: bytes | None
    told: int
    sealed_key: bytes


def hand_off_of(row: Any) -> HandOff:
    """A row of `_HAND_OFF` as the queue knows it. Two hundred of them are made whenever somebody looks at a full desk."""
    values = dict(zip(_COLUMNS, row, strict=True))
    values["state"], values["urgency"] = _STATES[values["state"]], _URGENCIES[values["urgency"]]
    return HandOff(**values)


def _mark(hand_off: HandOff) -> tuple[Any, ...]:
    return tuple(getattr(hand_off, name) for name in _MARK)


def doubled(error: BaseException) -> bool:
    """Whether a write failed because somebody else made that row first."""
    return is_double(error)


class DeskStore:
    """All queries of the desk, over one engine. `names` gives what colleagues are called by whoever admitted them, by id: a reporter is
    told with whom they speak, and that is no word of the database's. `wrote` says of a row of `case_key` whether it is the service's."""

    def __init__(
        self, engine: Source, names: Callable[[], Awaitable[Mapping[bytes, str]]] | None = None, *, wrote: Wrote = untold
    ) -> None:  # fmt: skip
        self._engine, self._names, self._wrote = engine, names, wrote
        self._kept: dict[bytes, HandOff] = {}  # what is open, as it was looked at last

    async def _all(self, statement: Any) -> Sequence[Row[Any]]:
        return await rows_of(self._engine, statement)

    async def _one(self, statement: Any) -> Row[Any] | None:
        rows = await self._all(statement)
        return rows[0] if rows else None

    async def _in(self, statement: Any, column: Any, ids: Iterable[bytes]) -> list[Row[Any]]:
        wanted = sorted(set(ids))
        found: list[Row[Any]] = []
        for start in range(0, len(wanted), _AT_A_TIME):
            found += await self._all(statement.where(column.in_(wanted[start : start + _AT_A_TIME])))
        return found

    # Hand-offs

    async def hand_off(self, hand_off_id: bytes) -> HandOff | None:
        """One, or None."""
        row = await self._one(select(*_HAND_OFF).where(tables.hand_off.c.id == hand_off_id))
        return hand_off_of(row) if row is not None else None

    async def readable(self, hand_off_id: bytes, unit_id: bytes) -> Readable | None:
        """One hand-off with what its case is read with; None if there is none, or if its case is not sealed to this unit."""
        hand_off, case, key = tables.hand_off, tables.cases, tables.case_key
        sealed = and_(key.c.case_id == hand_off.c.case_id, key.c.recipient_id == unit_id)
        rows = hand_off.join(case, case.c.id == hand_off.c.case_id).join(key, sealed)
        wanted = select(case.c.id, key.c.tag, case.c.public_key, case.c.head, case.c.told, key.c.sealed, *_HAND_OFF).select_from(rows)
        row: Any = await self._one(wanted.where(hand_off.c.id == hand_off_id))
        if row is None or not self._wrote(row[0], unit_id, row[1]):
            return None
        return Readable(public_key=row[2], head=row[3], told=row[4] or 0, sealed_key=row[5], hand_off=hand_off_of(row[6:]))

    async def open_hand_offs(self) -> list[HandOff]:
        """All that are not closed. Of a full desk's two hundred one or two have changed since the last look: only these are read."""
        marks: dict[bytes, tuple[Any, ...]] = {row[0]: tuple(row[1:]) for row in await self._all(_MARKS)}
        kept = self._kept
        changed = [one for one, mark in marks.items() if one not in kept or _mark(kept[one]) != mark]
        read = {row[0]: hand_off_of(row) for row in await self._in(select(*_HAND_OFF), tables.hand_off.c.id, changed)}
        found = [read.get(one) or kept[one] for one in marks if one in read or one in kept]
        self._kept = {each.id: each for each in found}
        return [each for each in found if each.ended_at is None]

    async def versions(self) -> dict[bytes, int]:
        """The version of each hand-off that is not closed."""
        hand_off = tables.hand_off.c
        return {row.id: row.version for row in await self._all(select(hand_off.id, hand_off.version).where(hand_off.ended_at.is_(None)))}

    async def closed_and_tied(self) -> list[HandOff]:
        """Closed ones that a conversation still points at."""
        hand_off, conversation = tables.hand_off, tables.conversation
        statement = (
            select(*_HAND_OFF)
            .join(conversation, conversation.c.hand_off_id == hand_off.c.id)
            .where(conversation.c.hand_off_id.is_not(None), hand_off.c.ended_at.is_not(None))
        )
        return [hand_off_of(row) for row in await self._all(statement)]

    async def handled_since(self, moment: int) -> list[int]:
        """How long each took, in seconds, that was taken and closed since a moment. Not those that say how late somebody looked at them:
        crises, which wait for a second person, what was closed without a word on what came of it, and messages, in which nobody talked."""
        hand_off = tables.hand_off.c
        crises = [each.value for each in Urgency if each.crisis]
        statement = select(hand_off.taken_at, hand_off.ended_at).where(
            hand_off.ended_at >= moment, hand_off.taken_at.is_not(None), hand_off.outcome.is_not(None), hand_off.urgency.not_in(crises),
            or_(hand_off.ended.is_(None), hand_off.ended != MESSAGE),
        )  # fmt: skip
        return [row.ended_at - row.taken_at for row in await self._all(statement)]

    async def spoke(self, case_id: bytes, staff_id: bytes) -> bool:
        """Whether somebody of the staff has written to the reporter in a case."""
        record = tables.case_record.c
        written = select(record.id).where(record.case_id == case_id, record.author_id == staff_id, record.kind == SAID)
        return await self._one(written.limit(1)) is not None

    async def readers(self, case_ids: Iterable[bytes]) -> dict[bytes, frozenset[bytes]]:
        """Whom each case is sealed to."""
        return self._sealed_to(await self._in(_READERS, tables.case_key.c.case_id, case_ids))

    async def readers_of_open(self) -> dict[bytes, frozenset[bytes]]:
        """The same for the cases of all hand-offs that are not closed."""
        return self._sealed_to(await self._all(_READERS_OF_OPEN))

    def _sealed_to(self, rows: Iterable[Row[Any]]) -> dict[bytes, frozenset[bytes]]:
        found: dict[bytes, set[bytes]] = {}
        for row in rows:
            if self._wrote(row.case_id, row.recipient_id, row.tag):
                found.setdefault(row.case_id, set()).add(row.recipient_id)
        return {case_id: frozenset(ids) for case_id, ids in found.items()}

    # Conversations

    async def conversations(self, ids: Iterable[bytes]) -> dict[bytes, Row[Any]]:
        """Channel and last message (`last_at`) of conversations that are open."""
        return {row.id: row for row in await self._in(_CONVERSATIONS, tables.conversation.c.id, ids)}

    async def conversations_of_open(self) -> dict[bytes, Row[Any]]:
        """The same for all hand-offs that are not closed."""
        return {row.id: row for row in await self._all(_CONVERSATIONS_OF_OPEN)}

    async def untold(self, ids: Iterable[bytes]) -> set[bytes]:
        """The conversations whose reporter has not heard yet what happened at the desk."""
        timer = tables.timer.c
        statement = select(timer.conversation_id).where(timer.name == TOLD)
        return {row.conversation_id for row in await self._in(statement, timer.conversation_id, ids)}

    # Cases

    async def case(self, case_id: bytes) -> Row[Any] | None:
        """A case: public_key, head and the rest; or None."""
        return await self._one(select(tables.cases).where(tables.cases.c.id == case_id))

    async def due_cases(self, now: int, *, most: int = 200) -> Sequence[Row[Any]]:
        """Cases of which a lead is to be told now (`actions.deadline`): id, urgency, status, created_at, due_at, added_due."""
        case = tables.cases.c
        columns = (case.id, case.urgency, case.status, case.created_at, case.due_at, case.added_due)
        found: dict[bytes, Any] = {}
        for moment in (case.added_due, case.due_at):  # each by its own index
            due = select(*columns).where(moment.is_not(None), moment <= now)
            found |= {row.id: row for row in await self._all(due.order_by(moment).limit(most))}
        return list(found.values())

    # People

    async def staff(self) -> Sequence[Any]:
        """Everybody who works here now, with their presence (`presence`, `state_until`, `until`; none: never there)."""
        rows = await self._all(_STAFF)
        names = await self._names() if self._names is not None else {}
        return [SimpleNamespace(**{**row._asdict(), "shown": names.get(row.id, row.shown)}) for row in rows]

    async def presence(self, staff_id: bytes) -> Row[Any] | None:
        """What somebody said of themselves last: state, state_until, until."""
        return await self._one(select(tables.presence).where(tables.presence.c.staff_id == staff_id))

    # Settings

    async def settings(self, names: Collection[str]) -> dict[str, tuple[int, str]]:
        """Version and value (JSON) of settings that somebody has made."""
        setting = tables.desk_setting.c
        rows = await self._all(select(setting.name, setting.version, setting.value).where(and_(setting.name.in_(names))))
        return {row.name: (row.version, row.value) for row in rows}
