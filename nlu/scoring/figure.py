"""A measured figure with what chance does to it: shares with Wilson's interval, F1 with a bootstrap over sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

_Z = 1.959963984540054  # the normal distribution's 97.5 % point
ROUNDS = 2000  # of the bootstrap
_SEED = 20261125  # the same interval for the same results


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """`value` between 0 and 1, None if there was nothing to count; `low` and `high` are its 95 % interval; `of`: over how many."""

    value: float | None
    low: float | None
    high: float | None
    of: int
    method: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Things of one sentence that were found rightly, found wrongly (or not there), and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0


def share(hits: int, of: int) -> Figure:
    """So many of so many, with Wilson's score interval (E. B. Wilson, 1927), which stays sensible near 0 and 1."""
    if of == 0:
        return Figure(value=None, low=None, high=None, of=0, method="wilson")
    rate, z2 = hits / of, _Z * _Z
    centre = (rate + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z / (1 + z2 / of) * math.sqrt(rate * (1 - rate) / of + z2 / (4 * of * of))
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    high = 1.0 if hits == of else min(1.0, centre + half)
    return Figure(value=rate, low=low, high=high, of=of, method="wilson")


def share_of(answers: Iterable[bool]) -> Figure:
    """How many of the answers are yes."""
    found = list(answers)
    return share(sum(found), len(found))


def _f1(right: int, wrong: int, missed: int) -> float | None:
    wanted = 2 * right + wrong + missed
    return 2 * right / wanted if wanted else None


def f1(sentences: Sequence[Counts]) -> Figure:
    """F1 over all things of all sentences (micro-averaged). The interval is a percentile bootstrap: 2,000 times as many sentences are drawn
    from these, with a fixed seed. `of` is the number of things that should have been found."""
    totals = [sum(c.right for c in sentences), sum(c.wrong for c in sentences), sum(c.missed for c in sentences)]
    value = _f1(*totals)
    if value is None:
        return Figure(value=None, low=None, high=None, of=0, method="bootstrap")
    chance = Random(_SEED)  # noqa: S311 — drawn for an interval, not for a secret
    drawn: list[float] = []
    for _ in range(ROUNDS):
        right = wrong = missed = 0
        for counts in chance.choices(sentences, k=len(sentences)):
            right += counts.right
            wrong += counts.wrong
            missed += counts.missed
        again = _f1(right, wrong, missed)
        if again is not None:
            drawn.append(again)
    drawn.sort()
    low, high = drawn[int(0.025 * (len(drawn) - 1))], drawn[math.ceil(0.975 * (len(drawn) - 1))]
    return Figure(value=value, low=low, high=high, of=totals[0] + totals[2], method="bootstrap")
