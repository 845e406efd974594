"""The composition root: chooses every adapter, starts everything in order, and is the mailroom of the channels."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from actions.deadline import Deadlines
from actions.desk import TOLD
from actions.ports import Ports
from actions.rows import Insert
from bot.adapters import CaseSealer, GuessBudget, ReceiptDesk, StoredCases
from bot.adoption import Adoption
from bot.binding import bind_what_was_before
from bot.blocks import Blocks
from bot.channels.base import Channel, Fetching, Pending, Received, TryLater
from bot.clearing import Clearing
from bot.deliver import Deliver
from bot.desk.alarm import Caller, Messenger
from bot.desk.build import build_desk
from bot.desk.events import CASE, NOTICED, QUEUE, Changed
from bot.desk.hours import Hours, planned
from bot.desk.leaving import Leaving
from bot.desk.linking import Linking
from bot.desk.typing import Typing
from bot.evidence.desk import FileDesk
from bot.evidence.errors import NotTaken
from bot.evidence.staging import stage, staged_rows
from bot.heads_up import HeadsUp
from bot.hearing import Hearing, Understands
from bot.intake import Intake
from bot.jobs import Jobs
from bot.mode import Mode
from bot.pages import Pages
from bot.pepper import PepperError, read_pepper
from bot.reports import ReportBook
from bot.rollover import Rollover
from bot.row_ids import RowIds
from bot.settings import Settings
from bot.shelf import Shelf, load_shelf
from bot.storage.audit import AuditChain
from bot.storage.case_records import CaseRecords
from bot.storage.database import migrate, open_engine, truncate_wal
from bot.storage.desk import DeskStore
from bot.storage.faults import is_double
from bot.storage.key_store import KeyStore
from bot.storage.reading import Reader
from bot.storage.reads import Reads
from bot.storage.sharing import BUBBLE, HAND_OFF, KEY_DEATH, MESSAGE, PRESENCE, REPORTER_TYPES, STAFF, STAFF_TYPES, notice, sharing_of
from bot.storage.staff import StaffStore
from bot.storage.untagged import Untagged
from bot.storage.writer import Writer
from bot.trust import Trust
from bot.turn import TimerDue, Turn
from bot.turns import Turns
from bot.units import StoredUnits
from bot.vault.row_tag import RowTags
from bot.vault.witness import Witness
from bot.witnessing import Witnessing, vouch_for_before
from flows.definition import Flow, read_flow
from flows.desk import NOTHING
from flows.library import Library

log = logging.getLogger(__name__)

# Elsewhere the person has to delete everything: at Twilio every message is deleted anyway, on a phone WhatsApp lets no business do it.
CAN_WIPE = {"telegram": "both", "web": "page", "whatsapp": "none"}
STAGES = "web"  # no platform keeps its files until they are fetched: they wait sealed in the database
COLLEAGUES = Changed(what="staff", id=b"")  # somebody joined, or linked a chat
_GRACE = 10.0  # seconds for turns and deliveries that are on their way when the service stops


class Service:
    """The running service. `channels` by name; `clock` gives seconds since 1970; `reading` is the engine for what is only looked at."""

    def __init__(
        self, settings: Settings, *, channels: Mapping[str, Channel], understander: Understands, clock: Callable[[], float] = time.time,
        shelf: Shelf | None = None, desk: Callable[[Any], Awaitable[Mapping[str, Any]]] | None = None,
        staffed: Callable[[], bool] = lambda: False, desk_changed: Callable[[bytes, int], None] = lambda *_: None,
        hours: Hours | None = None, messenger: Messenger | None = None, caller: Caller | None = None,
    ) -> None:  # fmt: skip
        self.settings = settings
        self.channels = channels
        self.shelf = shelf or load_shelf()
        self.deadlines = Deadlines.of_city(self.shelf.city)
        self._clock = clock
        self._understander = understander
        # Another desk than the service's own, for tests that move hand-offs by hand.
        self._by_hand = None if desk is None else (desk, staffed, desk_changed)
        self._hours = hours
        self._messenger, self._caller = messenger, caller
        database_url, key_store_url = settings.database_url.get_secret_value(), settings.key_store.get_secret_value()
        self.engine = open_engine(database_url)
        self.sharing = sharing_of(self.engine, database_url=database_url, key_store_url=key_store_url)
        self.keys = KeyStore(open_engine(key_store_url, wal=False), holder=self.sharing.holder, clock=clock)
        self.reading = Reader(database_url)
        self.writer = Writer(self.engine, holder=self.sharing.holder)
        self.reads = Reads(self.reading, holder=self.sharing.holder)
        self.staff = StaffStore(self.reading)
        self.trust = Trust(self.staff, self.keys.pins)
        self.units = StoredUnits(self.reads, staff=self.staff, pins=self.keys.pins, roles=self.shelf.identity_roles)
        self.mode = Mode(self.reads)
        self.pages = Pages(writer=self.writer, reads=self.reads, keys=self.keys)
        self.deliver = Deliver(
            writer=self.writer, reads=self.reads, keys=self.keys, channels=channels, clock=clock, pages=self.pages, sharing=self.sharing
        )  # fmt: skip
        self.files = FileDesk(channels=channels, reads=self.reads)
        self.reports = ReportBook(writer=self.writer, reads=self.reads, clock=clock, ticked=lambda each: self.desk.ticked(each))
        self._started = False

    async def start(self, *, jobs: bool = True) -> None:
        """Opens the stores, migrates them, takes up what was left over. With `jobs`, periodic work begins.

        Raises OperatorError if a store or the pepper cannot be used; what was opened is closed again.
        """
        try:
            await self._start(jobs=jobs)
        except BaseException:
            await self.stop()
            raise

    async def _start(self, *, jobs: bool) -> None:
        settings = self.settings
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.keys_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        await migrate(self.engine, store="main")
        await self.keys.open()
        self.writer.start()
        await self.sharing.start(self._heard, self._missed)
        await self.mode.refresh()
        pepper = await asyncio.to_thread(
            read_pepper, settings.pepper_file, receipts_exist=await self.reads.any_receipt()
        )  # fmt: skip
        await self._same_pepper(pepper)
        self.tags = RowTags(pepper)
        await Adoption(
            reads=self.reads, writer=self.writer, staff=self.staff, pins=self.keys.pins, untagged=Untagged(self.reading), tags=self.tags,
            clock=self._clock,
        ).run()  # fmt: skip
        self.witness = Witness(pepper)
        self.witnessing = Witnessing(self.writer, self.witness, self.reads)
        await bind_what_was_before(self.tags, keys=self.keys, untagged=Untagged(self.reading), writer=self.writer)
        await vouch_for_before(self.witness, pins=self.keys.pins, untagged=Untagged(self.reading), writer=self.writer)
        await self.units.refresh()
        library = await self._with_former()
        ids = RowIds()
        self._receipts = ReceiptDesk(self.reads, pepper, tags=self.tags, trust=self.trust, keys=self.keys)
        ports = Ports(
            sealer=CaseSealer(lambda: self.keys.delivery.public, self.tags), receipts=self._receipts, units=self.units,
            guesses=GuessBudget(self.reads, self.keys), cases=StoredCases(self.reads, self.tags, CaseRecords(self.reading)),
            files=self.files, new_id=lambda: secrets.token_bytes(16),
            recording=self.shelf.recording, zone=settings.zone,
            open_at=lambda moment: (self._hours or self.desk.hours).open_at(moment, settings.zone), deadlines=self.deadlines,
        )  # fmt: skip
        self.blocks = Blocks(reads=self.reads, keys=self.keys, tags=self.tags, clock=self._clock)
        self.rollover = Rollover(writer=self.writer, reads=self.reads, keys=self.keys, ids=ids)
        self.desk = build_desk(
            reading=self.reading, writer=self.writer, reads=self.reads, keys=self.keys, tags=self.tags, ids=ids, channels=self.channels,
            deliver=self.deliver, sharing=self.sharing, tell=self._tell, clock=self._clock, zone=settings.zone, messenger=self._messenger,
            caller=self._caller, deadlines=self.deadlines, blocks=self.blocks,
        )  # fmt: skip
        self.linking = Linking(
            store=self.staff, writer=self.writer, keys=self.keys, chain=AuditChain(self.engine, self.writer),
            channel=self.channels.get("telegram"), caller=self._caller, told=self.colleagues_changed, clock=self._clock,
        )  # fmt: skip
        self.typing = Typing(
            store=DeskStore(self.reading, self.keys.pins.names), reads=self.reads, writer=self.writer, keys=self.keys,
            channels=self.channels, pages=self.pages, events=self.desk.events, sharing=self.sharing,
        )  # fmt: skip
        said, self._staffed, changed = self._by_hand or (self.desk.desk_world, lambda: self.desk.staffed, self.desk.changed)
        turn = Turn(
            writer=self.witnessing, reads=self.reads, keys=self.keys, ids=ids, library=library, ports=ports, deliver=self.deliver,
            rollover=self.rollover, hearing=Hearing(self._understander), channels=self.channels, clock=self._clock,
            language=settings.language, world=self.world, desk=said, desk_changed=changed, case_changed=self.case_changed,
            blocks=self.blocks, zone=settings.zone,
        )  # fmt: skip
        self.turns = Turns(turn, writer=self.writer, reads=self.reads, keys=self.keys, sharing=self.sharing)
        self.intake = Intake(
            writer=self.writer, reads=self.reads, keys=self.keys, ids=ids, channels=self.channels, clock=self._clock,
            arrived=self.turns.arrived, left_over=self.turns.left_over, sharing=self.sharing,
        )  # fmt: skip
        self.heads_up = HeadsUp(
            keys=self.keys, intake=self.intake, deliver=self.deliver, reads=self.reads, channels=self.channels, library=library
        )  # fmt: skip
        self.clearing = Clearing(
            writer=self.writer, reads=self.reads, keys=self.keys, channels=self.channels, sharing=self.sharing, clock=self._clock
        )  # fmt: skip
        self.jobs = Jobs(
            engine=self.engine, writer=self.writer, reads=self.reads, keys=self.keys, turns=self.turns, rollover=self.rollover,
            deliver=self.deliver, units=self.units, sharing=self.sharing, clearing=self.clearing, mode=self.mode, clock=self._clock,
            desk=self.desk, leaving=Leaving(store=self.staff, keys=self.keys, clock=self._clock),
        )  # fmt: skip
        self._started = True
        await self.jobs.sweep()
        if jobs:
            self.jobs.start()

    async def stop(self) -> None:
        """Ends gracefully: what is on its way is finished, the rest stays stored."""
        if self._started:
            self.jobs.stop()
            await self.desk.stop(_GRACE)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.linking.settle(), _GRACE)
            await self.turns.close(_GRACE)
            self.pages.wake_all()
            await self.deliver.close(_GRACE)
        for channel in self.channels.values():
            await channel.close()
        if self._started:
            self._receipts.close()
        await self.writer.close()
        await self.sharing.stop()
        await self.reading.dispose()
        if self._started:
            await truncate_wal(self.engine)
        await self.keys.close()
        await self.engine.dispose()

    def _heard(self, kind: str, subject: bytes) -> None:
        """What another process on the same stores told."""
        if kind == MESSAGE and self._started:
            self.turns.left_over(subject)
        elif kind == BUBBLE:
            self.pages.wake(subject)
        elif kind == KEY_DEATH:
            self.keys.died(subject)
        elif kind == HAND_OFF and self._started:
            self.desk.heard(subject)
        elif kind == PRESENCE and self._started:
            self.desk.came_or_went()
        elif kind in NOTICED and self._started:
            self.desk.events.publish(Changed(what=NOTICED[kind], id=subject))
        elif kind == STAFF_TYPES:
            self.pages.typing(subject)
        elif kind == REPORTER_TYPES and self._started:
            self.typing.heard(subject)

    def case_changed(self, case_id: bytes) -> None:
        """Consoles here hear that a case came, or is another than before; b"": any may be."""
        self.desk.events.publish(Changed(what=CASE, id=case_id))

    async def colleagues_changed(self) -> None:
        """Pages that show colleagues are told, here and at other processes."""
        self.desk.events.publish(COLLEAGUES)
        if self.sharing.holder is not None:
            await self.writer.write([], notices=(notice(STAFF, b""),))

    def _tell(self, conversation_id: bytes) -> None:
        """Something happened at the desk that a reporter should hear."""
        self.turns.arrived(TimerDue(conversation_id=conversation_id, name=TOLD))

    def _missed(self) -> None:
        """Something that was told may have been lost: what it could have been is looked up."""
        self.keys.forget_held()
        self.pages.wake_all()
        if self._started:  # hand-offs and colleagues are looked up by the desk's next round
            self.case_changed(b"")
            self.desk.events.publish(Changed(what=QUEUE, id=b""))

    async def _same_pepper(self, pepper: bytes) -> None:
        """Raises PepperError if this pepper is not the one that this database's codes are made with: another machine's, or a new one."""
        mark = hashlib.sha256(b"ruang-aman pepper mark\0" + pepper).hexdigest()
        if await self.reads.switch("pepper") is None:
            try:
                await self.writer.write([Insert(table="switch", row={"name": "pepper", "value": mark})])
            except Exception as error:  # another process started at the same moment
                if not is_double(error):
                    raise
        if await self.reads.switch("pepper") != mark:
            raise PepperError("another one")

    async def _with_former(self) -> Library:
        """The library with the revisions that open sessions may still go through; today's are stored for the day they are former."""
        former: dict[tuple[str, str], Flow] = {}
        known = set()
        for row in await self.reads.flow_revisions():
            known.add((row.flow, row.revision))
            flow, problems = read_flow(row.definition, file=f"{row.flow}@{row.revision}")
            # What was put there under another name is not what a session began with.
            if flow is not None and not problems and (flow.name, flow.revision) == (row.flow, row.revision):
                former[(row.flow, row.revision)] = flow
        sources = {source.file.rpartition("/")[2].removesuffix(".yml"): source.text for source in self.shelf.content.sources.definitions}
        new = [
            Insert(
                table="flow_revision", replace=True,
                row={"flow": flow.name, "revision": flow.revision, "definition": sources[flow.name]},
            )
            for flow in self.shelf.library.flows.values()
            if (flow.name, flow.revision) not in known
        ]  # fmt: skip
        if new:
            await self.writer.write(new)
        return replace(self.shelf.library, former=former)

    def world(self, channel: str, language: str, now: datetime) -> Mapping[str, Any]:
        """What a definition may ask about the world (`flows.signals.WORLD`)."""
        return {
            "can_file": self.units.any,
            "staffed": self._staffed(),
            "desk": NOTHING,  # of one conversation: the turn puts in what the desk says
            "blocked": "",  # likewise
            "learn": bool(self.shelf.library.topics),
            "channel": channel,
            "today": now.astimezone(self.settings.zone).date().isoformat(),
            "service_name": self.shelf.decided("service_name", language),
            "can_wipe": CAN_WIPE.get(channel, "none"),
            "takes_media": channel == STAGES or isinstance(self.channels.get(channel), Fetching),
            "files_most": self.shelf.number("files_per_report"),
            "identity": list(self.units.role_kinds),
            "identity_first": self.shelf.identity_role(0, language),
            "identity_second": self.shelf.identity_role(1, language),
            "mode": self.mode.value,
            **planned(self._hours or self.desk.hours, now, self.settings.zone),
        }

    # The mailroom

    async def receive(self, received: Received) -> bool:
        """Stores a message; returns once it is durable. A code by which a colleague links a chat is done with, and stored nowhere."""
        return await self.linking.took(received) or await self.intake.receive(received)

    async def receive_file(self, received: Received, content: bytes) -> bool:
        """Stores a message with its file, sealed, in one commit; returns once it is durable."""
        media = received.inbound.media
        if media is None:
            raise ValueError("a file without its message")
        try:
            await self.files.check_room()
        except NotTaken as error:
            raise TryLater(error.code) from None
        handle, pieces = await stage(content)
        received = replace(received, inbound=replace(received.inbound, media=replace(media, handle=handle)))
        return await self.intake.receive(received, files=lambda where, now: staged_rows(handle, pieces, where, now=now))

    async def _conversation(self, channel: str, address: str) -> bytes | None:
        return await self.intake.conversation(channel, address)

    async def pending(self, channel: str, address: str) -> list[Pending]:
        """What waits for a client of a pull channel."""
        conversation_id = await self._conversation(channel, address)
        return await self.pages.pending(conversation_id) if conversation_id is not None else []

    async def changed(self, channel: str, address: str, timeout: float) -> None:
        """Returns when something new may wait, or after `timeout` seconds."""
        conversation_id = await self._conversation(channel, address)
        if conversation_id is None:
            await asyncio.sleep(min(timeout, 1.0))
            return
        await self.pages.news(conversation_id, timeout)

    async def confirm(self, channel: str, address: str, ids: tuple[int, ...]) -> None:
        """The client has these."""
        conversation_id = await self._conversation(channel, address)
        if conversation_id is not None and ids:
            await self.pages.confirm(conversation_id, ids)

    async def typed(self, channel: str, address: str) -> float:
        """When somebody of the staff was last writing there; 0.0 if nobody is."""
        conversation_id = await self._conversation(channel, address)
        return self.pages.typed(conversation_id) if conversation_id is not None else 0.0

    async def types(self, channel: str, address: str) -> None:
        """Whoever is there is writing."""
        conversation_id = await self._conversation(channel, address)
        if conversation_id is not None:
            await self.typing.reporter(conversation_id)

    async def settle(self) -> None:
        """Returns when every message taken in is answered and every answer is out: for tests and the terminal."""
        await self.turns.settle()
        await self.desk.settle()
        await self.turns.settle()
        await self.deliver.settle()
