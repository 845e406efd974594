"""review: everything that was answered, to read over, to change, and then to go on."""

from __future__ import annotations

from flows import files
from flows.definition import Step
from flows.kinds import KINDS
from flows.matching import match_choice
from flows.message import InboundKind
from flows.move import ASK, WAIT, Goto, Move
from flows.scene import OpenFrame, Scene
from flows.signals import Done, Said

SEND = "send"
EDIT = "edit"
LONGEST = 900


class Review:
    """Two stages: the summary with "send" and "change something", and the list of questions to change."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Shows the summary, or the list if that was asked for."""
        frame = scene.frame
        frame.settle()
        scene.new_prompt()
        if frame.scratch.get("which"):
            scene.tell(scene.common("review_which"), choices=self._questions(scene), personal=True)
            return WAIT
        title = scene.words(step=step) or scene.common("review_title")
        lines = [f"{label}: {self._shown(scene, asked)}" for asked, label in self._questions(scene)]
        bubbles = [title]
        for line in lines or [scene.common("review_empty")]:
            if len(bubbles[-1]) + len(line) > LONGEST:
                bubbles.append(line)
            else:
                bubbles[-1] += ("\n\n" if bubbles[-1] is title else "\n") + line
        # What was told may hold braces: it is put in after the placeholders were filled.
        for bubble in bubbles[:-1]:
            scene.tell("{result.body}", extra={"body": bubble})
        scene.tell("{result.body}", extra={"body": bubbles[-1]}, choices=self._ways(scene))
        return WAIT

    @staticmethod
    def _ways(scene: Scene) -> tuple[tuple[str, str], ...]:
        return ((SEND, scene.common("review_send")), (EDIT, scene.common("review_edit")))

    @staticmethod
    def _questions(scene: Scene) -> tuple[tuple[str, str], ...]:
        steps = scene.frame.flow.steps
        asked = [steps[name] for name in scene.frame.order if name in steps and steps[name].type == "ask"]
        return tuple((s.id, scene.words("label", step=s) or s.id) for s in asked if scene.words("label", step=s) != "-")

    @staticmethod
    def _shown(scene: Scene, name: str) -> str:
        step = scene.frame.flow.steps[name]
        value = scene.frame.given(step)
        if value is not None and step.apart and step.kind == "text":
            return scene.common("apart_value")  # the summary stays in the chat; what is kept apart is not said there once more
        return scene.common("skipped_value") if value is None else KINDS[step.kind].show(step, scene, value)

    def hear(self, step: Step, scene: Scene, said: Said, tapped: str | None) -> Move:
        """Send, change, or which one to change."""
        filed = files.hear(step, scene, said, tapped)
        if filed is not None:
            return filed
        which = bool(scene.frame.scratch.get("which"))
        options = self._questions(scene) if which else self._ways(scene)
        chosen = tapped if tapped is not None else match_choice(said.message.text, options)
        if chosen not in dict(options):
            scene.misses += 1
            scene.puzzled = tapped is None and said.message.kind is InboundKind.TEXT
            scene.tell(scene.common("retry.choice"))
            return ASK
        scene.misses = 0
        if which:
            return change(scene, chosen)
        if chosen == EDIT:
            scene.frame.scratch = {"which": True}
            return ASK
        scene.frame.scratch = {}
        return Goto(step=step.after(SEND))

    def done(self, step: Step, scene: Scene, done: Done) -> Move:
        """A review asks for no action."""
        return ASK


def change(scene: Scene, name: str) -> Move:
    """Asks an answered question again. What was answered after it is used again where it still fits."""
    reopen(scene.frame, name)
    return Goto(step=name)


def reopen(frame: OpenFrame, name: str) -> None:
    """Takes an answered question as not answered, and what was answered after it as in doubt."""
    at = frame.order.index(name)
    later = frame.order[at:]
    frame.order = frame.order[:at]
    frame.doubt([frame.flow.steps[asked] for asked in later])
    frame.kept.pop(frame.flow.steps[name].save, None)
    frame.drop(frame.flow.steps[name])
    frame.scratch = {}
    # An empty `kept` would let the texts between two questions be said again: they were read before.


