"""The queue of conversations that wait for a person: a pure state machine, who comes first, and who is asked.

`after(hand_off, event)` gives the hand-off as it is then, or why the event is refused. It knows no clock: an event says when it happened.
Whoever writes the result says in the same transaction which version was seen (`actions.desk`), so of two events at once one is refused and
looks again. An event that comes twice, late or in another order is refused or does what it says; it never undoes what came before it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from actions import duty, ending, heard
from actions.colleague import (
    Colleague,
    choose,
    goes_away,
    may_take,
    wait_minutes,
)
from actions.desk_events import (
    Accepted,
    Alarmed,
    CallAnswered,
    CallbackBooked,
    CallbackDue,
    CameBack,
    Closed,
    ConsoleLost,
    DangerHeard,
    Emptied,
    Erased,
    Event,
    FalseAlarm,
    Invited,
    Kept,
    Left,
    LetGo,
    Offered,
    OfferExpired,
    Pulled,
    Rated,
    Refused,
    SafeAnswered,
    SafeAsked,
    Silent,
    Staffed,
    TakenBack,
    TransferAccepted,
    TransferAsked,
    TransferRefused,
    Untied,
    WrappedUp,
    WrapUpExpired,
    Wrote,
)
from actions.duty import rests_after
from actions.hand_off import (
    CALLBACK_MOST,
    EMPTY_SECONDS,
    LEASE_SECONDS,
    LOST_SECONDS,
    MESSAGE,
    MESSAGE_AGAIN,
    OFFER_SECONDS,
    PAUSE_SECONDS,
    SILENCE_SECONDS,
    WRAP_UP_SECONDS,
    HandOff,
    Refusal,
    Stage,
    State,
    Step,
    Urgency,
    only_owner,
    unasked,
)

__all__ = [
    "CALLBACK_MOST",
    "EMPTY_SECONDS",
    "LEASE_SECONDS",
    "LOST_SECONDS",
    "MESSAGE",
    "MESSAGE_AGAIN",
    "OFFER_SECONDS",
    "PAUSE_SECONDS",
    "SILENCE_SECONDS",
    "WRAP_UP_SECONDS",
    "Accepted",
    "Alarmed",
    "CallAnswered",
    "CallbackBooked",
    "CallbackDue",
    "CameBack",
    "Closed",
    "Colleague",
    "ConsoleLost",
    "DangerHeard",
    "Emptied",
    "Erased",
    "Event",
    "FalseAlarm",
    "HandOff",
    "Invited",
    "Kept",
    "Left",
    "LetGo",
    "OfferExpired",
    "Offered",
    "Pulled",
    "Rated",
    "Refusal",
    "Refused",
    "SafeAnswered",
    "SafeAsked",
    "Silent",
    "Staffed",
    "State",
    "Step",
    "TakenBack",
    "TransferAccepted",
    "TransferAsked",
    "TransferRefused",
    "Untied",
    "Urgency",
    "WrapUpExpired",
    "WrappedUp",
    "Wrote",
    "after",
    "choose",
    "goes_away",
    "in_order",
    "may_take",
    "rests_after",
    "wait_minutes",
    "where_people_wait",
]  # fmt: skip


def in_order(waiting: Iterable[HandOff]) -> list[HandOff]:
    """The most urgent first."""
    return sorted(waiting, key=lambda hand_off: hand_off.before)


def where_people_wait(open_ones: Iterable[HandOff], readers: Callable[[HandOff], Collection[bytes]]) -> frozenset[bytes]:
    """The units in which a person waits: while somebody does, nobody there is asked to read what was left."""
    return frozenset(unit for hand_off in open_ones if hand_off.waits for unit in readers(hand_off))


def after(hand_off: HandOff, event: Event) -> Step:
    """The hand-off after an event, one version on; or why nothing happens."""
    # The one exception from "nothing changes what is closed": the link to a conversation is cut, and a star may be given.
    if hand_off.state is State.CLOSED and not isinstance(event, Untied | Rated):
        return Refusal.OVER
    rule: Callable[[HandOff, Event], Step] = _RULES[type(event)]
    then = rule(hand_off, event)
    return then if isinstance(then, Refusal) else replace(heard.seen_to(then, event), version=hand_off.version + 1)


def _offered(was: HandOff, event: Offered) -> Step:
    if was.state is not State.WAITING:
        return Refusal.NOT_NOW
    return replace(was, state=State.OFFERED, offered_to=event.to, offered_until=event.at + OFFER_SECONDS, due_at=None)


def _expired(was: HandOff, event: OfferExpired) -> Step:
    if was.offered_to is None or was.offered_until is None:
        return Refusal.NOT_NOW
    if event.at < was.offered_until and not event.gone:
        return Refusal.TOO_SOON
    if was.state is State.ACTIVE:
        return unasked(was)
    if was.message and event.gone:  # nobody let it pass: it is no time for reading just now
        return replace(unasked(was), state=State.WAITING)
    return _passed(was, None)


def _refused(was: HandOff, event: Refused) -> Step:
    if was.state is not State.OFFERED or was.offered_to != event.by:
        return Refusal.NOT_OFFERED
    return _passed(was, event.at + OFFER_SECONDS)


def _passed(was: HandOff, due_at: int | None) -> HandOff:
    """Back to waiting. Whoever let it pass is asked again only when nobody else can be, and not before `due_at`."""
    passers = (*(each for each in was.passers if each != was.offered_to), *((was.offered_to,) if was.offered_to else ()))
    if was.message and was.offered_until is not None:  # nobody waits: it is not put before the same person again and again
        due_at = was.offered_until - OFFER_SECONDS + MESSAGE_AGAIN
    return replace(unasked(was), state=State.WAITING, passed=b"".join(passers), due_at=due_at)


def _owned(was: HandOff, by: bytes, at: int) -> HandOff:
    return replace(
        unasked(was), state=State.ACTIVE, owner_id=by, taken_at=was.taken_at if was.taken_at is not None else at,
        owners=(was.owners or 0) + 1, passed=None, due_at=None, callback_at=None, invited_id=None,
    )  # fmt: skip


def _accepted(was: HandOff, event: Accepted) -> Step:
    if was.state in (State.ACTIVE, State.WRAP_UP):
        return Refusal.NOT_NOW if was.owner_id == event.by else Refusal.TAKEN
    if was.state is not State.OFFERED or was.offered_to != event.by:
        return Refusal.NOT_OFFERED
    return _owned(was, event.by, event.at)


def _pulled(was: HandOff, event: Pulled) -> Step:
    if was.state is State.ACTIVE and was.calls_others and was.owner_id != event.by:
        return _owned(was, event.by, event.at)  # nobody cries for help to a chair that is empty
    if was.state in (State.ACTIVE, State.WRAP_UP):
        return Refusal.NOT_NOW if was.owner_id == event.by else Refusal.TAKEN
    if was.state is State.CALLBACK:
        return Refusal.TOO_SOON  # the reporter said when it is safe; before that it is not
    # Also one that is just offered to somebody else: whoever comes first helps first.
    return _owned(was, event.by, event.at)


def _transfer_asked(was: HandOff, event: TransferAsked) -> Step:
    refusal = only_owner(was, event.by)
    if refusal is not None:
        return refusal
    if event.to == event.by or was.offered_to is not None:
        return Refusal.NOT_NOW
    return replace(was, offered_to=event.to, offered_until=event.at + OFFER_SECONDS)


def _transfer_answered(was: HandOff, by: bytes) -> Refusal | None:
    return None if was.state is State.ACTIVE and was.offered_to == by else Refusal.NOT_OFFERED


def _transfer_accepted(was: HandOff, event: TransferAccepted) -> Step:
    return _transfer_answered(was, event.by) or _owned(was, event.by, event.at)


def _transfer_refused(was: HandOff, event: TransferRefused) -> Step:
    return _transfer_answered(was, event.by) or unasked(was)


def _taken_back(was: HandOff, event: TakenBack) -> Step:
    refusal = only_owner(was, event.by)
    if refusal is not None:
        return refusal
    return unasked(was) if was.offered_to is not None else Refusal.NOT_OFFERED


def _waiting_again(was: HandOff, at: int) -> HandOff:
    """Nobody has it any more. It keeps its place in the queue: the reporter has waited since then."""
    return replace(
        unasked(was), state=State.WAITING, owner_id=None, due_at=None, passed=None, invited_id=None, alarm=None, alarm_at=None,
        alarm_step=None,
    )  # fmt: skip


def _let_go(was: HandOff, event: LetGo) -> Step:
    refusal = only_owner(was, event.by)
    if refusal is not None:
        return refusal
    # Not to the same person again at once.
    again = MESSAGE_AGAIN if was.message else OFFER_SECONDS
    return replace(_waiting_again(was, event.at), passed=event.by, due_at=event.at + again)


def _console_lost(was: HandOff, event: ConsoleLost) -> Step:
    return only_owner(was, event.of) or _waiting_again(was, event.at)


def _invited(was: HandOff, event: Invited) -> Step:
    refusal = only_owner(was, event.by)
    if refusal is not None:
        return refusal
    if event.colleague in (was.invited_id, event.by):
        return Refusal.NOT_NOW
    return replace(was, invited_id=event.colleague)


def _wrote(was: HandOff, event: Wrote) -> Step:
    if was.state is State.WRAP_UP or was.ended is not None:
        return Refusal.OVER
    if was.conversation_id not in (None, event.conversation_id):
        return Refusal.NOT_YOURS
    return replace(was, conversation_id=event.conversation_id)


def _safe_asked(was: HandOff, event: SafeAsked) -> Step:
    refusal = only_owner(was, event.by)
    if refusal is not None:
        return refusal
    if was.conversation_id is None:
        return Refusal.OVER
    if was.safe == "no":
        return Refusal.UNSAFE
    return Refusal.NOT_NOW if was.safe == "asked" else replace(was, safe="asked")


def _safe_answered(was: HandOff, event: SafeAnswered) -> Step:
    if was.state not in (State.WAITING, State.OFFERED, State.ACTIVE):  # whoever asked may be gone by now
        return Refusal.NOT_NOW
    return replace(was, safe="yes" if event.yes else "no")


def _kept(was: HandOff, event: Kept) -> Step:
    if was.state not in (State.WAITING, State.OFFERED, State.CALLBACK) or was.conversation_id is None:
        return Refusal.NOT_NOW
    return replace(unasked(was), state=State.WAITING, conversation_id=None, callback_at=None, due_at=None, ended=MESSAGE)


def _false_alarm(was: HandOff, event: FalseAlarm) -> Step:
    return Refusal.NOT_NOW if was.false_alarm or not was.urgency.crisis else replace(was, false_alarm=1)


def _call_answered(was: HandOff, event: CallAnswered) -> Step:
    if was.may_call == int(event.yes):
        return Refusal.NOT_NOW
    said = replace(was, may_call=int(event.yes))
    # The leads were told instead: now the chain is telephoned, from its first one on.
    return replace(said, alarm=Stage.ON_CALL, alarm_step=0) if event.yes and was.alarm in (Stage.LEAD_FIRST, Stage.LEAD) else said


def _callback(was: HandOff, event: CallbackBooked) -> Step:
    if was.state not in (State.WAITING, State.OFFERED, State.CALLBACK) or was.conversation_id is None:
        return Refusal.NOT_NOW
    if not event.at < event.when <= event.at + CALLBACK_MOST:
        return Refusal.BAD_TIME
    if was.urgency.crisis and not was.false_alarm:
        return Refusal.NOT_NOW  # whoever is in danger is not put off: somebody looks at it now
    safe = None if event.here else "no"
    booked = replace(unasked(was), state=State.CALLBACK, callback_at=event.when, due_at=event.when, passed=None, safe=safe)
    return replace(booked, alarm=None, alarm_at=None, alarm_step=None)


def _callback_due(was: HandOff, event: CallbackDue) -> Step:
    if was.state is not State.CALLBACK or was.callback_at is None:
        return Refusal.NOT_NOW
    if event.at < was.callback_at:
        return Refusal.TOO_SOON
    return replace(was, state=State.WAITING, waiting_since=was.callback_at, due_at=None)


def _came_back(was: HandOff, event: CameBack) -> Step:
    if was.state is not State.CALLBACK:
        return Refusal.NOT_NOW
    return replace(was, state=State.WAITING, waiting_since=event.at, callback_at=None, due_at=None, safe=None)


def _alarmed(was: HandOff, event: Alarmed) -> Step:
    if not (was.unanswered if event.stage == Stage.HEARD else was.rings):
        return Refusal.NOT_NOW
    return replace(was, alarm=event.stage, alarm_at=event.at, alarm_step=event.step)


# Which rule an event has. Each takes its own kind of event.
_RULES: dict[type, Callable[..., Step]] = {
    Offered: _offered,
    OfferExpired: _expired,
    Refused: _refused,
    Accepted: _accepted,
    Pulled: _pulled,
    TransferAsked: _transfer_asked,
    TransferAccepted: _transfer_accepted,
    TransferRefused: _transfer_refused,
    TakenBack: _taken_back,
    LetGo: _let_go,
    ConsoleLost: _console_lost,
    Invited: _invited,
    Wrote: _wrote,
    SafeAsked: _safe_asked,
    SafeAnswered: _safe_answered,
    Kept: _kept,
    DangerHeard: heard.danger,
    FalseAlarm: _false_alarm,
    CallAnswered: _call_answered,
    CallbackBooked: _callback,
    CallbackDue: _callback_due,
    CameBack: _came_back,
    Left: ending.left,
    Erased: ending.erased,
    Silent: ending.silent,
    WrappedUp: ending.wrapped_up,
    Closed: ending.closed,
    WrapUpExpired: ending.wrap_up_expired,
    Untied: ending.untied,
    Emptied: duty.emptied,
    Staffed: duty.staffed,
    Alarmed: _alarmed,
    Rated: ending.rated,
}
