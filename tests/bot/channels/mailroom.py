"""A Mailroom in memory, for tests of pull channels.

It takes each message once, asks `answer` for bubbles, and keeps them until they are confirmed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import count

from bot.channels.base import Pending, Received
from flows.message import Outbound


class MemoryMailroom:
    """Keeps the contract of `bot.channels.base.Mailroom`. Safe to use from servers in several threads, one after the other."""

    def __init__(self, answer: Callable[[Received], Iterable[Outbound]] = lambda received: ()) -> None:
        self.received: list[Received] = []
        self.files: list[bytes] = []
        self.redelivered = 0
        self.typing: dict[tuple[str, str], float] = {}
        self.typists: list[tuple[str, str]] = []
        self.answer = answer
        self._seen: set[tuple[str, str]] = set()
        self._waiting: defaultdict[tuple[str, str], list[Pending]] = defaultdict(list)
        self._listeners: defaultdict[tuple[str, str], set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = defaultdict(set)
        self._ids = count(1)

    async def receive(self, received: Received) -> bool:
        key = (received.channel, received.message_id)
        if key in self._seen:
            self.redelivered += 1
            return False
        self._seen.add(key)
        self.received.append(received)
        for bubble in self.answer(received):
            self.put(received.channel, received.address, bubble)
        return True

    async def receive_file(self, received: Received, content: bytes) -> bool:
        new = await self.receive(received)
        if new:
            self.files.append(content)
        return new

    def put(self, channel: str, address: str, bubble: Outbound) -> int:
        """Lets a bubble wait, as a counsellor's reply does. Gives its id."""
        pending = Pending(id=next(self._ids), message=bubble)
        self._waiting[channel, address].append(pending)
        for loop, event in tuple(self._listeners[channel, address]):
            loop.call_soon_threadsafe(event.set)
        return pending.id

    def waiting(self, channel: str, address: str) -> list[Pending]:
        """What is not confirmed yet."""
        return list(self._waiting[channel, address])

    async def pending(self, channel: str, address: str) -> list[Pending]:
        return self.waiting(channel, address)

    async def changed(self, channel: str, address: str, timeout: float) -> None:
        listener = (asyncio.get_running_loop(), asyncio.Event())
        self._listeners[channel, address].add(listener)
        try:
            async with asyncio.timeout(timeout):
                await listener[1].wait()
        except TimeoutError:
            pass
        finally:
            self._listeners[channel, address].discard(listener)

    async def confirm(self, channel: str, address: str, ids: tuple[int, ...]) -> None:
        self._waiting[channel, address] = [p for p in self._waiting[channel, address] if p.id not in ids]

    async def typed(self, channel: str, address: str) -> float:
        return self.typing.get((channel, address), 0.0)

    async def types(self, channel: str, address: str) -> None:
        self.typists.append((channel, address))

    def types_to(self, channel: str, address: str, at: float) -> None:
        """Somebody of the staff is writing."""
        self.typing[channel, address] = at
        for loop, event in tuple(self._listeners[channel, address]):
            loop.call_soon_threadsafe(event.set)

    def listening(self) -> int:
        """How many wait in `changed` now."""
        return sum(len(listeners) for listeners in self._listeners.values())
