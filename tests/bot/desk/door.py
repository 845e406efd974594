"""The real routes of the staff's door over real stores, and colleagues with a browser each, who do what the console's page does."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from actions.access import Subject
from actions.rows import Insert
from bot.cli.admit import admit
from bot.cli.unit import _recovery
from bot.console.audit import Trail
from bot.console.auth import HANDLERS, signed_in
from bot.console.guard import Asked
from bot.console.join import join_routes
from bot.console.sessions import Sessions, session_routes
from bot.demo.colleague import Born, born
from bot.desk import totp
from bot.desk.people import People, people
from bot.desk.staff import Invitation, new_invite
from bot.settings import Settings, load_settings
from bot.storage.audit import AuditChain
from bot.storage.case_file import CaseFile
from bot.storage.database import migrate, open_engine
from bot.storage.key_store import KeyStore
from bot.storage.staff import StaffStore
from bot.storage.writer import Writer
from bot.vault.certificate import Holder, certify, sign_unit_key
from bot.vault.keys import KeyPair, generate_keypair
from bot.vault.member import open_as_member, seal_former, seal_to_member
from bot.vault.row_tag import RowTags
from bot.vault.seal import seal_key
from bot.vault.staff_auth import StaffSecrets
from bot.vault.witness import Witness
from tests.pinning import unit_made
from tests.stores import given

PUBLIC = "https://desk.example.id"
START = 1_795_500_000.0
TAGS, WITNESS = RowTags(bytes(range(32))), Witness(bytes(range(32)))


@dataclass
class Office:
    """The door of a service. `now[0]` is the clock; `shares` are recovery's."""

    app: Starlette
    people: People
    store: StaffStore
    writer: Writer
    chain: AuditChain
    keys: KeyStore
    now: list[float]
    engine: Any
    settings: Settings
    shares: tuple[str, ...] = ()
    changes: list[int] = field(default_factory=list)
    gone: list[bytes] = field(default_factory=list)
    turned: list[bytes] = field(default_factory=list)  # cases whose key was changed

    def wait(self, seconds: float) -> None:
        self.now[0] += seconds

    def client(self, address: str = "10.0.0.1", base: str = PUBLIC) -> httpx.AsyncClient:
        """A browser of its own: cookies and all."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app, client=(address, 1)), base_url=base)

    async def recovery_key(self) -> None:
        """Makes one, as the operator does."""
        self.shares = await _recovery(self.settings)

    async def add_unit(self, name: str, public_key: bytes | None = None) -> bytes:
        unit_id = secrets.token_bytes(16)
        row = {"id": unit_id, "name": name, "kind": "service", "lead": 1, "public_key": public_key, "created_at": int(self.now[0])}
        await unit_made(self.writer, self.keys.pins, row)
        return unit_id

    async def link(self, unit_id: bytes, role: str, *, staff_id: bytes | None = None) -> str:
        token, row = new_invite(unit_id=unit_id, role=role, made_by=None, staff_id=staff_id, now=int(self.now[0]))
        await self.writer.write([row])
        if role == "lead":
            await self.people.staff.expect_first(unit_id, token)
        return token

    async def colleague(self, unit_id: bytes, role: str, name: str, **options: Any) -> Colleague:
        """Somebody who came by a link, with a session."""
        who = Colleague(self, await self.link(unit_id, role), name)
        await who.prepare(**options)
        answer = await who.join()
        assert answer.status_code == 200, answer.text
        return who

    async def lead(self, name: str = "rina", unit: str = "UPTD PPA") -> Colleague:
        """The first lead of a new unit."""
        return await self.colleague(await self.add_unit(unit), "lead", name)

    async def admitted(self, lead: Colleague, role: str, name: str) -> Colleague:
        """Somebody whom a lead has admitted."""
        who = await self.colleague(lead.unit_id, role, name)
        answer = await lead.admit(who)
        assert answer.status_code == 200, answer.text
        return who


class Colleague:
    """A colleague and the browser. Keys never leave this object but wrapped or sealed."""

    def __init__(self, office: Office, token: str, name: str, *, address: str = "10.0.0.1") -> None:
        self.office, self.token, self.name = office, token, name
        self.http = office.client(address)
        self.csrf = ""
        self.opened: dict[str, Any] = {}

    async def prepare(self, *, unit: KeyPair | None = None) -> None:
        """Looks what the link is for, and makes the keys."""
        found = (await self.http.post("/console/j/invitation", json={"token": self.token})).json()
        self.invitation = Invitation(
            unit=type("Unit", (), {"id": bytes.fromhex(found["unit"]["id"])}), role=found["role"], first=found["first"],
            key_public=None, name=found["name"],
        )  # fmt: skip
        self.born: Born = born(
            self.invitation, token=self.token, name=self.name, shown=self.name.title(), unit=unit, code_at=self.office.now[0],
            known=StaffSecrets(auth=secrets.token_bytes(32), wrap=secrets.token_bytes(32)),
        )  # fmt: skip
        self.unit_private = self.born.unit.private if self.born.unit else b""

    @property
    def id(self) -> bytes:
        return self.born.joining.id

    @property
    def unit_id(self) -> bytes:
        return bytes(self.invitation.unit.id)

    def body(self) -> dict[str, Any]:
        """What joining sends."""
        j = self.born.joining
        body: dict[str, Any] = {
            "token": j.token, "id": j.id.hex(), "name": j.name, "shown": j.shown, "languages": list(j.languages), "salt": j.salt.hex(),
            "auth": j.auth.hex(), "sealing_public": j.sealing_public.hex(), "signing_public": j.signing_public.hex(),
            "wrapped": j.wrapped.hex(), "totp_seed": (j.seed or b"").hex(), "totp_code": j.code,
        }  # fmt: skip
        if j.unit_key is not None and j.certificate is not None:
            key = j.unit_key
            body["certificate"] = j.certificate.hex()
            body["unit_key"] = {"public": key.public.hex(), "signature": key.signature.hex(), "sealed": key.sealed.hex()}
        return body

    async def join(self, **other: Any) -> httpx.Response:
        return self._in(await self.http.post("/console/j/join", json={**self.body(), **other}))

    def _in(self, answer: httpx.Response) -> httpx.Response:
        if answer.status_code == 200:
            self.opened = answer.json()
            self.csrf = self.opened["csrf"]
            self.http.headers["X-CSRF"] = self.csrf  # as every page that has proved the passphrase
        return answer

    def code(self) -> str:
        return totp.code(self.born.joining.seed or b"", int(self.office.now[0]) // totp.STEP)

    async def sign_in(self, *, http: httpx.AsyncClient | None = None, **other: Any) -> httpx.Response:
        """With the right secret and a fresh code, or with what is given instead."""
        body = {"name": self.name, "auth": self.born.joining.auth.hex(), "code": self.code(), **other}
        answer = await (http or self.http).post("/console/j/sign-in", json=body)
        return self._in(answer) if http is None else answer

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(f"/console/j/{path}")

    async def post(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        return await self.http.post(f"/console/j/{path}", json=body or {}, headers={"X-CSRF": self.csrf, **headers})

    def opens_unit(self, opened: dict[str, Any]) -> bytes:
        """The unit's newest private key, from what the server gave at sign-in."""
        (unit,) = opened["units"]
        newest = unit["keys"][0]
        self.unit_private = open_as_member(
            bytes.fromhex(newest["sealed"]), private_key=self.born.keys.sealing, unit_id=self.unit_id, version=newest["version"],
            staff_id=self.id,
        )  # fmt: skip
        return self.unit_private

    async def admission(self, who: Colleague, *, role: str | None = None, version: int = 1, key: bool = True) -> dict[str, Any]:
        """What a lead's browser sends to admit somebody."""
        j = who.born.joining
        holder = Holder(
            staff_id=j.id, unit_id=self.unit_id, role=role or who.invitation.role, sealing_public=j.sealing_public,
            signing_public=j.signing_public,
        )  # fmt: skip
        sealed = seal_to_member(
            self.unit_private, member_public=j.sealing_public, unit_id=self.unit_id, version=version, staff_id=j.id
        )  # fmt: skip
        return {
            "staff_id": j.id.hex(), "certificate": certify(holder, private_key=self.born.keys.signing).hex(),
            "sealed_unit_keys": [{"version": version, "sealed": sealed.hex()}] if key else [],
        }  # fmt: skip

    async def admit(self, who: Colleague, **options: Any) -> httpx.Response:
        return await self.post("admit", await self.admission(who, **options))

    def next_key(self, members: list[Colleague], *, version: int = 2) -> tuple[KeyPair, dict[str, Any]]:
        """A new unit key, sealed to these: the pair, and what is sent."""
        pair = generate_keypair()
        sealed = [
            {
                "staff_id": one.id.hex(),
                "sealed": seal_to_member(
                    pair.private, member_public=one.born.joining.sealing_public, unit_id=self.unit_id, version=version, staff_id=one.id
                ).hex(),
            }
            for one in members
        ]
        signature = sign_unit_key(pair.public, unit_id=self.unit_id, version=version, private_key=self.born.keys.signing)
        former = seal_former(self.unit_private, unit_public=pair.public, unit_id=self.unit_id, version=version)
        return pair, {
            "version": version, "public": pair.public.hex(), "signature": signature.hex(), "former": former.hex(), "members": sealed,
        }  # fmt: skip


async def _beat(request: Request) -> Response:
    """What a page does by itself."""
    await signed_in(request, active=False)
    return JSONResponse({})


async def _made_case(request: Request) -> Response:
    """A case that came in just now, sealed to the unit's key as it is in the database (no test changes that on the sly); `closed` by now,
    or sealed to another unit, too (`also`)."""
    staff = await signed_in(request)
    here: Office = request.app.state.office
    wanted = await request.json()
    unit = await here.store.unit(staff.unit_id)
    keys = await here.store.unit_keys(staff.unit_id)
    case_id, pair = secrets.token_bytes(16), generate_keypair()
    sealed = seal_key(pair.private, recipient_public=unit.public_key, case_id=case_id, recipient_id=staff.unit_id)
    recovery = await here.store.recovery()
    if recovery is not None:
        key = seal_key(pair.private, recipient_public=recovery.public_key, case_id=case_id, recipient_id=recovery.id)
        row = {"case_id": case_id, "recipient_id": recovery.id, "sealed": key, "tag": TAGS.reader(case_id, recovery.id)}
        await here.writer.write([Insert(table="case_key", row=row)])
    also = [bytes.fromhex(wanted["also"])] if "also" in wanted else []
    for other in [one for one in await here.store.units() if one.id in also]:
        key = seal_key(pair.private, recipient_public=other.public_key, case_id=case_id, recipient_id=other.id)
        tag = TAGS.reader(case_id, other.id)
        row = {"case_id": case_id, "recipient_id": other.id, "sealed": key, "version": 1, "born": 1, "tag": tag}
        await here.writer.write([Insert(table="case_key", row=row)])
    await here.writer.write([
        Insert(table="cases", row={
            "id": case_id, "kind": "report", "urgency": "other", "status": "closed" if wanted.get("closed") else "stored",
            "language": "id", "public_key": pair.public, "created_at": int(here.now[0]), "tag": TAGS.case(case_id, pair.public),
        }),
        Insert(table="case_key", row={
            "case_id": case_id, "recipient_id": staff.unit_id, "sealed": sealed, "version": keys[0].version, "born": keys[0].version,
            "tag": TAGS.reader(case_id, staff.unit_id),
        }),
    ])  # fmt: skip
    return JSONResponse({"case_id": case_id.hex(), "private": pair.private.hex()})


async def _recovered(request: Request) -> Response:
    """`staff admit`, at the command line beside the service."""
    body = await request.json()
    here: Office = request.app.state.office
    here.settings.pepper_file.write_text(bytes(range(32)).hex())
    done = await admit(here.settings, name=body["name"], words=body["words"], shares=here.shares[1:], now=int(here.now[0]))
    return JSONResponse({"sealed": done.sealed, "left": done.left})


async def _case_key(request: Request) -> Response:
    """What lies there of a case's key, and what says that it was changed."""
    staff = await signed_in(request)
    here: Office = request.app.state.office
    case_id = bytes.fromhex(request.query_params["case"])
    sealed, case = await CaseFile(here.engine).key_for(case_id, staff.unit_id), await here.store.case(case_id)
    assert case is not None
    records = [row for row in (await CaseFile(here.engine).records.newest(case_id)).records if row.kind == "key"]
    return JSONResponse({
        "sealed": (sealed or b"").hex(), "public": case.public_key.hex(), "head": (case.head or b"").hex(),
        "changes": [{"id": row.id.hex(), "sealed": row.sealed.hex(), "author": (row.author_id or b"").hex()} for row in records],
    })  # fmt: skip


async def _work(request: Request) -> Response:
    """What a person does."""
    staff = await signed_in(request)
    return JSONResponse({"name": staff.name})


@asynccontextmanager
async def office(folder: Path, *, second_factor: bool = True, public_url: str = PUBLIC) -> AsyncIterator[Office]:
    """An office on a data directory."""
    settings = load_settings(from_environment=False, given=given(folder))
    settings.keys_folder.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database_url.get_secret_value())
    now = [START]
    keys = KeyStore(open_engine(settings.key_store.get_secret_value(), wal=False), clock=lambda: now[0])
    await migrate(engine, store="main")
    await keys.open()
    writer = Writer(engine)
    writer.start()
    store, chain = StaffStore(engine, writing=engine), AuditChain(engine, writer)
    changes: list[int] = []
    gone: list[bytes] = []
    turned: list[bytes] = []

    async def changed() -> None:
        changes.append(1)

    async def left(staff_id: bytes) -> None:
        gone.append(staff_id)

    team = people(
        store=store, writer=writer, keys=keys, chain=chain, tags=TAGS, witness=WITNESS.public,
        changed=changed, case_changed=turned.append, clock=lambda: now[0],
        second_factor=second_factor, gone=left,
    )  # fmt: skip
    sessions = Sessions(team, public_url=public_url)
    trail = Trail(chain)

    async def head(request: Request) -> Response:
        staff = await signed_in(request)
        return await trail.head(request, Asked(staff=staff, subject=Subject(kind="audit")))

    own = [
        Route("/console/j/audit-head", head, methods=["GET"]),
        Route("/console/j/beat", _beat, methods=["GET"]), Route("/console/f/work", _work, methods=["GET", "POST"]),
        Route("/console/j/recovered", _recovered, methods=["POST"]),
        Route("/console/j/made-case", _made_case, methods=["POST"]), Route("/console/j/case-key", _case_key, methods=["GET"]),
    ]  # fmt: skip
    app = Starlette(routes=[*session_routes(team, sessions), *join_routes(team, sessions), *own], exception_handlers=dict(HANDLERS))
    app.state.sessions = sessions
    made = Office(
        app=app, people=team, store=store, writer=writer, chain=chain, keys=keys, now=now, engine=engine, changes=changes, gone=gone,
        turned=turned, settings=settings,
    )  # fmt: skip
    app.state.office = made
    try:
        yield made
    finally:
        team.close()
        await writer.close()
        await keys.close()
        await engine.dispose()

