"""A whole number, in figures or in words."""

from __future__ import annotations

from typing import Any

from flows.answers.kind import Answer, Offer, Reading, labelled, not_text, retry
from flows.catalogue import fold
from flows.definition import Step
from flows.matching import parse_number
from flows.message import Inbound
from flows.scene import Scene


class Number:
    """`min` and `max` bound it, both included."""

    def offer(self, step: Step, scene: Scene) -> Offer:
        """The step's few options, if it has any ("I do not know")."""
        return Offer(options=labelled(step, scene))

    def read(self, step: Step, scene: Scene, message: Inbound, tapped: str | None) -> Reading:
        """The number within its bounds."""
        options = dict(labelled(step, scene))
        if tapped is not None:
            return Answer(value=tapped, option=tapped) if tapped in options else retry(step, scene, "number")
        refusal = not_text(step, scene, message, "number")
        if refusal is not None:
            return refusal
        for option, label in options.items():
            if fold(message.text) == fold(label):
                return Answer(value=option, option=option)
        value = parse_number(message.text)
        low, high = step.settings.get("min"), step.settings.get("max")
        if value is None or (low is not None and value < low) or (high is not None and value > high):
            return retry(step, scene, "number")
        return Answer(value=value)

    def show(self, step: Step, scene: Scene, value: Any) -> str:
        """The figure, or the option's label."""
        return scene.label(step, value) if isinstance(value, str) else str(value)
