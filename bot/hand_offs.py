"""The hand-off that a conversation is in, as a turn of the bot sees it, relies on it and changes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from actions.alarm import untaken
from actions.desk import seen
from actions.queue import HandOff
from actions.rows import Change, Insert, Require, Update
from bot.adapters import forged
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.stored_session import Talk, talk_in
from flows.desk import NOTHING


async def no_desk(row: Any) -> Mapping[str, Any]:
    """What there is to say of a desk at which nobody sits."""
    return NOTHING


async def hand_off_of(row: Any, key: bytes, reads: Reads) -> HandOff | None:
    """The hand-off that a conversation (its row) is in, if what the conversation itself holds under its key says the same: two ids that
    somebody wrote into the database hand nobody's talk to another chat."""
    hand_off = await reads.hand_off(row.hand_off_id) if row.hand_off_id is not None else None
    return hand_off if hand_off is not None and belongs(hand_off, row, key) else None


def belongs(hand_off: HandOff, row: Any, key: bytes) -> bool:
    """Whether a hand-off, with the case that it names, was linked to this conversation (its row) by a turn of its own. If not, it is said
    loudly: the database was written to by somebody."""
    if talk_in(row, key) == Talk(hand_off_id=hand_off.id, case_id=hand_off.case_id):
        return True
    forged("talk", hand_off.id)
    return False


async def talked_in(hand_off: HandOff, reads: Reads, keys: KeyStore) -> tuple[Any, bytes] | None:
    """The conversation that a hand-off is talked in: its row, and its key. None if it is not there any more, or belongs to another talk."""
    row: Any = await reads.conversation(hand_off.conversation_id) if hand_off.conversation_id is not None else None
    key = await keys.key(row.key_id) if row is not None else None
    return (row, key) if key is not None and belongs(hand_off, row, key) else None


def alone(row: Any) -> Any:
    """A conversation's row as the desk sees it that is in no hand-off."""
    return SimpleNamespace(**{**row._asdict(), "hand_off_id": None})


def talk_after(changes: Iterable[Change], row: Any, key: bytes, hand_off: HandOff | None, *, wiped: bool) -> Talk | None:
    """The talk that a conversation (its row, under the key that it had) is in after a turn with these changes; `hand_off` is what it was
    in. What the desk has ended is not named any more; nor is anything once all was `wiped`, but for a talk that goes on all the same."""
    changes = tuple(changes)
    links = [each for each in changes if isinstance(each, Update) and each.table == "conversation" and "hand_off_id" in each.values]
    if not links:
        return talk_in(row, key) if row.hand_off_id is not None and not (wiped and hand_off is None) else None
    linked = links[-1].values["hand_off_id"]
    if linked is None:
        return None
    cases = {each.row["id"]: each.row["case_id"] for each in changes if isinstance(each, Insert) and each.table == "hand_off"}
    if hand_off is not None:
        cases.setdefault(hand_off.id, hand_off.case_id)
    return Talk(hand_off_id=linked, case_id=cases[linked])


def seen_in(hand_off: HandOff) -> dict[str, Any]:
    """What the row itself says, beside what the desk says of it (`flows.desk`)."""
    return {
        "id": hand_off.id.hex(), "urgency": hand_off.urgency.value, "untaken": untaken(hand_off), "may_call": hand_off.may_call,
        "deserted": hand_off.deserted,
    }  # fmt: skip


def relied_on(hand_off: HandOff | None) -> tuple[Require, ...]:
    """What a turn in a hand-off relies on: nobody at the desk changed it since. So the bot never speaks where a person does by now."""
    return (seen(hand_off),) if hand_off is not None else ()


def silenced(changes: Iterable[Change]) -> bool:
    """Whether a turn says that it is not safe to write: nothing goes out from then on."""
    return any(isinstance(each, Update) and each.table == "hand_off" and each.values.get("safe") == "no" for each in changes)


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
