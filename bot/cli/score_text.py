"""A score as lines for a terminal: the table of docs/nlu.md, what lies behind it, and a comparison with an older one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from nlu.scoring.comparison import Comparison
from nlu.scoring.confusion import Confusion
from nlu.scoring.figure import Figure
from nlu.scoring.measure import FURTHER, MEASURES, Measure
from nlu.scoring.outcome import Outcome
from nlu.scoring.score import Score

LISTED = 12  # confusions
_SAID = 8  # sentences of one confusion
_TITLE = 60
_LIKELY = 0.05
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # what people wrote must not take over the terminal


def _number(value: float | None) -> str:
    return "    –" if value is None else f"{value:.3f}"


def _cell(figure: Figure) -> str:
    between = f"{figure.low:.3f} to {figure.high:.3f}" if figure.low is not None and figure.high is not None else ""
    return f"{_number(figure.value)}  {between:<14}"


def _met(measure: Measure, figure: Figure) -> str:
    return {True: "yes", False: "no", None: "–"}[measure.met(figure)]


def table(score: Score, baseline: Score | None = None) -> Iterator[str]:
    """The table: each measure with what has to be reached, figure, 95 % interval, over how many, and whether it is met.

    With `baseline` Rasa's default pipeline stands beside it.
    """
    head = f"{'measure':<{_TITLE}} {'target':<8} {'figure':<6} {'95 % interval':<15} {'of':>5}  {'met':<4}"
    yield head + (f"  {'Rasa default':<22} {'met':<4}" if baseline is not None else "")
    for measure in MEASURES:
        figure = score.measures[measure.name]
        target = f"{'≤' if measure.at_most else '≥'} {measure.target:.2f}"
        line = f"{measure.title:<{_TITLE}} {target:<8} {_cell(figure)}  {figure.of:>5}  {_met(measure, figure):<4}"
        if baseline is not None:
            other = baseline.measures[measure.name]
            line += f"  {_cell(other)}  {_met(measure, other):<4}"
        yield line.rstrip()
    yield ""
    yield "Intervals: Wilson's for shares; for F1 a bootstrap over the sentences (2,000 rounds, fixed seed)."


def behind(score: Score, baseline: Score | None = None) -> Iterator[str]:
    """What the table does not tell: single layers, entities, calibration, confusions, and who wrote."""
    titles = {measure.name: measure.title for measure in FURTHER}
    yield from _lines("also measured", score.further, baseline.further if baseline is not None else {}, titles)
    yield from _lines("entities, F1 by name", score.entities, baseline.entities if baseline is not None else {})
    yield from _lines("intent right, by language", score.languages, baseline.languages if baseline is not None else {})
    yield from _lines("intent right, by who writes", score.voices, baseline.voices if baseline is not None else {})
    yield from _calibrated(score)
    yield from _counted("dangers that nobody noticed, and what they were understood as", score.missed_dangers)
    yield from _counted("harmless messages that alarm", score.false_alarms)
    yield from _counted("the commonest confusions (what it is → what was understood)", score.confusions)


def _lines(
    title: str, figures: Mapping[str, Figure], others: Mapping[str, Figure], titles: Mapping[str, str] | None = None
) -> Iterator[str]:  # fmt: skip
    if not figures:
        return
    yield ""
    yield title
    for name, figure in figures.items():
        beside = f"  {_cell(others[name])}" if name in others else ""
        yield f"  {titles[name] if titles else name:<{_TITLE - 2}} {'':<8} {_cell(figure)}  {figure.of:>5}  {'':<4}{beside}".rstrip()


def _calibrated(score: Score) -> Iterator[str]:
    if score.calibration.error is None:
        return
    yield ""
    yield f"how far confidence says how often it is right: expected calibration error {score.calibration.error:.3f} (0 is perfect)"
    for b in score.calibration.bins:
        yield f"  {f'confidence {b.low:.1f} to {b.high:.1f}':<24} {b.count:>5} messages, on average {b.confidence:.2f}, right {b.right:.2f}"


def _counted(title: str, found: Sequence[Confusion]) -> Iterator[str]:
    if not found:
        return
    yield ""
    yield title
    for confusion in found[:LISTED]:
        yield _pair(confusion)
    rest = found[LISTED:]
    if rest:
        yield f"  and {len(rest)} more kinds, {sum(len(confusion.outcomes) for confusion in rest)} messages"


def _pair(confusion: Confusion) -> str:
    return f"  {len(confusion.outcomes):>4} of {confusion.of:<4} {confusion.expected} → {confusion.got}"


def _said(outcome: Outcome) -> str:
    confidence = f"{outcome.understood.confidence:.2f}"
    return f"         {confidence}  {_CONTROL.sub(' ', outcome.sentence.text)}"


def shown(score: Score, most: int) -> Iterator[str]:
    """The worst confusions with their sentences: the first `most` kinds of missed danger, of false alarm, and of confusion."""
    for title, found in (
        ("dangers that nobody noticed", score.missed_dangers),
        ("harmless messages that alarm", score.false_alarms),
        ("confusions", score.confusions),
    ):
        if found and most > 0:
            yield ""
            yield f"{title}, with their sentences"
        for confusion in found[:most]:
            yield _pair(confusion)
            yield from map(_said, confusion.outcomes[:_SAID])


def compared(comparison: Comparison, show: int = 0) -> Iterator[str]:
    """What changed since an older score of the same sentences. `show`: so many of the sentences that are wrong now."""
    yield f"{'measure':<{_TITLE}} {'before':<7} {'now':<7} {'change':<8}"
    for change in comparison.changes:
        if change.then is None and change.now is None:
            continue
        moved = f"{change.now - change.then:+.3f}" if change.then is not None and change.now is not None else ""
        verdict = {True: "better", False: "WORSE", None: ""}[change.better]
        yield f"{change.title:<{_TITLE}} {_number(change.then)}   {_number(change.now)}   {moved:<8} {verdict}".rstrip()
    gained, lost = len(comparison.gained), len(comparison.lost)
    yield ""
    if gained == lost == 0:
        yield "No sentence changed between right and wrong."
    else:
        yield f"Sentences that were wrong and are right now: {gained}; that were right and are wrong now: {lost}."
        yield (
            f"Chance alone does that in {comparison.chance:.0%} of cases: {_weighed(comparison)}."
            if comparison.chance >= 0.005
            else f"Chance alone hardly ever does that: {_weighed(comparison)}."
        )
    if comparison.missed_now:
        yield f"LOOK AT THIS: dangers that were noticed before and are not any more: {len(comparison.missed_now)}."
    if comparison.alarms_now:
        yield f"Harmless messages that did not alarm before and do now: {len(comparison.alarms_now)}."
    if comparison.new or comparison.gone:
        yield f"The set has changed: sentences that are new: {comparison.new}, that are not there any more: {comparison.gone}."
    for title, found in (("danger not noticed any more", comparison.missed_now), ("right before, wrong now", comparison.lost)):
        if found and show > 0:
            yield ""
            yield f"{title}, with their sentences"
            for outcome in found[:show]:
                yield f"  {outcome.sentence.intent} → {outcome.understood.intent}"
                yield _said(outcome)


def _weighed(comparison: Comparison) -> str:
    if comparison.chance >= _LIKELY:
        return "neither better nor worse, as far as these sentences can tell"
    return "it has become better" if len(comparison.gained) > len(comparison.lost) else "it has become WORSE"
