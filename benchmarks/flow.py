"""Messages a second through the whole service: webhook → inbox commit → turn → commit → the platform's library → transport.

Guided steps, one submission (sealed, with its Argon2id receipt) in twenty messages, pacing off. Two figures: as many as it takes with many
chats at once, and the latency at a fixed rate that does not wait for answers (open loop).
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.site import Site, environment, percentiles, site
from bot import adapters

# Twenty messages of a child: an option's id is tapped, anything else is typed. One of them files a report.
TYPED = ("/start", "tadi di sekolah aku didorong lagi sampe jatuh", "terus diejek rame2", "menu")
SCRIPT = (
    "/start", "report", "yes", "self_13_17", TYPED[1], TYPED[2], "yes", "64.71.02", "own_code", "send", "done", "menu", "services", "menu",
    "help", "privacy", "go_on", "help", "go_on", "menu",
)  # fmt: skip
_kdf = 0.0  # seconds of processor time in the receipts' key derivation


def _count_kdf() -> None:
    """Counts the processor time of every derivation from now on: it is the largest part, and has a thread of its own."""
    derive = adapters.derive

    def counted(words: str, *, pepper: bytes) -> Any:
        global _kdf
        start = time.thread_time()
        try:
            return derive(words, pepper=pepper)
        finally:
            _kdf += time.thread_time() - start

    adapters.derive = counted


CHATS = 60
RATE = 100.0


class Chat:
    """One chat that goes through the script again and again."""

    def __init__(self, where: Site, chat: int) -> None:
        self._site = where
        self.chat = chat

    async def say(self, line: str) -> float:
        """One message; gives the seconds until the reply was handed to the platform."""
        platform = self._site.platform
        data = None if line in TYPED else await platform.option(self.chat, line)
        update = self._site.message(self.chat, line) if data is None else self._site.tap(self.chat, data)
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        platform.waiting[self.chat] = future
        platform.buttons.pop(self.chat, None)  # what was offered before is answered now
        start = time.perf_counter()
        status = await self._site.post(update)
        if status != 200:
            raise RuntimeError(f"the webhook answered {status}")
        return await asyncio.wait_for(future, 30) - start


async def _closed(where: Site, seconds: float) -> dict[str, Any]:
    """As many as it takes."""
    end = time.perf_counter() + seconds
    latencies: list[float] = []

    first = 1_000_000 + 1_000 * where.taken

    async def one(number: int) -> None:
        chat = Chat(where, first + number)
        lines = itertools.cycle(SCRIPT)
        for _ in range(number % len(SCRIPT)):
            await chat.say(next(lines))
        while time.perf_counter() < end:
            latencies.append(await chat.say(next(lines)) * 1000)

    # Chats that join in the middle of the script first catch up; only what follows is counted.
    kdf = _kdf
    start, used, before = time.perf_counter(), time.process_time(), (where.taken, len(await where.service.reads.all_cases()))
    await asyncio.gather(*(one(number) for number in range(CHATS)))
    took, used = time.perf_counter() - start, time.process_time() - used
    return {
        "messages_per_s": round(len(latencies) / took), "latency_ms": percentiles(latencies),
        "reports_filed": len(await where.service.reads.all_cases()) - before[1],
        "cpu_ms_per_message": round(1000 * used / max(1, where.taken - before[0]), 2),
        "of_that_receipts_kdf": round(1000 * (_kdf - kdf) / max(1, where.taken - before[0]), 2),
    }  # fmt: skip


async def _open(where: Site, seconds: float, rate: float) -> dict[str, Any]:
    """A fixed rate: each message is due at its time, whether earlier ones are answered or not (a chat's own order is kept)."""
    chats = [Chat(where, 2_000_000 + number) for number in range(200)]
    lines = [itertools.cycle(SCRIPT) for _ in chats]
    latencies: list[float] = []
    tasks: list[asyncio.Task[None]] = []
    gates = [asyncio.Lock() for _ in chats]
    begun = time.perf_counter()

    async def one(index: int, due: float) -> None:
        async with gates[index]:
            await chats[index].say(next(lines[index]))
        latencies.append((time.perf_counter() - due) * 1000)

    for number in range(int(seconds * rate)):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number % len(chats), due)))
    await asyncio.gather(*tasks)
    return {"rate_per_s": rate, "latency_ms": percentiles(latencies)}


async def _run(seconds: float) -> dict[str, Any]:
    async with site(base=Path.cwd()) as where:
        closed = await _closed(where, seconds)
        async with where.over_loopback():
            loopback = await _closed(where, seconds / 2)
        writer = where.service.writer
        commits = {"commits": writer.commits, "writes_per_commit": round(writer.flushed / writer.commits, 1)}
        await where.service.settle()
        opened = await _open(where, seconds, RATE)
        return {"closed_loop": closed, "closed_loop_over_loopback_http": loopback, "open_loop": opened, **commits, **environment(where)}


def measure(*, seconds: float, runs: int) -> dict[str, Any]:
    """The median run by messages a second, and every run's figure."""
    _count_kdf()
    results = sorted((uvloop.run(_run(seconds)) for _ in range(runs)), key=lambda result: result["closed_loop"]["messages_per_s"])
    every = [result["closed_loop"]["messages_per_s"] for result in results]
    return {"benchmark": "flow", "runs": every, "median": statistics.median(every), **results[len(results) // 2]}
