"""The fragments: rendered here, swapped in by the page. In clear are ids, states, times and colleagues; all else is sealed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from actions.access import ROLES, allowed
from actions.colleague import MOST_CAPACITY, SKILLS
from actions.deadline import Clock, Deadlines, report_by
from bot.console.auth import Staff
from bot.console.document import SAFE, language_of
from bot.console.guard import Asked, answer
from bot.console.shown import ShownItem, case_number, grouped, head_of, rings
from bot.console.words import Dictionary, Words
from bot.desk.contacts import LAST_PLACE
from bot.desk.queue import OUTCOMES, RISKS, Desk
from bot.desk.settings import DeskSettings
from bot.desk.views import HandOffView, QueueView
from bot.storage.board import Board, Span
from bot.storage.case_file import CaseFile
from flows.catalogue import Catalogue

MOST = 40  # of one group of the queue; whoever wants to see more asks for it
_MONTH = 30 * 86_400
_DRAWN = 2_048  # entries that are kept as they were drawn
_RELAYED_TO = ("emergency", "police", "ambulance", "sapa")
_NEXT = {
    "stored": ("in_progress", "referred", "closed"), "received": ("in_progress", "referred", "closed"),
    "assessed": ("in_progress", "referred", "closed"), "in_progress": ("referred", "closed"), "referred": ("in_progress", "closed"),
    "closed": ("reopened",), "reopened": ("in_progress", "referred", "closed"),
}  # fmt: skip


class Pages:
    """Endpoints under /console/f. `deadlines` are what the city decided; `catalogue` knows the telephone numbers."""

    def __init__(
        self, *, desk: Desk, cases: CaseFile, board: Board, words: Dictionary, catalogue: Catalogue, templates: Environment,
        deadlines: Deadlines, clock: Callable[[], float], settings: DeskSettings,
    ) -> None:  # fmt: skip
        self._desk, self._cases, self._board, self._settings = desk, cases, board, settings
        self._words, self._catalogue, self._templates, self._deadlines, self._clock = words, catalogue, templates, deadlines, clock
        # Twenty consoles look at the same two hundred entries whenever one of them changes: each is drawn once.
        self._entry = lru_cache(maxsize=_DRAWN)(self._drawn)

    def rendered(self, request: Request, name: str, **values: Any) -> Response:
        """A template in the reader's language, as an answer."""
        t = language_of(request, self._words)
        html = self._templates.get_template(name).render(t=t, now=int(self._clock()), **values)
        return Response(html, headers=dict(SAFE), media_type="text/html; charset=utf-8")

    def _drawn(self, item: ShownItem, language: str) -> Markup:
        """One entry of the queue."""
        html = self._templates.get_template("queue_entry.html").render(t=self._words.of(language), item=item)
        return Markup(html)  # noqa: S704  a template of ours, everything in it escaped

    def _services(self) -> list[tuple[str, str]]:
        numbers = self._catalogue.numbers
        return [(name, numbers[name]) for name in _RELAYED_TO if name in numbers]

    async def queue(self, request: Request, asked: Asked) -> Response:
        """The queue, as this person sees it: of a long group the first ones, unless `all` is asked for."""
        view = await self._desk.queue(asked.staff)
        t, most = language_of(request, self._words), None if request.query_params.get("all") == "1" else MOST
        groups = grouped(view, asked.staff, most=most)
        many = {group.key: group.many for group in groups}
        waiting = _waiting(view)
        counts = {
            "waiting": len(waiting), "messages": _messages(view), "active": sum(item.hand_off.state == "active" for item in view.items),
            "here": sum(each.there and each.state == "ready" for each in view.colleagues),
        }  # fmt: skip
        return self.rendered(
            request, "queue.html", groups=groups, counts=counts, entry=lambda item: self._entry(item, t.language),
            oldest=min(waiting) if waiting else None, state=view.state, until=view.until, danger=rings(view.items),
            offered=many.get("offered", 0), invited=many.get("invited", 0),
        )  # fmt: skip

    def _head(self, view: HandOffView, staff: Staff, t: Words) -> dict[str, Any]:
        names = {
            "accept": t("queue.accept"), "refuse": t("queue.refuse"), "pull": t("queue.pull"), "transfer": t("talk.transfer"),
            "take-back": t("talk.take_back"), "wrap": t("talk.wrap"), "close": t("talk.wrap"),
        }  # fmt: skip
        return {"item": head_of(view, staff), "names": names}

    async def hand_off(self, request: Request, asked: Asked) -> Response:
        """A conversation: its frame. What was said is opened in the browser."""
        view = await self._desk.open(asked.staff, asked.id, colleagues=False)
        if view is None:
            return answer({"error": "not_there"}, 404)
        services = self._services()
        return self.rendered(
            request, "talk.html", **self._head(view, asked.staff, language_of(request, self._words)), services=services,
            numbers="/".join(number for _, number in services[:2]),
            wrap=(("outcome", "talk.outcome", OUTCOMES), ("risk", "talk.risk", RISKS)),
        )  # fmt: skip

    async def head(self, request: Request, asked: Asked) -> Response:
        """The head of a conversation alone: what changes while one reads and writes."""
        view = await self._desk.open(asked.staff, asked.id, colleagues=False)
        if view is None:
            return answer({"error": "not_there"}, 404)
        return self.rendered(request, "talk_head.html", **self._head(view, asked.staff, language_of(request, self._words)))

    def _report(self, row: Any) -> int | None:
        """By when the police have to know, if it is sexual violence; None once that is answered. The same for every case."""
        return report_by(row.created_at, self._deadlines) if row.due_at is not None else None

    async def overdue(self, request: Request, asked: Asked) -> Response:
        """How many of the unit's cases are past a clock: what calls a lead, until somebody has seen to it."""
        reading, now = await self._board.reading(asked.staff.unit_id), int(self._clock())
        return answer({clock.value: reading.overdue(clock, now=now, deadlines=self._deadlines) for clock in Clock})

    async def case(self, request: Request, asked: Asked) -> Response:
        """A case: its frame."""
        row = await self._cases.case(asked.id)
        if row is None:
            return answer({"error": "not_there"}, 404)
        shown = {
            "id": row.id.hex(), "number": case_number(row.id), "kind": row.kind, "urgency": row.urgency, "status": row.status,
            "language": row.language, "at": row.created_at, "next": _NEXT.get(row.status, ()), "report": self._report(row),
        }  # fmt: skip
        offs = [{"id": each.id.hex(), "state": each.state} for each in await self._cases.hand_offs_of(asked.id)]
        talks = "hand_off" in allowed(asked.staff.role)
        return self.rendered(request, "case.html", case=shown, hand_offs=offs if talks else [])

    async def board(self, request: Request, asked: Asked) -> Response:
        """The lead's board."""
        now, unit_id = int(self._clock()), asked.staff.unit_id
        view = await self._desk.queue(asked.staff)
        waiting = _waiting(view)
        spans = [(name, await self._board.span(unit_id, now - seconds)) for name, seconds in (("day", 86_400), ("week", 7 * 86_400))]
        reading = await self._board.reading(unit_id)
        late = {clock.value: reading.overdue(clock, now=now, deadlines=self._deadlines) for clock in Clock}
        month = now - _MONTH
        (stars, starred), alone = await self._board.stars(unit_id, month), await self._board.alone(unit_id, month)
        return self.rendered(
            request, "board.html", stars=_decimal(stars, language_of(request, self._words).language), starred=starred, alone=alone,
            colleagues=view.colleagues, waiting=len(waiting), oldest=min(waiting) if waiting else None,
            messages=_messages(view), unread=reading.unread, late=late,
            spans=[
                {"key": name, "span": span, "answered": _rate(span.answered, span), "abandoned": _rate(span.abandoned, span)}
                for name, span in spans
            ],
        )  # fmt: skip

    async def staff(self, request: Request, asked: Asked) -> Response:
        """The staff page: a frame, for whose lines the page asks (`/console/j/members`), and checks them itself."""
        may = allowed(asked.staff.role).get("staff", ())
        return self.rendered(request, "staff.html", may=may, roles=ROLES, skills=SKILLS, most=MOST_CAPACITY)

    async def hours(self, request: Request, asked: Asked) -> Response:
        """Hours, holidays and prepared replies."""
        found = {}
        for name in ("hours", "holidays"):
            version, value = await self._desk.setting(name)
            found[name] = {"version": version, "value": json.loads(value) if value else None}
        may = await self._settings.decided_by(asked.staff)
        return self.rendered(request, "hours.html", may=may, zone=_named(self._desk.zone, self._clock()), **found)

    async def me(self, request: Request, asked: Asked) -> Response:
        """One's own account."""
        return self.rendered(request, "me.html", staff=asked.staff, places=range(1, LAST_PLACE + 1))


def _named(zone: tzinfo, now: float) -> str:
    """A time zone as people know it: Asia/Makassar (WITA)."""
    return f"{zone} ({datetime.fromtimestamp(now, zone).tzname()})"


def _decimal(number: float | None, language: str) -> str | None:
    """A number with one decimal, as it is written in a language."""
    return None if number is None else str(number).replace(".", "," if language == "id" else ".")


def _waiting(view: QueueView) -> list[int]:
    """Since when each person waits who waits now."""
    return [item.hand_off.waiting_since for item in view.items if item.hand_off.waits]


def _messages(view: QueueView) -> int:
    """How many messages were left that nobody has taken yet."""
    return sum(item.hand_off.message and item.hand_off.state in ("waiting", "offered") for item in view.items)


def _rate(many: int, span: Span) -> int | None:
    return round(100 * many / span.over) if span.over else None
