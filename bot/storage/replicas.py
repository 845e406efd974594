"""Which processes of the service are alive on a database that many share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import tables

SILENT_AFTER = 30  # seconds without a word, after which a process counts as dead: thrice what lets others take its conversations over
_LOOKS = 1.0  # seconds between two looks


async def living(engine: AsyncEngine, waits: Callable[[int], None] = lambda count: None) -> int:
    """How many processes use a database (PostgreSQL; by its clock). One that stopped has signed off and does not count. One that was killed
    has not: it is waited for until it was silent for half a minute, or speaks again. `waits` hears, once, of how many."""
    first = await _seen(engine)
    seen = first
    if first:
        waits(len(first))
    while seen:
        await asyncio.sleep(_LOOKS)
        seen = await _seen(engine)
        spoke = [replica for replica, at in seen.items() if at != first.get(replica)]
        if spoke:
            return len(spoke)
    return 0


async def _seen(engine: AsyncEngine) -> dict[bytes, int]:
    """Processes that were heard of within the last half minute, and when."""
    async with engine.connect() as connection:
        if not await connection.run_sync(lambda there: inspect(there).has_table("replica")):
            return {}
        now = int((await connection.execute(text("select extract(epoch from now())::bigint"))).scalar_one())
        replica = tables.replica.c
        found = await connection.execute(select(replica.id, replica.seen_at).where(replica.seen_at > now - SILENT_AFTER))
        return {row.id: row.seen_at for row in found}
