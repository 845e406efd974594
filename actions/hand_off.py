"""A conversation that waits for a person, or has one: its row, its states, and what comes before what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

OFFER_SECONDS = 60  # for which a conversation is offered to one person
PAUSE_SECONDS = 15 * 60  # after a conversation with somebody in danger
SILENCE_SECONDS = 24 * 3600  # without a word of the reporter
WRAP_UP_SECONDS = 24 * 3600  # after which nobody is waited for to fill in what became of it
CALLBACK_MOST = 48 * 3600  # ahead: a conversation that is silent for 72 hours cannot be written to any more
LEASE_SECONDS = 45  # for which a console that said that it is there counts as there; it says so every 15
EMPTY_SECONDS = 2 * 60  # for which nobody is on duty before whoever waits is told so
MESSAGE_AGAIN = 30 * 60  # after which somebody is asked once more to read a message that they did not take
LOST_SECONDS = 110  # after the last sign of a console: with the tick, what it had is waiting again within two minutes


class State(StrEnum):
    """Where a hand-off stands."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACTIVE = "active"
    WRAP_UP = "wrap_up"  # the talk is over, what became of it is not yet said
    CALLBACK = "callback"  # the reporter said when it is safe to be written to
    CLOSED = "closed"


class Urgency(StrEnum):
    """What comes first, the most urgent first. Crises are never ended by a timer, and closed by two people."""

    DANGER = "danger"
    SELF_HARM = "self_harm"
    CHILD = "child"
    OTHER = "other"

    @property
    def rank(self) -> int:
        """0 is the most urgent."""
        return tuple(Urgency).index(self)

    @property
    def crisis(self) -> bool:
        """Whether somebody's life may hang on it."""
        return self in (Urgency.DANGER, Urgency.SELF_HARM)


class Stage(StrEnum):
    """How far the alarm of a crisis went that nobody has (`actions.alarm`)."""

    CONSOLE = "console"
    ON_CALL = "on_call"
    LEAD_FIRST = "lead_first"  # the leads, and nobody of the chain was telephoned yet
    LEAD = "lead"
    HEARD = "heard"  # danger, in a talk that somebody has and has not answered since; step: how often others were called (`actions.heard`)
    EMPTY = "empty"  # no alarm: somebody waits, and nobody is on duty; step 1: the reporter has been told so


class Refusal(StrEnum):
    """Why an event changes nothing."""

    OVER = "over"  # it is closed, or the talk is
    TAKEN = "taken"  # somebody else has it
    NOT_YOURS = "not_yours"
    NOT_OFFERED = "not_offered"
    NOT_NOW = "not_now"  # the state does not allow it, or it is so already
    TOO_SOON = "too_soon"  # the moment has not come
    BAD_TIME = "bad_time"  # a call-back in the past, or when the conversation could not be written to any more
    SECOND = "second"  # another person has to say so, too
    SECOND_LEAD = "second_lead"  # another person has to say so, too, and it has to be a lead
    UNSAFE = "unsafe"  # the reporter said that it is not safe to write
    FULL = "full"  # that person has as many as they can do well
    ABSENT = "absent"  # that person is not there
    STALE = "stale"  # it was changed meanwhile: look again
    UNKNOWN = "unknown"  # there is no such hand-off for this person


MESSAGE = "message"
"""Why a talk ended that never began, or that nobody waits for any more: what was written is left to be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOff:
    """A row of `hand_off`: times in seconds since 1970, ids of 16 bytes.

    `owner_id` alone may speak to the reporter (nobody: the bot may). `ended` says why the talk ended; `ended_at` is set once it is closed.
    A crisis whose talk ended before anybody had it goes on waiting, without a conversation: people look at the case. `closing_id` is who
    closed a crisis first, `closed_by` who closed it for good: the same person where nobody else could.
    """

    id: bytes
    case_id: bytes
    reason: str
    urgency: Urgency
    language: str
    created_at: int
    waiting_since: int
    state: State = State.WAITING
    version: int = 0
    conversation_id: bytes | None = None
    owner_id: bytes | None = None
    offered_to: bytes | None = None
    offered_until: int | None = None
    due_at: int | None = None
    taken_at: int | None = None
    ended_at: int | None = None
    ended: str | None = None
    outcome: str | None = None
    risk: str | None = None
    false_alarm: int = 0
    callback_at: int | None = None
    alarm: str | None = None
    alarm_at: int | None = None
    alarm_step: int | None = None
    may_call: int | None = None
    owners: int | None = None
    passed: bytes | None = None
    invited_id: bytes | None = None
    closing_id: bytes | None = None
    closed_by: bytes | None = None
    safe: str | None = None
    rating: int | None = None

    @property
    def passers(self) -> tuple[bytes, ...]:
        """Who let it pass since it waits."""
        joined = self.passed or b""
        return tuple(joined[at : at + 16] for at in range(0, len(joined), 16))

    @property
    def rings(self) -> bool:
        """Whether it is a crisis that nobody has, and that the reporter did not call off."""
        return self.urgency.crisis and not self.false_alarm and self.state in (State.WAITING, State.OFFERED)

    @property
    def unanswered(self) -> bool:
        """Whether danger was heard in a talk that somebody has, and nobody has done anything since."""
        return self.alarm == Stage.HEARD and self.state in (State.ACTIVE, State.WRAP_UP) and not self.false_alarm

    @property
    def calls_others(self) -> bool:
        """Whether colleagues were called for that."""
        return self.unanswered and bool(self.alarm_step)

    @property
    def danger(self) -> bool:
        """Whether somebody is in danger, as far as the reporter says."""
        return self.urgency is Urgency.DANGER and not self.false_alarm

    @property
    def message(self) -> bool:
        """Whether it is a message that was left: it is to be read, and nobody waits for somebody to come. A crisis is never only that."""
        return self.ended == MESSAGE and not self.urgency.crisis

    @property
    def waits(self) -> bool:
        """Whether a person waits, or somebody has to look at a crisis that nobody has."""
        return self.state in (State.WAITING, State.OFFERED) and not self.message

    @property
    def deserted(self) -> bool:
        """Whether somebody waits while nobody has been on duty for a while: then the reporter is told so, once."""
        return self.waits and self.alarm == Stage.EMPTY and bool(self.alarm_step)

    @property
    def before(self) -> tuple[int, int, int, bytes]:
        """What to sort by: a total order that the passing of time does not change.

        Danger comes first, always. The others are ordered by when they began to wait, with a head start for the more urgent: after an hour
        whoever "only" asked stands before a crisis that has just begun, so nobody starves. A call-back was promised, so it has no handicap.
        Messages that were left come after everybody who is there now, however old they are: their clock is the case's (`actions.deadline`).
        """
        handicap = 0 if self.callback_at is not None else _HANDICAP[self.urgency]
        return (0 if self.danger else 2 if self.message else 1, self.waiting_since + handicap, self.urgency.rank, self.id)


_HANDICAP = {Urgency.DANGER: 0, Urgency.SELF_HARM: 0, Urgency.CHILD: 30 * 60, Urgency.OTHER: 60 * 60}

Step = HandOff | Refusal


def unasked(was: HandOff) -> HandOff:
    """Nobody is asked any more."""
    return replace(was, offered_to=None, offered_until=None)


def only_owner(was: HandOff, by: bytes) -> Refusal | None:
    """Why this person may not; None if they have it."""
    if was.state is not State.ACTIVE:
        return Refusal.NOT_NOW
    return None if was.owner_id == by else Refusal.NOT_YOURS
