"""Single rules of the queue: who comes first, who is asked, what two people have to say."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from actions import queue
from actions.alarm import next_alarm
from actions.ending import Second, second_for
from actions.queue import Colleague, HandOff, Refusal, State, Urgency, after, choose, goes_away, in_order, may_take, wait_minutes

NOW = 1_795_500_000
UNIT, OTHER_UNIT = b"u" * 16, b"v" * 16
SITI, BUDI, AYU, LEAD = b"s" * 16, b"b" * 16, b"a" * 16, b"l" * 16
READERS = frozenset({UNIT})


def waits(number: int = 1, *, urgency: Urgency = Urgency.OTHER, since: int = NOW, **fields: Any) -> HandOff:
    given = {"reason": "asked", "language": "id", "created_at": since, "waiting_since": since, "conversation_id": b"c" * 16, **fields}
    return HandOff(id=bytes([number]) * 16, case_id=bytes([number]) * 16, urgency=urgency, **given)


def there(who: bytes, **fields: Any) -> Colleague:
    given = {"unit_id": UNIT, "role": "counsellor", "languages": frozenset({"id"}), "state": "ready", "there_until": NOW + 45}
    return Colleague(id=who, **{**given, **fields})


def done(hand_off: HandOff, *events: Any) -> HandOff:
    for event in events:
        step = after(hand_off, event)
        assert isinstance(step, HandOff), (event, step)
        hand_off = step
    return hand_off


def left(number: int = 1, **fields: Any) -> HandOff:
    """A message that was left."""
    return waits(number, **{"conversation_id": None, "ended": queue.MESSAGE, **fields})


def active(owner: bytes = SITI, **fields: Any) -> HandOff:
    return done(waits(**fields), queue.Pulled(at=NOW, by=owner))


# Who comes first


def test_the_order_is_urgency_then_age_whatever_order_they_came_in() -> None:
    wanted = [
        waits(1, urgency=Urgency.DANGER, since=NOW - 5),
        waits(2, urgency=Urgency.DANGER, since=NOW),
        waits(3, urgency=Urgency.SELF_HARM, since=NOW - 60),
        waits(4, urgency=Urgency.SELF_HARM, since=NOW - 30),
        waits(5, urgency=Urgency.CHILD, since=NOW - 600),
        waits(6, urgency=Urgency.OTHER, since=NOW - 660),
    ]
    assert all(in_order(mixed) == wanted for mixed in permutations(wanted))


def test_waiting_raises_what_is_not_urgent_but_never_above_danger() -> None:
    patient = waits(1, since=NOW - 3601)
    assert in_order([waits(2, urgency=Urgency.SELF_HARM), patient])[0] == patient
    assert in_order([waits(2, urgency=Urgency.SELF_HARM), replace(patient, waiting_since=NOW - 3599)])[1].id == patient.id
    danger = waits(3, urgency=Urgency.DANGER)
    assert in_order([replace(patient, waiting_since=0), danger])[0] == danger


def test_what_the_reporter_called_off_is_not_danger_and_not_forgotten() -> None:
    called_off = done(waits(1, urgency=Urgency.DANGER), queue.FalseAlarm(at=NOW))
    danger, asked = waits(2, urgency=Urgency.DANGER, since=NOW + 9), waits(3)
    assert in_order([called_off, asked, danger]) == [danger, called_off, asked]
    assert not called_off.rings and danger.rings


def test_a_message_that_was_left_is_nobody_who_waits_however_old_it_is() -> None:
    night = [left(number, since=NOW - 36_000) for number in range(1, 4)]
    child, danger = waits(8, urgency=Urgency.CHILD, since=NOW), waits(9, urgency=Urgency.DANGER, since=NOW)
    assert in_order([*night, child, danger])[:2] == [danger, child]
    assert [each.waits for each in (night[0], child, danger)] == [False, True, True]
    kept = done(waits(7, since=NOW - 999), queue.Kept(at=NOW))
    assert kept.message and not kept.waits and in_order([kept, child])[0] == child
    crisis = done(waits(6, urgency=Urgency.DANGER), queue.Kept(at=NOW))
    assert not crisis.message and crisis.rings and in_order([crisis, child])[0] == crisis, "what alarmed is looked at now"
    read = done(kept, queue.Pulled(at=NOW, by=SITI), queue.WrappedUp(at=NOW, by=SITI))
    assert read.ended == queue.MESSAGE, "the board tells it from a talk"


# Who is asked


def test_the_least_loaded_who_is_really_there_is_asked() -> None:
    staff = [there(SITI, load=2), there(BUDI, load=1), there(AYU, there_until=NOW)]
    assert choose(waits(), READERS, staff, now=NOW) == staff[1]


@pytest.mark.parametrize(
    "fields",
    [
        {"there_until": NOW}, {"state": "away"}, {"load": 3}, {"danger": True}, {"unit_id": OTHER_UNIT}, {"role": "auditor"},
        {"role": "administrator"}, {"role": "partner"}, {"capacity": 0},
    ],
)  # fmt: skip
def test_who_cannot_take_it_is_not_asked(fields: dict[str, Any]) -> None:
    assert choose(waits(), READERS, [there(SITI, **fields)], now=NOW) is None
    assert choose(waits(urgency=Urgency.DANGER), READERS, [there(SITI, **fields)], now=NOW) is None


def test_nobody_is_asked_two_things_at_a_time_but_for_danger() -> None:
    asked = there(SITI, load=1, asked=True)
    assert choose(waits(urgency=Urgency.SELF_HARM), READERS, [asked], now=NOW) is None
    assert choose(waits(urgency=Urgency.DANGER), READERS, [asked], now=NOW) == asked


def test_who_speaks_the_language_is_asked_and_anybody_if_nobody_there_does() -> None:
    english = there(SITI, languages=frozenset({"en"}))
    indonesian = there(BUDI, load=2)
    assert choose(waits(language="en"), READERS, [english, indonesian], now=NOW) == english
    full = replace(english, load=3)
    assert choose(waits(language="en"), READERS, [full, indonesian], now=NOW) is None  # she will have room
    assert choose(waits(language="en", urgency=Urgency.DANGER), READERS, [full, indonesian], now=NOW) == indonesian
    assert choose(waits(language="en"), READERS, [indonesian], now=NOW) == indonesian


def test_who_has_the_skill_goes_before_who_has_less_to_do() -> None:
    skilled = there(SITI, skills=frozenset({"self_harm"}), load=2)
    assert choose(waits(urgency=Urgency.SELF_HARM), READERS, [there(BUDI), skilled], now=NOW) == skilled


def test_after_danger_somebody_rests_unless_nobody_else_is_there() -> None:
    resting = there(SITI, state="pause", paused_until=NOW + 900)
    busy = there(BUDI, load=3)
    assert choose(waits(), READERS, [resting], now=NOW) == resting
    assert choose(waits(), READERS, [resting, busy], now=NOW) is None
    assert choose(waits(urgency=Urgency.DANGER), READERS, [resting, busy], now=NOW) == resting
    assert choose(waits(), READERS, [replace(resting, paused_until=NOW), busy], now=NOW) is not None


def test_who_said_no_is_asked_again_only_if_nobody_else_is_there_and_not_at_once() -> None:
    refused = done(waits(), queue.Offered(at=NOW, to=SITI), queue.Refused(at=NOW + 5, by=SITI))
    siti, budi = there(SITI, there_until=NOW + 999), there(BUDI, load=2, there_until=NOW + 999)
    assert choose(refused, READERS, [siti, budi], now=NOW + 6) == budi
    assert choose(refused, READERS, [siti], now=NOW + 6) is None
    assert choose(refused, READERS, [siti], now=NOW + 65) == siti
    # Who let it pass without a word, and is the last one there, is asked again at once.
    passed = done(waits(), queue.Offered(at=NOW, to=SITI), queue.OfferExpired(at=NOW + 60))
    assert choose(passed, READERS, [siti], now=NOW + 61) == siti


def test_a_message_is_read_by_who_has_nothing_better_to_do_and_keeps_nobody_from_a_person() -> None:
    full = there(SITI, messages=2, load=1)
    assert full.free and not full.free_to_read
    assert choose(left(), READERS, [full], now=NOW) is None and choose(waits(), READERS, [full], now=NOW) == full
    assert may_take(left(), full, now=NOW) is Refusal.FULL and may_take(waits(), full, now=NOW) is None
    resting, asked = there(SITI, state="pause", paused_until=NOW + 60), there(BUDI, load=1, asked=True)
    reads = there(AYU, messages=1, asked_to_read=True)
    assert choose(left(), READERS, [resting, asked, reads], now=NOW) is None
    assert choose(waits(), READERS, [resting, asked, reads], now=NOW) == reads
    assert there(SITI).asked_for(left()).free and not there(SITI).asked_for(left()).asked


def test_a_message_that_was_passed_over_is_not_put_before_the_same_person_again_at_once() -> None:
    refused = done(left(), queue.Offered(at=NOW, to=SITI), queue.Refused(at=NOW + 5, by=SITI))
    expired = done(left(), queue.Offered(at=NOW, to=SITI), queue.OfferExpired(at=NOW + 60))
    back = done(left(), queue.Pulled(at=NOW, by=SITI), queue.LetGo(at=NOW, by=SITI))
    siti, budi = there(SITI, there_until=NOW + 9999), there(BUDI, there_until=NOW + 9999, load=1)
    for each in (refused, expired, back):
        assert choose(each, READERS, [siti], now=NOW + queue.MESSAGE_AGAIN - 1) is None
        assert choose(each, READERS, [siti, budi], now=NOW + 61) == budi
        assert choose(each, READERS, [siti], now=NOW + queue.MESSAGE_AGAIN) == siti


def test_a_message_that_is_withdrawn_was_passed_over_by_nobody() -> None:
    withdrawn = done(left(), queue.Offered(at=NOW, to=SITI), queue.OfferExpired(at=NOW + 5, gone=True))
    assert (withdrawn.state, withdrawn.passers, withdrawn.due_at) == (State.WAITING, (), None)
    person = done(waits(), queue.Offered(at=NOW, to=SITI), queue.OfferExpired(at=NOW + 5, gone=True))
    assert person.passers == (SITI,)


def test_where_a_person_waits_nobody_is_asked_to_read() -> None:
    def units(*given: HandOff) -> frozenset[bytes]:
        return queue.where_people_wait(given, lambda each: {UNIT} if each.case_id == bytes([1]) * 16 else {OTHER_UNIT})

    assert units(waits(1), left(2)) == units(done(waits(1), queue.Offered(at=NOW, to=SITI))) == {UNIT}
    assert units(left(1), done(waits(2), queue.Pulled(at=NOW, by=SITI))) == frozenset()


def rests(before: HandOff, event: Any, *, spoke: bool = True) -> bytes | None:
    return queue.rests_after(before, event, done(before, event), spoke=spoke)


def test_who_talked_with_somebody_in_danger_rests_however_it_left_their_hands() -> None:
    talk = active(urgency=Urgency.DANGER)
    asked = done(talk, queue.TransferAsked(at=NOW, by=SITI, to=BUDI))
    away = [(talk, queue.LetGo(at=NOW, by=SITI)), (asked, queue.TransferAccepted(at=NOW, by=BUDI))]
    ends = [(talk, queue.WrappedUp(at=NOW, by=SITI)), (talk, queue.Left(at=NOW)), (talk, queue.Erased(at=NOW + 3 * 86_400))]
    assert [rests(*each) for each in (*away, *ends)] == [SITI] * 5
    assert [rests(*each, spoke=False) for each in (*away, *ends)] == [None, None, SITI, SITI, SITI]
    assert rests(talk, queue.ConsoleLost(at=NOW, of=SITI)) is None, "whoever has lost the line comes back at once"


def test_a_false_alarm_tires_nobody_and_is_no_danger_to_whom_it_is_offered() -> None:
    called_off = done(active(urgency=Urgency.DANGER), queue.FalseAlarm(at=NOW))
    assert rests(called_off, queue.WrappedUp(at=NOW, by=SITI)) is rests(called_off, queue.LetGo(at=NOW, by=SITI)) is None
    assert rests(active(urgency=Urgency.SELF_HARM), queue.WrappedUp(at=NOW, by=SITI)) is None
    asked = there(SITI, load=1, asked=True)
    assert choose(done(waits(urgency=Urgency.DANGER), queue.FalseAlarm(at=NOW)), READERS, [asked], now=NOW) is None


def test_the_last_one_of_a_unit_does_not_go_away() -> None:
    siti, budi, ayu = there(SITI), there(BUDI), there(AYU, unit_id=OTHER_UNIT)
    assert goes_away(siti, [siti, budi], now=NOW)
    assert not goes_away(siti, [siti, ayu], now=NOW), "a colleague of another unit cannot read what is sealed to hers"
    assert not goes_away(siti, [siti, replace(budi, there_until=NOW)], now=NOW)


def test_a_crisis_may_be_taken_beyond_ones_capacity() -> None:
    full = there(SITI, load=3)
    assert may_take(waits(), full, now=NOW) is Refusal.FULL
    assert may_take(waits(urgency=Urgency.SELF_HARM), full, now=NOW) is None
    assert may_take(waits(urgency=Urgency.DANGER), replace(full, there_until=NOW), now=NOW) is Refusal.ABSENT


# Offers and transfers


def test_an_offer_runs_out_after_a_minute_and_not_before() -> None:
    offered = done(waits(), queue.Offered(at=NOW, to=SITI))
    assert after(offered, queue.OfferExpired(at=NOW + 59)) is Refusal.TOO_SOON
    waiting = done(offered, queue.OfferExpired(at=NOW + 60))
    assert (waiting.state, waiting.offered_to, waiting.passers) == (State.WAITING, None, (SITI,))
    assert after(waiting, queue.Accepted(at=NOW + 61, by=SITI)) is Refusal.NOT_OFFERED


def test_the_old_owner_stays_until_the_new_one_takes_over() -> None:
    asked = done(active(), queue.TransferAsked(at=NOW, by=SITI, to=BUDI))
    assert (asked.state, asked.owner_id, asked.offered_to) == (State.ACTIVE, SITI, BUDI)
    for no in (queue.TransferRefused(at=NOW, by=BUDI), queue.OfferExpired(at=NOW + 60), queue.TakenBack(at=NOW, by=SITI)):
        kept = done(asked, no)
        assert (kept.state, kept.owner_id, kept.offered_to) == (State.ACTIVE, SITI, None)
    taken = done(asked, queue.TransferAccepted(at=NOW + 9, by=BUDI))
    assert (taken.owner_id, taken.owners, taken.taken_at) == (BUDI, 2, NOW)
    assert after(taken, queue.WrappedUp(at=NOW, by=SITI)) is Refusal.NOT_YOURS
    assert after(asked, queue.TransferAccepted(at=NOW, by=AYU)) is Refusal.NOT_OFFERED


def test_a_lost_console_brings_it_back_to_its_old_place() -> None:
    was = active(urgency=Urgency.DANGER, since=NOW - 500)
    waiting = done(was, queue.ConsoleLost(at=NOW + 110, of=SITI))
    assert (waiting.state, waiting.owner_id, waiting.waiting_since, waiting.rings) == (State.WAITING, None, NOW - 500, True)
    assert after(waiting, queue.ConsoleLost(at=NOW + 112, of=SITI)) is Refusal.NOT_NOW


# The end


@pytest.mark.parametrize("event", [queue.Left(at=NOW), queue.Erased(at=NOW), queue.Silent(at=NOW, last_at=NOW - 86_400)])
def test_who_waited_for_nothing_urgent_and_is_gone_waits_no_more(event: Any) -> None:
    closed = done(waits(since=NOW - 86_400), event)
    assert (closed.state, closed.ended_at, closed.conversation_id) == (State.CLOSED, NOW, None)
    assert after(closed, queue.Pulled(at=NOW, by=SITI)) is Refusal.OVER


@pytest.mark.parametrize("urgency", [Urgency.DANGER, Urgency.SELF_HARM])
@pytest.mark.parametrize("event", [queue.Left(at=NOW), queue.Erased(at=NOW)])
def test_a_crisis_whose_reporter_is_gone_waits_on_as_a_case_that_two_people_close(urgency: Urgency, event: Any) -> None:
    case = done(waits(urgency=urgency, since=NOW - 86_400), event)
    assert (case.state, case.ended_at, case.conversation_id, case.rings) == (State.WAITING, None, None, True)
    over = done(case, queue.Pulled(at=NOW, by=SITI), queue.WrappedUp(at=NOW, by=SITI))
    assert after(over, queue.WrapUpExpired(at=NOW + 10**7)) is Refusal.NOT_NOW
    once = done(over, queue.Closed(at=NOW, by=SITI, outcome="police", risk="high"))
    assert once.state is State.WRAP_UP
    assert after(once, queue.Closed(at=NOW, by=SITI, outcome="police", risk="high", lead=True)) is Refusal.SECOND
    assert done(once, queue.Closed(at=NOW, by=BUDI, outcome="police", risk="high")).state is State.CLOSED


@pytest.mark.parametrize("urgency", [Urgency.DANGER, Urgency.SELF_HARM])
def test_of_the_two_who_close_a_danger_one_is_a_lead_where_there_is_one(urgency: Urgency) -> None:
    over = done(active(urgency=urgency), queue.WrappedUp(at=NOW, by=SITI))

    def closes(by: bytes, *leads: bytes, alone: bool = False) -> queue.Closed:
        return queue.Closed(at=NOW, by=by, outcome="police", risk="high", lead=by in leads, leads=frozenset(leads), alone=alone)

    once = done(over, closes(SITI, LEAD))
    second = after(once, closes(BUDI, LEAD))
    if urgency is Urgency.DANGER:
        assert second is Refusal.SECOND_LEAD
    else:
        assert isinstance(second, HandOff) and second.state is State.CLOSED
    assert done(once, closes(LEAD, LEAD)).state is State.CLOSED
    by_a_lead_first = done(over, closes(LEAD, LEAD))
    assert by_a_lead_first.state is State.WRAP_UP
    assert after(by_a_lead_first, closes(LEAD, LEAD)) is Refusal.SECOND, "one person is one person, a lead, too"
    closed = done(by_a_lead_first, closes(BUDI, LEAD))
    assert (closed.state, closed.closing_id, closed.closed_by) == (State.CLOSED, LEAD, BUDI)
    assert done(once, closes(BUDI)).state is State.CLOSED, "where nobody is a lead, anybody is the second"


@pytest.mark.parametrize("urgency", [Urgency.DANGER, Urgency.SELF_HARM])
def test_a_crisis_that_nobody_else_can_look_at_is_closed_by_one_and_that_is_written_down(urgency: Urgency) -> None:
    over = done(active(urgency=urgency), queue.WrappedUp(at=NOW, by=SITI))
    alone = queue.Closed(at=NOW, by=SITI, outcome="police", risk="high", alone=True)
    closed = done(over, alone)
    assert (closed.state, closed.closing_id, closed.closed_by) == (State.CLOSED, SITI, SITI)
    # The colleague who should have been the second has gone meanwhile.
    assert done(over, queue.Closed(at=NOW, by=SITI, outcome="police", risk="high"), alone).closed_by == SITI
    # Whoever went had closed it before: two have looked at it.
    left = done(over, queue.Closed(at=NOW, by=BUDI, outcome="police", risk="high"), alone)
    assert (left.closing_id, left.closed_by) == (BUDI, SITI)


@pytest.mark.parametrize(
    ("urgency", "closing", "by", "leads", "alone", "second"),
    [
        (Urgency.OTHER, None, "SITI", ["LEAD"], False, Second.NONE),
        (Urgency.SELF_HARM, None, "SITI", ["LEAD"], False, Second.COLLEAGUE),
        (Urgency.DANGER, None, "SITI", [], False, Second.COLLEAGUE),
        (Urgency.DANGER, None, "SITI", ["LEAD"], False, Second.LEAD),
        (Urgency.DANGER, None, "LEAD", ["LEAD"], False, Second.COLLEAGUE),
        (Urgency.DANGER, "SITI", "SITI", ["LEAD"], False, Second.LEAD),
        (Urgency.DANGER, "SITI", "BUDI", ["LEAD"], False, Second.LEAD),
        (Urgency.DANGER, "SITI", "LEAD", ["LEAD"], False, Second.NONE),
        (Urgency.DANGER, "LEAD", "BUDI", ["LEAD"], False, Second.NONE),
        (Urgency.DANGER, "SITI", "SITI", [], True, Second.NOBODY),
        (Urgency.DANGER, "BUDI", "SITI", [], True, Second.NONE),
    ],
)  # fmt: skip
def test_who_looks_at_a_crisis_is_told_who_else_has_to(
    urgency: Urgency, closing: str | None, by: str, leads: list[str], alone: bool, second: Second
) -> None:  # fmt: skip
    who = {"SITI": SITI, "BUDI": BUDI, "LEAD": LEAD}
    was = waits(urgency=urgency, state=State.WRAP_UP, closing_id=who[closing] if closing else None)
    assert second_for(was, who[by], leads=frozenset(who[each] for each in leads), alone=alone) is second


def test_a_day_of_silence_is_a_day() -> None:
    assert after(waits(), queue.Silent(at=NOW, last_at=NOW - 86_399)) is Refusal.TOO_SOON
    over = done(active(), queue.Silent(at=NOW + 86_400, last_at=NOW))
    assert (over.state, over.owner_id, over.ended) == (State.WRAP_UP, SITI, "silent")


@pytest.mark.parametrize("urgency", [Urgency.DANGER, Urgency.SELF_HARM])
def test_no_silence_ends_a_crisis_but_a_false_alarm_is_none(urgency: Urgency) -> None:
    silent = queue.Silent(at=NOW + 10 * 86_400, last_at=NOW)
    for crisis in (active(urgency=urgency), waits(urgency=urgency), waits(urgency=urgency, state=State.CALLBACK, callback_at=NOW)):
        assert after(crisis, silent) is Refusal.NOT_NOW
        assert done(crisis, queue.FalseAlarm(at=NOW), silent).ended == "silent"


def test_who_is_called_back_after_more_than_a_day_has_a_day_from_then_on() -> None:
    due = NOW + 30 * 3600
    called = done(waits(), queue.CallbackBooked(at=NOW, when=due), queue.CallbackDue(at=due))
    for each in (called, done(called, queue.Pulled(at=due + 5, by=SITI))):
        assert after(each, queue.Silent(at=due + 86_399, last_at=NOW)) is Refusal.TOO_SOON
        assert done(each, queue.Silent(at=due + 86_400, last_at=NOW)).ended == "silent"


def test_what_became_of_a_talk_is_said_by_who_had_it_or_by_a_lead_or_by_nobody_after_a_day() -> None:
    over = done(active(), queue.WrappedUp(at=NOW, by=SITI))
    assert after(over, queue.Closed(at=NOW, by=BUDI, outcome="helped", risk="none")) is Refusal.NOT_YOURS
    assert done(over, queue.Closed(at=NOW, by=BUDI, outcome="helped", risk="none", lead=True)).ended_at == NOW
    assert after(over, queue.WrapUpExpired(at=NOW + 86_399)) is Refusal.TOO_SOON
    assert done(over, queue.WrapUpExpired(at=NOW + 86_400)).outcome is None


def test_nobody_is_asked_how_a_crisis_was() -> None:
    assert after(done(active(urgency=Urgency.SELF_HARM), queue.WrappedUp(at=NOW, by=SITI)), queue.Rated(at=NOW, stars=5)) is Refusal.NOT_NOW
    rated = done(active(), queue.WrappedUp(at=NOW, by=SITI), queue.Rated(at=NOW, stars=5))
    assert rated.rating == 5 and after(rated, queue.Rated(at=NOW, stars=1)) is Refusal.NOT_NOW


# Danger, and a safe time


def test_nobody_is_asked_whether_it_is_safe_who_said_no() -> None:
    asked = done(active(), queue.SafeAsked(at=NOW, by=SITI))
    said_no = done(asked, queue.SafeAnswered(at=NOW, yes=False))
    assert after(said_no, queue.SafeAsked(at=NOW, by=SITI)) is Refusal.UNSAFE
    first = done(waits(), queue.CallbackBooked(at=NOW, when=NOW + 60, here=False), queue.CallbackDue(at=NOW + 60))
    assert after(done(first, queue.Pulled(at=NOW + 61, by=SITI)), queue.SafeAsked(at=NOW + 62, by=SITI)) is Refusal.UNSAFE
    assert done(said_no, queue.SafeAnswered(at=NOW, yes=True), queue.SafeAsked(at=NOW, by=SITI)).safe == "asked"


@pytest.mark.parametrize("yes", [True, False])
def test_whether_it_is_safe_is_heard_while_nobody_is_there(yes: bool) -> None:
    lost = done(active(), queue.SafeAsked(at=NOW, by=SITI), queue.ConsoleLost(at=NOW, of=SITI))
    for each in (lost, done(lost, queue.Offered(at=NOW, to=BUDI))):
        answered = done(each, queue.SafeAnswered(at=NOW, yes=yes))
        assert (answered.safe, answered.state) == ("yes" if yes else "no", each.state)


def test_danger_in_a_talk_raises_it_and_ends_the_wait_for_a_safe_time() -> None:
    booked = done(waits(), queue.CallbackBooked(at=NOW, when=NOW + 7200))
    assert after(booked, queue.Pulled(at=NOW, by=SITI)) is Refusal.TOO_SOON, "before that time it is not safe"
    raised = done(booked, queue.DangerHeard(at=NOW + 60))
    assert (raised.state, raised.urgency, raised.callback_at) == (State.WAITING, Urgency.DANGER, None)
    assert after(raised, queue.DangerHeard(at=NOW, urgency=Urgency.SELF_HARM)) is Refusal.NOT_NOW
    assert after(raised, queue.CallbackBooked(at=NOW, when=NOW + 60)) is Refusal.NOT_NOW


def test_danger_after_a_false_alarm_rings_again() -> None:
    off = done(waits(urgency=Urgency.DANGER), queue.Alarmed(at=NOW, stage="lead", step=2), queue.FalseAlarm(at=NOW))
    again = done(off, queue.DangerHeard(at=NOW + 5))
    assert again.rings and again.alarm is None


@pytest.mark.parametrize("ahead", [0, -1, 48 * 3600 + 1])
def test_a_call_back_lies_ahead_and_while_the_conversation_lives(ahead: int) -> None:
    assert after(waits(), queue.CallbackBooked(at=NOW, when=NOW + ahead)) is Refusal.BAD_TIME


def test_a_call_back_that_is_due_goes_before_others_who_only_asked() -> None:
    due = done(waits(1), queue.CallbackBooked(at=NOW, when=NOW + 60), queue.CallbackDue(at=NOW + 61))
    assert (due.state, due.waiting_since) == (State.WAITING, NOW + 60)
    assert in_order([waits(2, since=NOW - 1800), due])[0] == due
    assert after(done(waits(1), queue.CallbackBooked(at=NOW, when=NOW + 60)), queue.CallbackDue(at=NOW + 59)) is Refusal.TOO_SOON


# Nobody is there any more


def test_who_waits_is_told_once_when_nobody_has_been_on_duty_for_two_minutes() -> None:
    empty = done(waits(), queue.Emptied(at=NOW))
    assert not empty.deserted and after(empty, queue.Emptied(at=NOW + 119)) is Refusal.TOO_SOON
    back = done(empty, queue.Staffed(at=NOW + 100))
    assert back.alarm is None and not done(back, queue.Emptied(at=NOW + 121)).deserted, "the two minutes begin anew"
    told = done(empty, queue.Emptied(at=NOW + 120))
    assert told.deserted
    assert after(told, queue.Emptied(at=NOW + 9999)) is after(told, queue.Staffed(at=NOW + 9999)) is Refusal.NOT_NOW, "once"
    taken = done(told, queue.Pulled(at=NOW + 200, by=SITI))
    assert not taken.deserted
    lost = done(taken, queue.ConsoleLost(at=NOW + 400, of=SITI), queue.Emptied(at=NOW + 400), queue.Emptied(at=NOW + 520))
    assert lost.deserted, "somebody had it meanwhile: that is another wait"


@pytest.mark.parametrize(
    "hand_off", [waits(urgency=Urgency.DANGER), left(), active(), done(waits(), queue.CallbackBooked(at=NOW, when=NOW + 60))]
)  # fmt: skip
def test_nobody_else_is_told_so(hand_off: HandOff) -> None:
    assert after(hand_off, queue.Emptied(at=NOW)) is Refusal.NOT_NOW


def test_danger_that_is_heard_at_an_empty_desk_rings_from_the_beginning() -> None:
    told = done(waits(), queue.Emptied(at=NOW), queue.Emptied(at=NOW + 120), queue.DangerHeard(at=NOW + 130))
    due = next_alarm(told, now=NOW + 130, chain=1, last_at=NOW + 130)
    assert due is not None and (due.stage, due.step) == ("console", 1) and not told.deserted
    odd = waits(urgency=Urgency.DANGER, alarm="empty", alarm_at=NOW, alarm_step=1)
    assert next_alarm(odd, now=NOW + 60, chain=1, last_at=None) == queue.Alarmed(at=NOW + 60, stage="console", step=1)


# The wait


def test_the_wait_is_counted_from_the_last_hour_or_not_known() -> None:
    assert wait_minutes(0, [600, 600], places=3) is None
    assert wait_minutes(0, [600, 600, 600], places=0) is None
    assert wait_minutes(0, [600, 600, 600], places=3) == 5
    assert wait_minutes(5, [1200, 1800, 2400], places=3) == 60
    assert wait_minutes(0, [1, 1, 1], places=9) == 5, "never less than we could keep"


def test_every_event_has_a_rule() -> None:
    kinds = {kind for kind in vars(queue).values() if isinstance(kind, type) and "at" in getattr(kind, "__dataclass_fields__", {})}
    assert kinds == set(queue._RULES) and len(kinds) > 20
