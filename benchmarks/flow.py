"""Messages a second through the whole service: webhook → inbox commit → turn → commit → the platform's library → transport.

Two figures: as many as it takes with many chats at once, and the latency at a fixed rate that does not wait for answers (open loop). The
people are those of `benchmarks.chats`. On PostgreSQL every replica is a process of its own, with chats of its own, each message of which
goes to a replica chosen at random: of N, (N-1)/N are taken in by one that does not have the conversation.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.chats import Chats, Load, count_kdf
from benchmarks.fleet import CHATS, fleet
from benchmarks.site import environment, percentiles, site
from benchmarks.stores import Server, server
from bot.errors import OperatorError

RATE = 100.0  # messages a second in the open loop


def _told(load: Load, filed: int) -> dict[str, Any]:
    return {
        "messages_per_s": round(len(load.latencies) / load.took), "latency_ms": percentiles(load.latencies), "reports_filed": filed,
        "cpu_ms_per_message": round(1000 * load.cpu / max(1, load.sent), 2),
        "of_that_receipts_kdf": round(1000 * load.kdf / max(1, load.sent), 2),
    }  # fmt: skip


async def _one_process(seconds: float) -> dict[str, Any]:
    """The service in this very process, on SQLite."""
    async with site(base=Path.cwd()) as where:
        chats = Chats(where, CHATS)
        await chats.catch_up()

        async def closed(for_seconds: float) -> dict[str, Any]:
            before = await where.cases()
            load = await chats.closed(for_seconds)
            return _told(load, await where.cases() - before)

        direct = await closed(seconds)
        async with where.over_loopback():
            loopback = await closed(seconds / 2)
        writer = where.service.writer
        commits = {"commits": writer.commits, "writes_per_commit": round(writer.flushed / writer.commits, 1)}
        await where.service.settle()
        opened = await chats.open(seconds, RATE)
        return {
            "closed_loop": direct, "closed_loop_over_loopback_http": loopback,
            "open_loop": {"rate_per_s": RATE, "latency_ms": percentiles(opened.latencies)}, **commits, **environment(where.folder),
        }  # fmt: skip


async def _replicas(where: Server, seconds: float, replicas: int) -> dict[str, Any]:
    """The service in processes of its own."""
    async with fleet(where, where.pair(), replicas) as running:
        await running.meet()
        closed = await running.measured({"do": "closed", "seconds": seconds})
        await running.all({"do": "settle"})
        opened = await running.measured({"do": "open", "seconds": seconds, "rate": RATE / replicas})
    return {
        "closed_loop": closed, "open_loop": {"rate_per_s": RATE, **opened},
        **environment(where.folder, database=where.database, replicas=replicas),
    }  # fmt: skip


def measure(*, seconds: float, runs: int, database: str = "sqlite", replicas: int = 1) -> dict[str, Any]:
    """The median run by messages a second, and every run's figure. Raises OperatorError if there is no such database here."""
    if replicas < 1 or (database == "sqlite" and replicas != 1):
        raise OperatorError("SQLite serves one process: --database postgresql takes any number of --replicas from 1.", status=2)
    if database == "sqlite":
        count_kdf()
        found = [uvloop.run(_one_process(seconds)) for _ in range(runs)]
    else:
        with server(database, named=True) as where:
            found = [uvloop.run(_replicas(where, seconds, replicas)) for _ in range(runs)]
    results = sorted(found, key=lambda result: result["closed_loop"]["messages_per_s"])
    every = [result["closed_loop"]["messages_per_s"] for result in results]
    return {"benchmark": "flow", "runs": every, "median": statistics.median(every), **results[len(results) // 2]}
