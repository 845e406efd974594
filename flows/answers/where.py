"""Where somebody is right now: a landmark in words, or a pin."""

from __future__ import annotations

from typing import Any

from flows.answers.kind import Again, Answer, Offer, Reading, labelled, retry
from flows.answers.text import says
from flows.definition import Step
from flows.message import Inbound
from flows.scene import Scene


class Where:
    """The answer is {"text": …} or {"location": [latitude, longitude]} in degrees, or an option's id."""

    def offer(self, step: Step, scene: Scene) -> Offer:
        """The step's options and the platform's "send location"."""
        return Offer(options=labelled(step, scene), ask_location=True)

    def read(self, step: Step, scene: Scene, message: Inbound, tapped: str | None) -> Reading:
        """The pin, the words, or an option."""
        options = labelled(step, scene)
        if tapped is not None:
            return Answer(value=tapped, option=tapped) if tapped in dict(options) else retry(step, scene, "where")
        if message.location is not None:
            return Answer(value={"location": list(message.location)})
        if not message.text.strip():
            return Again(text=scene.common("media_closed" if message.media else "unsupported"))
        for number, (option, label) in enumerate(options, start=1):
            if says(message.text, label) or message.text.strip() == str(number):
                return Answer(value=option, option=option)
        return Answer(value={"text": message.text})

    def show(self, step: Step, scene: Scene, value: Any) -> str:
        """The words or the coordinates."""
        if isinstance(value, dict):
            location = value.get("location")
            return str(value.get("text", "")) if location is None else f"{location[0]:.5f}, {location[1]:.5f}"
        return scene.label(step, str(value))
