"""The hand-off that a conversation is in, as a turn of the bot sees it, relies on it and changes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from actions.alarm import untaken
from actions.desk import seen
from actions.queue import HandOff
from actions.rows import Change, Insert, Require, Update
from bot.storage.reads import Reads
from flows.desk import NOTHING


async def no_desk(row: Any) -> Mapping[str, Any]:
    """What there is to say of a desk at which nobody sits."""
    return NOTHING


async def hand_off_of(row: Any, reads: Reads) -> HandOff | None:
    """The hand-off that a conversation (its row) is in."""
    return await reads.hand_off(row.hand_off_id) if row.hand_off_id is not None else None


def seen_in(hand_off: HandOff) -> dict[str, Any]:
    """What the row itself says, beside what the desk says of it (`flows.desk`)."""
    return {
        "id": hand_off.id.hex(), "urgency": hand_off.urgency.value, "untaken": untaken(hand_off), "may_call": hand_off.may_call,
    }  # fmt: skip


def relied_on(hand_off: HandOff | None) -> tuple[Require, ...]:
    """What a turn in a hand-off relies on: nobody at the desk changed it since. So the bot never speaks where a person does by now."""
    return (seen(hand_off),) if hand_off is not None else ()


def moved_in(changes: Iterable[Change]) -> dict[bytes, int]:
    """The hand-offs that a turn made or changed, with their versions after it."""
    found: dict[bytes, int] = {}
    for change in changes:
        if change.table != "hand_off":
            continue
        if isinstance(change, Insert):
            found[change.row["id"]] = change.row["version"]
        elif isinstance(change, Update) and "version" in change.values:
            found[change.key["id"]] = max(found.get(change.key["id"], 0), change.values["version"])
    return found
