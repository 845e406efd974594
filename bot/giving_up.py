"""Work that gives way: a file is fetched only for as long as nobody waits behind it who must not wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

LOOK_SECONDS = 0.25


async def unless(called: Callable[[], Awaitable[bool]], work: Coroutine[Any, Any, T]) -> T | None:
    """What the work gives, or raises what it raises; None if somebody `called` meanwhile: then it is given up. Asks four times a second."""
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait({task}, timeout=LOOK_SECONDS))[0]:
            if await called():
                return None
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
