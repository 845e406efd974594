"""The queue under events that come doubled, late, in another order and at the same moment: what has to hold, holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actions import queue
from actions.queue import Colleague, HandOff, Refusal, State, Urgency, after, choose, goes_away, in_order

UNITS = tuple(bytes([number]) * 16 for number in (1, 2))
STAFF = tuple(bytes([number]) * 16 for number in range(10, 15))
STRANGER = b"s" * 16
OPEN = (State.WAITING, State.OFFERED, State.ACTIVE, State.WRAP_UP, State.CALLBACK)
BEGIN = 1_795_500_000

people = st.sampled_from((*STAFF, STRANGER))
leads = st.sampled_from((frozenset(), frozenset(STAFF[:1]), frozenset(STAFF[1:3])))


def event(kind: type, **drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Callable[[int, HandOff], Any]]:
    """Events of a kind, made once it is known when they happen, and to what."""
    return st.fixed_dictionaries(drawn).map(lambda fields: lambda at, hand_off: kind(at=at, **fields))


def owners(kind: type, **drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Callable[[int, HandOff], Any]]:
    """The same by whoever has it, or whoever is asked: what a console would send."""
    made = st.fixed_dictionaries({"asked": st.booleans(), **drawn})

    def build(fields: dict[str, Any]) -> Callable[[int, HandOff], Any]:
        rest = {name: value for name, value in fields.items() if name != "asked"}
        return lambda at, was: kind(at=at, by=(was.offered_to if fields["asked"] else was.owner_id) or STRANGER, **rest)

    return made.map(build)


EVENTS = st.one_of(
    event(queue.Offered, to=people),
    event(queue.OfferExpired, gone=st.booleans()),
    event(queue.Pulled, by=people),
    event(
        queue.Closed, by=people, outcome=st.just("helped"), risk=st.just("some"), lead=st.booleans(), leads=leads, alone=st.booleans()
    ),
    *(event(kind, by=people) for kind in (queue.Refused, queue.Accepted, queue.TransferAccepted, queue.TransferRefused, queue.LetGo)),
    *(owners(kind) for kind in (queue.Refused, queue.Accepted, queue.TransferAccepted, queue.TransferRefused, queue.TakenBack)),
    *(owners(kind) for kind in (queue.LetGo, queue.WrappedUp)),
    owners(queue.TransferAsked, to=people),
    owners(queue.Invited, colleague=st.one_of(st.none(), people)),
    event(queue.ConsoleLost, of=people),
    event(queue.Wrote, conversation_id=st.sampled_from((b"c" * 16, b"d" * 16))),
    event(queue.DangerHeard, urgency=st.sampled_from(Urgency)),
    event(queue.CallAnswered, yes=st.booleans()),
    event(queue.SafeAnswered, yes=st.booleans()),
    owners(queue.SafeAsked),
    event(queue.Kept),
    event(queue.Emptied),
    event(queue.Staffed),
    st.integers(-3600, 3 * 86_400).map(lambda ahead: lambda at, was: queue.CallbackBooked(at=at, when=at + ahead)),
    st.integers(0, 2 * 86_400).map(lambda ago: lambda at, was: queue.Silent(at=at, last_at=at - ago)),
    *(event(kind) for kind in (queue.FalseAlarm, queue.CallbackDue, queue.Left, queue.Erased, queue.WrapUpExpired, queue.Untied)),
    event(queue.Alarmed, stage=st.sampled_from(("console", "on_call", "lead_first", "lead", "heard")), step=st.integers(0, 3)),
    event(queue.Rated, stars=st.integers(0, 6)),
)


def _talks(hand_off: HandOff) -> bool:
    return hand_off.state is State.ACTIVE


class Desk(RuleBasedStateMachine):
    """A desk whose store does compare-and-set, and whose mail may be late or come twice."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.stored: dict[bytes, HandOff] = {}
        self.mail: list[tuple[bytes, Any]] = []
        self.said: list[tuple[bytes, Any]] = []
        self.closed: dict[bytes, HandOff] = {}
        self.closers: dict[bytes, set[bytes]] = {}
        self.staff = {
            who: Colleague(
                id=who, unit_id=UNITS[index % 2], role="counsellor", languages=frozenset({"id"} if index else {"id", "en"}),
                skills=frozenset(), state="ready", there_until=BEGIN + 10**6, capacity=1 + index % 3,
            )
            for index, who in enumerate(STAFF)
        }  # fmt: skip
        self.readers: dict[bytes, frozenset[bytes]] = {}

    # The store

    def commit(self, before: HandOff, step: HandOff | Refusal, said: Any) -> bool:
        """Compare-and-set, as `actions.desk.moves` asks the database for it."""
        if isinstance(step, Refusal) or self.stored[before.id].version != before.version:
            return False
        assert step.version == before.version + 1
        assert step.urgency.rank <= before.urgency.rank, "urgency never falls"
        if isinstance(said, queue.Closed):
            self.closers.setdefault(step.id, set()).add(said.by)
        if step.state is State.CLOSED and before.state is not State.CLOSED:
            if step.urgency.crisis:
                assert isinstance(said, queue.Closed), "no timer, no reporter and no bot closes a crisis"
                closers = self.closers[step.id]
                assert len(closers) == 2 or said.alone, "two people close a crisis, where there are two"
                assert (step.closing_id == step.closed_by) == (len(closers) == 1), "that one person closed it is written down"
                if step.urgency is Urgency.DANGER and said.leads and not said.alone:
                    assert closers & said.leads, "one of the two who close a danger is a lead"
            self.closed[step.id] = step
        if step.owner_id != before.owner_id and step.owner_id is not None:
            assert before.owner_id is None or isinstance(said, queue.TransferAccepted), "nobody is taken from by surprise"
        resting = queue.rests_after(before, said, step, spoke=True)
        given_up = before.state is State.ACTIVE and (step.state, step.owner_id) != (State.ACTIVE, before.owner_id)
        hard = given_up and before.urgency is Urgency.DANGER and not before.false_alarm and not isinstance(said, queue.ConsoleLost)
        assert resting == (before.owner_id if hard else None), "who gave danger out of their hands rests, and nobody else"
        if resting in self.staff and self.staff[resting].state == "ready":
            self.staff[resting] = replace(self.staff[resting], state="pause", paused_until=self.now + queue.PAUSE_SECONDS)
        self.stored[before.id] = step
        return True

    def of(self, hand_off: HandOff) -> frozenset[bytes]:
        """The units that can read it."""
        return self.readers[hand_off.id]

    # What happens

    @rule(urgency=st.sampled_from(Urgency), language=st.sampled_from(("id", "en", "jv")), both=st.booleans(), talks=st.booleans())
    def arrives(self, urgency: Urgency, language: str, both: bool, talks: bool) -> None:
        number = len(self.stored).to_bytes(16, "big")
        self.stored[number] = HandOff(
            id=number, case_id=number, reason="asked", urgency=urgency, language=language, created_at=self.now, waiting_since=self.now,
            conversation_id=b"c" * 16 if talks else None, ended=None if talks else queue.MESSAGE,
        )  # fmt: skip
        self.readers[number] = frozenset(UNITS) if both else frozenset(UNITS[:1])

    @precondition(lambda self: self.stored)
    @rule(data=st.data(), make=EVENTS, late=st.booleans())
    def happens(self, data: st.DataObject, make: Callable[[int, HandOff], Any], late: bool) -> None:
        before = self.stored[data.draw(st.sampled_from(sorted(self.stored)))]
        said = make(self.now, before)
        if late:
            self.mail.append((before.id, said))
        else:
            self.commit(before, after(before, said), said)
            self.said.append((before.id, said))

    @precondition(lambda self: self.stored)
    @rule(data=st.data(), who=people, ahead=st.booleans())
    def goes_on(self, data: st.DataObject, who: bytes, ahead: bool) -> None:
        """The next thing that sensible people do with it, so that the far ends are reached as well."""
        was = self.stored[data.draw(st.sampled_from(sorted(self.stored)))]
        owner, asked = was.owner_id or STRANGER, was.offered_to or STRANGER
        said: Any
        match was.state:
            case State.WAITING:
                said = queue.Pulled(at=self.now, by=who)
            case State.OFFERED:
                said = queue.Accepted(at=self.now, by=asked)
            case State.ACTIVE if was.offered_to is not None:
                said = queue.TransferAccepted(at=self.now, by=asked) if ahead else queue.Silent(at=self.now, last_at=0)
            case State.ACTIVE:
                said = queue.WrappedUp(at=self.now, by=owner) if ahead else queue.TransferAsked(at=self.now, by=owner, to=who)
            case State.WRAP_UP:
                said = queue.Closed(at=self.now, by=owner if ahead else who, outcome="helped", risk="some", leads=frozenset(STAFF[:1]))
            case _:
                said = queue.CallbackDue(at=self.now)
        self.commit(was, after(was, said), said)
        self.said.append((was.id, said))

    @precondition(lambda self: self.mail)
    @rule(data=st.data())
    def arrives_late(self, data: st.DataObject) -> None:
        which, said = self.mail.pop(data.draw(st.integers(0, len(self.mail) - 1)))
        self.commit(self.stored[which], after(self.stored[which], said), said)
        self.said.append((which, said))

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def comes_twice(self, data: st.DataObject) -> None:
        which, said = data.draw(st.sampled_from(self.said[-20:]))
        self.commit(self.stored[which], after(self.stored[which], said), said)

    @precondition(lambda self: self.stored)
    @rule(data=st.data(), one=EVENTS, other=EVENTS)
    def at_the_same_moment(self, data: st.DataObject, one: Callable[[int, HandOff], Any], other: Callable[[int, HandOff], Any]) -> None:
        """Two processes saw the same version: at most one of them writes."""
        before = self.stored[data.draw(st.sampled_from(sorted(self.stored)))]
        first, second = one(self.now, before), other(self.now, before)
        steps = after(before, first), after(before, second)
        written = [self.commit(before, steps[0], first), self.commit(before, steps[1], second)]
        assert sum(written) <= 1
        assert any(written) == any(isinstance(step, HandOff) for step in steps)

    @rule(seconds=st.integers(1, 4000))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(who=st.sampled_from(STAFF), state=st.sampled_from(("ready", "away", "pause")), there=st.booleans())
    def presence(self, who: bytes, state: str, there: bool) -> None:
        self.staff[who] = replace(self.staff[who], state=state, paused_until=None, there_until=self.now + (10**6 if there else 0))

    # What the desk does about it, every two seconds

    def colleagues(self) -> list[Colleague]:
        has = [each for each in self.stored.values() if each.state is State.ACTIVE]
        asked = [each for each in self.stored.values() if each.state is State.OFFERED or (each.state is State.ACTIVE and each.offered_to)]

        def many(who: bytes, *, message: bool) -> int:
            had, offered = [h.owner_id for h in has if h.message is message], [h.offered_to for h in asked if h.message is message]
            return had.count(who) + offered.count(who)

        return [
            replace(
                each,
                load=many(each.id, message=False), messages=many(each.id, message=True),
                asked=any(h.offered_to == each.id for h in asked if not h.message),
                asked_to_read=any(h.offered_to == each.id for h in asked if h.message),
                danger=any(h.owner_id == each.id and h.danger for h in has),
            )
            for each in self.staff.values()
        ]  # fmt: skip

    @rule()
    def tick(self) -> None:
        for before in list(self.stored.values()):
            colleague = self.staff.get(before.offered_to or b"")
            gone = colleague is None or colleague.there_until <= self.now
            expired = queue.OfferExpired(at=self.now, gone=gone)
            answered_not = self.commit(before, after(before, expired), expired) and before.state is State.OFFERED and not before.message
            if answered_not and colleague and not gone:
                last = not goes_away(colleague, self.colleagues(), now=self.now)
                on_duty = [c for c in self.colleagues() if c.unit_id == colleague.unit_id and c.on_duty(self.now)]
                assert last == (not [c for c in on_duty if c.id != colleague.id]), "the last one of a unit stays"
                if not last:
                    self.staff[colleague.id] = replace(colleague, state="away")
            for said in (queue.CallbackDue(at=self.now), queue.WrapUpExpired(at=self.now)):
                self.commit(self.stored[before.id], after(self.stored[before.id], said), said)
            owner = self.staff.get(self.stored[before.id].owner_id or b"")
            if self.stored[before.id].state is State.ACTIVE and (owner is None or owner.there_until <= self.now):
                lost = queue.ConsoleLost(at=self.now, of=self.stored[before.id].owner_id or b"")
                assert self.commit(self.stored[before.id], after(self.stored[before.id], lost), lost)
        order = in_order(each for each in self.stored.values() if each.state is State.WAITING)
        assert [each.before for each in order] == sorted(each.before for each in order)
        assert [each.message for each in order] == sorted(each.message for each in order), "people come before what was left to be read"
        waited_for = queue.where_people_wait(self.stored.values(), self.of)
        for place, before in enumerate(order):
            chosen = choose(before, self.of(before) - (waited_for if before.message else frozenset()), self.colleagues(), now=self.now)
            if chosen is None:
                continue
            if chosen.paused(self.now):
                rested = [each for each in self.colleagues() if each.on_duty(self.now) and not each.paused(self.now) and each.free]
                able = [each for each in rested if each.unit_id in self.of(before) and before.language in each.languages and not each.asked]
                assert not before.message and (before.danger or not able), "who rests is asked only if nobody else is there"
                assert not [each for each in able if each.id not in before.passers], "nor for danger while somebody fresh has room"
            assert chosen.on_duty(self.now) and chosen.unit_id in self.readers[before.id]
            assert chosen.load < chosen.capacity
            assert not chosen.asked or before.danger, "one question at a time"
            assert not any(each.owner_id == chosen.id and each.danger for each in self.stored.values() if _talks(each))
            if before.message:
                assert not any(each.waits and self.of(each) & {chosen.unit_id} for each in self.stored.values()), "people come first"
                assert chosen.load + chosen.messages < chosen.capacity
            for earlier in order[:place]:
                if self.stored[earlier.id].state is State.WAITING and not earlier.message:
                    assert choose(earlier, self.of(earlier), self.colleagues(), now=self.now) is None, "the more urgent first"
            offered = queue.Offered(at=self.now, to=chosen.id)
            assert self.commit(before, after(before, offered), offered)
        for each in self.stored.values():  # nobody who is there and free is left unasked
            if each.state is State.WAITING and not each.message:
                assert choose(each, self.of(each), self.colleagues(), now=self.now) is None
            if each.state is State.OFFERED:
                asked = self.staff[each.offered_to or b""]
                assert asked.there_until > self.now and (each.offered_until or 0) > self.now
            if each.state is State.ACTIVE:
                assert self.staff[each.owner_id or b""].there_until > self.now, "what is owned is in somebody's hands"

    # What always holds

    @invariant()
    def one_owner(self) -> None:
        for each in self.stored.values():
            assert (each.owner_id is not None) == (each.state in (State.ACTIVE, State.WRAP_UP)) or each.state is State.CLOSED
            assert (each.offered_to is None) == (each.offered_until is None)
            if each.state is State.OFFERED:
                assert each.offered_to is not None
            elif each.state is not State.ACTIVE:
                assert each.offered_to is None
            assert each.owner_id is None or each.owner_id != each.offered_to

    @invariant()
    def nothing_waits_unseen(self) -> None:
        """What is not closed is in a list that people see, and what nobody has is in the queue or has a time."""
        for each in self.stored.values():
            assert (each.state is State.CLOSED) == (each.ended_at is not None)
            if each.state is State.CALLBACK:
                assert each.callback_at is not None and each.conversation_id is not None
            if each.state in (State.WAITING, State.OFFERED) and each.ended is not None:
                assert each.urgency.crisis or each.message, "nobody waits for whoever is gone, unless a life may hang on it"
            if each.deserted:
                assert each.conversation_id is not None and not each.rings, "somebody is there to be told"

    @invariant()
    def what_is_heard_is_somebodys_to_answer(self) -> None:
        for each in self.stored.values():
            if each.unanswered:
                assert each.owner_id is not None and each.urgency.crisis and not each.rings and each.closing_id is None

    @invariant()
    def closed_is_closed(self) -> None:
        for number, was in self.closed.items():
            is_now = self.stored[number]
            same = replace(is_now, version=was.version, conversation_id=was.conversation_id, rating=was.rating)
            assert same == was
            assert is_now.conversation_id in (None, was.conversation_id)

    @invariant()
    def a_call_back_is_safe(self) -> None:
        for each in self.stored.values():
            if each.state is State.CALLBACK:
                assert not each.urgency.crisis or each.false_alarm


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=50, stateful_step_count=50, deadline=None)
