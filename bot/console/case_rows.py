"""The list of a unit's cases: its frame with what it can be searched by, and a page of its rows. Only what is not sealed can be searched,
and what somebody looks for comes in the body of a request: it stands in no address and no log."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from actions.deadline import UNREAD, Deadlines, read_by, report_by
from bot.console.body import BadRequest
from bot.console.guard import Asked, answer, body_of, form_of, identifier, one_of
from bot.console.pages import Pages
from bot.console.shown import case_number
from bot.storage.case_file import CaseFile
from bot.storage.case_list import PAGE, WHICH, Place, Search

STATUSES = ("stored", "received", "assessed", "in_progress", "referred", "reopened", "closed")
MINE, NOBODY = "mine", "nobody"
_DIGITS = frozenset(string.hexdigits)
_LEAST = 4  # digits by which another case is looked for
_FOUND = 3  # cases that begin with the same digits: more than one is asked about
_NEAR = 12  # cases of the same day


class CaseRows:
    """Endpoints GET and POST /console/f/cases, and what another case is found by. `zone` is the city's: in it a day begins and ends;
    `deadlines` are what the city decided."""

    def __init__(self, *, pages: Pages, cases: CaseFile, zone: tzinfo, deadlines: Deadlines) -> None:
        self._pages, self._cases, self._zone, self._deadlines = pages, cases, zone, deadlines

    async def frame(self, request: Request, asked: Asked) -> Response:
        """Heading and search, without rows: it stands still while these come and go."""
        unit_id = asked.staff.unit_id
        colleagues = [(id.hex(), shown) for id, shown in await self._cases.list.colleagues(unit_id) if id != asked.staff.id]
        units = [(id.hex(), name) for id, name in await self._cases.list.other_units(unit_id)]
        return self._pages.rendered(request, "cases.html", statuses=STATUSES, colleagues=colleagues, units=units)

    async def rows(self, request: Request, asked: Asked) -> Response:
        """A page of rows, with the numbers of all."""
        form = await form_of(request)
        search, unit_id = self._search(form, asked), asked.staff.unit_id
        before = form.get("before", "")
        place = _place(before) if before else None
        found = await self._cases.list.page(unit_id, search, deadlines=self._deadlines, before=place)
        rows = found[:PAGE]
        shown = [
            {
                "id": row.id.hex(), "number": case_number(row.id), "kind": row.kind, "urgency": row.urgency, "status": row.status,
                "at": row.created_at, "last": row.last_at, "unread": row.status in UNREAD or row.added_at is not None,
                "added": row.status not in UNREAD and row.added_at is not None, "owner": row.owner or "",
                "due": read_by(row.urgency, row.created_at if row.status in UNREAD else row.added_at or 0, self._deadlines),
                "since": row.created_at if row.status in UNREAD else row.added_at,
                "report": report_by(row.created_at, self._deadlines) if row.due_at is not None else None,
            }
            for row in rows
        ]  # fmt: skip
        older = f"{rows[-1].rank}-{rows[-1].moment}-{rows[-1].id.hex()}" if len(found) > PAGE else ""
        return self._pages.rendered(
            request, "case_rows.html", cases=shown, which=search.which, whiches=WHICH, older=older, newer=bool(before),
            counts=await self._cases.list.counts(unit_id), found=await self._cases.list.found(unit_id, search) if search.narrow else None,
        )  # fmt: skip

    async def find(self, request: Request, asked: Asked) -> Response:
        """The unit's cases with a number that begins so: what another case is linked by. The number comes in the body."""
        number = str((await body_of(request)).get("number", "")).strip().removeprefix("#").lower()
        if len(number) < _LEAST or not set(number) <= _DIGITS or len(number) > 2 * len(asked.staff.id):
            raise BadRequest
        return answer({"cases": await self._some(asked, Search(which="all", number=number), most=_FOUND)})

    async def near(self, request: Request, asked: Asked) -> Response:
        """The unit's other cases that began with the same and came on the same day of the city's: perhaps the same is told there. Nobody
        compares what is in them, for that is sealed."""
        case = await self._cases.case(asked.id)
        if case is None:
            return answer({"error": "not_there"}, 404)
        day = datetime.fromtimestamp(case.created_at, self._zone).date().isoformat()
        search = Search(which="all", kind=case.kind, since=self._begins(day), until=self._begins(day, after=1))
        found = await self._some(asked, search, most=_NEAR + 1, but=case.id)
        return answer({"cases": found[:_NEAR], "more": len(found) > _NEAR})

    async def _some(self, asked: Asked, search: Search, *, most: int, but: bytes = b"") -> list[dict[str, Any]]:
        rows = await self._cases.list.page(asked.staff.unit_id, search, deadlines=self._deadlines)
        return [
            {"id": row.id.hex(), "number": case_number(row.id), "kind": row.kind, "at": row.created_at, "status": row.status}
            for row in rows
            if row.id != but
        ][:most]  # fmt: skip

    def _search(self, form: Mapping[str, str], asked: Asked) -> Search:
        """What is asked for. Raises BadRequest."""
        number, status, owner, shared = (form.get(name, "").strip() for name in ("number", "status", "owner", "unit"))
        number = number.removeprefix("#").replace(" ", "")
        if not set(number) <= _DIGITS or len(number) > 2 * len(asked.staff.id):
            raise BadRequest
        owner_id = None if owner in ("", NOBODY) else asked.staff.id if owner == MINE else identifier(owner)
        return Search(
            which=one_of(form.get("which", "open"), WHICH), number=number.lower(), status=one_of(status, STATUSES) if status else "",
            shared=identifier(shared) if shared else None, owner=owner_id, nobodys=owner == NOBODY,
            since=self._begins(form.get("from", "")), until=self._begins(form.get("until", ""), after=1),
        )  # fmt: skip

    def _begins(self, day: str, *, after: int = 0) -> int | None:
        """When a day (YYYY-MM-DD) begins in the city, or the one so many days after it; None if none is given. Raises BadRequest."""
        if not day:
            return None
        try:
            moment = datetime.combine(date.fromisoformat(day) + timedelta(days=after), time(), self._zone)
        except (ValueError, OverflowError):
            raise BadRequest from None
        return int(moment.timestamp())


def _place(text: str) -> Place:
    """Where a list goes on. Raises BadRequest."""
    rank, _, rest = text.partition("-")
    at, _, last = rest.partition("-")
    if not all(number.isascii() and number.isdigit() and len(number) < 12 for number in (rank, at)):
        raise BadRequest
    return int(rank), int(at), identifier(last)
