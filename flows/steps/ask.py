"""ask: a question, and what is made of the message that answers it."""

from __future__ import annotations

from typing import Any

from flows.answers.choice import FEW_WORDS
from flows.answers.kind import Again, Answer, Kind
from flows.catalogue import fold
from flows.definition import Step
from flows.kinds import KINDS
from flows.move import ASK, WAIT, Goto, Move
from flows.scene import Scene
from flows.signals import Done, Said

MISSES_TO_PERSON = 5
WORDS_KEPT = ("choice", "many", "number", "date", "place")  # a story told in place of an answer goes to whoever reads the rest


class Ask:
    """Asks, reads, keeps. An answer that was given before and still fits is used without asking."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Asks, unless the answer is known from before a change."""
        frame = scene.frame
        if step.save in frame.kept:
            value = frame.kept.pop(step.save)
            option = value if isinstance(value, str) and any(o.id == value for o in scene.options(step)) else None
            if step.kind != "choice" or value is None or option is not None:
                return keep(step, scene, value, "skip" if value is None else option)
        return self.ask(step, scene)

    def ask(self, step: Step, scene: Scene, words: str | None = None) -> Move:
        """Sends the question (or `words` in its place) with its options."""
        offer = _kind(step).offer(step, scene)
        scene.new_prompt()
        scene.tell(
            words if words is not None else offer.text or scene.words(step=step),
            choices=offer.options, many=offer.many, ask_location=offer.ask_location,
        )  # fmt: skip
        return WAIT

    def hear(self, step: Step, scene: Scene, said: Said, tapped: str | None) -> Move:
        """Reads the message; keeps the answer, or asks again kindly."""
        reading = _kind(step).read(step, scene, said.message, tapped)
        if said.message.media is not None and said.message.text and step.kind != "media":
            scene.tell(scene.common("media_closed"))  # the words under a picture are taken, and that it is not must be said
        if isinstance(reading, Answer):
            scene.misses = 0
            return keep(step, scene, reading.value, reading.option)
        return self._again(step, scene, reading, said.message.text)

    def _again(self, step: Step, scene: Scene, reading: Again, text: str) -> Move:
        if not reading.miss:
            scene.misses = 0
            if not reading.whole:
                return self.ask(step, scene, reading.text)
        else:
            scene.misses += 1
            if step.kind in WORDS_KEPT and len(text.split()) >= FEW_WORDS:
                scene.keep_told(text)
        scene.tell(reading.text)
        return ASK

    def skip(self, step: Step, scene: Scene) -> Move | None:
        """Passes the question over; None if it must be answered."""
        if not step.skippable:
            return None
        scene.misses = 0
        scene.frame.scratch = {}
        return keep(step, scene, None, "skip")

    def done(self, step: Step, scene: Scene, done: Done) -> Move:
        """A question asks for no action: it is asked again."""
        return ASK


def keep(step: Step, scene: Scene, value: Any, option: str | None) -> Move:
    """Keeps an answer and goes on. The source of truth for what was answered, in which order."""
    frame = scene.frame
    value = _with_beginning(step, scene, value)
    frame.answers[step.save] = value
    if step.id in frame.order:
        frame.order.remove(step.id)
    frame.order.append(step.id)
    frame.scratch = {}
    _remember(step, scene, value)
    return Goto(step=step.after(option))


def _with_beginning(step: Step, scene: Scene, value: Any) -> Any:
    """What was told before the question was asked goes in front of the answer; it is the answer if the question is passed over."""
    name = step.settings.get("begin_with")
    if not isinstance(name, str) or not (value is None or isinstance(value, str)):
        return value
    told = scene.facts.pop(name.removeprefix("facts."), None)
    if not isinstance(told, str) or not told:
        return value
    return f"{told}\n{value}" if value else told


def _remember(step: Step, scene: Scene, value: Any) -> None:
    remember = step.settings.get("remember")
    if isinstance(remember, str):
        scene.facts[remember] = fold(value) if step.kind == "text" and isinstance(value, str) else value
    elif isinstance(remember, dict):
        for fact, values in remember.items():
            scene.facts[fact] = values.get(value) if isinstance(values, dict) and isinstance(value, str) else value
    language = scene.facts.get("language")
    if isinstance(language, str) and language in scene.library.catalogue.strings:
        scene.language = language


def _kind(step: Step) -> Kind:
    return KINDS[step.kind]
