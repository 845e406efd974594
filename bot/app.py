"""The composition root: chooses every adapter, starts everything in order, and is the mailroom of the channels."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from actions.ports import Ports
from actions.rows import Insert
from bot.adapters import CaseSealer, GuessBudget, ReceiptDesk, StoredCases, StoredUnits
from bot.channels.base import Channel, Pending, Received
from bot.deliver import Deliver
from bot.errors import OperatorError
from bot.intake import Intake
from bot.jobs import Jobs
from bot.rollover import Rollover
from bot.row_ids import RowIds
from bot.settings import Settings
from bot.shelf import Shelf, load_shelf
from bot.storage.database import migrate, open_engine, truncate_wal
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.writer import Writer
from bot.turn import Turns, Understands
from flows.definition import Flow, read_flow
from flows.library import Library

log = logging.getLogger(__name__)

CAN_WIPE = {"telegram": "both", "web": "page"}  # elsewhere the person has to delete everything
_GRACE = 10.0  # seconds for turns and deliveries that are on their way when the service stops


class PepperError(OperatorError):
    """The pepper is missing although receipts exist: no code could be opened any more."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"The pepper file is {code}, and codes that were handed out cannot be opened without it: "
            "put the offline copy back (RUANG_AMAN_PEPPER_FILE), then start again."
        )


def read_pepper(path: Path, *, receipts_exist: bool) -> bytes:
    """The pepper; made at the first start. Raises PepperError if it is missing although codes were handed out, or damaged."""
    if not path.exists():
        if receipts_exist:
            raise PepperError("missing")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    try:
        pepper = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        pepper = b""
    if len(pepper) != 32:
        raise PepperError("damaged")
    return pepper


class Service:
    """The running service. `channels` by name; `clock` gives seconds since 1970."""

    def __init__(
        self, settings: Settings, *, channels: Mapping[str, Channel], understander: Understands, clock: Callable[[], float] = time.time,
        shelf: Shelf | None = None,
    ) -> None:  # fmt: skip
        self.settings = settings
        self.channels = channels
        self.shelf = shelf or load_shelf()
        self._clock = clock
        self._understander = understander
        self.engine = open_engine(settings.database_url.get_secret_value())
        self.keys = KeyStore(open_engine(settings.key_store.get_secret_value(), wal=False))
        self._reading = open_engine(settings.database_url.get_secret_value(), reading=True)
        self.writer = Writer(self.engine)
        self.reads = Reads(self._reading)
        self.units = StoredUnits(self.reads)
        self.deliver = Deliver(writer=self.writer, reads=self.reads, keys=self.keys, channels=channels, clock=clock)
        self._started = False

    async def start(self, *, jobs: bool = True) -> None:
        """Opens the stores, migrates them, takes up what was left over. With `jobs`, periodic work begins."""
        settings = self.settings
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.keys_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        await migrate(self.engine, store="main")
        await self.keys.open()
        self.writer.start()
        await self.units.refresh()
        pepper = await asyncio.to_thread(
            read_pepper, settings.pepper_file, receipts_exist=await self.reads.any_receipt()
        )  # fmt: skip
        library = await self._with_former()
        ids = RowIds()
        self._receipts = ReceiptDesk(self.reads, pepper)
        ports = Ports(
            sealer=CaseSealer(lambda: self.keys.delivery.public), receipts=self._receipts, units=self.units,
            guesses=GuessBudget(self.reads, self.keys), cases=StoredCases(self.reads), new_id=lambda: secrets.token_bytes(16),
            recording=self.shelf.recording,
        )  # fmt: skip
        self.rollover = Rollover(writer=self.writer, reads=self.reads, keys=self.keys, ids=ids)
        self.turns = Turns(
            writer=self.writer, reads=self.reads, keys=self.keys, ids=ids, library=library, ports=ports, deliver=self.deliver,
            rollover=self.rollover, understander=self._understander, channels=self.channels, clock=self._clock,
            language=settings.language, world=self.world,
        )  # fmt: skip
        self.intake = Intake(
            writer=self.writer, reads=self.reads, keys=self.keys, ids=ids, channels=self.channels, clock=self._clock,
            arrived=self.turns.arrived,
        )  # fmt: skip
        self.jobs = Jobs(
            engine=self.engine, writer=self.writer, reads=self.reads, keys=self.keys, turns=self.turns, rollover=self.rollover,
            deliver=self.deliver, units=self.units, clock=self._clock,
        )  # fmt: skip
        self._started = True
        await self.jobs.sweep()
        if jobs:
            self.jobs.start()

    async def stop(self) -> None:
        """Ends gracefully: what is on its way is finished, the rest stays stored."""
        if self._started:
            self.jobs.stop()
            await self.turns.close(_GRACE)
            await self.deliver.close(_GRACE)
        for channel in self.channels.values():
            await channel.close()
        if self._started:
            self._receipts.close()
            await self.writer.close()
            await self._reading.dispose()
            await truncate_wal(self.engine)
            await self.keys.close()
        await self._reading.dispose()
        await self.engine.dispose()

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
            "staffed": False,  # until there is a desk at which somebody can sit
            "learn": False,
            "channel": channel,
            "today": now.astimezone(self.settings.zone).date().isoformat(),
            "service_name": self.shelf.decided("service_name", language),
            "hours_note": self.shelf.decided("hours_note", language),
            "can_wipe": CAN_WIPE.get(channel, "none"),
            "takes_media": False,
        }

    # The mailroom

    async def receive(self, received: Received) -> bool:
        """Stores a message; returns once it is durable."""
        return await self.intake.receive(received)

    async def _conversation(self, channel: str, address: str) -> bytes | None:
        return await self.intake.conversation(channel, address)

    async def pending(self, channel: str, address: str) -> list[Pending]:
        """What waits for a client of a pull channel."""
        conversation_id = await self._conversation(channel, address)
        return await self.deliver.pending(conversation_id) if conversation_id is not None else []

    async def changed(self, channel: str, address: str, timeout: float) -> None:
        """Returns when something new may wait, or after `timeout` seconds."""
        conversation_id = await self._conversation(channel, address)
        if conversation_id is None:
            await asyncio.sleep(min(timeout, 1.0))
            return
        await self.deliver.news(conversation_id, timeout)

    async def confirm(self, channel: str, address: str, ids: tuple[int, ...]) -> None:
        """The client has these."""
        conversation_id = await self._conversation(channel, address)
        if conversation_id is not None and ids:
            await self.deliver.confirm(conversation_id, ids)

    async def settle(self) -> None:
        """Returns when every message taken in is answered and every answer is out: for tests and the terminal."""
        await self.turns.settle()
        await self.deliver.settle()
