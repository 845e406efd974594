"""Two scores of the same sentences: what became better, what became worse, and whether chance alone does such things."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nlu.scoring.measure import FURTHER, MEASURES
from nlu.scoring.outcome import Outcome
from nlu.scoring.score import FORMAT, Score

_SEEN = 0.0005  # a change that the table would not show


class OldScoreError(ValueError):
    """What was stored cannot be compared with: it is no score, or one of another program."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One measure then and now. `better` is None where it is the same, or where more is neither better nor worse."""

    title: str
    then: float | None
    now: float | None
    better: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """`gained` were wrong and are right now, `lost` were right and are wrong now; `chance`: how often chance alone tips so many so far
    to one side (McNemar's exact test, both sides). `missed_now`: dangers that were noticed and are not any more. `alarms_now`: harmless
    messages that did not alarm and do now. `new`: how many sentences the old score does not have; `gone`: how many it alone has."""

    changes: tuple[Change, ...]
    gained: tuple[Outcome, ...]
    lost: tuple[Outcome, ...]
    missed_now: tuple[Outcome, ...]
    alarms_now: tuple[Outcome, ...]
    chance: float
    new: int
    gone: int


def chance_of(gained: int, lost: int) -> float:
    """Exact two-sided p of McNemar's test: the changed sentences as tosses of a coin."""
    tosses = gained + lost
    tail = sum(math.comb(tosses, heads) for heads in range(min(gained, lost) + 1))
    return float(min(1.0, 2 * (tail / 2**tosses)))


def compare(old: Mapping[str, Any], score: Score) -> Comparison:
    """`old` is a stored `Score.to_json`. Raises OldScoreError if it is none."""
    try:
        if old["format"] != FORMAT:
            raise OldScoreError("it was written by another version of this program")
        then = {str(entry["id"]): entry for entry in old["outcomes"]}
        changes = tuple(_changes(old, score))
        before = [(outcome, then[outcome.sentence.id]) for outcome in score.outcomes if outcome.sentence.id in then]
        was_right = [(o, entry["intent"] == entry["expected"] == o.sentence.intent, entry["danger"]) for o, entry in before]
    except (KeyError, TypeError, AttributeError):
        raise OldScoreError("it is no score that --json has written") from None
    gained = tuple(o for o, right, _ in was_right if o.right and not right)
    lost = tuple(o for o, right, _ in was_right if right and not o.right)
    ids = {outcome.sentence.id for outcome in score.outcomes}
    return Comparison(
        changes=changes, gained=gained, lost=lost,
        missed_now=tuple(o for o, _, danger in was_right if o.sentence.dangerous and danger is not None and o.understood.danger is None),
        alarms_now=tuple(o for o, _, danger in was_right if not o.sentence.dangerous and danger is None and o.understood.danger),
        chance=chance_of(len(gained), len(lost)), new=len(score.outcomes) - len(before), gone=len(then.keys() - ids),
    )  # fmt: skip


def _changes(old: Mapping[str, Any], score: Score) -> Sequence[Change]:
    found = []
    for measures, key, figures in ((MEASURES, "measures", score.measures), (FURTHER, "further", score.further)):
        for measure in measures:
            then, now = old[key].get(measure.name, {}).get("value"), figures[measure.name].value
            moved = then is not None and now is not None and abs(now - then) >= _SEEN
            better = (now < then if measure.at_most else now > then) if moved and measure.target is not None else None
            found.append(Change(title=measure.title, then=then, now=now, better=better))
    return found
