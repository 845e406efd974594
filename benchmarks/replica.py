"""A process of its own for a benchmark: the service, its webhook on loopback, and the people who write to it.

`python -m benchmarks.replica` reads orders from standard input, a line of JSON each, and answers each with one. It ends with its input.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Any

import orjson
import uvloop

from benchmarks.chats import Chats, count_kdf
from benchmarks.site import Site, loopback, site

TIMES = 3  # how often a periodic work is timed


async def _jobs(where: Site) -> dict[str, list[float]]:
    """The milliseconds of each periodic work, and of the list of cases that `ruang-aman open` prints."""
    jobs, reads = where.service.jobs, where.service.reads
    timed: dict[str, list[float]] = {}
    for name, work in (("sweep", jobs.sweep), ("timers", jobs.timers), ("forget", jobs.forget), ("open", reads.all_cases)):
        for _ in range(TIMES):
            begun = time.perf_counter()
            await work()
            timed.setdefault(name, []).append((time.perf_counter() - begun) * 1000)
    return timed


async def _run() -> None:
    reader = asyncio.StreamReader(limit=1 << 26)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    def answer(value: dict[str, Any]) -> None:
        sys.stdout.buffer.write(orjson.dumps(value) + b"\n")
        sys.stdout.buffer.flush()

    given = orjson.loads(await reader.readline())
    count_kdf()
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(site(given=given, jobs=True))
        answer({"port": await stack.enter_async_context(where.served())})
        chats = Chats(where, 0)
        while line := await reader.readline():
            order = orjson.loads(line)
            writer = where.service.writer
            before = (writer.commits, writer.flushed)
            match order["do"]:
                case "meet":
                    others = [await stack.enter_async_context(loopback(port)) for port in order["ports"]]
                    where.ways = [where.within, *others]
                    chats = Chats(where, order["chats"])
                    await chats.catch_up()
                    answer({})
                case "closed" | "open" as how:
                    seconds = order["seconds"]
                    load = await (chats.closed(seconds) if how == "closed" else chats.open(seconds, order["rate"]))
                    answer({**asdict(load), "commits": writer.commits - before[0], "writes": writer.flushed - before[1]})
                case "jobs":
                    await where.service.settle()
                    answer(await _jobs(where))
                case "cases":
                    answer({"cases": await where.cases()})
                case "settle":
                    await where.service.settle()
                    answer({})
                case other:
                    raise ValueError(f"no such order: {other}")


if __name__ == "__main__":
    uvloop.run(_run())
