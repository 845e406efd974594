"""The audit chain for leads and auditors: what concerns their unit, in plain words; and what a browser needs to see that the chain still
goes on from where it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from actions.audit import START, Link, digest
from bot.console.body import BadRequest
from bot.console.guard import Asked, answer
from bot.console.pages import Pages
from bot.console.shown import case_number
from bot.storage.audit import AuditChain
from bot.storage.case_file import CaseFile
from bot.storage.staff import StaffStore

PAGE = 100  # entries
_FOLLOWED = 2_000  # digests in one answer


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest
    return int(text)


class AuditPages:
    """Endpoint GET /console/f/audit."""

    def __init__(self, *, chain: AuditChain, cases: CaseFile, store: StaffStore, pages: Pages) -> None:
        self._chain, self._cases, self._store, self._pages = chain, cases, store, pages

    async def page(self, request: Request, asked: Asked) -> Response:
        """The newest entries that concern one's own unit; those before a number where that is given, without the page around them."""
        before, unit_id = _number(request, "before"), asked.staff.unit_id
        links = await self._chain.of_unit(unit_id, before=before or None, most=PAGE + 1)
        shown = links[:PAGE]
        known = await self._known(unit_id, shown)
        entries = [_entry(link, unit_id, *known) for link in shown]
        older = shown[-1].entry.number if len(links) > PAGE else 0
        return self._pages.rendered(request, "audit_rows.html" if before else "audit.html", entries=entries, older=older)

    async def _known(self, unit_id: bytes, links: Sequence[Link]) -> tuple[Mapping[bytes, Any], Mapping[bytes, str], Mapping[bytes, Any]]:
        """Colleagues, units, and the cases of this unit behind ids."""
        subjects = [link.entry.subject for link in links if link.entry.subject is not None]
        people = {row.id: row for row in await self._store.everybody()}
        units = {row.id: row.name for row in await self._store.units()}
        return people, units, await self._cases.behind(subjects, unit_id)


class Trail:
    """Endpoint GET /console/j/audit-head. What other units did is told to nobody: of all entries a browser gets the digests."""

    def __init__(self, chain: AuditChain) -> None:
        self._chain = chain

    async def head(self, request: Request, asked: Asked) -> Response:
        """How the chain goes on after a number: the hash that stands there (null: nothing does), the digests of what follows, number and
        hash of the last of these, and how many are left. Without a number: where its end is."""
        number = _number(request, "from")
        if not number:
            last = await self._chain.head()
            return answer({"first": None, "digests": [], "left": 0, "head": _place(last)})
        links = await self._chain.links_from(number, most=_FOLLOWED + 1)
        if not links or links[0].entry.number != number:
            return answer({"first": None, "digests": [], "left": 0, "head": _place(await self._chain.head())})
        return answer({
            "first": links[0].hash.hex(), "digests": [digest(link.entry).hex() for link in links[1:]], "head": _place(links[-1]),
            "left": int(len(links) > _FOLLOWED),
        })  # fmt: skip


def _place(link: Link | None) -> dict[str, Any]:
    return {"number": link.entry.number, "hash": link.hash.hex()} if link is not None else {"number": 0, "hash": START.hex()}


def _entry(
    link: Link, unit_id: bytes, people: Mapping[bytes, Any], units: Mapping[bytes, str], cases: Mapping[bytes, tuple[str, bytes]]
) -> dict[str, Any]:  # fmt: skip
    """An entry for the page: `who` did it (a name; "": the command line; None: a key that is no colleague's), of which other unit, and to
    `what` (a kind, and a name)."""
    entry, subject = link.entry, link.entry.subject
    actor = people.get(entry.actors[0]) if entry.actors else None
    who = actor.shown if actor is not None else "" if not entry.actors else None
    kind, name = "elsewhere", ""
    if subject is None:
        pass
    elif subject in cases:
        kind, case_id = cases[subject]
        name = case_number(case_id)
    elif subject in people and people[subject].unit_id == unit_id:
        kind, name = "colleague", people[subject].shown
    elif subject in units:
        kind, name = "unit", units[subject]
    return {
        "number": entry.number, "at": entry.at, "action": entry.action, "who": who, "kind": kind, "name": name,
        "unit": units.get(actor.unit_id, "") if actor is not None and actor.unit_id != unit_id else "",
        "own": subject is not None and entry.actors == (subject,),
    }  # fmt: skip
