"""Own words, kept exactly as they were written."""

from __future__ import annotations

from typing import Any

from flows.answers.kind import Again, Answer, Offer, Reading, labelled, not_text, retry
from flows.catalogue import fold
from flows.definition import Step
from flows.message import Inbound
from flows.scene import Scene

LONGEST = 4000
SHOWN = 300


class Text:
    """`max` is the longest answer in characters. A chosen option is kept by its id."""

    def offer(self, step: Step, scene: Scene) -> Offer:
        """The step's few options, if it has any ("I do not know the place")."""
        return Offer(options=labelled(step, scene))

    def read(self, step: Step, scene: Scene, message: Inbound, tapped: str | None) -> Reading:
        """The words; or an option, if exactly that was said."""
        options = labelled(step, scene)
        if tapped is not None:
            return Answer(value=tapped, option=tapped) if tapped in dict(options) else retry(step, scene, "text")
        refusal = not_text(step, scene, message, "text")
        if refusal is not None:
            return refusal
        for number, (option, label) in enumerate(options, start=1):
            if fold(message.text) in (fold(label), str(number)):
                return Answer(value=option, option=option)
        if len(message.text) > int(step.settings.get("max", LONGEST)):
            return Again(text=scene.common("too_long"), miss=False)
        if not message.text.strip():
            return retry(step, scene, "text")
        return Answer(value=message.text)

    def show(self, step: Step, scene: Scene, value: Any) -> str:
        """The beginning of the words."""
        text = scene.label(step, value) if value in {option.id for option in step.options} else str(value)
        return text if len(text) <= SHOWN else text[: SHOWN - 1].rstrip() + "…"
