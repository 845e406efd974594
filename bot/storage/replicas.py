"""Which processes of the service are alive on a database that many share."""

from __future__ import annotations

from sqlalchemy import func, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import tables

SILENT_AFTER = 30  # seconds without a word, after which a process counts as dead


async def living(engine: AsyncEngine) -> int:
    """How many processes were seen within the last half minute, by the clock of the database (PostgreSQL)."""
    async with engine.connect() as connection:
        if not await connection.run_sync(lambda there: inspect(there).has_table("replica")):
            return 0
        now = int((await connection.execute(text("select extract(epoch from now())::bigint"))).scalar_one())
        seen = tables.replica.c.seen_at > now - SILENT_AFTER
        return (await connection.execute(select(func.count()).where(seen))).scalar_one()
