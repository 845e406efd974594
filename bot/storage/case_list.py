"""The list of a unit's cases, a page at a time, and what it can be searched by: only what is not sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, literal, or_, select, tuple_
from sqlalchemy import case as by_value

from actions.deadline import UNREAD, Deadlines
from bot.storage import tables
from bot.storage.reading import Source, Wrote, rows_of, untold
from bot.vault.former_key import KIND as KEY

PAGE = 100  # cases of a list at a time
WHICH = ("unread", "open", "closed", "all")
_ID_DIGITS = 32
CRISES = ("danger", "self_harm")
Place = tuple[int, int, bytes]
"""Where a list goes on: a number to sort by, a moment in seconds since 1970, and the id of the case that was shown last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """What a list is narrowed to. `which` is one of `WHICH`; `number` the beginning of a case's id in hex digits; `kind` what it began
    with; `status` how far the work is; `shared` a unit that the case is sealed to as well; `since` and `until` seconds of its coming
    (`until` itself not in it); `owner` whoever has or had its conversation, `nobodys`: nobody has or had it."""

    which: str = "open"
    number: str = ""
    kind: str = ""
    status: str = ""
    shared: bytes | None = None
    since: int | None = None
    until: int | None = None
    owner: bytes | None = None
    nobodys: bool = False

    @property
    def narrow(self) -> bool:
        """Whether anything but `which` is asked for."""
        return self != Search(which=self.which)


class CaseList:
    """Reads for the console, over an engine. `wrote` says of a row of `case_key` whether it is the service's; what is only counted is
    counted without asking."""

    def __init__(self, engine: Source, wrote: Wrote = untold) -> None:
        self._engine, self._wrote = engine, wrote

    async def _all(self, statement: Any) -> Sequence[Row[Any]]:
        return await rows_of(self._engine, statement)

    async def page(
        self, unit_id: bytes, search: Search, *, deadlines: Deadlines, before: Place | None = None
    ) -> Sequence[Row[Any]]:  # fmt: skip
        """Cases of a unit, `PAGE` of them and one more if there are more. `before` is where the list goes on: `rank`, `moment` and id of
        the last one that was shown. `last_at` is when something was added last; `owner` who has or had the conversation last, or None.

        Unread ones come as they have to be read: crises first, then by deadline; all others the newest first.
        """
        case, record, off, staff = tables.cases, tables.case_record, tables.hand_off, tables.staff
        latest = select(func.max(record.c.created_at)).where(record.c.case_id == case.c.id, record.c.kind != KEY).scalar_subquery()
        owner = (
            select(staff.c.shown)
            .join(off, off.c.owner_id == staff.c.id)
            .where(off.c.case_id == case.c.id)
            .order_by(off.c.created_at.desc())
            .limit(1)
            .scalar_subquery()
        )
        unread = search.which == "unread"
        rank: ColumnElement[int] = by_value((case.c.urgency.in_(CRISES), 0), else_=1) if unread else literal(0)
        since = by_value((case.c.status.in_(UNREAD), case.c.created_at), else_=case.c.added_at)
        moment = since + _to_read(deadlines) if unread else case.c.created_at
        place = (rank, moment, case.c.id)
        key = tables.case_key.c
        tag = select(key.tag).where(key.case_id == case.c.id, key.recipient_id == unit_id).scalar_subquery()
        statement = (
            select(case, latest.label("last_at"), owner.label("owner"), rank.label("rank"), moment.label("moment"), tag.label("key_tag"))
            .where(*_asked(unit_id, search))
            .order_by(*(each if unread else each.desc() for each in place[0 if unread else 1 :]))
            .limit(PAGE + 1)
        )
        here, found = tuple_(*place), list[Row[Any]]()
        while len(found) <= PAGE:
            last = tuple_(*(literal(part) for part in before or ()))
            rows = await self._all(statement.where(here > last if unread else here < last) if before is not None else statement)
            found += [row for row in rows if self._wrote(row.id, unit_id, row.key_tag)]
            if len(rows) <= PAGE:
                break
            before = (rows[-1].rank, rows[-1].moment, rows[-1].id)
        return found[: PAGE + 1]

    async def found(self, unit_id: bytes, search: Search) -> int:
        """How many cases a search finds."""
        return int((await self._all(select(func.count()).select_from(tables.cases).where(*_asked(unit_id, search))))[0][0])

    async def counts(self, unit_id: bytes) -> Mapping[str, int]:
        """How many of a unit's cases are unread, open, closed. A closed one to which somebody added is unread, too."""
        status, unread = tables.cases.c.status, _unread().label("unread")
        asked = select(status, unread, func.count().label("many")).where(*_asked(unit_id, Search(which="all"))).group_by(status, unread)
        counts = dict.fromkeys(("unread", "open", "closed"), 0)
        for row in await self._all(asked):
            counts["closed" if row.status == "closed" else "open"] += row.many
            counts["unread"] += row.many if row.unread else 0
        return counts

    async def any_unread(self, unit_id: bytes) -> bool:
        """Whether there is a case of a unit's that nobody has read yet."""
        asked = select(tables.cases.c.id).where(*_asked(unit_id, Search(which="unread"))).limit(1)
        return bool(await self._all(asked))

    async def colleagues(self, unit_id: bytes) -> Sequence[tuple[bytes, str]]:
        """Whose cases can be searched for: everybody of the unit, also who is not there any more but had some. Id and shown name."""
        staff = tables.staff.c
        rows = await self._all(
            select(staff.id, staff.shown).where(staff.unit_id == unit_id, staff.state != "new").order_by(staff.shown, staff.id)
        )  # fmt: skip
        return [(row.id, row.shown) for row in rows]

    async def other_units(self, unit_id: bytes) -> Sequence[tuple[bytes, str]]:
        """The units that a case can be sealed to besides: id and name."""
        unit = tables.unit.c
        rows = await self._all(
            select(unit.id, unit.name).where(unit.id != unit_id, unit.public_key.is_not(None)).order_by(unit.name)
        )  # fmt: skip
        return [(row.id, row.name) for row in rows]


def _asked(unit_id: bytes, search: Search) -> list[ColumnElement[bool]]:
    case, off = tables.cases.c, tables.hand_off.c
    wanted = [_sealed_to(unit_id), *_which(search.which)]
    if search.number:
        first, last = (bytes.fromhex(search.number.ljust(_ID_DIGITS, digit)) for digit in "0f")
        wanted += [case.id >= first, case.id <= last]
    if search.kind:
        wanted.append(case.kind == search.kind)
    if search.status:
        wanted.append(case.status == search.status)
    if search.shared is not None:
        wanted.append(_sealed_to(search.shared))
    if search.since is not None:
        wanted.append(case.created_at >= search.since)
    if search.until is not None:
        wanted.append(case.created_at < search.until)
    if search.owner is not None:
        wanted.append(exists().where(off.case_id == case.id, off.owner_id == search.owner))
    if search.nobodys:
        wanted.append(~exists().where(off.case_id == case.id, off.owner_id.is_not(None)))
    return wanted


def _to_read(deadlines: Deadlines) -> ColumnElement[int]:
    """Seconds that each case has until somebody must have read it."""
    known = {urgency: deadlines.to_read(urgency) for urgency in (*CRISES, "child", "other")}
    return by_value(known, value=tables.cases.c.urgency, else_=deadlines.high)


def _sealed_to(unit_id: bytes) -> ColumnElement[bool]:
    key = tables.case_key.c
    return exists().where(key.case_id == tables.cases.c.id, key.recipient_id == unit_id)


def _unread() -> ColumnElement[bool]:
    """Nobody has opened it yet, or what was added to it since."""
    case = tables.cases.c
    return or_(case.status.in_(UNREAD), case.added_at.is_not(None))


def _which(which: str) -> list[ColumnElement[bool]]:
    status = tables.cases.c.status
    filters: dict[str, list[ColumnElement[bool]]] = {
        "unread": [_unread()], "open": [status != "closed"], "closed": [status == "closed"], "all": [],
    }  # fmt: skip
    return filters[which]
