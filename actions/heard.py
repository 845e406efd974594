"""Danger that is heard, and what becomes of it where somebody has the talk: rules of `actions.queue`.

Whoever has it is to answer. Until they have, or somebody wrote down that they saw to it, the row says since when (`alarm_at`) and how often
others were called (`alarm_step`): a page that is left open goes on saying that somebody sits before it.
"""

from __future__ import annotations

from dataclasses import replace

from actions.desk_events import Closed, DangerHeard, Event
from actions.hand_off import HandOff, Refusal, Stage, State, Step


def danger(was: HandOff, event: DangerHeard) -> Step:
    """The reporter wrote something that alarms."""
    if was.state is State.WRAP_UP:
        return Refusal.OVER
    higher = min(was.urgency, event.urgency, key=lambda urgency: urgency.rank)
    had = was.state is State.ACTIVE and event.urgency.crisis
    if higher is was.urgency and not was.false_alarm and was.state is not State.CALLBACK and (was.unanswered or not had):
        return Refusal.NOT_NOW
    louder = replace(was, urgency=higher, false_alarm=0)
    if had:  # it counts from the first cry that has no answer
        return louder if was.unanswered else replace(louder, alarm=Stage.HEARD, alarm_at=event.at, alarm_step=0)
    louder = _silent(louder)
    if was.state is State.CALLBACK:  # nobody waits for a time that was safe when it was chosen
        return replace(louder, state=State.WAITING, waiting_since=event.at, callback_at=None, due_at=None)
    return louder


def seen_to(now: HandOff, event: Event) -> HandOff:
    """Whatever its owner does is an answer, and so is closing it, whoever does."""
    by = getattr(event, "by", None)
    acted = by is not None and (by == now.owner_id or isinstance(event, Closed))
    return _silent(now) if acted and now.alarm == Stage.HEARD else now


def answered(was: HandOff) -> dict[str, None]:
    """What a word of staff's changes in the row besides, to the reporter or for colleagues."""
    return {"alarm": None, "alarm_at": None, "alarm_step": None} if was.alarm == Stage.HEARD else {}


def _silent(was: HandOff) -> HandOff:
    return replace(was, alarm=None, alarm_at=None, alarm_step=None)
