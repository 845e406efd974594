"""The routes of the console, each behind the guard with what `access_table.ROUTES` says it needs. Those of accounts are in `bot.console`'s
`auth`, `join` and `sessions`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from actions.access import allowed
from actions.deadline import Deadlines
from bot.blocks import Blocks
from bot.console.access_table import ROUTES
from bot.console.audit import AuditPages, Trail
from bot.console.case_rows import CaseRows
from bot.console.cases import Cases
from bot.console.document import Assets, Document, environment, load_assets
from bot.console.events import Streams
from bot.console.guard import Asked, Endpoint, Guard, answer
from bot.console.hand_offs import HandOffs
from bot.console.leads import Leads
from bot.console.pages import Pages
from bot.console.reach import Reach
from bot.console.reading import Reading
from bot.console.words import load_words
from bot.desk.mailbox import Mailbox
from bot.desk.queue import Desk
from bot.desk.settings import DeskSettings
from bot.desk.typing import Typing
from bot.heads_up import Tell
from bot.storage.audit import AuditChain
from bot.storage.board import Board
from bot.storage.case_file import CaseFile
from bot.storage.staff import StaffStore
from bot.storage.writer import Writer
from bot.trust import Trust
from bot.vault.row_tag import RowTags
from flows.library import Library


@dataclass(frozen=True, kw_only=True, slots=True)
class Console:
    """What the console is made of. `settings` are what leads decide, `fields` those of the national recording, `deadlines` what the city
    decided; `changed` tells all consoles that a case is another than before; `trust` says whom the service believes, `tags` are its own
    over what it wrote, `blocks` the addresses that are blocked; `tell` says in a reporter's
    chat that an answer waits; `closing` ends the open streams when it stops."""

    desk: Desk
    settings: DeskSettings
    typing: Typing
    cases: CaseFile
    board: Board
    staff: StaffStore
    writer: Writer
    chain: AuditChain
    library: Library
    fields: Mapping[str, Sequence[str]]
    deadlines: Deadlines
    clock: Callable[[], float]
    changed: Callable[[bytes], None]
    trust: Trust
    tags: RowTags
    blocks: Blocks
    tell: Tell
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    assets: Assets = field(default_factory=load_assets)


async def _may(request: Request, asked: Asked) -> Response:
    """Who is signed in, and what this role may: the page shows nothing that would be refused."""
    staff = asked.staff
    may = {kind: list(verbs) for kind, verbs in allowed(staff.role).items()}
    who = {"id": staff.id.hex(), "unit_id": staff.unit_id.hex(), "role": staff.role, "name": staff.name, "shown": staff.shown}
    return answer({**who, "may": may})


def routes(console: Console) -> list[Route]:
    """All of them. Raises KeyError for a route that the table of access does not know, WordsError if the console's words cannot be used."""
    words, templates = load_words(console.library.catalogue), environment()
    document = Document(words=words, assets=console.assets, templates=templates, zone=str(console.desk.zone))
    reach = Reach(cases=console.cases, chain=console.chain, clock=console.clock)
    guard = Guard(found=reach.access_by_id, note=reach.refused)
    reading = Reading(
        cases=console.cases, writer=console.writer, deadlines=console.deadlines, clock=console.clock, changed=console.changed
    )  # fmt: skip
    desk = HandOffs(desk=console.desk, cases=console.cases, reach=reach, reading=reading, typing=console.typing)
    cases = Cases(
        cases=console.cases, writer=console.writer, reach=reach, reading=reading, clock=console.clock, changed=console.changed,
        mailbox=Mailbox(console.trust, console.tags), tags=console.tags, tell=console.tell, blocks=console.blocks,
        chain=console.chain,
    )  # fmt: skip
    leads = Leads(
        desk=console.desk, settings=console.settings, words=words, library=console.library, fields=console.fields
    )  # fmt: skip
    pages = Pages(
        desk=console.desk, cases=console.cases, board=console.board, words=words, catalogue=console.library.catalogue, templates=templates,
        deadlines=console.deadlines, clock=console.clock, settings=console.settings,
    )  # fmt: skip
    listed = CaseRows(pages=pages, cases=console.cases, zone=console.desk.zone, deadlines=console.deadlines)
    audit = AuditPages(chain=console.chain, cases=console.cases, store=console.staff, pages=pages)
    streams = Streams(
        console.desk.events, found=reach.access_by_id, unread=console.cases.list.any_unread, closing=console.closing
    )  # fmt: skip
    endpoints: dict[tuple[str, str], Endpoint] = {
        ("GET", "/console/events"): streams.stream,
        ("GET", "/console/f/queue"): pages.queue,
        ("GET", "/console/f/hand-off/{id}"): pages.hand_off,
        ("GET", "/console/f/hand-off/{id}/head"): pages.head,
        ("GET", "/console/f/cases"): listed.frame,
        ("POST", "/console/f/cases"): listed.rows,
        ("POST", "/console/j/cases/find"): listed.find,
        ("GET", "/console/j/case/{id}/near"): listed.near,
        ("GET", "/console/f/case/{id}"): pages.case,
        ("GET", "/console/f/board"): pages.board,
        ("GET", "/console/f/audit"): audit.page,
        ("GET", "/console/j/audit-head"): Trail(console.chain).head,
        ("GET", "/console/f/staff"): pages.staff,
        ("GET", "/console/f/hours"): pages.hours,
        ("GET", "/console/f/me"): pages.me,
        ("GET", "/console/j/may"): _may,
        ("GET", "/console/j/canned"): leads.canned,
        ("GET", "/console/j/questions"): leads.questions,
        ("GET", "/console/j/overdue"): pages.overdue,
        ("POST", "/console/j/setting/{name}"): leads.change,
        ("POST", "/console/j/presence"): desk.presence,
        ("GET", "/console/j/hand-off/{id}"): desk.opened,
        ("GET", "/console/j/hand-off/{id}/earlier"): desk.earlier,
        ("POST", "/console/j/hand-off/{id}/accept"): desk.accept,
        ("POST", "/console/j/hand-off/{id}/refuse"): desk.refuse,
        ("POST", "/console/j/hand-off/{id}/pull"): desk.pull,
        ("POST", "/console/j/hand-off/{id}/reply"): desk.reply,
        ("POST", "/console/j/hand-off/{id}/typing"): desk.typing,
        ("POST", "/console/j/hand-off/{id}/safe"): desk.safe,
        ("POST", "/console/j/hand-off/{id}/note"): desk.note,
        ("POST", "/console/j/hand-off/{id}/transfer"): desk.transfer,
        ("POST", "/console/j/hand-off/{id}/take-back"): desk.take_back,
        ("POST", "/console/j/hand-off/{id}/let-go"): desk.let_go,
        ("POST", "/console/j/hand-off/{id}/invite"): desk.invite,
        ("POST", "/console/j/hand-off/{id}/relayed"): desk.relayed,
        ("POST", "/console/j/hand-off/{id}/block"): desk.block,
        ("POST", "/console/j/hand-off/{id}/wrap-up"): desk.wrap_up,
        ("POST", "/console/j/hand-off/{id}/close"): desk.close,
        ("GET", "/console/j/case/{id}"): cases.opened,
        ("GET", "/console/j/case/{id}/earlier"): cases.earlier,
        ("POST", "/console/j/case/{id}/reply"): cases.reply,
        ("POST", "/console/j/case/{id}/tell"): cases.tell,
        ("POST", "/console/j/case/{id}/note"): cases.note,
        ("POST", "/console/j/case/{id}/status"): cases.status,
        ("POST", "/console/j/case/{id}/duty"): cases.duty,
        ("POST", "/console/j/case/{id}/unblock"): cases.unblock,
        ("GET", "/console/j/file/{id}/{first:int}"): cases.file,
    }
    opened = {
        ("GET", "/console"): document.page,
        ("GET", "/console/static/{name}"): document.file,
        ("GET", "/console/words/{language}"): document.words,
    }
    for where in opened:
        if ROUTES[where] is not None:
            raise KeyError(where)
    found = [Route(path, endpoint, methods=[method]) for (method, path), endpoint in opened.items()]
    found += [Route(path, guard(method, path, endpoint), methods=[method]) for (method, path), endpoint in endpoints.items()]
    return found
