"""What belongs together, from before the service said so itself: who reads a case, and which conversation is in which hand-off. Taken over
once, and said loudly that the database was taken at its word."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from actions.rows import Change, Require, Update
from bot.storage.faults import Moved
from bot.storage.key_store import KeyStore
from bot.storage.pins import BOUND
from bot.storage.untagged import Untagged
from bot.storage.writer import Writer
from bot.stored_session import Talk, locked_session, opened_session, talk_in
from bot.vault.encoding import ID_BYTES
from bot.vault.errors import VaultError
from bot.vault.row_tag import RowTags

log = logging.getLogger(__name__)

_NOBODYS = b""  # the tag of a row whose ids are none: it fits nothing, and is not looked at again
_TRIES = 5


async def bind_what_was_before(tags: RowTags, *, keys: KeyStore, untagged: Untagged, writer: Writer) -> None:
    """Tags every row of `case_key` that has no tag, and writes into the session of each conversation that is talked in which hand-off it is
    in. Nothing happens if that was done before."""
    if await keys.pins.adopted(BOUND):
        return
    readers = 0
    async for rows in untagged.readers():
        await writer.write(_tagged(tags, rows))
        readers += len(rows)
    talks = 0
    for _ in range(_TRIES):
        done = [await _linked(row, keys, writer) for row in await untagged.talks()]
        talks += done.count(True)
        if None not in done:
            break
    await keys.pins.set_adopted(True, BOUND)
    if readers or talks:
        log.warning("readers_vouched_for", extra={"rows": readers, "talks": talks})


def _tagged(tags: RowTags, rows: Sequence[Any]) -> list[Change]:
    return [
        Update(
            table="case_key", key={"case_id": row.case_id, "recipient_id": row.recipient_id},
            values={"tag": tags.reader(row.case_id, row.recipient_id) if _in_form(row) else _NOBODYS},
        )
        for row in rows
    ]  # fmt: skip


def _in_form(row: Any) -> bool:
    return len(row.case_id) == len(row.recipient_id) == ID_BYTES


async def _linked(row: Any, keys: KeyStore, writer: Writer) -> bool | None:
    """Whether the session of a conversation's row was told its talk just now; None if somebody wrote to it meanwhile."""
    key = await keys.key(row.key_id)
    if key is None or row.session is None or talk_in(row, key) is not None:
        return False
    try:
        session = opened_session(row, key)
    except (VaultError, ValueError):
        return False  # it begins anew at its next turn
    talk = Talk(hand_off_id=row.hand_off_id, case_id=row.case_id)
    values = {"session": locked_session(row.id, key, session, talk), "version": row.version + 1}
    seen = Require(table="conversation", key={"id": row.id}, values={"version": row.version, "key_id": row.key_id})
    try:
        await writer.write([Update(table="conversation", key={"id": row.id}, values=values)], requires=[seen])
    except Moved:
        return None
    return True
