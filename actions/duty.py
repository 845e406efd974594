"""Who is on duty, as it concerns a hand-off: rules of `actions.queue` for an empty desk, and who is left alone for a while."""

from __future__ import annotations

from dataclasses import replace

from actions.desk_events import Emptied, Event, LetGo, Staffed, TransferAccepted
from actions.hand_off import EMPTY_SECONDS, HandOff, Refusal, Stage, State, Step


def emptied(was: HandOff, event: Emptied) -> Step:
    """Nobody is on duty: after two minutes whoever waits is told so, once."""
    if was.state is not State.WAITING or was.conversation_id is None or not was.waits or was.rings:
        return Refusal.NOT_NOW  # nobody to tell; of a crisis it is told that nobody has taken it (`actions.alarm`)
    if was.alarm != Stage.EMPTY or was.alarm_at is None:
        return replace(was, alarm=Stage.EMPTY, alarm_at=event.at, alarm_step=0)
    if was.alarm_step:
        return Refusal.NOT_NOW
    return replace(was, alarm_step=1) if event.at >= was.alarm_at + EMPTY_SECONDS else Refusal.TOO_SOON


def staffed(was: HandOff, event: Staffed) -> Step:
    """Somebody is on duty again."""
    # What has been told once is not told again before somebody had it.
    if was.alarm != Stage.EMPTY or was.alarm_step:
        return Refusal.NOT_NOW
    return replace(was, alarm=None, alarm_at=None, alarm_step=None)


def rests_after(before: HandOff, event: Event, now: HandOff, *, spoke: bool) -> bytes | None:
    """Who is left alone for a while after an event, or nobody: whoever had somebody in danger when that ended, and whoever handed it on
    or gave it back after having talked with them (`spoke`). A false alarm tires nobody, and whose console is gone may come back at once."""
    if before.state is not State.ACTIVE or not before.danger:
        return None
    if now.state is State.WRAP_UP:
        return before.owner_id
    return before.owner_id if spoke and isinstance(event, TransferAccepted | LetGo) else None
