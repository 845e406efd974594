"""Many people at once: nobody's conversation is ever lost, mixed up or begun anew under load."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path

import pytest

from actions.rows import Insert
from bot.app import Service
from bot.channels.base import Limits, Received
from bot.running import understander
from bot.settings import load_settings
from bot.vault.keys import generate_keypair
from flows.message import Inbound, InboundKind, Outbound

SCRIPT = (
    "report", "yes", "self_13_17", "!cerita nomor {n} dari sekolah kemarin", "yes", "64.71.02", "own_code", "send", "done", "!menu", "services",
    "!menu", "help", "go_on", "report", "yes", "self_under_13", "!cerita kedua nomor {n} di rumah", "no", "64.71.01", "own_code", "send", "done",
)  # fmt: skip


class Phones:
    """A platform in memory: each address sees its own bubbles."""

    name = "telegram"
    pull = False
    limits = Limits(text=4096, options=100, label=64, id_bytes=64)

    def __init__(self) -> None:
        self.seen: dict[str, list[Outbound]] = defaultdict(list)

    def parse(self, update: object) -> Received | None:
        return None

    async def acknowledge(self, received: Received) -> None:
        return None

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        await asyncio.sleep(0)
        self.seen[address].append(message)
        return (f"{address}-{len(self.seen[address])}",)

    async def delete(self, address: str, ref: str) -> None:
        return None

    async def close(self) -> None:
        return None


@pytest.mark.parametrize("people", [40])
async def test_forty_people_report_twice_side_by_side(tmp_path: Path, people: int) -> None:
    phones = Phones()
    settings = load_settings(from_environment=False, given={"data_dir": tmp_path})
    service = Service(settings, channels={"telegram": phones}, understander=understander())
    await service.start(jobs=False)
    unit = {"id": b"u" * 16, "name": "unit", "kind": "service", "lead": 1, "public_key": generate_keypair().public, "created_at": 1}
    await service.writer.write([Insert(table="unit", row=unit)])
    await service.units.refresh()

    async def say(address: str, number: int, inbound: Inbound) -> None:
        before = len(phones.seen[address])
        message_id = f"{address}:{number}"
        await service.receive(Received(channel="telegram", message_id=message_id, address=address, inbound=inbound, ref=str(number)))
        for _ in range(2000):
            if len(phones.seen[address]) > before:
                return
            await asyncio.sleep(0.005)
        raise AssertionError("no answer came")

    async def person(number: int) -> None:
        address = str(number)
        await say(address, 0, Inbound(kind=InboundKind.START))
        for step, line in enumerate(SCRIPT, start=1):
            if line.startswith("!"):
                inbound = Inbound(kind=InboundKind.TEXT, text=line[1:].format(n=number))
            else:
                for _ in range(2000):
                    offered = {c.id.partition(".")[2]: c.id for c in phones.seen[address][-1].choices}
                    if line in offered:
                        break
                    await asyncio.sleep(0.005)
                assert line in offered, f"{line} was not offered to {number} at step {step}, but {list(offered)}"
                inbound = Inbound(kind=InboundKind.TAP, tap=offered[line])
            await say(address, step, inbound)

    await asyncio.gather(*(person(number) for number in range(people)))
    await service.settle()
    cases = await service.reads.all_cases()
    greeted = [sum("program otomatis" in bubble.text for bubble in bubbles) for bubbles in phones.seen.values()]
    await service.stop()
    assert len(cases) == 2 * people
    assert greeted == [1] * people, "somebody was greeted as if new in the middle of a conversation"
    for address, bubbles in phones.seen.items():
        told = " ".join(bubble.text for bubble in bubbles)
        assert f"nomor {address} " in told
        others = [other for other in range(people) if str(other) != address and f"nomor {other} dari" in told]
        assert not others, "somebody saw another one's words"
