"""do: an action; its result says where to go on. handoff is the one that hands the conversation to people."""

from __future__ import annotations

from flows.definition import Step
from flows.move import Act, Goto, Move
from flows.scene import Scene
from flows.signals import Done
from flows.steps.step_type import Passing


class Do(Passing):
    """Runs the step's action with its constant arguments."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Asks for the action."""
        scene.frame.settle()
        return Act(name=str(step.settings["action"]), arguments=dict(step.settings.get("arguments") or {}))

    def done(self, step: Step, scene: Scene, done: Done) -> Move:
        """Takes the way of the result's code; answers that should not stay (a receipt) are dropped."""
        for asked in scene.frame.flow.steps.values():
            if asked.settings.get("secret"):
                scene.frame.answers.pop(asked.save, None)
        after = step.after(done.code)
        if after is None and step.routes:
            # A failure of ours that the definition has no words for: the way of "nobody could read it", else the last one listed.
            after = step.routes.get("closed", list(step.routes.values())[-1])
        return Goto(step=after)


class Handoff(Do):
    """Hands the conversation to people, with the reason that the definition gives; with `talk: true` they can answer in it."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Asks for the hand-off."""
        scene.frame.settle()
        talk = {"talk": True} if step.settings.get("talk") is True else {}
        return Act(name="hand_off", arguments={"reason": str(step.settings.get("reason", "asked")), **talk})
