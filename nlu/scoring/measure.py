"""The measures by which the understanding is judged, with what has to be reached (docs/nlu.md, "How well it understands")."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nlu.scoring.figure import Figure, f1, share_of
from nlu.scoring.outcome import OUT_OF_SCOPE, UNCLEAR, Outcome, is_topic

Outcomes = Sequence[Outcome]
_CASES = ("disclosure", "start_report")
_ALL_CASES = (*_CASES, "emergency")  # where the sets say every entity


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """`name` is for machines, `title` for people. `target` is the least to be reached, or the most (`at_most`); None: for information."""

    name: str
    title: str
    of: Callable[[Outcomes], Figure]
    target: float | None = None
    at_most: bool = False

    def met(self, figure: Figure) -> bool | None:
        """Whether the target is reached; None where there is none, or nothing was counted."""
        if self.target is None or figure.value is None:
            return None
        return figure.value <= self.target if self.at_most else figure.value >= self.target


def _traps(outcomes: Outcomes) -> list[Outcome]:
    return [o for o in outcomes if o.sentence.trap and not o.sentence.dangerous]


def _questions(outcomes: Outcomes) -> list[Outcome]:
    return [o for o in outcomes if o.asks]


def _dangers(outcomes: Outcomes) -> list[Outcome]:
    return [o for o in outcomes if o.sentence.dangerous]


def _of(outcomes: Outcomes, intents: tuple[str, ...]) -> list[Outcome]:
    return [o for o in outcomes if o.sentence.intent in intents]


MEASURES: tuple[Measure, ...] = (
    Measure(
        name="danger_noticed", title="emergency or self-harm noticed (either layer)", target=0.98,
        of=lambda all_: share_of(o.understood.danger is not None for o in _dangers(all_)),
    ),
    Measure(
        name="false_alarms", title="false alarm on harmless messages with alarming words", target=0.05, at_most=True,
        of=lambda all_: share_of(o.understood.danger is not None for o in _traps(all_)),
    ),
    Measure(name="intent_right", title="intent right, all messages", target=0.92, of=lambda all_: share_of(o.right for o in all_)),
    Measure(
        name="faq_first", title="FAQ: right answer first", target=0.88,
        of=lambda all_: share_of(o.first == o.sentence.intent for o in _questions(all_)),
    ),
    Measure(
        name="faq_offered", title="FAQ: right answer among the three offered", target=0.96,
        of=lambda all_: share_of(o.sentence.intent in o.offered for o in _questions(all_)),
    ),
    Measure(
        name="faq_wrong", title="FAQ: a wrong answer given with confidence", target=0.05, at_most=True,
        of=lambda all_: share_of(o.confidently_wrong for o in _questions(all_)),
    ),
    Measure(
        name="out_of_scope_noticed", title="out of scope noticed", target=0.90,
        of=lambda all_: share_of(o.right for o in _of(all_, (OUT_OF_SCOPE,))),
    ),
    Measure(
        name="entities", title="entities, F1 on disclosures and reports", target=0.85,
        of=lambda all_: f1([o.facts() for o in _of(all_, _CASES)]),
    ),
)  # fmt: skip

FURTHER: tuple[Measure, ...] = (
    Measure(
        name="danger_kind", title="danger noticed, and of the right kind",
        of=lambda all_: share_of(o.understood.danger == o.sentence.intent for o in _dangers(all_)),
    ),
    Measure(
        name="danger_by_phrases", title="danger noticed by the danger phrases alone",
        of=lambda all_: share_of(o.phrases is not None for o in _dangers(all_)),
    ),
    Measure(
        name="danger_by_model", title="danger noticed by the model alone",
        of=lambda all_: share_of(o.model is not None for o in _dangers(all_)),
    ),
    Measure(
        name="false_alarms_of_phrases", title="false alarm of the danger phrases alone",
        of=lambda all_: share_of(o.phrases is not None for o in _traps(all_)),
    ),
    Measure(
        name="false_alarms_of_model", title="false alarm of the model alone",
        of=lambda all_: share_of(o.model is not None for o in _traps(all_)),
    ),
    Measure(
        name="false_alarms_on_all", title="false alarm on all harmless messages",
        of=lambda all_: share_of(o.understood.danger is not None for o in all_ if not o.sentence.dangerous),
    ),
    Measure(
        name="intent_first", title="right intent first, whatever the threshold",
        of=lambda all_: share_of(o.first == o.sentence.intent for o in all_),
    ),
    Measure(name="unclear", title="left unclear", of=lambda all_: share_of(o.understood.intent == UNCLEAR for o in all_)),
    Measure(
        name="faq_reached", title="FAQ: right answer given, or offered when not sure",
        of=lambda all_: share_of(o.reached for o in _questions(all_)),
    ),
    Measure(
        name="faq_unasked", title="a topic answered with confidence that nobody asked about",
        of=lambda all_: share_of(is_topic(o.understood.intent) for o in all_ if not o.asks),
    ),
    Measure(
        name="entity_spans", title="entities by exact place, F1 on disclosures and reports",
        of=lambda all_: f1([o.spans() for o in _of(all_, _CASES)]),
    ),
    Measure(
        name="entities_with_emergencies", title="entities, F1 with emergencies too",
        of=lambda all_: f1([o.facts() for o in _of(all_, _ALL_CASES)]),
    ),
)  # fmt: skip


def entity_figures(outcomes: Outcomes) -> dict[str, Figure]:
    """F1 by name and value of each entity that disclosures and reports hold."""
    cases = _of(outcomes, _CASES)
    names = sorted({e.entity for o in cases for e in o.sentence.entities} | {e.entity for o in cases for e in o.understood.entities})
    return {name: f1([o.facts(name) for o in cases]) for name in names}
