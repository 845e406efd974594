"""Replicas as processes of their own, and what they measured together."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson

from benchmarks.server_meter import ServerMeter
from benchmarks.site import percentiles
from benchmarks.stores import Server

CHATS = 60  # in sum, shared by the replicas


class Fleet:
    """Replicas on one pair of stores. Each has chats of its own, and sends each of their messages to any replica."""

    def __init__(self, processes: list[Process], where: Server, given: Mapping[str, Any]) -> None:
        self._processes, self._where, self._given = processes, where, given
        self.ports: list[int] = []

    async def _ask(self, process: Process, order: Mapping[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(orjson.dumps(order, default=str) + b"\n")
        await process.stdin.drain()
        answer = await process.stdout.readline()
        if not answer:
            raise RuntimeError("a replica ended: what it said is above")
        found: dict[str, Any] = orjson.loads(answer)
        return found

    async def all(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The answers of all replicas to one order."""
        return await asyncio.gather(*(self._ask(process, order) for process in self._processes))

    async def first(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of one."""
        return await self._ask(self._processes[0], order)

    async def begin(self) -> None:
        """Starts the service in each, one after the other: the first one makes the tables."""
        for process in self._processes:
            self.ports.append((await self._ask(process, dict(self._given)))["port"])

    async def meet(self) -> None:
        """Brings everybody to their places."""
        count = len(self._processes)
        orders = []
        for index, (process, own) in enumerate(zip(self._processes, self.ports, strict=True)):
            others = [port for port in self.ports if port != own]
            orders.append(self._ask(process, {"do": "meet", "ports": others, "chats": CHATS // count + (index < CHATS % count)}))
        await asyncio.gather(*orders)

    async def measured(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """What all measured together while each carried out an order of load."""
        meter = None
        if "database_url" in self._given:
            meter = ServerMeter((self._given["database_url"], self._given["key_store"]), self._where.process)
        cases = (await self.first({"do": "cases"}))["cases"]
        if meter is not None:
            await meter.start()
        loads = await self.all(order)
        sent = max(1, sum(load["sent"] for load in loads))
        of_server = await meter.stop(sent) if meter is not None else {}
        took = max(load["took"] for load in loads)
        latencies = [each for load in loads for each in load["latencies"]]
        commits = max(1, sum(load["commits"] for load in loads))
        return {
            "messages_per_s": round(len(latencies) / took), "latency_ms": percentiles(latencies),
            "reports_filed": (await self.first({"do": "cases"}))["cases"] - cases,
            "cpu_ms_per_message": round(1000 * sum(load["cpu"] for load in loads) / sent, 2),
            "of_that_receipts_kdf": round(1000 * sum(load["kdf"] for load in loads) / sent, 2),
            "commits": commits, "writes_per_commit": round(sum(load["writes"] for load in loads) / commits, 1), **of_server,
        }  # fmt: skip


@asynccontextmanager
async def fleet(where: Server, given: Mapping[str, Any], replicas: int) -> AsyncIterator[Fleet]:
    """So many replicas on one pair of stores, ended afterwards."""
    command = (sys.executable, "-m", "benchmarks.replica")
    processes: list[Process] = []
    try:
        for _ in range(replicas):
            processes.append(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=1 << 26))
        made = Fleet(processes, where, given)
        await made.begin()
        yield made
    finally:
        for process in processes:
            if process.stdin is not None:
                process.stdin.close()
        for process in processes:
            try:
                await asyncio.wait_for(process.wait(), 30)
            except TimeoutError:
                process.kill()
                await process.wait()
