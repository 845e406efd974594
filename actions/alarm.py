"""How loud a crisis is that nobody has: at once at every console, again every minute, then by telephone, then to the lead. And danger that
was heard in a talk whose owner does nothing about it: after a while, and by no telephone."""

from __future__ import annotations

from actions.hand_off import Stage
from actions.queue import Alarmed, HandOff, Urgency

AGAIN_SECONDS = 60
CONSOLE_TIMES = 2  # so that the telephone chain begins two minutes after the first alert
QUIET_SECONDS = 60  # of the reporter, after which nobody is asked whether people may be telephoned
LEADS = (Stage.LEAD_FIRST, Stage.LEAD)
UNANSWERED_SECONDS = 3 * 60  # after which others are called for danger in a talk that somebody has
_LOUD = (Stage.CONSOLE, Stage.ON_CALL, *LEADS)
LEAD_EVERY = 5  # the leads are telephoned at the first of so many alerts of theirs


def next_alarm(hand_off: HandOff, *, now: int, chain: int, last_at: int | None) -> Alarmed | None:
    """What is due now, or None. `chain` is how many people can be telephoned one after the other; `last_at` is when the reporter wrote last
    (None: there is nobody to ask)."""
    if hand_off.unanswered:
        since, step = now - (hand_off.alarm_at or 0), hand_off.alarm_step or 0
        return Alarmed(at=now, stage=Stage.HEARD, step=step + 1) if since >= (AGAIN_SECONDS if step else UNANSWERED_SECONDS) else None
    if not hand_off.rings or (hand_off.alarm_at is not None and now - hand_off.alarm_at < AGAIN_SECONDS):
        return None
    stage, step = (hand_off.alarm, hand_off.alarm_step or 0) if hand_off.alarm in _LOUD else ("", 0)
    calls = chain if may_telephone(hand_off, now=now, last_at=last_at) else 0
    asks = _asks(hand_off, now=now, last_at=last_at)
    if not stage or (stage == Stage.CONSOLE and (step < CONSOLE_TIMES or (asks and step < CONSOLE_TIMES + LEAD_EVERY))):
        return Alarmed(at=now, stage=Stage.CONSOLE, step=step + 1)
    reached = step if stage == Stage.ON_CALL else 0
    if stage != Stage.LEAD and reached < calls:
        return Alarmed(at=now, stage=Stage.ON_CALL, step=reached + 1)
    leads = Stage.LEAD if stage == Stage.LEAD or reached else Stage.LEAD_FIRST
    told = step if stage == leads else 0
    owed = asks and told % LEAD_EVERY == 0  # a call that only waits for the reporter's silence: it is the next one, whenever that comes
    return Alarmed(at=now, stage=leads, step=told if owed else told + 1)


def may_telephone(hand_off: HandOff, *, now: int, last_at: int | None) -> bool:
    """Whether people may be woken for it: danger, and the reporter said yes, or has been silent for a minute and was not against it. A
    chain that has begun goes on: a word that is written meanwhile is no reason to stop half-way."""
    if hand_off.urgency is not Urgency.DANGER or hand_off.may_call == 0:
        return False
    begun = hand_off.alarm == Stage.ON_CALL
    return begun or hand_off.may_call == 1 or last_at is None or now - last_at >= QUIET_SECONDS


def untaken(hand_off: HandOff) -> bool:
    """Whether nobody has taken a crisis for two minutes: then the reporter is told so, honestly, with the numbers once more."""
    stage, step = hand_off.alarm or "", hand_off.alarm_step or 0
    return hand_off.rings and (stage in (Stage.ON_CALL, *LEADS) or (stage == Stage.CONSOLE and step > CONSOLE_TIMES))


def _asks(hand_off: HandOff, *, now: int, last_at: int | None) -> bool:
    """Whether the reporter is still writing, and has said neither yes nor no: the telephone waits, and the leads are told in their time."""
    return hand_off.urgency is Urgency.DANGER and hand_off.may_call is None and not may_telephone(hand_off, now=now, last_at=last_at)
