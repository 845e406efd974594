"""Several options out of several: ticked one by one and then "done", or all numbers in one message."""

from __future__ import annotations

from typing import Any

from flows.answers.kind import Again, Answer, Offer, Reading, labelled, not_text, retry
from flows.definition import Step
from flows.matching import match_choice, match_many
from flows.message import Inbound
from flows.scene import Scene

DONE = "done"


class Many:
    """The answer is a list of option ids in the definition's order. Its route is the first chosen option that has one."""

    def offer(self, step: Step, scene: Scene) -> Offer:
        """The options, the ticked ones marked, and "done" last."""
        picked = scene.frame.scratch.get("picked", [])
        options = tuple((option, f"✓ {label}" if option in picked else label) for option, label in labelled(step, scene))
        return Offer(options=(*options, (DONE, scene.common("many_done"))), many=True)

    def read(self, step: Step, scene: Scene, message: Inbound, tapped: str | None) -> Reading:
        """A tick, "done", or a whole list in words."""
        options = labelled(step, scene)
        ids = [option for option, _ in options]
        picked = [option for option in scene.frame.scratch.get("picked", []) if option in ids]
        if tapped is None:
            refusal = not_text(step, scene, message, "many")
            if refusal is not None:
                return refusal
            # "Done" is numbered after the options, so it is looked for among them: a typed 1 ticks the first one.
            shown = (*options, (DONE, scene.common("many_done")))
            if match_choice(message.text, shown) == DONE:
                tapped = DONE
            else:
                chosen = match_many(message.text, shown, scene.heard(step))
                if not chosen:
                    return retry(step, scene, "many")
                return self._answer(step, [option for option in ids if option in chosen or option in picked])
        if tapped == DONE:
            return self._answer(step, picked) if picked else retry(step, scene, "many")
        if tapped not in ids:
            return retry(step, scene, "many")
        picked = [option for option in picked if option != tapped] if tapped in picked else [*picked, tapped]
        scene.frame.scratch["picked"] = picked
        scene.replaces = True
        return Again(text=scene.words(step=step), miss=False, whole=False)

    @staticmethod
    def _answer(step: Step, chosen: list[str]) -> Answer:
        return Answer(value=chosen, option=next((option for option in chosen if option in step.routes), None))

    def show(self, step: Step, scene: Scene, value: Any) -> str:
        """The labels, joined."""
        return ", ".join(scene.label(step, str(option)) for option in value)
