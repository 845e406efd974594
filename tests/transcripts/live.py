"""The real service on SQLite, with channels that keep what they are given and refuse what the platform would refuse."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from actions.identity import given_of
from bot import contexts
from bot.app import Service
from bot.channels.base import Limits, Received, Refused
from bot.mode import switched
from bot.settings import load_settings
from bot.storage import tables
from bot.vault.draft import unlock
from bot.vault.errors import SealError
from bot.vault.identity import open_identity
from bot.vault.keys import KeyPair, generate_keypair
from bot.vault.seal import open_key, open_sealed
from flows.message import Inbound, Outbound
from flows.session import Session
from tests.bot.filed import sample
from tests.contracts.twilio_peer import Twilio
from tests.desk_by_hand import DeskByHand, LiveDesk, wait_for
from tests.pinning import Author, role_made, unit_made
from tests.stores import given
from tests.transcripts.rules import LIMITS, over_limits
from tests.transcripts.stage import REMEMBERED, Clock, Left, Seen, Setting
from tests.transcripts.whatsapp import ADDRESS, WhatsAppPhone

OURS = ("bot", "flows", "actions", "nlu")
LONG_ENOUGH = 12  # characters: shorter words may stand in a file by chance


class PlatformChannel:
    """A platform with its limits. What it refused is kept too: the service would only try again."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pull = name == "web"
        self.limits: Limits = LIMITS[name]
        self.sent: list[tuple[str, Outbound]] = []
        self.deleted: list[str] = []
        self.refused: list[str] = []

    def parse(self, update: Mapping[str, Any]) -> Received | None:
        raise AssertionError("transcripts hand in what was parsed already")

    async def acknowledge(self, received: Received) -> None:
        """Nothing to stop."""

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        self.look_at(message)
        ref = f"out{len(self.sent)}"
        self.sent.append((ref, message))
        return (ref,)

    def look_at(self, message: Outbound) -> None:
        found = over_limits(self.name, message)
        self.refused += found
        if found:
            raise Refused("over_limits")

    async def delete(self, address: str, ref: str) -> None:
        if self.name != "telegram":
            raise Refused("cannot_delete")
        self.deleted.append(ref)

    async def close(self) -> None:
        """Nothing to end."""


class KeepingChannel(PlatformChannel):
    """A platform that keeps people's files until they are fetched. A handle is the name of a sample of `tests/fixtures/files`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.file_is_message = name == "telegram"
        self.of_message: dict[str, str] = {}  # handle → the message that it came with last

    async def fetch(self, handle: str) -> AsyncIterator[bytes]:
        yield sample(handle)

    async def drop(self, handle: str) -> None:
        if self.name == "telegram":
            self.deleted.append(self.of_message[handle])


class _Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = f"{record.getMessage()} {record.__dict__}"
        if record.exc_info:
            line += logging.Formatter().formatException(record.exc_info)
        self.lines.append(line)
        if record.levelno >= logging.ERROR:
            self.errors.append(line)


class LiveService:
    """A `Stage`."""

    def __init__(self, setting: Setting, folder: Path) -> None:
        self._setting = setting
        self._folder = folder
        self._clock = Clock(now=setting.person.begins.timestamp())
        self._keys: dict[str, tuple[bytes, KeyPair]] = {}
        self._roles: dict[str, bytes] = {}
        self._address = "1000" if setting.channel != "whatsapp" else f"{ADDRESS}1000"
        self._count = 0
        self._last: Received | None = None
        self._log = _Log()
        self._spoken: list[str] = []
        self._refs: list[str] = []
        self._twilio = Twilio()
        self._reported = 0
        self._shown: list[Outbound] = []
        self._hand = DeskByHand(staffed=setting.person.staffed, hours=setting.person.hours)

    async def open(self) -> None:
        for name in OURS:
            logging.getLogger(name).addHandler(self._log)
        await self._start()
        for unit in self._setting.person.units:
            unit_id, pair = secrets.token_bytes(16), generate_keypair()
            self._keys[unit.name] = unit_id, pair
            row = {
                "id": unit_id, "name": unit.name, "kind": unit.kind, "lead": int(unit.lead), "public_key": pair.public,
                "created_at": int(self._clock()),
            }  # fmt: skip
            await unit_made(self._service.writer, self._service.keys.pins, row)
        for role, kind in self._setting.person.roles.items():
            role_id, pair = secrets.token_bytes(16), generate_keypair()
            self._roles[role] = pair.private
            row = {"role": role, "id": role_id, "kind": kind, "public_key": pair.public, "created_at": int(self._clock())}
            await role_made(self._service.writer, self._service.keys.pins, row)
        await self._service.units.refresh()

    async def switch(self, mode: str) -> None:
        await self._service.writer.write([switched(mode)])
        await self._service.jobs.timers()
        await self._service.settle()

    async def _start(self) -> None:
        self._channel: Any = (
            WhatsAppPhone(self._twilio, self._clock, self._shown, types=self._setting.person.can_type)
            if self._setting.channel == "whatsapp"
            else KeepingChannel(self._setting.channel)
            if self._setting.channel == "telegram"
            else PlatformChannel(self._setting.channel)
        )  # fmt: skip
        settings = load_settings(from_environment=False, given=given(self._folder, timezone="Asia/Makassar"))
        running: list[Service] = []
        self._service = Service(
            settings, channels={self._channel.name: self._channel}, understander=self._setting.ears, clock=self._clock,
            shelf=self._setting.shelf, **LiveDesk.options(self._hand, running),
        )  # fmt: skip
        running.append(self._service)
        self._desk = LiveDesk(self._hand, self._service)
        await self._service.start(jobs=False)

    async def close(self) -> None:
        files = [path for path in self._folder.rglob("*") if path.is_file()]
        stored = b"".join(path.read_bytes() for path in files)
        await self._service.stop()
        for name in OURS:
            logging.getLogger(name).removeHandler(self._log)
        assert files, "nothing was stored at all"
        written = "\n".join(self._log.lines)
        for words in self._spoken:
            if len(words) >= LONG_ENOUGH:
                assert words.encode() not in stored, f"stands in a file in clear: {words}"
                assert words not in written, f"stands in the log: {words}"
        assert not self._log.errors, self._log.errors
        assert not self._twilio.problems, self._twilio.problems
        if isinstance(self._channel, WhatsAppPhone):
            ours = self._setting.shelf.library.catalogue.fixed
            kept = self._channel.in_prompts([words for words in self._spoken if len(words) >= LONG_ENOUGH and not ours(words)])
            assert not kept, f"stands in a prompt kept at Twilio: {kept}"

    async def _said(self) -> list[Outbound]:
        await self._service.settle()
        if self._channel.pull:
            bubbles = []
            for pending in await self._service.pending(self._channel.name, self._address):
                self._channel.refused += over_limits(self._channel.name, pending.message)
                bubbles.append(pending.message)
                await self._service.confirm(self._channel.name, self._address, (pending.id,))
        else:
            bubbles = [message for _, message in self._channel.sent]
            self._refs += [ref for ref, _ in self._channel.sent]
            self._channel.sent = []
            await self._arrived()
        assert not self._channel.refused, f"{self._channel.name} would refuse: {self._channel.refused}"
        return bubbles

    async def _arrived(self) -> None:
        """Twilio reports that a phone has what came to it."""
        for one in self._twilio.sent[self._reported :]:
            await self._service.reports.report("whatsapp", int(one.callback.rpartition("=")[2]), "delivered")
        self._reported = len(self._twilio.sent)

    async def deliver(self, message: Inbound, *, again: bool = False) -> list[Outbound]:
        if again:
            assert self._last is not None
            assert not await self._service.receive(self._last), "a message that was delivered again was taken for a new one"
            return await self._said()
        self._count += 1
        self._clock.now += 20
        ref = f"in{self._count}" if self._channel.name == "telegram" else ""
        self._refs += [ref] if ref else []
        if isinstance(self._channel, WhatsAppPhone):
            received = self._channel.received(message, self._address)
        else:
            received = Received(
                channel=self._channel.name, message_id=f"{self._address}:{self._count}", address=self._address, inbound=message, ref=ref
            )  # fmt: skip
        self._last = received
        if message.media is not None and isinstance(self._channel, KeepingChannel):
            self._channel.of_message[message.media.handle] = ref
        if message.text:
            self._spoken.append(message.text)
        if message.media is not None and self._channel.pull and message.media.kind != "video":  # a video the page's door turns away
            assert await self._service.receive_file(received, sample(message.media.handle))
        else:
            assert await self._service.receive(received)
        return await self._said()

    async def pass_time(self, seconds: int) -> list[Outbound]:
        self._clock.now += seconds
        await self._service.jobs.timers()
        await self._service.settle()
        await self._service.jobs.forget()
        await self._service.jobs.sweep()
        return await self._said()

    async def desk(self, act: str) -> list[Outbound]:
        verb, _, words = act.partition(" ")
        if verb in ("wait", "away"):
            wait_for(self._hand, verb, words)
            return []
        self._clock.now += 5
        if verb == "reply":
            self._spoken.append(words)
        await self._desk.act(verb, words, now=int(self._clock()))
        return await self._said()

    async def restart(self) -> list[Outbound]:
        await self._service.stop()
        await self._start()
        return await self._said()

    def new_device(self) -> None:
        kept, number = self._address[:-4], self._address[-4:]
        self._address = f"{kept}{int(number) + 1}"
        self._refs = []

    async def answer(self, words: str) -> None:
        async with self._service.engine.connect() as connection:
            case = (await connection.execute(select(tables.cases).order_by(tables.cases.c.created_at.desc()))).first()
            assert case is not None
            receipt = (await connection.execute(select(tables.receipt).where(tables.receipt.c.case_id == case.id))).first()
        assert receipt is not None
        author = Author(next(iter(self._keys.values()))[0])
        await author.joins(self._service)
        await author.answers(self._service, words, receipt, now=int(self._clock()))

    async def _conversation(self) -> Any:
        names = [name for _, name in await self._service.intake.row_keys(self._channel.name, self._address)]
        located = await self._service.reads.located(names)
        return await self._service.reads.conversation(located.conversation_id) if located is not None else None

    async def session(self) -> Session | None:
        row = await self._conversation()
        key = await self._service.keys.key(row.key_id) if row is not None else None
        if row is None or key is None or row.session is None:
            return None
        return Session.from_json(orjson.loads(unlock(key, row.session, context=contexts.session(row.id))))

    async def left(self) -> Left:
        reads = self._service.reads
        await self._service.clearing.run()
        cases = [await self._seen(row) for row in reversed(await reads.all_cases())]
        async with self._service.engine.connect() as connection:
            hand_offs = [(row.reason, row.state) for row in await connection.execute(select(tables.hand_off))]
        return Left(cases=tuple(cases), hand_offs=tuple(sorted(hand_offs)), traces=tuple(await self._traces()))

    async def _seen(self, case: Any) -> Seen:
        reads = self._service.reads
        keys = {row.recipient_id: row.sealed for row in await reads.case_keys(case.id)}
        readers = sorted(name for name, (unit_id, _) in self._keys.items() if unit_id in keys)
        assert len(readers) == len(keys), "a case was sealed to somebody unknown"
        records: list[Mapping[str, Any]] = []
        address = False
        given: dict[str, str] = {}
        name = readers[0]
        unit_id, pair = self._keys[name]
        case_key = open_key(keys[unit_id], private_key=pair.private, case_id=case.id, recipient_id=unit_id)
        for record in await reads.case_records(case.id):
            if record.kind == "return_address":
                address = True
                continue
            if record.kind == "identity":
                with pytest.raises(SealError):
                    open_sealed(record.sealed, private_key=case_key, case_id=case.id, record_id=record.id, version=record.version)
                given = given_of(
                    open_identity(record.sealed, private_keys=self._roles, case_id=case.id, record_id=record.id, version=record.version)
                )
                continue
            opened = open_sealed(record.sealed, private_key=case_key, case_id=case.id, record_id=record.id, version=record.version)
            records.append(json.loads(opened))
        # Ids are random, and several records may be of one second: they are told in the order of their own times.
        records.sort(key=lambda record: (record["told_at"], record["kind"] == "message"))
        return Seen(kind=case.kind, urgency=case.urgency, readers=tuple(readers), records=tuple(records), address=address, identity=given)

    async def _traces(self) -> list[str]:
        found = []
        session = await self.session()
        if session is not None:
            found += [f"an open conversation at {frame.flow}.{frame.step}" for frame in session.frames]
            found += [f"the fact {name}" for name in session.facts if name not in REMEMBERED]
        row = await self._conversation()
        async with self._service.engine.connect() as connection:
            loose = (await connection.execute(select(tables.evidence.c.id).where(tables.evidence.c.case_id.is_(None)))).all()
            found += ["a file"] * len(loose)
            for box in (tables.inbox, tables.outbox):
                bodies = (await connection.execute(select(box.c.id).where(box.c.body.is_not(None)))).all()
                found += [f"a body in the {box.name}"] * len(bodies)
        alive = await self._service.keys.known_ids(before=int(self._clock()) + 1)
        found += [f"a message at Twilio: {one.sid}" for one in self._twilio.kept.values()]
        found += ["a key of an earlier conversation"] * len(alive - ({row.key_id} if row is not None else set()))
        return found

    def not_wiped(self, bubbles: list[Outbound]) -> list[str]:
        if self._channel.name == "web":
            return [] if bubbles and bubbles[0].wipe else ["the page"]
        if self._channel.name != "telegram":
            return []
        fresh = len(bubbles)
        before = self._refs[:-fresh] if fresh else self._refs
        return sorted(set(before) - set(self._channel.deleted))
