"""What a message costs with an empty database, and with a million cases and ten thousand open conversations in it.

Both are measured by turns, with a fresh process each time, so that a machine that is busy for a while is so for both; the ratio is the
median of the pairs'.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

import uvloop

from benchmarks.fill import fill
from benchmarks.fleet import fleet
from benchmarks.site import environment
from benchmarks.stores import Server, server

RATE = 100.0  # messages a second in the open loop
CASES, SESSIONS = 1_000_000, 10_000


async def _once(where: Server, given: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    async with fleet(where, given, 1) as running:
        await running.meet()
        closed = await running.measured({"do": "closed", "seconds": seconds})
        await running.all({"do": "settle"})
        opened = await running.measured({"do": "open", "seconds": seconds, "rate": RATE})
        jobs = await running.first({"do": "jobs"})
    database = closed.get("postgres_cpu_ms_per_message") or 0.0
    return {
        "cost_ms": round(closed["cpu_ms_per_message"] + database, 3),
        "cost_without_kdf_ms": round(closed["cpu_ms_per_message"] + database - closed["of_that_receipts_kdf"], 3),
        "messages_per_s": closed["messages_per_s"],
        "p50_ms": opened["latency_ms"]["p50"], "p99_ms": opened["latency_ms"]["p99"],
        **{f"{name}_ms": round(statistics.median(times), 2) for name, times in jobs.items()},
    }  # fmt: skip


def _median(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: round(statistics.median(each[name] for each in rounds), 3) for name in rounds[0]}


def measure(
    *, seconds: float, runs: int, database: str = "sqlite", cases: int = CASES, sessions: int = SESSIONS
) -> dict[str, Any]:  # fmt: skip
    """`runs` pairs of rounds, the figures of each, and the medians. Raises OperatorError if there is no such database here."""
    with server(database) as where:
        empty, full = where.pair(), where.pair()
        for given in (empty, full):  # both have taken in the same before it begins, and one knows how long sealed rows are
            uvloop.run(_once(where, given, 1.0))
        uvloop.run(fill(full, cases=cases, sessions=sessions))
        rounds: dict[str, list[dict[str, Any]]] = {"empty": [], "full": []}
        for number in range(runs):
            order = [("empty", empty), ("full", full)]
            for name, given in order if number % 2 == 0 else reversed(order):
                rounds[name].append(uvloop.run(_once(where, given, seconds)))
        pairs = list(zip(rounds["empty"], rounds["full"], strict=True))
        ratios = {
            name: [round(after[name] / before[name], 3) for before, after in pairs if before[name]]
            for name in ("cost_ms", "cost_without_kdf_ms", "p50_ms", "p99_ms")
        }
        ratios["messages_per_s"] = [round(after["messages_per_s"] / max(1, before["messages_per_s"]), 3) for before, after in pairs]
        return {
            "benchmark": "growth", "cases": cases, "sessions": sessions, "rate_per_s": RATE,
            "ratio": {name: round(statistics.median(found), 3) for name, found in ratios.items() if found}, "ratios": ratios,
            "empty": _median(rounds["empty"]), "full": _median(rounds["full"]), "rounds": rounds,
            **environment(where.folder, database=where.database),
        }  # fmt: skip
