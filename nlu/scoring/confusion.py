"""What is taken for what: the mistakes behind the figures, the commonest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nlu.scoring.outcome import Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Confusion:
    """`outcomes` are the messages that mean `expected` and were understood as `got`; `of`: how many mean it at all."""

    expected: str
    got: str
    of: int
    outcomes: tuple[Outcome, ...]


def confusions(outcomes: Iterable[Outcome]) -> tuple[Confusion, ...]:
    """Every wrong pair of intents, the commonest first; "unclear" is one of them."""
    return _gathered((o, o.sentence.intent, o.understood.intent) for o in outcomes)


def missed_dangers(outcomes: Iterable[Outcome]) -> tuple[Confusion, ...]:
    """Dangers that no layer noticed, by what they were understood as."""
    return tuple(
        Confusion(expected=c.expected, got=c.got.removeprefix(_SILENT), of=c.of, outcomes=c.outcomes)
        for c in _gathered(
            (o, o.sentence.intent, o.sentence.intent if o.understood.danger is not None else _SILENT + o.understood.intent)
            for o in outcomes
            if o.sentence.dangerous
        )
    )


def false_alarms(outcomes: Iterable[Outcome]) -> tuple[Confusion, ...]:
    """Harmless messages that alarm, by what they mean."""
    return _gathered(
        (o, o.sentence.intent, o.understood.danger.value if o.understood.danger is not None else o.sentence.intent)
        for o in outcomes
        if not o.sentence.dangerous
    )


_SILENT = "silent:"  # an emergency may be understood as one, below the threshold of danger, and alarm nobody


def _gathered(pairs: Iterable[tuple[Outcome, str, str]]) -> tuple[Confusion, ...]:
    counted: dict[str, int] = {}
    found: dict[tuple[str, str], list[Outcome]] = {}
    for outcome, expected, got in pairs:
        counted[expected] = counted.get(expected, 0) + 1
        if expected != got:
            found.setdefault((expected, got), []).append(outcome)
    wrong = [
        Confusion(expected=expected, got=got, of=counted[expected], outcomes=tuple(outcomes))
        for (expected, got), outcomes in found.items()
    ]
    return tuple(sorted(wrong, key=lambda c: (-len(c.outcomes), -len(c.outcomes) / c.of, c.expected, c.got)))
