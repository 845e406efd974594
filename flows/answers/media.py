"""Files, one after the other, until the person says that this is all."""

from __future__ import annotations

from typing import Any

from flows import files
from flows.answers.kind import Again, Answer, Offer, Reading, labelled, retry
from flows.definition import Step
from flows.matching import match_choice
from flows.message import Inbound
from flows.move import Act
from flows.scene import Scene

REMOVE = "remove"


class Media:
    """`accept` lists the kinds taken: voice, image, document. What was taken is kept among the facts (`flows.files`); the answer is the
    option that ended it. The option `remove` takes back everything that was sent."""

    def offer(self, step: Step, scene: Scene) -> Offer:
        """The step's options ("that is all")."""
        return Offer(options=labelled(step, scene))

    def read(self, step: Step, scene: Scene, message: Inbound, tapped: str | None) -> Reading:
        """An option. Files never come here: they are heard before (`flows.files.hear`)."""
        if message.media is not None and not message.text:
            return Again(text=scene.common("media_closed"))  # no file is taken on this channel
        options = labelled(step, scene)
        chosen = tapped if tapped is not None else match_choice(message.text, options)
        if chosen == REMOVE and chosen in dict(options):
            return Act(name=files.REMOVE)
        if chosen in dict(options):
            return Answer(value=chosen, option=chosen)
        return retry(step, scene, "media")

    def show(self, step: Step, scene: Scene, value: Any) -> str:
        """What was sent."""
        return files.summary(scene) or scene.label(step, str(value))
