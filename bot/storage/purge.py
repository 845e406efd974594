"""What is deleted because its time is over. Key death comes first; these rows could not be read any more anyway."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import tables

_OF_CONVERSATION = (tables.address, tables.inbox, tables.outbox, tables.timer)


async def forget_conversations(engine: AsyncEngine, ids: Sequence[bytes]) -> None:
    """Every row of some conversations goes."""
    if not ids:
        return
    async with engine.begin() as connection:
        for table in _OF_CONVERSATION:
            await connection.execute(delete(table).where(table.c.conversation_id.in_(ids)))
        await connection.execute(delete(tables.conversation).where(tables.conversation.c.id.in_(ids)))


async def purge(engine: AsyncEngine, *, finished_before: int, oldest_day: int, hour: int) -> int:
    """Deletes finished inbox and outbox rows from before a moment (seconds since 1970), address rows of days whose key is dead, and
    tries of past hours. Gives how many rows went."""
    inbox, outbox = tables.inbox.c, tables.outbox.c
    count = 0
    async with engine.begin() as connection:
        for statement in (
            delete(tables.inbox).where(inbox.state != "new", inbox.received_at < finished_before),
            delete(tables.outbox).where(outbox.state.in_(("sent", "dead")), outbox.created_at < finished_before),
            delete(tables.address).where(tables.address.c.day < oldest_day),
            delete(tables.guess).where(tables.guess.c.hour < hour),
        ):
            count += (await connection.execute(statement)).rowcount
    return count
