"""The console of a service that has started: put together, and joined to its web application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.applications import Starlette

from bot.app import Service
from bot.console.auth import HANDLERS
from bot.console.contacts import contact_routes
from bot.console.join import join_routes
from bot.console.routes import Console, routes
from bot.console.sessions import Sessions, session_routes
from bot.desk.people import People, people
from bot.desk.settings import DeskSettings
from bot.readers import Readers
from bot.storage.audit import AuditChain
from bot.storage.board import Board
from bot.storage.case_file import CaseFile
from bot.storage.desk import DeskStore
from bot.storage.staff import StaffStore


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenConsole:
    """`closing` ends the streams of the pages that are open."""

    console: Console
    people: People
    closing: asyncio.Event

    def close(self) -> None:
        """Ends what it began."""
        self.closing.set()
        self.people.close()


def open_console(
    app: Starlette, service: Service, *, closing: asyncio.Event, clock: Callable[[], float], second_factor: bool
) -> OpenConsole:  # fmt: skip
    """Adds the console's routes to an application that has not answered anybody yet. `second_factor`: whether people sign in with a code
    beside the passphrase (everywhere but in the demo)."""
    chain = AuditChain(service.engine, service.writer)
    folk = people(
        store=StaffStore(service.reading, writing=service.engine), writer=service.writer, keys=service.keys, chain=chain, tags=service.tags,
        witness=service.witness.public,
        changed=service.units.refresh, case_changed=service.case_changed, clock=clock, second_factor=second_factor, gone=service.desk.gone,
        came=service.colleagues_changed,
    )  # fmt: skip
    settings = DeskSettings(
        store=DeskStore(service.reading), chain=chain, units=service.units, events=service.desk.events, clock=clock
    )  # fmt: skip
    console = Console(
        desk=service.desk, settings=settings, typing=service.typing, cases=CaseFile(service.reading, Readers(service.tags)),
        board=Board(service.reading),
        staff=folk.store, writer=service.writer, chain=chain, library=service.shelf.library, fields=service.shelf.fields,
        deadlines=service.deadlines, clock=clock,
        changed=service.case_changed, closing=closing, trust=service.trust,
        tags=service.tags, blocks=service.blocks, tell=service.heads_up.tell,
    )  # fmt: skip
    sessions = Sessions(folk, public_url=service.settings.public_url)
    app.state.sessions = sessions
    app.router.routes += [
        *routes(console), *session_routes(folk, sessions), *join_routes(folk, sessions), *contact_routes(service.linking)
    ]  # fmt: skip
    for refused, answer in HANDLERS.items():
        app.add_exception_handler(refused, answer)
    return OpenConsole(console=console, people=folk, closing=closing)
