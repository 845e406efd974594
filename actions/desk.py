"""The rows that move a hand-off: compare-and-set on its version, and what hangs on it."""

from __future__ import annotations

from dataclasses import dataclass, fields

from actions.alarm import untaken
from actions.heard import answered
from actions.queue import HandOff, State
from actions.rows import Change, Insert, Require, Update

TOLD = "desk"
"""The timer under which the bot hears that something happened at the desk (`flows.signals.TimedOut`)."""

REKEY = "rekey"
"""The timer under which a conversation gets another key: every day while the two can talk, and as soon as they cannot any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moves:
    """Rows to write, and what they rely on: all in one commit, or none."""

    rows: tuple[Change, ...]
    requires: tuple[Require, ...]


def seen(hand_off: HandOff) -> Require:
    """That it is as it was seen: what a turn of the bot, too, says that speaks in its conversation."""
    return Require(table="hand_off", key={"id": hand_off.id}, values={"version": hand_off.version})


def moves(before: HandOff, now: HandOff, *, at: int, tell: bool = True) -> Moves:
    """The rows that bring a stored hand-off to what `actions.queue.after` made of it. With `tell` the bot hears of it in the same commit if
    there is something that the reporter should hear; a turn that knows it already does without."""
    values = {each.name: _plain(getattr(now, each.name)) for each in fields(now) if getattr(now, each.name) != getattr(before, each.name)}
    rows: list[Change] = [Update(table="hand_off", key={"id": before.id}, values=values)]
    rows += _ties(before, now, at)
    where = now.conversation_id or before.conversation_id
    if tell and where is not None and _heard(before) != _heard(now):
        rows.append(told(where, at))
    return Moves(rows=tuple(rows), requires=(seen(before),))


def reply_rows(hand_off: HandOff, *, owner: bytes, key_id: bytes) -> Moves:
    """The rows that a reply of its owner's goes with: one version more, and only if that person has it at the moment of the commit, it is
    safe, and the conversation is still under the key that the words are locked with. In this order: who locks two of them locks the
    hand-off first."""
    mine = {"version": hand_off.version, "owner_id": owner, "state": State.ACTIVE.value, "safe": hand_off.safe}
    return Moves(
        rows=(Update(table="hand_off", key={"id": hand_off.id}, values={"version": hand_off.version + 1, **answered(hand_off)}),),
        requires=(
            Require(table="hand_off", key={"id": hand_off.id}, values=mine),
            Require(table="conversation", key={"id": hand_off.conversation_id}, values={"key_id": key_id, "hand_off_id": hand_off.id}),
        ),
    )


def told(conversation_id: bytes, at: int) -> Insert:
    """The bot hears of the desk as soon as possible."""
    return Insert(table="timer", row={"conversation_id": conversation_id, "name": TOLD, "due_at": at}, replace=True)


def rekeyed(conversation_id: bytes, at: int) -> Insert:
    """The conversation gets another key at a moment."""
    return Insert(table="timer", row={"conversation_id": conversation_id, "name": REKEY, "due_at": at}, replace=True)


def _ties(before: HandOff, now: HandOff, at: int) -> list[Change]:
    if before.conversation_id == now.conversation_id:
        return []
    rows: list[Change] = []
    if before.conversation_id is not None:
        # Only if it is still tied to this one: the reporter may have asked anew meanwhile.
        key = {"id": before.conversation_id, "hand_off_id": before.id}
        rows.append(Update(table="conversation", key=key, values={"hand_off_id": None}))
        rows.append(Update(table="outbox", key={"conversation_id": before.conversation_id}, values={"record_id": None}))
        # What was said lies in logs of the database a while longer, under this key: it dies now.
        rows.append(rekeyed(before.conversation_id, at))
    if now.conversation_id is not None:
        rows.append(Update(table="conversation", key={"id": now.conversation_id}, values={"hand_off_id": now.id}))
    return rows


def _heard(hand_off: HandOff) -> tuple[object, ...]:
    """What of it a reporter is told."""
    state = State.WAITING if hand_off.state is State.OFFERED else State.CLOSED if hand_off.state is State.WRAP_UP else hand_off.state
    owner = hand_off.owner_id if state is State.ACTIVE else None
    return (state, owner, hand_off.owners, hand_off.conversation_id is None, hand_off.safe == "asked", untaken(hand_off), hand_off.deserted)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, str) else value
