"""Rows of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from actions.rows import Change, Insert
from bot import contexts
from bot.channels.base import Channel, Fetching
from bot.evidence.staging import is_staged, unstaged_rows
from bot.row_ids import RowIds
from bot.storage.reads import Reads
from bot.vault.draft import lock
from bot.waiting import Waiting, while_waiting
from flows.message import Outbound


def outbox_row(row_id: int, row: Any, key_id: bytes, kind: str, state: str, now: int, *, body: bytes) -> Insert:
    """One row: `row` is the conversation's, `kind` send, delete or drop, `body` what was locked under `key_id`."""
    return Insert(
        table="outbox",
        row={
            "id": row_id, "conversation_id": row.id, "key_id": key_id, "channel": row.channel, "kind": kind, "state": state,
            "attempts": 0, "due_at": now, "created_at": now, "code": None, "body": body, "ref": None,
        },
    )  # fmt: skip


def bubble_rows(
    messages: Sequence[Outbound], keys: Sequence[tuple[bytes, bytes]], *, row: Any, ids: RowIds, pull: bool, now: int, address: str = "",
    own: bool = False,
) -> tuple[list[Change], list[Waiting]]:  # fmt: skip
    """Rows for bubbles, each under its (id, key). Those of push channels are written as `sending`: what is in this process's hands goes
    out at once. `own` says that the keys are of these bubbles alone."""
    changes: list[Change] = []
    waiting: list[Waiting] = []
    for message, (key_id, key) in zip(messages, keys, strict=True):
        row_id = ids.next()
        body = lock(key, orjson.dumps(message.to_json()), context=contexts.row("outbox", "body", row_id, row.id))
        changes.append(outbox_row(row_id, row, key_id, "send", "pending" if pull else "sending", now, body=body))
        waiting.append(
            Waiting(
                id=row_id, conversation_id=row.id, key_id=key_id, channel=row.channel, kind="send", attempts=0, message=message,
                address=address, own_key=own, created_at=now,
            )
        )
    return changes, waiting


def drop_rows(
    handles: Sequence[str], *, row: Any, channel: Channel, ids: RowIds, key_id: bytes, key: bytes, now: int
) -> tuple[list[Change], list[Waiting]]:  # fmt: skip
    """Files go from where they waited: from the database in this very commit, from a platform as durably as a message is deleted."""
    changes: list[Change] = []
    waiting: list[Waiting] = []
    for handle in handles:
        if is_staged(handle):
            changes += unstaged_rows(handle)
        if is_staged(handle) or not isinstance(channel, Fetching):
            continue
        row_id = ids.next()
        body = lock(key, handle.encode(), context=contexts.row("outbox", "body", row_id, row.id))
        changes.append(outbox_row(row_id, row, key_id, "drop", "sending", now, body=body))
        waiting.append(Waiting(id=row_id, conversation_id=row.id, key_id=key_id, channel=row.channel, kind="drop", ref=handle, attempts=0))
    return changes, waiting


async def withheld(reads: Reads, conversation_id: bytes) -> list[Change]:
    """What staff wrote and no platform has taken yet does not go out any more: it is not safe. It stays in the case, and the console says
    so. What a platform has in hand at this moment may still arrive; if it does not, it is not tried again."""
    replies = [row for row in await reads.waiting_of(conversation_id) if row.record_id is not None]
    return [change for row in replies for change in while_waiting(row.id, state="dead", code="not_safe", body=None)]
