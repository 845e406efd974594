"""How long a platform waits for its 2xx: webhook received → message durable → answered, at a fixed rate (open loop)."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.site import Site, environment, percentiles, site

RATE = 100.0


async def _acknowledged(where: Site, seconds: float, rate: float) -> list[float]:
    times: list[float] = []
    tasks: list[asyncio.Task[None]] = []
    begun = time.perf_counter()

    async def one(chat: int, due: float) -> None:
        status = await where.post(where.message(chat, "halo"))
        if status != 200:
            raise RuntimeError(f"the webhook answered {status}")
        times.append((time.perf_counter() - due) * 1000)

    for number in range(int(seconds * rate)):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(3_000_000 + number % 400, due)))
    await asyncio.gather(*tasks)
    return times


async def _run(seconds: float) -> dict[str, Any]:
    async with site(base=Path.cwd()) as where:
        times = await _acknowledged(where, seconds, RATE)
        await where.service.settle()
        return {"rate_per_s": RATE, "acknowledged_ms": percentiles(times), "messages": len(times), **environment(where.folder)}


def measure(*, seconds: float, runs: int) -> dict[str, Any]:
    """The median run by p99."""
    results = sorted((uvloop.run(_run(seconds)) for _ in range(runs)), key=lambda result: result["acknowledged_ms"]["p99"])
    every = [result["acknowledged_ms"]["p99"] for result in results]
    return {"benchmark": "ack", "runs_p99_ms": every, **results[len(results) // 2]}
