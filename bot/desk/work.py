"""What a desk does besides, in tasks of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Work:
    """Tasks by what they do. What fails is told to the log and not done again: the sweep, the timers and the next round look anyway."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def go(self, work: Coroutine[Any, Any, None], code: str, *, once: bool = False) -> None:
        """Begins, unless the service is stopping; with `once` not beside another of the same `code`."""
        if self._closing or (once and any(task.get_name() == code for task in self._tasks)):
            return work.close()
        task = asyncio.create_task(_tried(work, code), name=code)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Returns when nothing is on its way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def close(self) -> None:
        """Begins nothing more."""
        self._closing = True


async def _tried(work: Coroutine[Any, Any, None], code: str) -> None:
    try:
        await work
    except Exception as error:
        log.warning("desk_failed", extra={"code": code, "error": type(error).__name__})
