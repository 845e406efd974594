"""An outbox row on its way out, and how long it waits for its next try."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from actions.rows import Change, Update
from flows.message import Outbound

LONGEST_PAUSE = 300.0  # seconds between two tries at most


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """An outbox row on its way out. `message` or `ref` is in memory when the row was just written; neither after a restart. `ref` is what
    is to be deleted: the platform's id, or several with commas between; for a `drop`, the handle of a file that the platform keeps."""

    id: int
    conversation_id: bytes
    key_id: bytes
    channel: str
    kind: str
    attempts: int
    message: Outbound | None = None
    ref: str = ""
    address: str = ""  # in memory only, for the first try
    own_key: bool = False  # the key is this row's alone, not the conversation's: it dies with the row's body
    due_at: int = 0  # seconds since 1970; not to be sent before
    created_at: int = 0
    unsure: bool = False  # the platform may have it: another process had it in hand, or the answer to the call was lost


def pause(attempts: int, after: float = 0.0) -> float:
    """Seconds until the next try: doubling from one second, with jitter, and never less than the platform asked for."""
    return max(after, min(LONGEST_PAUSE, 2.0 ** min(attempts, 9)) * random.uniform(0.75, 1.25))  # noqa: S311  spreads load, no secret


def while_waiting(row_id: int, **values: Any) -> list[Change]:
    """New values for an outbox row, as long as it waits: what was closed meanwhile is not opened again, nor what went out closed."""
    return [Update(table="outbox", key={"id": row_id, "state": state}, values=values) for state in ("sending", "pending")]
