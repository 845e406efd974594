"""A whole desk on loopback for a browser: the real service in a thread, its console, and colleagues whose passphrases are known."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

from actions.rows import Change
from bot.app import Service
from bot.channels.base import Channel, Received
from bot.channels.web import WebChannel
from bot.channels.web import routes as web_routes
from bot.channels.whatsapp import routes as whatsapp_routes
from bot.console.build import open_console
from bot.demo.colleague import Born, born
from bot.desk.alarm import Caller
from bot.desk.people import People
from bot.desk.staff import new_invite
from bot.running import understander
from bot.settings import load_settings
from bot.vault.certificate import Holder, certify
from bot.vault.member import seal_to_member
from flows.message import Inbound, InboundKind, Media
from tests.bot.house import Phones
from tests.browser.site import NUMBERS
from tests.contracts.twilio_peer import TEMPLATE, TOKEN, Kept, Twilio, signed
from tests.contracts.twilio_peer import channel as whatsapp_channel
from tests.pinning import unit_made
from tests.stores import given

PUBLIC = "https://bot.example.org"  # what Twilio signs its calls for: a proxy leads from there to the port
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

    def __init__(
        self, folder: Path, *, phones: Phones | None = None, twilio: Twilio | None = None, caller: Caller | None = None
    ) -> None:  # fmt: skip
        self.settings = load_settings(from_environment=False, given=given(folder))
        self.twilio, self._caller = twilio, caller
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://localhost:{self.port}"
        self.phones = phones or Phones()
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
        channels: dict[str, Channel] = {"telegram": self.phones, "web": web}
        whatsapp = whatsapp_channel(self.twilio, public_url=PUBLIC, template=TEMPLATE) if self.twilio is not None else None
        if whatsapp is not None:
            channels["whatsapp"] = whatsapp
        service = Service(self.settings, channels=channels, understander=understander(), clock=self._clock, caller=self._caller)
        self.service = service
        await service.start()
        app = Starlette(routes=web_routes(service, channel=web, numbers=NUMBERS, service_name="Ruang Aman"))
        if whatsapp is not None:
            app.router.routes += whatsapp_routes(service, service.reports, whatsapp, public_url=PUBLIC, auth_token=TOKEN)
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
        self.run(unit_made(self.service.writer, self.service.keys.pins, row))
        return unit_id

    def invited(self, unit_id: bytes, role: str) -> str:
        """A link's token."""
        token, row = new_invite(unit_id=unit_id, role=role, made_by=None, staff_id=None, now=int(time.time()))
        self.run(self.service.writer.write([row]))
        if role == "lead":
            self.run(self.people.staff.expect_first(unit_id, token))
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

    def sends(self, address: str, kind: str, content: bytes) -> None:
        """A reporter sends a file from a phone (`phones` has to be one that can)."""

        async def send() -> None:
            handle = secrets.token_hex(8)
            self.phones.files[handle] = content  # type: ignore[attr-defined]
            inbound = Inbound(kind=InboundKind.MEDIA, media=Media(kind=kind, handle=handle))
            received = Received(channel="telegram", message_id=handle, address=address, inbound=inbound, ref=f"in{handle}")
            await self.service.receive(received)
            await self.service.settle()

        self.run(send())

    def twilio_posts(self, form: dict[str, str], path: str = "/webhooks/whatsapp", query: str = "") -> int:
        """A call of Twilio's with its signature, over HTTP; gives the status."""
        target = path + (f"?{query}" if query else "")
        body, headers = signed(PUBLIC + target, form)
        request = urllib.request.Request(self.url + target, data=body, headers={k.decode(): v.decode() for k, v in headers})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)

    def whatsapp(self, *lines: str) -> list[Kept]:
        """Somebody writes on WhatsApp, line by line. Gives what the phone shows."""
        assert self.twilio is not None
        for line in lines:
            assert self.twilio_posts(self.twilio.writes(line)) == 200
            self.run(self.service.settle())
        return self.twilio.screen()

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What the database holds."""

        async def read() -> list[dict[str, Any]]:
            async with self.service.engine.connect() as connection:
                return [dict(row) for row in (await connection.exec_driver_sql(query)).mappings()]

        found: list[dict[str, Any]] = self.run(read())
        return found

    def write(self, *changes: Change) -> None:
        """Somebody who can write to the database does."""
        self.run(self.service.writer.write(changes))

    def told(self, *changes: Change) -> None:
        """The service writes what a reporter told."""
        self.run(self.service.witnessing.write(changes))
