"""The console over a real service: two units with staff of every role, cases and hand-offs of each, and browsers that ask."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from actions.access import ADMINISTRATOR, KEYED_ADMINISTRATOR, ROLES
from actions.deadline import read_by
from actions.rows import Insert
from bot.app import Service
from bot.console.build import open_console
from bot.console.routes import Console
from bot.desk.people import People
from bot.storage.audit import AuditChain
from bot.vault.certificate import Holder
from bot.vault.keys import KeyPair, generate_keypair
from bot.vault.mailbox import open_reply
from bot.vault.seal import open_key, open_sealed, seal, seal_key
from bot.vault.signing import generate_signing
from bot.vault.staff_entry import StaffEntry, sign_entry
from tests.bot.house import house
from tests.pinning import Root, unit_made

SITE = "http://localhost"


@dataclass
class Unit:
    """A unit as its members know it."""

    id: bytes
    name: str
    pair: KeyPair = field(default_factory=generate_keypair)
    root: Root | None = None


@dataclass
class Person:
    """Somebody of a unit, with the keys that the browser would have."""

    id: bytes
    unit: Unit
    role: str
    signing: KeyPair = field(default_factory=generate_signing)
    token: str = ""
    csrf: str = ""
    session: bytes = b""


@dataclass
class Made:
    """A case: its key pair, and the ids of what belongs to it."""

    id: bytes
    unit: Unit
    pair: KeyPair
    hand_off: bytes
    file: bytes
    mailbox: bytes
    mail: KeyPair


class Room:
    """`ask` is a browser's request; rows that a person or a bot would have made are written straight into the stores."""

    def __init__(self, service: Service, app: Starlette, folk: People, chain: AuditChain, clock: list[float], console: Console) -> None:
        self.service, self.app, self.people, self.chain, self.console, self._clock = service, app, folk, chain, console, clock
        self.browser = httpx.AsyncClient(transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url=SITE)

    @property
    def now(self) -> int:
        return int(self._clock[0])

    def wait(self, seconds: float) -> None:
        self._clock[0] += seconds

    async def unit(self, name: str, *, kind: str = "service", lead: int = 1) -> Unit:
        unit = Unit(id=secrets.token_bytes(16), name=name)
        row = {"id": unit.id, "name": name, "kind": kind, "lead": lead, "public_key": unit.pair.public, "created_at": self.now}
        await unit_made(self.service.writer, self.service.keys.pins, row)
        unit.root = Root(unit.id)
        await unit.root.take_root(self.service.writer, self.service.keys.pins)
        await self.service.units.refresh()
        return unit

    async def person(self, unit: Unit, role: str, *, shown: str = "") -> Person:
        """Somebody who is admitted and signed in; as a `KEYED_ADMINISTRATOR` somebody who was given the unit's key as well."""
        keyed, role = role == KEYED_ADMINISTRATOR, ADMINISTRATOR if role == KEYED_ADMINISTRATOR else role
        person = Person(id=secrets.token_bytes(16), unit=unit, role=role)
        holder = Holder(
            staff_id=person.id, unit_id=unit.id, role=role, sealing_public=generate_keypair().public, signing_public=person.signing.public
        )  # fmt: skip
        assert unit.root is not None
        values = {"name": f"{role}-{person.id.hex()[:8]}", "shown": shown or role.title(), "created_at": self.now}
        await unit.root.admits(self.service.writer, self.service.keys.pins, holder, **values)
        session = self.people.sessions.new(person.id)
        await self.service.writer.write([session.row])
        person.token, person.csrf, person.session = session.token, session.csrf, session.id
        if keyed:
            await self.key_given(unit, person)
        return person

    async def key_given(self, unit: Unit, person: Person, *, version: int = 1) -> None:
        """The unit's key, sealed to somebody."""
        key = {
            "unit_id": unit.id, "version": version, "public_key": unit.pair.public, "root_id": unit.id, "signature": b"s", "former": None,
            "created_at": self.now,
        }  # fmt: skip
        member = {"unit_id": unit.id, "version": version, "staff_id": person.id, "sealed": b"sealed"}
        rows = [Insert(table="unit_key", row=key, replace=True), Insert(table="unit_member", row=member)]
        await self.service.writer.write(rows)

    async def case(
        self, unit: Unit, *, urgency: str = "other", kind: str = "hand_off", body: dict[str, Any] | None = None,
        conversation: bytes | None = None, also: tuple[Unit, ...] = (), **fields: Any,
    ) -> Made:  # fmt: skip
        """A case sealed to a unit, with a hand-off that waits (`fields` of its row), a file and a mailbox."""
        pair, mail, locator = generate_keypair(), generate_keypair(), secrets.token_bytes(32)
        case_id, record_id, hand_off, file, mailbox = (secrets.token_bytes(16) for _ in range(5))
        tags = self.service.tags
        content = json.dumps({"format": 1, "kind": kind, "language": "id", **(body or {"answers": {"first": "Halo"}})}).encode()
        sealed = seal(content, public_key=pair.public, case_id=case_id, record_id=record_id, version=1)
        rows = [
            Insert(table="cases", row={
                "id": case_id, "kind": kind, "urgency": urgency, "status": "stored", "language": "id", "public_key": pair.public,
                "created_at": self.now, "due_at": read_by(urgency, self.now, self.service.deadlines),
                "tag": tags.case(case_id, pair.public),
            }),
            *(
                Insert(table="case_key", row={
                    "case_id": case_id, "recipient_id": one.id,
                    "sealed": seal_key(pair.private, recipient_public=one.pair.public, case_id=case_id, recipient_id=one.id),
                    "tag": tags.reader(case_id, one.id),
                })
                for one in (unit, *also)
            ),
            Insert(table="case_record", row={
                "id": record_id, "case_id": case_id, "version": 1, "kind": kind, "created_at": self.now, "sealed": sealed,
            }),
            Insert(table="hand_off", row={
                "id": hand_off, "case_id": case_id, "reason": "asked", "state": "waiting", "created_at": self.now, "urgency": urgency,
                "language": "id", "version": 0, "waiting_since": self.now, "false_alarm": 0, "conversation_id": conversation, **fields,
            }),
            Insert(table="evidence", row={"id": file, "conversation_id": None, "case_id": case_id, "chunks": 1, "created_at": self.now}),
            Insert(table="evidence_chunk", row={"evidence_id": file, "number": 0, "sealed": b"sealed piece"}),
            Insert(table="receipt", row={
                "locator": locator, "case_id": case_id, "mailbox_id": mailbox, "mailbox_public": mail.public,
                "tag": tags.receipt(locator, case_id=case_id, mailbox_id=mailbox, mailbox_public=mail.public),
            }),
        ]  # fmt: skip
        await self.service.witnessing.write(rows)
        return Made(id=case_id, unit=unit, pair=pair, hand_off=hand_off, file=file, mailbox=mailbox, mail=mail)

    async def ask(self, person: Person | None, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """A request as the page makes it; with `csrf=""` or other headers, as it does not."""
        sent = {"sec-fetch-site": "same-origin"}
        if person is not None:
            sent |= {"cookie": f"desk={person.token}", "x-csrf": person.csrf}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if method == "POST":
            return await self.browser.post(path, json={} if body is None else body, headers=sent)
        return await self.browser.request(method, path, headers=sent)

    async def listed(self, person: Person, **fields: str) -> httpx.Response:
        """A page of the list of cases, searched by some fields, as the page asks for it: in the body of the request."""
        headers = {"sec-fetch-site": "same-origin", "cookie": f"desk={person.token}", "x-csrf": person.csrf}
        return await self.browser.post("/console/f/cases", data={"which": "open", **fields}, headers=headers)

    async def get(self, person: Person, path: str) -> Any:
        """The JSON that somebody gets."""
        answer = await self.ask(person, "GET", path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    async def audited(self) -> list[tuple[str, bytes | None, tuple[bytes, ...]]]:
        """What the chain says, oldest first: action, subject, actors."""
        return [(link.entry.action, link.entry.subject, link.entry.actors) for link in await self.chain.links()]

    def entry(
        self, person: Person, case: Made, body: dict[str, Any], *, previous: str, kind: str = "note", signing: KeyPair | None = None,
        record_id: bytes | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """A staff entry as the browser would make it."""
        record_id = record_id or secrets.token_bytes(16)
        content = json.dumps({"format": 1, "kind": kind, "language": "id", **body}).encode()
        sealed = seal(content, public_key=case.pair.public, case_id=case.id, record_id=record_id, version=1)
        made = StaffEntry(
            case_id=case.id, record_id=record_id, version=1, author_id=person.id, previous=bytes.fromhex(previous), sealed=sealed
        )  # fmt: skip
        signature = sign_entry(made, private_key=(signing or person.signing).private)
        return {
            "record_id": record_id.hex(), "version": 1, "sealed": base64.b64encode(sealed).decode(), "signature": signature.hex(),
            "previous": previous, "public_key": case.pair.public.hex(),
        }  # fmt: skip

    @staticmethod
    def opened(case: Made, answer: dict[str, Any], *, unit: Unit | None = None) -> list[dict[str, Any]]:
        """What a member's browser reads of a case."""
        unit = unit or case.unit
        key = open_key(base64.b64decode(answer["key"]), private_key=unit.pair.private, case_id=case.id, recipient_id=unit.id)
        found = []
        for record in answer["records"]:
            content = open_sealed(
                base64.b64decode(record["sealed"]), private_key=key, case_id=case.id, record_id=bytes.fromhex(record["id"]),
                version=record["version"],
            )  # fmt: skip
            found.append(json.loads(content))
        return found

    @staticmethod
    def read_mail(case: Made, message_id: bytes, sealed: bytes) -> str:
        """What the reporter reads with the code."""
        opened = open_reply(sealed, mailbox_private=case.mail.private, mailbox_id=case.mailbox, message_id=message_id)
        return str(json.loads(opened)["text"])


@asynccontextmanager
async def room(folder: Path, **options: Any) -> AsyncIterator[Room]:
    """A console on a data directory, over the service's own desk."""
    clock = [1_795_500_000.0]
    async with house(folder, clock=clock, units=0, **options) as home:
        service = home.service
        chain = AuditChain(service.engine, service.writer)
        app = Starlette()
        opened = open_console(app, service, closing=asyncio.Event(), clock=lambda: clock[0], second_factor=False)
        here = Room(service, app, opened.people, chain, clock, opened.console)
        try:
            yield here
        finally:
            opened.close()
            await here.browser.aclose()


def endpoints(app: Starlette) -> list[tuple[str, str]]:
    """Every route of the application: (method, path)."""
    found = [(method, route.path) for route in app.routes if isinstance(route, Route) for method in route.methods or () if method != "HEAD"]
    assert len(found) > 40
    return sorted(found)


async def everybody(here: Room, unit: Unit) -> dict[str, Person]:
    """One person of each role."""
    return {role: await here.person(unit, role) for role in ROLES}
