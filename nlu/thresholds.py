"""From which confidence on a guess is acted upon: `data/understanding.yml`, chosen on the development set and on nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flows.marked import Marked, Problem, read
from flows.message import Danger


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """Probabilities, 0 to 1. Below `confident` the model's intent is "unclear"; `danger` says from where on its danger counts, at most
    `confident` each; `offer` how likely a topic has to be to be offered to whom was not understood; `search` is `confident` for the keyword
    search that stands in while there is no model."""

    confident: float
    danger: Mapping[Danger, float]
    offer: float
    search: float


class ThresholdsError(ValueError):
    """The file cannot be used. `problems` names everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))


def read_thresholds(text: str, *, file: str) -> tuple[Thresholds | None, list[Problem]]:
    """The thresholds that a file holds, None if they cannot be used, and everything that is wrong. `file` only names it."""
    body, problems = read(text, file=file)
    if problems:
        return None, problems

    def number(where: Marked, name: str) -> float:
        value = where.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
            problems.append(Problem(file=file, line=where.line_of(name), message=f"'{name}' must be a number between 0 and 1"))
            return 0.5
        return float(value)

    def unknown(where: Marked, known: set[str]) -> None:
        for name in where:
            if name not in known:
                problems.append(Problem(file=file, line=where.line_of(name), message=f"'{name}' is not known here"))

    unknown(body, {"confident", "danger", "offer", "search"})
    confident, offer, search = number(body, "confident"), number(body, "offer"), number(body, "search")
    danger = body.get("danger")
    if not isinstance(danger, Marked):
        problems.append(Problem(file=file, line=body.line_of("danger"), message="'danger' must name a threshold for each kind of danger"))
        return None, problems
    unknown(danger, {kind.value for kind in Danger})
    levels = {kind: number(danger, kind.value) for kind in Danger}
    for kind, level in levels.items():
        if level > confident:
            message = f"'{kind.value}' must not be above 'confident': a danger that the model is sure of would not count"
            problems.append(Problem(file=file, line=danger.line_of(kind.value), message=message))
    return (None if problems else Thresholds(confident=confident, danger=levels, offer=offer, search=search)), problems


def load_thresholds(path: Path) -> Thresholds:
    """The thresholds of a file. Raises ThresholdsError, which names everything that is wrong, and OSError if it cannot be read."""
    found, problems = read_thresholds(path.read_text(encoding="utf-8"), file=path.name)
    if found is None:
        raise ThresholdsError(problems)
    return found
