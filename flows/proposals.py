"""A question whose answer was told already: it is asked back ("Benar?") instead of asked again."""

from __future__ import annotations

from typing import Any

from flows.definition import Step
from flows.kinds import KINDS
from flows.matching import match_choice
from flows.message import Inbound
from flows.noted import CERTAIN
from flows.scene import Scene

RIGHT, WRONG = "yes", "no"  # heard in the many ways of saying yes and no
NOTHING = object()


def proposed(step: Step, scene: Scene) -> Any:
    """The answer that is known for the question (`known` names it among what is certain); NOTHING if none is, or it does not fit."""
    certain = scene.facts.get(CERTAIN)
    name = step.settings.get("known")
    if not isinstance(name, str) or not isinstance(certain, dict) or name not in certain:
        return NOTHING
    value = certain[name]
    if step.kind == "choice":
        return value if any(option.id == value for option in scene.options(step)) else NOTHING
    return value if step.kind == "place" and isinstance(value, dict) else NOTHING


def forget(step: Step, scene: Scene) -> None:
    """The question was answered, or the proposal was wrong: it is not made again."""
    certain, name = scene.facts.get(CERTAIN), step.settings.get("known")
    if isinstance(certain, dict) and name in certain:
        scene.facts[CERTAIN] = {other: value for other, value in certain.items() if other != name}


def ways(scene: Scene) -> tuple[tuple[str, str], ...]:
    """What can be tapped under a proposal."""
    return (RIGHT, scene.common("known_right")), (WRONG, scene.common("known_wrong"))


def sentence(step: Step, scene: Scene, value: Any) -> str:
    """The proposal in words. A place's name and a label are ours; nothing that was written is in it."""
    shown = KINDS[step.kind].show(step, scene, value)
    return scene.common("known").replace("{label}", scene.words("label", step=step) or "").replace("{answer}", shown)


def decided(scene: Scene, message: Inbound, tapped: str | None) -> str | None:
    """RIGHT, WRONG, or None for words that are neither."""
    return tapped if tapped in (RIGHT, WRONG) else match_choice(message.text, ways(scene)) if tapped is None else None
