"""One option out of several: a tap, its number, its id, its label, or a close spelling of one."""

from __future__ import annotations

from typing import Any

from flows.answers.kind import Again, Answer, Offer, Reading, labelled, not_text, retry
from flows.definition import Step
from flows.matching import match_choice, match_heard
from flows.message import Inbound
from flows.scene import LONGEST_TOLD, Scene

FEW_WORDS = 4  # fewer, said before any question, are a greeting rather than a story


def _join(before: object, more: str) -> str:
    return f"{before}\n{more}" if isinstance(before, str) and before else more


class Choice:
    """`append_to` names a text answer, or `facts.…`, that other words than an option are added to, as they were written."""

    def offer(self, step: Step, scene: Scene) -> Offer:
        """The options, in the order of the definition."""
        return Offer(options=labelled(step, scene))

    def read(self, step: Step, scene: Scene, message: Inbound, tapped: str | None) -> Reading:
        """The chosen option; other words are kept where the definition says so, else asked again."""
        options = labelled(step, scene)
        if tapped is not None:
            return Answer(value=tapped, option=tapped) if any(tapped == option for option, _ in options) else retry(step, scene, "choice")
        refusal = not_text(step, scene, message, "choice")
        if refusal is not None:
            return refusal
        target = step.settings.get("append_to")
        # Words that are told must not be mistaken for a misspelt option: only short ones are compared.
        if target is None or len(message.text) <= 40:
            chosen = match_heard(message.text, scene.heard(step)) or match_choice(message.text, options)
            if chosen is not None:
                return Answer(value=chosen, option=chosen)
        if target is None:
            return retry(step, scene, "choice")
        name = str(target)
        if name.startswith("facts.") and len(message.text.split()) < FEW_WORDS:
            return retry(step, scene, "choice")
        store = scene.facts if name.startswith("facts.") else scene.frame.answers
        key = name.removeprefix("facts.")
        told = _join(store.get(key), message.text)
        if len(told) > LONGEST_TOLD:
            return Again(text=scene.common("too_long"), miss=False)
        store[key] = told
        return Again(text=scene.words("more", step=step) or scene.words(step=step), miss=False, whole=False, told=name.startswith("facts."))

    def show(self, step: Step, scene: Scene, value: Any) -> str:
        """The option's label."""
        return scene.label(step, str(value))
