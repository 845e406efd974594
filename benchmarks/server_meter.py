"""What a PostgreSQL server did while replicas were at work: its processor time, what its backends waited for, the notices that went out."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.stores import address
from bot.storage.sharing import CHANNEL

EVERY = 0.02  # seconds between two looks at pg_stat_activity
_OURS = """
    SELECT state, CASE WHEN state = 'active' THEN wait_event_type END AS waits, count(*) AS count FROM pg_stat_activity
    WHERE application_name = 'ruang-aman' AND state IN ('active', 'idle in transaction') GROUP BY 1, 2
"""
WAITS = ("Lock", "LWLock", "IO", "Client")


def processor_seconds(process: int) -> float:
    """User and system time of a server: its first process, those of its children that run, and those that have ended."""
    total = sum(_times(process)[:4])
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError):
                times = _times(int(folder.name))
                if times[4] == process:
                    total += times[0] + times[1]
    return total / os.sysconf("SC_CLK_TCK")


def _times(process: int) -> tuple[int, int, int, int, int]:
    """utime, stime, cutime, cstime, and the parent's id (proc_pid_stat(5); the name before them may hold anything)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return int(fields[11]), int(fields[12]), int(fields[13]), int(fields[14]), int(fields[1])


class ServerMeter:
    """Begins with `start`, ends with `stop`. `urls` are the stores (the first is asked what it waits for), `process` the server's first
    process where it runs on this machine."""

    def __init__(self, urls: Iterable[str], process: int | None) -> None:
        self._urls, self._process = list(urls), process
        self._connections: list[Any] = []
        self._seen: Counter[str] = Counter()
        self._looks = 0
        self._notices = 0
        self._task: asyncio.Task[None] | None = None
        self._before = 0.0

    async def start(self) -> None:
        """From here on everything counts."""
        self._connections = [await asyncpg.connect(address(url)) for url in self._urls]
        for connection in self._connections:
            await connection.add_listener(CHANNEL, self._heard)
        self._before = processor_seconds(self._process) if self._process is not None else 0.0
        self._task = asyncio.create_task(self._looking())

    def _heard(self, *_: Any) -> None:
        self._notices += 1

    async def _looking(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            self._looks += 1
            for state, waits, count in await self._connections[0].fetch(_OURS):
                self._seen["in_transaction" if state != "active" else waits if waits in WAITS else "other" if waits else "running"] += count

    async def stop(self, messages: int) -> dict[str, Any]:
        """What was measured, `messages` being how many were sent. The meter's own part in the processor time is in it (1 % or so)."""
        used = processor_seconds(self._process) - self._before if self._process is not None else None
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        for connection in self._connections:
            await connection.close()
        idle = self._seen.pop("in_transaction", 0)
        active = max(1, self._seen.total())
        return {
            "postgres_cpu_ms_per_message": round(1000 * used / max(1, messages), 2) if used is not None else None,
            "notices_per_message": round(self._notices / max(1, messages), 2),
            "backends_active": round(self._seen.total() / max(1, self._looks), 2),
            "backends_idle_in_transaction": round(idle / max(1, self._looks), 2),
            "share_of_active": {name: round(self._seen[name] / active, 3) for name in ("running", *WAITS, "other")},
            "looks": self._looks,
        }
