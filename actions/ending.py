"""How a hand-off ends: rules of `actions.queue`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum

from actions.desk_events import Closed, Erased, Left, Rated, Silent, Untied, WrappedUp, WrapUpExpired
from actions.hand_off import SILENCE_SECONDS, WRAP_UP_SECONDS, HandOff, Refusal, State, Step, Urgency, only_owner, unasked


def _gone(was: HandOff, why: str, at: int) -> Step:
    """The reporter is not there any more."""
    if was.state is State.WRAP_UP:
        # Only the link goes: it is as if the reporter had heard that it is over.
        return Refusal.NOT_NOW if was.conversation_id is None else replace(was, conversation_id=None)
    if was.ended is not None:
        return Refusal.NOT_NOW
    ended = replace(was, ended=why, conversation_id=None, callback_at=None)
    if was.state is State.ACTIVE:  # whoever had it says what became of it
        return replace(unasked(ended), state=State.WRAP_UP, due_at=at + WRAP_UP_SECONDS, invited_id=None)
    if was.urgency.crisis:  # nobody has looked at it yet: it goes on waiting, as a case
        return ended if was.state is not State.CALLBACK else replace(ended, state=State.WAITING, waiting_since=at, due_at=None)
    return replace(unasked(ended), state=State.CLOSED, ended_at=at, due_at=None)


def left(was: HandOff, event: Left) -> Step:
    """The reporter left."""
    return _gone(was, "left", event.at)


def erased(was: HandOff, event: Erased) -> Step:
    """The conversation is gone."""
    return _gone(was, "erased", event.at)


def silent(was: HandOff, event: Silent) -> Step:
    """The reporter has not written for a day. One who was to be called back later than that has the day from then on: it was agreed. No
    silence ends a crisis: people do, or the conversation's own end."""
    if was.urgency.crisis and not was.false_alarm:
        return Refusal.NOT_NOW
    if event.at < max(event.last_at, was.waiting_since) + SILENCE_SECONDS:
        return Refusal.TOO_SOON
    if was.state is State.CALLBACK and was.callback_at is not None and event.at < was.callback_at + SILENCE_SECONDS:
        return Refusal.TOO_SOON  # silence was agreed upon
    return _gone(was, "silent", event.at)


def wrapped_up(was: HandOff, event: WrappedUp) -> Step:
    """The owner ends the talk."""
    refusal = only_owner(was, event.by)
    if refusal is not None:
        return refusal
    return replace(
        unasked(was), state=State.WRAP_UP, ended=was.ended or "handled", due_at=event.at + WRAP_UP_SECONDS, invited_id=None
    )  # fmt: skip


def closed(was: HandOff, event: Closed) -> Step:
    """Somebody says what became of it."""
    if was.state is not State.WRAP_UP:
        return Refusal.NOT_NOW
    said = replace(was, outcome=event.outcome, risk=event.risk)
    done = replace(_done(said, event.at), closed_by=event.by)
    if not was.urgency.crisis:
        return done if event.by == was.owner_id or event.lead else Refusal.NOT_YOURS
    if event.alone and was.closing_id in (None, event.by):  # it must be able to end; that only one person has looked is written down
        return replace(done, closing_id=event.by)
    if was.closing_id is None:
        return replace(said, closing_id=event.by)
    # The second one looks at it with eyes of their own; what they find stands.
    refusal = second_look(was, event.by, event.leads)
    return done if refusal is None else refusal


def second_look(was: HandOff, by: bytes, leads: Collection[bytes]) -> Refusal | None:
    """Why this person cannot be the second who closes a crisis; None if they can. Of the two who close a danger one is a lead, where there
    is one who can read it (`leads`)."""
    if by == was.closing_id:
        return Refusal.SECOND
    if was.urgency is Urgency.DANGER and leads and by not in leads and was.closing_id not in leads:
        return Refusal.SECOND_LEAD
    return None


class Second(StrEnum):
    """Who has to close a crisis besides whoever looks at it now."""

    NONE = ""  # nobody: it is no crisis, or somebody else has closed it and one may be the second
    COLLEAGUE = "colleague"
    LEAD = "lead"
    NOBODY = "nobody"  # there is nobody else: one person closes it, and that is written down


def second_for(was: HandOff, by: bytes, *, leads: Collection[bytes], alone: bool) -> Second:
    """Who else it takes once this person has closed it (or has done so already)."""
    if not was.urgency.crisis:
        return Second.NONE
    if was.closing_id in (None, by):
        if alone:
            return Second.NOBODY
        return Second.LEAD if was.urgency is Urgency.DANGER and leads and by not in leads else Second.COLLEAGUE
    return Second.LEAD if second_look(was, by, leads) is not None else Second.NONE


def _done(was: HandOff, at: int) -> HandOff:
    return replace(was, state=State.CLOSED, ended_at=at, due_at=None)


def wrap_up_expired(was: HandOff, event: WrapUpExpired) -> Step:
    """Nobody said what became of it."""
    if was.state is not State.WRAP_UP or was.urgency.crisis or was.due_at is None:
        return Refusal.NOT_NOW
    return _done(was, event.at) if event.at >= was.due_at else Refusal.TOO_SOON


def untied(was: HandOff, event: Untied) -> Step:
    """The link between chat and case is cut."""
    if was.conversation_id is None or was.state not in (State.WRAP_UP, State.CLOSED):
        return Refusal.NOT_NOW
    return replace(was, conversation_id=None)


def rated(was: HandOff, event: Rated) -> Step:
    """The reporter says how it was."""
    if was.urgency.crisis or was.rating is not None or not 1 <= event.stars <= 5 or was.state not in (State.WRAP_UP, State.CLOSED):
        return Refusal.NOT_NOW
    return replace(was, rating=event.stars)
