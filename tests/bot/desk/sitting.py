"""A real service with a desk at which people sit: each has keys, as a browser would make them, and does what a console would post."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from actions.queue import HandOff
from actions.rows import Insert
from bot.app import Service
from bot.channels.base import ChannelError, Refused, TryLater
from bot.desk.contacts import Contacts
from bot.desk.queue import Desk
from bot.desk.views import Entry, HandOffView, Reply, Result
from bot.hearing import Understands
from bot.readers import Readers
from bot.running import understander
from bot.settings import load_settings
from bot.storage import tables
from bot.storage.case_records import CaseRecords
from bot.storage.desk import DeskStore
from bot.vault.certificate import Holder
from bot.vault.keys import KeyPair, generate_keypair
from bot.vault.seal import seal
from bot.vault.signing import generate_signing
from bot.vault.staff_entry import FIRST, StaffEntry, sign_entry
from tests.bot.house import UNIT, House, Phones, add_unit
from tests.pinning import Root
from tests.stores import given

NOW = 1_795_500_000  # 24 November 2026
_numbers = count(1)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody at the desk, with a console of their own."""

    id: bytes
    unit_id: bytes
    role: str
    shown: str
    signing: KeyPair

    def entry(self, hand_off: HandOff, case: Any, text: str, *, previous: bytes | None = None) -> dict[str, Any]:
        """What a browser posts of an entry."""
        record_id = secrets.token_bytes(16)
        body = json.dumps({"from": "staff", "text": text}).encode()
        sealed = seal(body, public_key=case.public_key, case_id=case.id, record_id=record_id, version=1)
        before = previous if previous is not None else case.head or FIRST
        signed = StaffEntry(case_id=case.id, record_id=record_id, version=1, author_id=self.id, previous=before, sealed=sealed)
        signature = sign_entry(signed, private_key=self.signing.private)
        made = {"record_id": record_id, "version": 1, "sealed": sealed, "signature": signature, "previous": before}
        return {**made, "public_key": case.public_key}


async def add_person(service: Service, name: str, *, unit: bytes, role: str = "counsellor", **fields: Any) -> Person:
    """Somebody who works here; `telephone` and `telegram` are numbers."""
    person = Person(id=secrets.token_bytes(16), unit_id=unit, role=role, shown=name, signing=generate_signing())
    numbers = {each: fields.pop(each, None) for each in ("telephone", "telegram")}
    holder = Holder(
        staff_id=person.id, unit_id=unit, role=role, sealing_public=generate_keypair().public, signing_public=person.signing.public
    )  # fmt: skip
    root = Root(unit)
    await root.take_root(service.writer, service.keys.pins)
    await root.admits(service.writer, service.keys.pins, holder, name=f"{name}{next(_numbers)}", shown=name, **fields)
    if any(numbers.values()):
        place = fields.get("on_call")
        await service.writer.write([Contacts(lambda: service.keys.desk).changed(person.id, **numbers, on_call=place)])
    return person


async def wait_here(service: Service, *, unit: bytes, urgency: str = "other", since: int = NOW, **fields: Any) -> bytes:
    """A hand-off without a conversation, as a message for a counsellor is; gives its id."""
    hand_off_id, case = secrets.token_bytes(16), generate_keypair()
    case_id = secrets.token_bytes(16)
    await service.writer.write(
        [
            Insert(
                table="cases",
                row={
                    "id": case_id, "kind": "hand_off", "urgency": urgency, "status": "stored", "language": "id", "public_key": case.public,
                    "created_at": since, "tag": service.tags.case(case_id, case.public),
                },
            ),
            Insert(
                table="case_key",
                row={"case_id": case_id, "recipient_id": unit, "sealed": b"sealed", "tag": service.tags.reader(case_id, unit)},
            ),
            Insert(
                table="hand_off",
                row={
                    "id": hand_off_id, "case_id": case_id, "reason": "asked", "state": "waiting", "created_at": since, "urgency": urgency,
                    "language": "id", "version": 0, "waiting_since": since, "false_alarm": 0, **fields,
                },
            ),
        ]
    )  # fmt: skip
    return hand_off_id


class Telegrams:
    """Staff's chats: what rang in them. `broken` chats take nothing any more, `busy` ones not now."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.broken: set[str] = set()
        self.busy: set[str] = set()

    async def ring(self, address: str, text: str) -> None:
        if address in self.busy:
            raise TryLater("telegram_busy", after=30)
        if address in self.broken:
            raise Refused("telegram_blocked")
        self.sent.append((address, text))


class Telephone:
    """Numbers that rang, and the codes that they heard. `broken` ones cannot be reached."""

    def __init__(self) -> None:
        self.rang: list[str] = []
        self.heard: list[str] = []
        self.broken: set[str] = set()

    async def call(self, number: str, *, code: str = "") -> None:
        if number in self.broken:
            raise ChannelError("voice_unreachable")
        self.rang.append(number)
        self.heard += [code] if code else []


class Office(House):
    """A house with a desk. Consoles say that they are there only when a test says so."""

    def __init__(self, service: Service, phones: Phones, clock: list[float]) -> None:
        super().__init__(service, phones, clock)
        self.clock = clock
        self.telegrams, self.telephone = Telegrams(), Telephone()
        self.unit = b"unit".ljust(16, b".")
        self.store = DeskStore(service.engine, wrote=Readers(service.tags))
        self.records = CaseRecords(service.engine)

    @property
    def desk(self) -> Desk:
        return self.service.desk

    @property
    def now(self) -> int:
        return int(self.clock[0])

    async def comes(self, name: str, *, role: str = "counsellor", state: str | None = "ready", **fields: Any) -> Person:
        """Somebody sits down at the desk."""
        person = await add_person(self.service, name, unit=fields.pop("unit", self.unit), role=role, **fields)
        if state is not None:
            await self.desk.beat(person, state)
        await self.service.settle()
        return person

    async def passes(self, seconds: int, *there: Person) -> None:
        """Time passes in steps of ten seconds; the consoles of `there` go on saying that they are."""
        end = self.clock[0] + seconds
        while self.clock[0] < end:
            self.clock[0] = min(end, self.clock[0] + 10)
            for person in there:
                await self.desk.beat(person)
            await self.tick()

    async def tick(self) -> None:
        """A round of the desk, and what comes of it."""
        await self.desk.tick()
        await self.service.settle()

    async def hand_off(self, hand_off_id: bytes) -> HandOff:
        """A hand-off as it is stored."""
        found = await self.store.hand_off(hand_off_id)
        assert found is not None
        return found

    async def asks(self, address: str) -> bytes:
        """A person asks for somebody, in the real conversation; gives the hand-off's id."""
        before = {row.id for row in await self.all(select(tables.hand_off.c.id))}
        for line in TALK:
            await self.say(address, line)
        (made,) = [row.id for row in await self.all(select(tables.hand_off.c.id)) if row.id not in before]
        return bytes(made)

    async def all(self, statement: Any) -> list[Any]:
        """What the database holds."""
        async with self.service.engine.connect() as connection:
            return list((await connection.execute(statement)).all())

    async def replies(self, person: Person, hand_off_id: bytes, text: str, **other: Any) -> Result:
        """Somebody writes to the reporter."""
        hand_off = await self.hand_off(hand_off_id)
        case = await self.store.case(hand_off.case_id)
        result = await self.desk.reply(person, hand_off_id, Reply(text=text, **person.entry(hand_off, case, text, **other)))
        await self.service.settle()
        return result

    async def notes(self, person: Person, hand_off_id: bytes, text: str, **other: Any) -> Result:
        """Somebody writes for colleagues."""
        hand_off = await self.hand_off(hand_off_id)
        case = await self.store.case(hand_off.case_id)
        return await self.desk.note(person, hand_off_id, Entry(**person.entry(hand_off, case, text, **other)))

    async def set(self, hand_off_id: bytes, **values: Any) -> None:
        """Past the service: a row is changed, by another process as it were."""
        row = tables.hand_off.c
        async with self.service.engine.begin() as connection:
            await connection.execute(update(tables.hand_off).where(row.id == hand_off_id).values(**{"version": row.version + 1, **values}))

    def heard(self, address: str) -> list[str]:
        """What a person has seen."""
        return [bubble.text for bubble in self.phones.seen[address]]


TALK = ("/start", "counsellor", "talk", "aku takut pulang", "own")


@asynccontextmanager
async def office(
    folder: Path, *, clock: list[float] | None = None, channel: str = "telegram", understands: Understands | None = None
) -> AsyncIterator[Office]:  # fmt: skip
    """An office on a data directory, with one unit; people write on a channel. Without `understands` danger phrases alone are heard."""
    phones, time = Phones(), clock or [float(NOW)]
    phones.name = channel
    telegrams, telephone = Telegrams(), Telephone()
    settings = load_settings(from_environment=False, given=given(folder))
    service = Service(
        settings, channels={channel: phones}, understander=understands or understander(), clock=lambda: time[0],
        messenger=telegrams, caller=telephone,
    )  # fmt: skip
    await service.start(jobs=False)
    try:
        made = Office(service, phones, time)
        made.telegrams, made.telephone = telegrams, telephone
        if not service.units.any:
            made.unit = await add_unit(service, UNIT)
        yield made
        await service.settle()
        await service.desk.settle()
        kept, stored = await service.desk._store.open_hand_offs(), await DeskStore(service.engine).open_hand_offs()
        assert sorted(kept, key=_id) == sorted(stored, key=_id), "what the desk keeps of its last look is what is stored"
    finally:
        await service.stop()


def _id(hand_off: HandOff) -> bytes:
    return hand_off.id


async def talking(desk: Office, person: Person, address: str = "100") -> bytes:
    """A reporter who talks with somebody."""
    hand_off_id = await desk.asks(address)
    await desk.tick()
    assert (await desk.desk.accept(person, hand_off_id)).ok
    await desk.service.settle()
    return hand_off_id


async def opened(desk: Office, person: Person, hand_off_id: bytes) -> HandOffView:
    view = await desk.desk.open(person, hand_off_id)
    assert view is not None
    return view
