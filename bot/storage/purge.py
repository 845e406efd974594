"""What is deleted because its time is over. Key death comes first; these rows could not be read any more anyway."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage import tables
from bot.storage.database import writing

_OF_CONVERSATION = (tables.address, tables.inbox, tables.outbox, tables.timer)


async def forget_conversations(engine: AsyncEngine, ids: Sequence[bytes], *, silent_since: int) -> list[bytes]:
    """Every row of those of some conversations goes that are still silent: no message since then, none that waits for its turn, none that
    another process is just writing. Gives their keys, whose death is written down in the same commit: they are the caller's to destroy."""
    if not ids:
        return []
    conversation, inbox = tables.conversation, tables.inbox
    async with writing(engine) as connection:
        waits = select(inbox.c.id).where(inbox.c.conversation_id == conversation.c.id, inbox.c.state == "new").exists()
        found = await connection.execute(
            select(conversation.c.id, conversation.c.key_id)
            .where(conversation.c.id.in_(ids), conversation.c.last_at <= silent_since, ~waits)
            .with_for_update(of=conversation, skip_locked=True)
        )
        keys = {row.id: row.key_id for row in found}
        if not keys:
            return []
        await connection.execute(delete(tables.key_death).where(tables.key_death.c.key_id.in_(list(keys.values()))))
        await connection.execute(insert(tables.key_death), [{"key_id": key_id} for key_id in keys.values()])
        await _forget_files(connection, tables.evidence.c.conversation_id.in_(list(keys)))
        outbox = tables.outbox.c
        # What a platform still has to delete under a key of its own outlives the conversation.
        lasting = and_(outbox.kind != "send", tables.WAITING, outbox.key_id.not_in(list(keys.values())))
        for table in _OF_CONVERSATION:
            gone = delete(table).where(table.c.conversation_id.in_(list(keys)))
            await connection.execute(gone.where(~lasting) if table is tables.outbox else gone)
        # Whoever waits in one (a crisis is never ended by time) goes on waiting, and cannot be written to any more.
        hand_off = tables.hand_off
        untied = update(hand_off).where(hand_off.c.conversation_id.in_(list(keys)))
        await connection.execute(untied.values(conversation_id=None, version=hand_off.c.version + 1))
        await connection.execute(delete(conversation).where(conversation.c.id.in_(list(keys))))
        return list(keys.values())


async def _forget_files(connection: AsyncConnection, where: ColumnElement[bool]) -> int:
    """Files go, with their pieces."""
    chunk = tables.evidence_chunk
    await connection.execute(delete(chunk).where(chunk.c.evidence_id.in_(select(tables.evidence.c.id).where(where))))
    return int((await connection.execute(delete(tables.evidence).where(where))).rowcount)


async def purge(engine: AsyncEngine, *, finished_before: int, oldest_day: int, hour: int, now: int) -> int:
    """Deletes finished inbox and outbox rows from before a moment (seconds since 1970), address rows of days whose key is dead, blocks that
    are over or whose key is dead, tries of past hours, and files whose conversation is gone. Gives how many rows went."""
    inbox, outbox = tables.inbox.c, tables.outbox.c
    count = 0
    async with writing(engine) as connection:
        for statement in (
            delete(tables.inbox).where(inbox.state != "new", inbox.received_at < finished_before),
            delete(tables.outbox).where(outbox.state.in_(("sent", "dead")), outbox.created_at < finished_before),
            delete(tables.address).where(tables.address.c.day < oldest_day),
            delete(tables.block).where(or_(tables.block.c.until <= now, tables.block.c.day < oldest_day)),
            delete(tables.guess).where(tables.guess.c.hour < hour),
        ):
            count += (await connection.execute(statement)).rowcount
        file = tables.evidence.c
        conversations = select(tables.conversation.c.id)
        count += await _forget_files(connection, file.conversation_id.is_not(None) & file.conversation_id.not_in(conversations))
    return count
