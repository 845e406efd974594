"""branch: the first case that holds."""

from __future__ import annotations

from flows.definition import Step
from flows.move import Goto, Move
from flows.scene import Scene
from flows.steps.step_type import Passing


class Branch(Passing):
    """Takes the first case whose condition holds, else the step's `else`."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Goes on."""
        known = scene.known()
        return Goto(step=next((case.next for case in step.cases if case.when.holds(known)), step.otherwise))
