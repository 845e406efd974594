"""Own words, kept exactly as they were written."""

from __future__ import annotations

from typing import Any

from flows.answers.kind import Again, Answer, Offer, Reading, labelled, not_text, retry
from flows.catalogue import fold
from flows.definition import Step
from flows.message import Inbound
from flows.scene import Scene

LONGEST = 4000
EXIT_WORD = "exit_word"
_ME = frozenset(["aku", "saya", "gue", "gw", "ulun", "i", "im", "am", "udah", "udh", "sudah", "sdh", "dah"])


def says(text: str, label: str) -> bool:
    """Whether a message says exactly what an option says; "aku", "sudah" and their like do not matter ("aku sudah ditemani")."""
    said, named = fold(text), fold(label)
    if said == named:
        return True
    bare = [[word for word in words.split() if word not in _ME] for words in (said, named)]
    return bool(bare[0]) and bare[0] == bare[1]


def _may_be_exit_word(scene: Scene, text: str) -> bool:
    """A word that ends everything must be no everyday answer, no command and no option: nobody should leave by mistake."""
    word = fold(text)
    if len(word) < 3 or scene.library.catalogue.command(text) not in (None, "exit"):
        return False
    return word not in scene.library.catalogue.labels
SHOWN = 300


class Text:
    """`max` is the longest answer in characters. A chosen option is kept by its id. `begin_with: facts.…` names words that were told before
    the question was asked; they go in front."""

    def offer(self, step: Step, scene: Scene) -> Offer:
        """The step's few options, if it has any ("I do not know the place")."""
        return Offer(options=labelled(step, scene))

    def read(self, step: Step, scene: Scene, message: Inbound, tapped: str | None) -> Reading:
        """The words; or an option, if exactly that was said."""
        options = labelled(step, scene)
        if tapped is not None:
            return Answer(value=tapped, option=tapped) if tapped in dict(options) else retry(step, scene, "text")
        refusal = not_text(step, scene, message, "text")
        if refusal is not None:
            return refusal
        for number, (option, label) in enumerate(options, start=1):
            if says(message.text, label) or message.text.strip() == str(number):
                return Answer(value=option, option=option)
        if step.settings.get("remember") == EXIT_WORD and not _may_be_exit_word(scene, message.text):
            return retry(step, scene, "text")
        if len(message.text) > int(step.settings.get("max", LONGEST)):
            return Again(text=scene.common("too_long"), miss=False)
        if not message.text.strip():
            return retry(step, scene, "text")
        return Answer(value=message.text)

    def show(self, step: Step, scene: Scene, value: Any) -> str:
        """The beginning of the words."""
        text = scene.label(step, value) if value in {option.id for option in step.options} else str(value)
        return text if len(text) <= SHOWN else text[: SHOWN - 1].rstrip() + "…"
