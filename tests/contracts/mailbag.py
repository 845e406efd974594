"""A mailroom in memory: the tests' stand-in for the service behind a channel."""

from __future__ import annotations

import asyncio

from bot.channels.base import Pending, Received


class Mailbag:
    """Keeps what was received, once per message id. `fails` makes the next so many calls raise; `gate`, if set, must open first."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.redelivered: list[str] = []
        self.fails = 0
        self.gate: asyncio.Event | None = None
        self.waiting = 0
        self.arrived = asyncio.Event()

    @property
    def texts(self) -> list[str]:
        return [received.inbound.text or received.inbound.tap or received.inbound.kind.value for received in self.received]

    async def receive(self, received: Received) -> bool:
        self.waiting += 1
        self.arrived.set()
        try:
            if self.gate is not None:
                await self.gate.wait()
            else:
                await asyncio.sleep(0)
        finally:
            self.waiting -= 1
        if self.fails:
            self.fails -= 1
            raise OSError(f"database is down: {received.inbound.text}")
        if any(received.message_id == known.message_id for known in self.received):
            self.redelivered.append(received.message_id)
            return False
        self.received.append(received)
        return True

    async def receive_file(self, received: Received, content: bytes) -> bool:
        return await self.receive(received)

    async def until(self, count: int) -> None:
        """Returns once so many messages are there; fails after ten seconds."""
        async with asyncio.timeout(10):
            while len(self.received) < count:
                await asyncio.sleep(0.01)

    async def pending(self, channel: str, address: str) -> list[Pending]:
        return []

    async def changed(self, channel: str, address: str, timeout: float) -> None:
        await asyncio.sleep(timeout)

    async def confirm(self, channel: str, address: str, ids: tuple[int, ...]) -> None: ...
