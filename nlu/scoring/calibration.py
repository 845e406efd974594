"""Whether confidence says how often it is right: the expected calibration error, and the lines of a reliability diagram."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nlu.scoring.outcome import Outcome

BINS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """The messages whose confidence lies in [low, high), the last bin with its end: how many, their mean confidence, the share right."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """`error` is the mean distance between confidence and share right, each bin weighed by its messages (ECE, ten equal bins; Naeini et al.
    2015); None without a message."""

    error: float | None
    bins: tuple[Bin, ...]


def calibration(outcomes: Iterable[Outcome]) -> Calibration:
    """Of the likeliest intent, whatever the threshold. Messages of which nothing was understood are left out."""
    binned: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for outcome in outcomes:
        if outcome.understood.ranking:
            name, confidence = outcome.understood.ranking[0]
            place = min(BINS - 1, max(0, int(confidence * BINS)))
            binned[place].append((confidence, name == outcome.sentence.intent))
    total = sum(map(len, binned))
    bins = tuple(
        Bin(
            low=place / BINS, high=(place + 1) / BINS, count=len(inside),
            confidence=sum(confidence for confidence, _ in inside) / len(inside), right=sum(right for _, right in inside) / len(inside),
        )
        for place, inside in enumerate(binned)
        if inside
    )  # fmt: skip
    return Calibration(error=sum(b.count * abs(b.confidence - b.right) for b in bins) / total if total else None, bins=bins)
