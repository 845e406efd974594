"""Who is at the desk, and who of them is asked to take a conversation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from actions.access import TALKING
from actions.hand_off import HandOff, Refusal, Urgency

LANGUAGES = ("id", "en")
"""In which a colleague may talk with reporters."""

SKILLS = tuple(urgency.value for urgency in (Urgency.DANGER, Urgency.SELF_HARM, Urgency.CHILD))
"""What somebody may be particularly able to do: a word of a hand-off's urgency each, as `choose` looks for it."""

CAPACITY, MOST_CAPACITY = 3, 9
"""Conversations at a time: as somebody comes, and at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Colleague:
    """Somebody at the desk, as far as asking them goes. `state` is what they said: ready, away or pause (until `paused_until`);
    `there_until` is how long their console counts as connected; `load` counts the talks that they have and are asked to take, `messages`
    likewise what was left to be read; `danger`: one of it is danger; `asked`, `asked_to_read`: they are being asked right now.
    `telephone` and `telegram` say only that there is one. `place` is theirs in the on-call chain."""

    id: bytes
    unit_id: bytes
    role: str
    shown: str = ""
    languages: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    capacity: int = CAPACITY
    state: str = "away"
    paused_until: int | None = None
    there_until: int = 0
    load: int = 0
    messages: int = 0
    danger: bool = False
    asked: bool = False
    asked_to_read: bool = False
    place: int | None = None

    def on_duty(self, now: int) -> bool:
        """Whether they are really there, and want to be asked (a pause may be on)."""
        return self.there_until > now and self.state in ("ready", "pause") and self.role in TALKING

    def paused(self, now: int) -> bool:
        """Whether they are to be left alone unless nobody else is there."""
        return self.state == "pause" and (self.paused_until is None or self.paused_until > now)

    @property
    def free(self) -> bool:
        """Whether one more talk is not too much. What was left to be read can wait, and keeps nobody from being there for a person."""
        return not self.danger and self.load < self.capacity

    @property
    def free_to_read(self) -> bool:
        """Whether there is room for a message that was left."""
        return not self.danger and self.load + self.messages < self.capacity

    def asked_for(self, hand_off: HandOff) -> Colleague:
        """The same, now that they are asked to take it."""
        if hand_off.message:
            return replace(self, messages=self.messages + 1, asked_to_read=True)
        return replace(self, load=self.load + 1, asked=True)


def choose(hand_off: HandOff, readers: frozenset[bytes], colleagues: Sequence[Colleague], *, now: int) -> Colleague | None:
    """Who is asked to take it; None: nobody can be now. `readers` are the units that its case is sealed to.

    Among those who are there, can read it, have room and are not just being asked something else (danger does not wait for that): who
    speaks the language, who has the skill, who has the least to do. Who let it pass, and who rests after a danger, only if nobody else is
    there. Where nobody there speaks the language, or it is danger, anybody will do: a colleague with a dictionary is better than nobody.
    A message that was left is read by whoever has room beside everything else, is asked nothing, and does not rest.
    """
    there = [each for each in colleagues if each.unit_id in readers and each.on_duty(now)]
    if not hand_off.danger and any(hand_off.language in each.languages for each in there):
        there = [each for each in there if hand_off.language in each.languages]
    passers = set(hand_off.passers)
    if hand_off.due_at is not None and hand_off.due_at > now:
        there = [each for each in there if each.id not in passers]
    rested = [each for each in there if not each.paused(now)]
    if hand_off.message:
        reads = [each for each in rested if each.free_to_read and not each.asked and not each.asked_to_read]
        return min(reads, key=lambda each: (each.id in passers, *_fit(hand_off, each)), default=None)
    fresh = [each for each in rested if each.id not in passers]
    for circle in (fresh, rested, there):
        free = [each for each in circle if each.free and (not each.asked or hand_off.danger)]
        if free:
            return min(free, key=lambda each: _fit(hand_off, each))
        if circle and not hand_off.danger:
            return None  # somebody is there, and will have room: who rests is left in peace
    return None


def _fit(hand_off: HandOff, colleague: Colleague) -> tuple[bool, bool, int, bytes]:
    wanted = hand_off.urgency.value
    return (hand_off.language not in colleague.languages, wanted not in colleague.skills, colleague.load + colleague.messages, colleague.id)


def may_take(hand_off: HandOff, colleague: Colleague, *, now: int) -> Refusal | None:
    """Whether somebody may take it by themselves, or be asked to take it over: a crisis always, anything else while they have room."""
    if colleague.there_until <= now:
        return Refusal.ABSENT
    free = colleague.free_to_read if hand_off.message else colleague.free
    return None if free or hand_off.urgency.crisis else Refusal.FULL


def goes_away(colleague: Colleague, colleagues: Iterable[Colleague], *, now: int) -> bool:
    """Whether somebody who let an offer pass counts as away from now on: never the last one of the unit, who would leave nobody."""
    return any(each.id != colleague.id and each.unit_id == colleague.unit_id and each.on_duty(now) for each in colleagues)


def wait_minutes(ahead: int, handled: Sequence[int], *, places: int) -> int | None:
    """An honest estimate of the wait in minutes, rounded up to five; None if we do not know.

    `ahead` wait before this one; `handled` is how long each talk took that was ended within the last hour, in seconds; `places` is how many
    talks the people who are there can have at a time. Fewer than three talks say nothing. Half of all took less than what is counted with:
    one that was closed hours after it ended does not make everybody's wait long.
    """
    if places <= 0 or len(handled) < 3:
        return None
    seconds = (ahead + 1) * median(handled) / places
    return max(5, 5 * -(-int(seconds) // 300))
