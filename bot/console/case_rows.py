"""The list of a unit's cases: its frame with what it can be searched by, and a page of its rows. Only what is not sealed can be searched,
and what somebody looks for comes in the body of a request: it stands in no address and no log."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo

from starlette.requests import Request
from starlette.responses import Response

from actions.deadline import UNREAD, Deadlines, read_by, report_by
from bot.console.body import BadRequest
from bot.console.guard import Asked, form_of, identifier, one_of
from bot.console.pages import Pages
from bot.storage.case_file import CaseFile
from bot.storage.case_list import PAGE, WHICH, Place, Search

STATUSES = ("stored", "received", "assessed", "in_progress", "referred", "reopened", "closed")
MINE, NOBODY = "mine", "nobody"
NUMBER = 6  # digits of a case's id by which people name it
_DIGITS = frozenset(string.hexdigits)


class CaseRows:
    """Endpoints GET and POST /console/f/cases. `zone` is the city's: in it a day begins and ends; `deadlines` are what the city decided."""

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
                "id": row.id.hex(), "number": row.id.hex()[:NUMBER].upper(), "kind": row.kind, "urgency": row.urgency, "status": row.status,
                "at": row.created_at, "last": row.last_at, "unread": row.status in UNREAD, "owner": row.owner or "",
                "due": read_by(row.urgency, row.created_at, self._deadlines),
                "report": report_by(row.created_at, self._deadlines) if row.due_at is not None else None,
            }
            for row in rows
        ]  # fmt: skip
        older = f"{rows[-1].rank}-{rows[-1].moment}-{rows[-1].id.hex()}" if len(found) > PAGE else ""
        return self._pages.rendered(
            request, "case_rows.html", cases=shown, which=search.which, whiches=WHICH, older=older, newer=bool(before),
            counts=await self._cases.list.counts(unit_id), found=await self._cases.list.found(unit_id, search) if search.narrow else None,
        )  # fmt: skip

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
