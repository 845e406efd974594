"""A whole desk on loopback for a browser: the real service in a thread, its console, and colleagues whose passphrases are known."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

from actions.rows import Insert
from bot.app import Service
from bot.channels.base import Received
from bot.channels.web import WebChannel
from bot.channels.web import routes as web_routes
from bot.console.build import open_console
from bot.demo.colleague import Born, born
from bot.desk.people import People
from bot.desk.staff import new_invite
from bot.running import understander
from bot.settings import load_settings
from bot.vault.certificate import Holder, certify
from bot.vault.member import seal_to_member
from flows.message import Inbound, InboundKind
from tests.bot.house import Phones
from tests.browser.site import NUMBERS
from tests.stores import given

PASSPHRASE = "bunga pasir tenang kapal langit roti"


@dataclass
class Colleague:
    """Somebody who can sign in at the console: `name` and `PASSPHRASE`."""

    name: str
    shown: str
    role: str
    born: Born

    @property
    def id(self) -> bytes:
        return self.born.joining.id


class Office:
    """`start` serves; `run` does something in the service's own loop and gives what comes of it."""

    def __init__(self, folder: Path) -> None:
        self.settings = load_settings(from_environment=False, given=given(folder))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://localhost:{self.port}"
        self.phones = Phones()
        self._ahead = 0.0
        self._ready = threading.Event()
        self._stop: Callable[[], None] = lambda: None
        self._failed: BaseException | None = None
        self.service: Service
        self.people: People

    def start(self) -> None:
        """Serves; returns once people can be served."""
        self._ready.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        if not self._ready.wait(60) or self._failed is not None:
            raise RuntimeError("the desk did not start") from self._failed

    def stop(self) -> None:
        """Ends the service."""
        self._loop.call_soon_threadsafe(self._stop)
        self._thread.join(20)

    def later(self, seconds: float) -> None:
        """The service's clock goes on by so much at once."""
        self._ahead += seconds

    def _clock(self) -> float:
        return time.time() + self._ahead

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(60)

    async def _serve(self) -> None:
        try:
            await self._serving()
        except BaseException as error:
            self._failed = error
            self._ready.set()
            raise

    async def _serving(self) -> None:
        self._loop = asyncio.get_running_loop()
        web = WebChannel()
        service = Service(
            self.settings, channels={"telegram": self.phones, "web": web}, understander=understander(), clock=self._clock
        )  # fmt: skip
        self.service = service
        await service.start()
        app = Starlette(routes=web_routes(service, channel=web, numbers=NUMBERS, service_name="Ruang Aman"))
        console = open_console(app, service, closing=asyncio.Event(), clock=self._clock, second_factor=False)
        self.people = console.people
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_config=None, access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]

        def stop() -> None:
            console.closing.set()
            web.closing.set()
            server.should_exit = True

        self._stop = stop
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.02)
        self._ready.set()
        await serving
        console.close()
        await service.stop()

    # People

    def unit(self, name: str, *, kind: str = "service") -> bytes:
        """A unit that has no key yet."""
        unit_id = secrets.token_bytes(16)
        row = {"id": unit_id, "name": name, "kind": kind, "lead": 1, "public_key": None, "created_at": int(time.time())}
        self.run(self.service.writer.write([Insert(table="unit", row=row)]))
        return unit_id

    def invited(self, unit_id: bytes, role: str) -> str:
        """A link's token."""
        token, row = new_invite(unit_id=unit_id, role=role, made_by=None, staff_id=None, now=int(time.time()))
        self.run(self.service.writer.write([row]))
        return token

    def colleague(self, unit_id: bytes, role: str, *, name: str, shown: str, lead: Colleague | None = None) -> Colleague:
        """Somebody who joined, and was admitted if a lead is given (the first lead needs none)."""
        token = self.invited(unit_id, role)

        async def join() -> Born:
            invitation = await self.people.staff.invitation(token)
            made = await asyncio.to_thread(born, invitation, token=token, name=name, shown=shown, passphrase=PASSPHRASE)
            await self.people.staff.join(made.joining)
            await self.people.sessions.end(made.joining.id, None)  # the browser that joined is closed
            return made

        made = self.run(join())
        colleague = Colleague(name=name, shown=shown, role=role, born=made)
        if lead is not None:
            self.admit(lead, colleague, unit_id)
        return colleague

    def admit(self, lead: Colleague, who: Colleague, unit_id: bytes) -> None:
        """A lead admits somebody, with the unit's key for those who work with cases."""
        joining = who.born.joining
        holder = Holder(
            staff_id=who.id, unit_id=unit_id, role=who.role, sealing_public=joining.sealing_public, signing_public=joining.signing_public
        )  # fmt: skip
        sealed = []
        if who.role not in ("auditor", "administrator") and lead.born.unit is not None:
            private = lead.born.unit.private
            sealed = [(1, seal_to_member(private, member_public=joining.sealing_public, unit_id=unit_id, version=1, staff_id=who.id))]
        certificate = certify(holder, private_key=lead.born.keys.signing)
        self.run(self.people.unit_keys.admit(lead.id, staff_id=who.id, certificate=certificate, sealed=sealed))

    # Reporters

    def says(self, address: str, *lines: str) -> None:
        """A reporter on a phone taps an option of that name if it is offered, or types."""

        async def say() -> None:
            for line in lines:
                button = self.phones.options(address).get(line)
                if line == "/start":
                    inbound = Inbound(kind=InboundKind.START)
                else:
                    inbound = Inbound(kind=InboundKind.TAP, tap=button) if button else Inbound(kind=InboundKind.TEXT, text=line)
                number = f"{address}:{secrets.token_hex(6)}"
                received = Received(channel="telegram", message_id=number, address=address, inbound=inbound, ref=f"in{number}")
                await self.service.receive(received)
                await self.service.settle()

        self.run(say())

    def heard(self, address: str) -> list[str]:
        """What a reporter's phone shows, oldest first."""
        return [bubble.text for bubble in self.phones.seen[address]]
