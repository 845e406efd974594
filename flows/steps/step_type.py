"""What a step type is."""

from __future__ import annotations

from typing import Protocol

from flows.definition import Step
from flows.move import ASK, Goto, Move
from flows.scene import Scene
from flows.signals import Done, Said


class StepType(Protocol):
    """`enter` when the conversation comes to the step, `hear` when a person answers it, `done` when its action came back."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Comes to the step."""

    def hear(self, step: Step, scene: Scene, said: Said, tapped: str | None) -> Move:
        """A message while the step waits. `tapped` is the option of a tap on its own question."""

    def done(self, step: Step, scene: Scene, done: Done) -> Move:
        """The step's action came back."""


class Passing:
    """A step that never waits: what it shares with the others of that sort."""

    def hear(self, step: Step, scene: Scene, said: Said, tapped: str | None) -> Move:
        """It does not wait, so whatever is heard here leads to doing the step again (a session of an older program)."""
        return ASK

    def done(self, step: Step, scene: Scene, done: Done) -> Move:
        """It asks for no action: the conversation goes on."""
        return Goto(step=step.after(None))
