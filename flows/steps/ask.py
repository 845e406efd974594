"""ask: a question, and what is made of the message that answers it."""

from __future__ import annotations

from typing import Any

from flows import files, proposals
from flows.answers.choice import FEW_WORDS
from flows.answers.kind import Again, Answer, Kind
from flows.catalogue import fold
from flows.definition import Step
from flows.kinds import KINDS
from flows.message import Inbound, InboundKind
from flows.move import ASK, WAIT, Act, Goto, Move
from flows.scene import Scene
from flows.signals import Done, Said

MISSES_TO_PERSON = 5
WORDS_KEPT = ("choice", "many", "number", "date", "place")  # a story told in place of an answer goes to whoever reads the rest
TODAY = "world.today"  # in `remember`: the day on which it was answered
# Own words are the answer here: no model is asked about them.
FREE_TEXT = ("text", "where")


class Ask:
    """Asks, reads, keeps. An answer that was given before and still fits is used without asking."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Asks, unless the answer is known from before a change."""
        frame = scene.frame
        before = frame.apart if step.apart else frame.kept
        if step.save in before and step.id not in frame.order:
            value = before.pop(step.save)
            option = value if isinstance(value, str) and any(o.id == value for o in scene.options(step)) else None
            if step.kind != "choice" or value is None or option is not None:
                return keep(step, scene, value, "skip" if value is None else option)
        return self.ask(step, scene)

    def ask(self, step: Step, scene: Scene, words: str | None = None) -> Move:
        """Sends the question (or `words` in its place) with its options; the warning, while a picture waits for a decision."""
        warning = files.warning(scene)
        if warning is not None:
            scene.new_prompt()
            scene.tell(warning[0], choices=warning[1])
            return WAIT
        known = proposals.proposed(step, scene)
        if known is not proposals.NOTHING and not scene.frame.scratch:
            scene.new_prompt()
            scene.tell(proposals.sentence(step, scene, known), choices=proposals.ways(scene), personal=True)
            return WAIT
        offer = _kind(step).offer(step, scene)
        scene.new_prompt()
        scene.tell(
            words if words is not None else offer.text or scene.words(step=step),
            choices=offer.options, many=offer.many, ask_location=offer.ask_location, accept=files.offered(step, scene),
            about=offer.about, personal=bool(offer.about),
        )  # fmt: skip
        return WAIT

    def hear(self, step: Step, scene: Scene, said: Said, tapped: str | None) -> Move:
        """Reads the message; keeps the answer, or asks again kindly."""
        filed = files.hear(step, scene, said, tapped)
        if filed is not None:
            return filed
        known = proposals.proposed(step, scene)
        if known is not proposals.NOTHING and not scene.frame.scratch:
            decided = proposals.decided(scene, said.message, tapped)
            if decided is not None:
                scene.misses = 0
                proposals.forget(step, scene)
                return keep(step, scene, known, known if isinstance(known, str) else None) if decided == proposals.RIGHT else ASK
        reading = _kind(step).read(step, scene, said.message, tapped)
        if said.message.media is not None and said.message.text and step.kind != "media":
            scene.tell(scene.common("media_closed"))  # the words under a picture are taken, and that it is not must be said
        if isinstance(reading, Act):
            return reading
        if isinstance(reading, Answer):
            scene.misses = 0
            return keep(step, scene, reading.value, reading.option)
        scene.puzzled = tapped is None and said.message.kind is InboundKind.TEXT and _puzzling(step, reading)
        return self._again(step, scene, reading, said.message.text)

    def _again(self, step: Step, scene: Scene, reading: Again, text: str) -> Move:
        if not reading.miss:
            scene.misses = 0
            if not reading.whole:
                return self.ask(step, scene, reading.text)
        else:
            scene.misses += 1
            if step.kind in WORDS_KEPT and not step.apart and len(text.split()) >= FEW_WORDS:
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
        """A file was taken, or was not, and that is said; words that came with it are heard as what they are."""
        caption = str(scene.frame.scratch.pop(files.CAPTION, "") or "")
        if done.action not in files.ACTIONS:
            return ASK
        taken = done.action == files.TAKE and done.code == "ok"
        quiet = step.settings.get("danger") == "quiet"
        if done.action != files.DROP and not (taken and (step.kind == "media" or quiet)):
            scene.tell(scene.common(files.said_of(done)))
        if taken and step.kind in ("text", "where"):
            # A voice is an answer in one's own words; that there is one must show where the words are read.
            voice = f"({files.noun(scene, str(done.result.get('kind')))})"
            words = f"{caption}\n{voice}" if caption else voice
            if quiet:
                scene.facts[files.HEARD] = done.result.get("id")
            return keep(step, scene, words if step.kind == "text" else {"text": words}, None)
        if caption:
            return self.hear(step, scene, Said(message=Inbound(kind=InboundKind.TEXT, text=caption)), None)
        return self.ask(step, scene, scene.words("more", step=step)) if taken else ASK


def keep(step: Step, scene: Scene, value: Any, option: str | None) -> Move:
    """Keeps an answer and goes on. The source of truth for what was answered, in which order."""
    frame = scene.frame
    value = _with_beginning(step, scene, value)
    frame.put(step, value)
    frame.scratch = {}
    proposals.forget(step, scene)
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
            if values == TODAY:
                scene.facts[fact] = scene.today.isoformat()
                continue
            scene.facts[fact] = values.get(value) if isinstance(values, dict) and isinstance(value, str) else value
    language = scene.facts.get("language")
    if isinstance(language, str) and language in scene.library.catalogue.strings:
        scene.language = language


def _puzzling(step: Step, reading: Again) -> bool:
    """Whether what was typed is nothing to the question, so that it may be asked elsewhere what it means. Never where own words, a name
    or a code are asked for, nor in the talk about danger."""
    private = step.kind in FREE_TEXT or step.apart or step.settings.get("secret") or step.settings.get("danger") == "quiet"
    return not private and (reading.miss or reading.told)


def _kind(step: Step) -> Kind:
    return KINDS[step.kind]


def offered(step: Step, scene: Scene) -> set[str]:
    """The options that a question begins with; places and topics make their own."""
    if step.kind not in ("place", "topic"):
        return {option.id for option in scene.options(step)}
    scratch, scene.frame.scratch = scene.frame.scratch, {}
    offered = {option for option, _ in KINDS[step.kind].offer(step, scene).options}
    scene.frame.scratch = scratch
    return offered
