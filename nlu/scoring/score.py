"""The whole score of one set: the measures, what lies behind them, and the same as plain JSON values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nlu.scoring.calibration import Calibration, calibration
from nlu.scoring.confusion import Confusion, confusions, false_alarms, missed_dangers
from nlu.scoring.figure import Figure, share_of
from nlu.scoring.measure import FURTHER, MEASURES, entity_figures
from nlu.scoring.outcome import Outcome

FORMAT = 1
_FEW = 20  # messages of a voice: fewer say nothing, and stand together as "others"
_AGE = re.compile(r"\s*\d+\s*|\s*\([^)]*\)\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """`measures` and `further` by name; `entities` by entity; `voices` and `languages`: intent right, by who wrote."""

    outcomes: tuple[Outcome, ...]
    measures: dict[str, Figure]
    further: dict[str, Figure]
    entities: dict[str, Figure]
    voices: dict[str, Figure]
    languages: dict[str, Figure]
    calibration: Calibration
    confusions: tuple[Confusion, ...]
    missed_dangers: tuple[Confusion, ...]
    false_alarms: tuple[Confusion, ...]

    def to_json(self) -> dict[str, Any]:
        """Figures and, for each sentence, its id and what was understood: none of its words."""
        targets = {measure.name: measure for measure in MEASURES}
        return {
            "format": FORMAT,
            "sentences": len(self.outcomes),
            "measures": {
                name: {
                    "measure": targets[name].title, **asdict(figure), "target": targets[name].target,
                    "at_most": targets[name].at_most, "met": targets[name].met(figure),
                }
                for name, figure in self.measures.items()
            },
            "further": {measure.name: {"measure": measure.title, **asdict(self.further[measure.name])} for measure in FURTHER},
            "entities": {name: asdict(figure) for name, figure in self.entities.items()},
            "voices": {name: asdict(figure) for name, figure in self.voices.items()},
            "languages": {name: asdict(figure) for name, figure in self.languages.items()},
            "calibration": asdict(self.calibration),
            "confusions": [_counted(confusion) for confusion in self.confusions],
            "missed_dangers": [_counted(confusion) for confusion in self.missed_dangers],
            "false_alarms": [_counted(confusion) for confusion in self.false_alarms],
            "outcomes": [
                {
                    "id": o.sentence.id, "expected": o.sentence.intent, "intent": o.understood.intent,
                    "confidence": round(o.understood.confidence, 4), "danger": o.understood.danger,
                }
                for o in self.outcomes
            ],
        }  # fmt: skip


def _counted(confusion: Confusion) -> dict[str, Any]:
    return {"expected": confusion.expected, "got": confusion.got, "count": len(confusion.outcomes), "of": confusion.of}


def _grouped(outcomes: Sequence[Outcome], names: Sequence[str], *, few: int = 1) -> dict[str, Figure]:
    """Intent right for each name; names of few messages together. Empty where nothing is told apart."""
    counted = Counter(names)
    groups: dict[str, list[bool]] = {}
    for outcome, name in zip(outcomes, names, strict=True):
        groups.setdefault("others" if counted[name] < few or not name else name, []).append(outcome.right)
    return {name: share_of(groups[name]) for name in sorted(groups, key=lambda name: (name == "others", name))} if len(groups) > 1 else {}


def score(outcomes: Sequence[Outcome]) -> Score:
    """The score of a set. Voices stand without age and language: "teen 15 (English)" is a teen."""
    return Score(
        outcomes=tuple(outcomes),
        measures={measure.name: measure.of(outcomes) for measure in MEASURES},
        further={measure.name: measure.of(outcomes) for measure in FURTHER},
        entities=entity_figures(outcomes),
        voices=_grouped(outcomes, [_AGE.sub(" ", o.sentence.voice).strip() for o in outcomes], few=_FEW),
        languages=_grouped(outcomes, [o.sentence.language for o in outcomes]),
        calibration=calibration(outcomes),
        confusions=confusions(outcomes),
        missed_dangers=missed_dangers(outcomes),
        false_alarms=false_alarms(outcomes),
    )
