"""go, call and end: from one conversation to another and back."""

from __future__ import annotations

from flows.definition import Step
from flows.move import END, Move, Open
from flows.scene import Scene
from flows.steps.step_type import Passing


class Go(Passing):
    """Another flow instead of this one."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Leaves for good."""
        return Open(flow=str(step.settings["flow"]), entry=step.settings.get("entry"))


class Call(Passing):
    """Another flow, then back to the step after this one."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Stands at the following step already, so that the return leads there."""
        after = step.after(None)
        if after is not None:
            scene.frame.step = after
        return Open(flow=str(step.settings["flow"]), entry=step.settings.get("entry"), keep=after is not None)


class End(Passing):
    """The end of this flow."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Back to what is underneath."""
        return END
