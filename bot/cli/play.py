"""Three made-up reporters for the demo: they talk with the real service over the web chat's own mailroom, at reading speed."""

from __future__ import annotations

import asyncio
import secrets
from uuid import uuid4

from bot.app import Service
from bot.channels.base import Received
from flows.message import Inbound, InboundKind, Outbound

_PAUSE = 1.5

# What each of them answers: an option's id is tapped if it is offered, anything else is typed.
SCRIPTS: dict[str, tuple[str, ...]] = {
    "a girl of ten": (
        "report", "yes", "self_under_13", "tadi di sekolah ada yang sering dorong aku sampe jatuh, aku takut masuk", "yes",
        "64.71.02", "own_code", "send", "done",
    ),
    "a neighbour": (
        "report", "yes", "adult", "no", "neighbour", "1, 2", "hampir tiap malam kedengaran anak dimarahi dan nangis lama", "yes",
        "done", "this_week", "ongoing", "home", "sepinggan", "lewati", "age_6_12", "unsure", "unsure", "unsure", "parent", "6", "7",
        "own_code", "send", "done",
    ),
    "somebody who only asks for a number": ("services", "lewati"),
}  # fmt: skip


async def play(service: Service) -> None:
    """Lets the three talk side by side."""
    await asyncio.gather(*(_talk(service, name, script) for name, script in SCRIPTS.items()))


async def _talk(service: Service, name: str, script: tuple[str, ...]) -> None:
    address = secrets.token_hex(32)
    shown = await _say(service, address, Inbound(kind=InboundKind.START))
    for line in script:
        await asyncio.sleep(_PAUSE)
        choices = {choice.id.partition(".")[2]: choice.id for bubble in shown for choice in bubble.choices}
        tap = choices.get(line)
        print(f"[{name}] {line}", flush=True)
        message = Inbound(kind=InboundKind.TAP, tap=tap) if tap else Inbound(kind=InboundKind.TEXT, text=line)
        shown = await _say(service, address, message)


async def _say(service: Service, address: str, message: Inbound) -> list[Outbound]:
    await service.receive(Received(channel="web", message_id=uuid4().hex, address=address, inbound=message))
    await service.turns.settle()
    waiting = await service.pending("web", address)
    await service.confirm("web", address, tuple(row.id for row in waiting))
    return [row.message for row in waiting]
