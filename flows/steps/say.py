"""say: a text, then on."""

from __future__ import annotations

from flows.definition import Step
from flows.move import Goto, Move
from flows.scene import Scene
from flows.steps.step_type import Passing


class Say(Passing):
    """Sends the step's text. Quiet while answers that were given before are being gone through again."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Sends and goes on."""
        if not scene.frame.kept:
            scene.tell(scene.words(step=step))
        return Goto(step=step.after(None))
