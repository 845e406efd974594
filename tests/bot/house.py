"""The real service with a platform in memory, for tests of what lies between a message and its answer."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from bot.app import Service
from bot.channels.base import Limits, Received
from bot.running import understander
from bot.settings import load_settings
from bot.vault.delivery import unwrap_for_case
from bot.vault.keys import KeyPair, generate_keypair
from bot.vault.seal import open_key
from flows.message import Inbound, InboundKind, Outbound
from tests.pinning import unit_made
from tests.stores import given

UNIT = generate_keypair()
_numbers = count(1)


class Phones:
    """A platform in memory: each address sees its own bubbles, and what was deleted. Two addresses a number apart are two people."""

    name = "telegram"
    pull = False
    limits = Limits(text=4096, options=100, label=64, id_bytes=64)

    def __init__(self) -> None:
        self.seen: dict[str, list[Outbound]] = defaultdict(list)
        self.deleted: dict[str, list[str]] = defaultdict(list)
        self.typed: list[str] = []  # addresses to which somebody was shown to be writing

    def parse(self, update: object) -> Received | None:
        return None

    async def acknowledge(self, received: Received) -> None:
        return None

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        await asyncio.sleep(0)
        self.seen[address].append(message)
        return (f"out{len(self.seen[address])}",)

    async def typing(self, address: str) -> None:
        self.typed.append(address)

    async def delete(self, address: str, ref: str) -> None:
        self.deleted[address].append(ref)

    async def close(self) -> None:
        return None

    def options(self, address: str) -> dict[str, str]:
        """The last offered options of a person: option id → button."""
        offered = [bubble.choices for bubble in self.seen[address] if bubble.choices]
        return {choice.id.partition(".")[2]: choice.id for choice in offered[-1]} if offered else {}


class House:
    """A service and its phones. `now` is the clock, in seconds since 1970."""

    def __init__(self, service: Service, phones: Phones, clock: list[float]) -> None:
        self.service, self.phones, self._clock = service, phones, clock

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self._clock[0] += seconds

    async def say(self, address: str, line: str, *, message_id: str = "") -> list[Outbound]:
        """A person taps the option of that id if it is offered, or else types the line; gives the bubbles that answer."""
        button = self.phones.options(address).get(line)
        if line == "/start":
            inbound = Inbound(kind=InboundKind.START)
        else:
            inbound = Inbound(kind=InboundKind.TAP, tap=button) if button else Inbound(kind=InboundKind.TEXT, text=line)
        before = len(self.phones.seen[address])
        number = message_id or f"{address}:{next(_numbers)}"
        received = Received(channel=self.phones.name, message_id=number, address=address, inbound=inbound, ref=f"in{number}")
        await self.service.receive(received)
        await self.service.settle()
        return self.phones.seen[address][before:]

    async def talk(self, address: str, *lines: str) -> list[Outbound]:
        """Several messages; gives the bubbles that answer the last."""
        shown: list[Outbound] = []
        for line in lines:
            shown = await self.say(address, line)
        return shown

    async def return_addresses(self) -> list[tuple[bytes, bytes, bytes]]:
        """Case, record and return address without its outer layer, of all that were left: as a browser of the unit hands them over."""
        found = []
        for case in await self.service.reads.all_cases():
            (sealed,) = await self.service.reads.case_keys(case.id)
            private = open_key(sealed.sealed, private_key=UNIT.private, case_id=case.id, recipient_id=sealed.recipient_id)
            for record in await self.service.reads.case_records(case.id):
                if record.kind == "return_address":
                    inner = unwrap_for_case(record.sealed, case_private=private, case_id=case.id, record_id=record.id, version=1)
                    found.append((case.id, record.id, inner))
        return found

    async def rows(self, table: str) -> int:
        """How many rows a table has."""
        async with self.service.engine.connect() as connection:
            return int((await connection.exec_driver_sql(f"select count(*) from {table}")).scalar_one())


@asynccontextmanager
async def house(folder: Path, *, clock: list[float] | None = None, units: int = 1, **options: Any) -> AsyncIterator[House]:
    """A house on a data directory, with one unit whose key is `UNIT`; the same folder again is the same house after a restart.
    `settings` are others than the usual ones; other options are the service's own."""
    phones = options.pop("phones", None) or Phones()
    time = clock or [1_795_500_000.0]  # 23 November 2026
    settings = load_settings(from_environment=False, given=given(folder, **options.pop("settings", {})))
    tick: Callable[[], float] = lambda: time[0]  # noqa: E731
    service = Service(settings, channels={"telegram": phones}, understander=understander(), clock=tick, **options)
    await service.start(jobs=False)
    try:
        if units and not service.units.any:
            await add_unit(service, UNIT)
        yield House(service, phones, time)
    finally:
        await service.stop()


async def add_unit(service: Service, pair: KeyPair, *, name: str = "unit", kind: str = "service", lead: bool = True) -> bytes:
    """One more unit; gives its id."""
    unit_id = name.encode().ljust(16, b".")[:16]
    row = {"id": unit_id, "name": name, "kind": kind, "lead": int(lead), "public_key": pair.public, "created_at": 1}
    await unit_made(service.writer, service.keys.pins, row)
    await service.units.refresh()
    return unit_id
