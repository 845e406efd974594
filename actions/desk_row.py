"""What the reporter's side does to a hand-off: events of `actions.queue`, and the rows that come of them.

A turn of the bot knows already what it tells the reporter, so none of this is told to the bot once more.
"""

from __future__ import annotations

from collections.abc import Sequence

from actions.case import seconds
from actions.desk import REKEY, TOLD, moves, rekeyed
from actions.ports import Request
from actions.queue import DangerHeard, Erased, Event, HandOff, Left, Refusal, State, Urgency, Wrote, after
from actions.rows import Change, Delete, Insert, Update

URGENCY_OF = {"emergency": Urgency.DANGER, "self_harm": Urgency.SELF_HARM}  # what an alert makes of it
DAY = 86_400
_OVER = (State.WRAP_UP, State.CLOSED)


def hand_off_of(request: Request) -> HandOff | None:
    """The hand-off that the two can talk in now; none once the talk is over, although the link may still be there for a moment."""
    hand_off = request.hand_off
    return None if hand_off is None or hand_off.state in _OVER or hand_off.ended is not None else hand_off


def moved(request: Request, events: Sequence[Event]) -> list[Change]:
    """The rows of what happened, one event after the other. What the queue's rules refuse changes nothing (it is so already, or over)."""
    was = now = request.hand_off
    if was is None or now is None:
        return []
    for event in events:
        then = after(now, event)
        now = now if isinstance(then, Refusal) else then
    rows = list(moves(was, now, at=seconds(request.now), tell=False).rows) if now is not was else []
    if was.conversation_id is None or now.conversation_id is not None:
        return rows
    # Who leaves or erases gets another key in the same commit; whoever stays, at once after it.
    gone = any(isinstance(event, Left | Erased) for event in events)
    kept = [row for row in rows if not (gone and isinstance(row, Insert) and row.table == "timer")]
    ends = (TOLD, REKEY) if gone else (TOLD,)
    return [*kept, *(Delete(table="timer", key={"conversation_id": request.conversation_id, "name": name}) for name in ends)]


def refusal(request: Request, event: Event) -> Refusal | None:
    """Why an event would be refused; OVER if there is no hand-off."""
    then = after(request.hand_off, event) if request.hand_off is not None else Refusal.OVER
    return then if isinstance(then, Refusal) else None


def wrote(request: Request) -> Wrote:
    """The reporter wrote: consoles hear that there is more."""
    return Wrote(at=seconds(request.now), conversation_id=request.conversation_id)


def alarmed(request: Request, kind: str) -> DangerHeard:
    """Words alarmed, as an emergency or as self_harm."""
    return DangerHeard(at=seconds(request.now), urgency=URGENCY_OF.get(kind, Urgency.DANGER))


def linked(request: Request, hand_off_id: bytes) -> list[Change]:
    """From now on the two can talk: the conversation names its hand-off, and its key is changed every day."""
    return [
        Update(table="conversation", key={"id": request.conversation_id}, values={"hand_off_id": hand_off_id}),
        rekeyed(request.conversation_id, seconds(request.now) + DAY),
    ]
