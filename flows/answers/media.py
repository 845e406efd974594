"""A file. Taken only where the world says that files can be sealed as they come in."""

from __future__ import annotations

from typing import Any

from flows.answers.kind import Again, Answer, Offer, Reading, labelled, retry
from flows.definition import Step
from flows.message import Inbound
from flows.scene import Scene


class Media:
    """`accept` lists the kinds taken: voice, image, video, document. The answer holds the channel's handle, never the content."""

    def offer(self, step: Step, scene: Scene) -> Offer:
        """The step's options ("I have none")."""
        return Offer(options=labelled(step, scene))

    def read(self, step: Step, scene: Scene, message: Inbound, tapped: str | None) -> Reading:
        """The file, if this kind is taken here."""
        options = dict(labelled(step, scene))
        if tapped is not None:
            return Answer(value=tapped, option=tapped) if tapped in options else retry(step, scene, "media")
        if message.media is None:
            return retry(step, scene, "media")
        if not scene.world.get("takes_media"):
            return Again(text=scene.common("media_closed"))
        if message.media.kind not in step.settings.get("accept", ()):
            return retry(step, scene, "media")
        media = message.media
        return Answer(value={"kind": media.kind, "handle": media.handle, "content_type": media.content_type, "size": media.size})

    def show(self, step: Step, scene: Scene, value: Any) -> str:
        """What kind of file it is."""
        return str(value.get("kind")) if isinstance(value, dict) else scene.label(step, str(value))
