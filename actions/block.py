"""Blocking an address: for how long, by whom it is lifted, what it keeps from the desk, and how often that is said.

It never stands before danger: an alert, the talk that follows it and whoever takes it know no block. And it rests as long as the desk has a
conversation with that person.
"""

from __future__ import annotations

from actions.access import LEAD, Who
from actions.case import seconds
from actions.ports import Outcome, Ports, Request
from actions.rows import Delete, Insert

HOURS = (1, 24, 72)
"""For how long an address can be blocked, in hours."""
LONGEST = max(HOURS) * 3600
CLOSED = frozenset({"submit_report", "hand_off", "add_to_case"})
"""Actions that would bring something to the desk: from a blocked address they come back as `closed`, whatever a definition says."""
AGAIN = "blocked"
"""The timer under which it is said once more, for all that was written meanwhile (`flows.blocking`)."""

_FIRST, _MOST = 30, 600  # seconds before it is said again: twice as long each time
_QUIET = 3600  # seconds without a word after which it is said at once again
_TOLD = "blocked_told"


def until(now: int, hours: int) -> int:
    """When a block of so many hours that begins now is over: on a full minute, so that nobody is told a time that is not so. Raises
    ValueError on another length than those of `HOURS`."""
    if hours not in HOURS:
        raise ValueError("no such length")
    return (now + hours * 3600) // 60 * 60


def holds(ends: int, now: int) -> bool:
    """Whether a block that is to end then holds now. None is longer than `LONGEST`, whatever a row says."""
    return now < ends <= now + LONGEST


def lifts(staff: Who, blocked_by: bytes) -> bool:
    """Whether this person may lift a block of a case that their unit can read: whoever set it, or a lead."""
    return staff.id == blocked_by or staff.role == LEAD


def wait_after(told: int) -> int:
    """For how many seconds it is not said again after it was said so many times."""
    return int(min(_MOST, _FIRST * 2 ** min(max(0, told - 1), 16)))


async def answer_blocked(request: Request, ports: Ports) -> Outcome:
    """Whether somebody who is blocked is told so now. now; later if that was a moment ago: it is said when the time has come, once for all
    that is written meanwhile, so nobody is left without an answer, and a flood gets few."""
    now = seconds(request.now)
    told, at = request.facts.get(_TOLD) or (0, 0)
    due = at + wait_after(told)
    if told and now < due:
        row = {"conversation_id": request.conversation_id, "name": AGAIN, "due_at": due}
        return Outcome(code="later", rows=(Insert(table="timer", row=row, replace=True),))
    told = 0 if now >= at + _QUIET else told
    gone = Delete(table="timer", key={"conversation_id": request.conversation_id, "name": AGAIN})
    return Outcome(code="now", rows=(gone,), facts={_TOLD: [told + 1, now]})
