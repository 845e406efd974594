"""What many ask for at once is looked up once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Seen = TypeVar("Seen")


class OneLook(Generic[Seen]):
    """One look for all who ask at the same moment. Nobody is given a look that began before they asked, so whoever has just changed
    something sees it changed. `look` looks."""

    def __init__(self, look: Callable[[], Awaitable[Seen]]) -> None:
        self._look = look
        self._now: asyncio.Task[Seen] | None = None
        self._next: asyncio.Task[Seen] | None = None

    async def look(self) -> Seen:
        """What is there, at a moment after the call."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._now), name="one-look")
        return await asyncio.shield(self._next)  # who goes away leaves the others their look

    async def _after(self, before: asyncio.Task[Seen] | None) -> Seen:
        if before is not None:
            await asyncio.wait({before})
        self._now, self._next = self._next, None
        return await self._look()
