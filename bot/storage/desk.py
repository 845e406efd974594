"""What is read of the desk: what waits, who is there, what a case holds. Written through the one writer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Row, and_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.desk import TOLD
from actions.queue import HandOff, State, Urgency
from bot.storage import tables
from bot.storage.faults import is_double, is_outage

_COLUMNS = tuple(each.name for each in fields(HandOff))
_STATES, _URGENCIES = ({each.value: each for each in kind} for kind in (State, Urgency))
_HAND_OFF = tuple(tables.hand_off.c[name] for name in _COLUMNS)
_AT_A_TIME = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Readable:
    """A hand-off for one unit: the case's public half, the mark of its last staff entry (None: there is none), and the private half sealed
    to the unit."""

    hand_off: HandOff
    public_key: bytes
    head: bytes | None
    sealed_key: bytes


def hand_off_of(row: Any) -> HandOff:
    """A row of `_HAND_OFF` as the queue knows it. Two hundred of them are made whenever somebody looks at a full desk."""
    values = dict(zip(_COLUMNS, row, strict=True))
    values["state"], values["urgency"] = _STATES[values["state"]], _URGENCIES[values["urgency"]]
    return HandOff(**values)


def doubled(error: BaseException) -> bool:
    """Whether a write failed because somebody else made that row first."""
    return is_double(error)


class DeskStore:
    """All queries of the desk, over one engine. `names` gives what colleagues are called by whoever admitted them, by id: a reporter is
    told with whom they speak, and that is no word of the database's."""

    def __init__(self, engine: AsyncEngine, names: Callable[[], Awaitable[Mapping[bytes, str]]] | None = None) -> None:
        self._engine, self._names = engine, names

    async def _all(self, statement: Any) -> Sequence[Row[Any]]:
        for last in (False, True):  # once more if the connection that was lent had died
            try:
                async with self._engine.connect() as connection:
                    return (await connection.execute(statement)).all()
            except Exception as error:
                if last or not is_outage(error):
                    raise
        raise AssertionError("unreachable")

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
        wanted = select(case.c.public_key, case.c.head, key.c.sealed, *_HAND_OFF).select_from(rows)
        row: Any = await self._one(wanted.where(hand_off.c.id == hand_off_id))
        return Readable(public_key=row[0], head=row[1], sealed_key=row[2], hand_off=hand_off_of(row[3:])) if row is not None else None

    async def open_hand_offs(self) -> list[HandOff]:
        """All that are not closed."""
        return [hand_off_of(row) for row in await self._all(select(*_HAND_OFF).where(tables.hand_off.c.ended_at.is_(None)))]

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
        crises, which wait for a second person, and what was closed without a word on what came of it."""
        hand_off = tables.hand_off.c
        crises = [each.value for each in Urgency if each.crisis]
        statement = select(hand_off.taken_at, hand_off.ended_at).where(
            hand_off.ended_at >= moment, hand_off.taken_at.is_not(None), hand_off.outcome.is_not(None), hand_off.urgency.not_in(crises)
        )  # fmt: skip
        return [row.ended_at - row.taken_at for row in await self._all(statement)]

    async def readers(self, case_ids: Iterable[bytes]) -> dict[bytes, frozenset[bytes]]:
        """Whom each case is sealed to."""
        found: dict[bytes, set[bytes]] = {}
        for row in await self._in(select(tables.case_key.c.case_id, tables.case_key.c.recipient_id), tables.case_key.c.case_id, case_ids):
            found.setdefault(row.case_id, set()).add(row.recipient_id)
        return {case_id: frozenset(ids) for case_id, ids in found.items()}

    # Conversations

    async def conversations(self, ids: Iterable[bytes]) -> dict[bytes, Row[Any]]:
        """Channel and last message (`last_at`) of conversations that are open."""
        conversation = tables.conversation.c
        statement = select(conversation.id, conversation.channel, conversation.last_at)
        return {row.id: row for row in await self._in(statement, conversation.id, ids)}

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
        """Cases of which a lead is to be told now (`actions.deadline`): id, urgency, status, created_at, due_at."""
        case = tables.cases.c
        columns = (case.id, case.urgency, case.status, case.created_at, case.due_at)
        due = select(*columns).where(case.due_at.is_not(None), case.due_at <= now)
        return await self._all(due.order_by(case.due_at).limit(most))

    # People

    async def staff(self) -> Sequence[Any]:
        """Everybody who works here now, with their presence (`presence`, `state_until`, `until`; none: never there)."""
        staff, presence = tables.staff, tables.presence
        columns = (
            staff.c.id, staff.c.unit_id, staff.c.role, staff.c.shown, staff.c.languages, staff.c.skills, staff.c.capacity, staff.c.on_call,
            staff.c.telegram, staff.c.telephone, staff.c.signing_public,
        )  # fmt: skip
        there = (presence.c.state.label("presence"), presence.c.state_until, presence.c.until)
        rows = await self._all(
            select(*columns, *there).outerjoin(presence, presence.c.staff_id == staff.c.id).where(staff.c.state == "active")
        )  # fmt: skip
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
