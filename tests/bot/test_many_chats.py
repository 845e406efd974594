"""Many people at once: nobody's conversation is ever lost, mixed up or begun anew under load."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.channels.base import Received
from flows.message import Inbound, InboundKind
from tests.bot.house import House, house

PEOPLE = 40
SCRIPT = (
    "report", "yes", "self_13_17", "!cerita nomor {n} dari sekolah kemarin", "yes", "64.71.02", "own_code", "send", "done", "!menu",
    "services", "!menu", "help", "go_on", "report", "yes", "self_under_13", "!cerita kedua nomor {n} di rumah", "no", "64.71.01",
    "own_code", "send", "done",
)  # fmt: skip


async def _person(here: House, number: int) -> None:
    address = str(number)
    seen = here.phones.seen[address]

    async def send(step: int, inbound: Inbound) -> None:
        before = len(seen)
        await here.service.receive(Received(channel="telegram", message_id=f"{address}:{step}", address=address, inbound=inbound, ref="r"))
        await _until(lambda: len(seen) > before)

    await send(0, Inbound(kind=InboundKind.START))
    for step, line in enumerate(SCRIPT, start=1):
        if line.startswith("!"):
            await send(step, Inbound(kind=InboundKind.TEXT, text=line[1:].format(n=number)))
        else:
            await _until(lambda line=line: line in here.phones.options(address) and seen[-1].choices)
            await send(step, Inbound(kind=InboundKind.TAP, tap=here.phones.options(address)[line]))


async def _until(true: object) -> None:
    for _ in range(4000):
        if true():  # type: ignore[operator]
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come")


async def test_forty_people_report_twice_side_by_side(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await asyncio.gather(*(_person(here, number) for number in range(PEOPLE)))
        await here.service.settle()
        cases = await here.service.reads.all_cases()
        phones = here.phones
    assert len(cases) == 2 * PEOPLE
    greeted = [sum("program otomatis" in bubble.text for bubble in bubbles) for bubbles in phones.seen.values()]
    assert greeted == [1] * PEOPLE, "somebody was greeted as if new in the middle of a conversation"
    for address, bubbles in phones.seen.items():
        told = " ".join(bubble.text for bubble in bubbles)
        assert f"nomor {address} " in told
        others = [other for other in range(PEOPLE) if str(other) != address and f"nomor {other} dari" in told]
        assert not others, "somebody saw another's words"
