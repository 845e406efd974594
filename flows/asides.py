"""Where a typed message leads that nothing in the definitions took, once it is known what it means.

An answer is given where the person stands, and what was pending is asked again; at the menu it comes with what is near. Everything that is
no topic is a door of the conversation `understood`, so that a flow author words it. Nothing that was told is lost on the way.
"""

from __future__ import annotations

from flows import blocking, noted, topic_lists
from flows.answers.choice import FEW_WORDS
from flows.library import INTERRUPTS, LEARN, START, UNDERSTOOD, Library
from flows.matching import match_within
from flows.message import Understanding
from flows.move import ASK, Move, Open
from flows.registry import STEP_TYPES
from flows.scene import OpenFrame, Scene
from flows.signals import Said
from flows.steps.ask import WORDS_KEPT
from flows.topics import topic_of

UNCLEAR = "unclear"
DISCLOSURE = "disclosure"
LOST = "lost"
NEAREST = "nearest"
INSIDE = "_inside"  # the end of a door's name that is meant where something is open that the words belong to, or that would be left
UNCLEAR_TO_PERSON = 3
MOST_NEAREST = 3
REPORT, COUNSELLOR = "report", "counsellor"

# What the menu offers itself is chosen there: the definition of `start` says what comes of it.
MENU = {
    "start_report": "report", "check_report": "check", "talk_to_counsellor": "counsellor", "service_info": "services", "help": "help",
}  # fmt: skip
# These tell of something, or may: their words are kept for whoever reads the rest.
TELLING = (DISCLOSURE, "start_report", "talk_to_counsellor")
LONG_WISH = 7  # words: a shorter wish to report or to talk tells nothing more
# Other conversations in the place of the menu; everything else leads back to it.
AWAY = ("start_report", "check_report", "talk_to_counsellor", DISCLOSURE)


def leads(understanding: Understanding) -> bool:
    """Whether something was understood, or at least looked at by a model that could not say."""
    return understanding.intent != UNCLEAR or bool(understanding.ranking) or understanding.danger is not None


def likely(understanding: Understanding, library: Library) -> list[str]:
    """The topics that may have been meant, the likeliest first."""
    ranking = sorted(understanding.ranking, key=lambda row: -row[1])
    return [name for intent, much in ranking if much >= library.offer and (name := topic_of(intent)) in library.topics and name is not None]


def take(scene: Scene, said: Said) -> Move:
    """Follows what a message means. The scene stands at a question, or nothing is open."""
    while scene.frames and _passing(scene.frame):
        scene.frames.pop()
    if not scene.frames:
        start = scene.library.flow(START)
        if start is not None:
            scene.frames.append(OpenFrame(flow=start, step=start.door("menu")))
    understanding = said.understanding
    if blocking.blocked(scene) and not blocking.goes_on(scene, understanding):
        return blocking.notice(scene)
    topic = topic_of(understanding.intent)
    if topic in scene.library.topics and topic is not None:
        scene.misses = 0
        _note_asker(scene, said.message.text)
        return _answer(scene, topic)
    if understanding.intent == UNCLEAR or topic is not None or not _has_door(scene, understanding.intent):
        return _unclear(scene, said)
    scene.misses = 0
    if understanding.intent in TELLING:
        _keep(scene, said)
    return _door(scene, said)


def _passing(frame: OpenFrame) -> bool:
    """Whether a conversation only came in between: it makes room for the next thing that is said."""
    quiet = frame.flow.steps[frame.step].settings.get("danger") == "quiet"
    return frame.flow.name == UNDERSTOOD or (frame.flow.name == INTERRUPTS and not quiet)


def _free(scene: Scene) -> bool:
    """Whether nothing is open that has to be gone on with."""
    return not scene.frames or scene.frame.flow.name in (START, LEARN)


def _note_asker(scene: Scene, text: str) -> None:
    """Who says "anak saya" or "murid saya" asks for a child: the answer is a parent's or a professional's, this one and the next."""
    if topic_lists.learner(scene) is None:
        told = match_within(text, scene.library.catalogue.heard(LEARN, "who", "within"))
        if told is not None:
            scene.facts[topic_lists.LEARNER] = told


def _answer(scene: Scene, topic: str) -> Move:
    if _free(scene) and scene.library.flow(LEARN) is not None:
        return Open(flow=LEARN, entry="asked", answers={"topic": topic})
    scene.tell(topic_lists.answer(scene, topic, learning=False))
    if scene.frames and scene.frame.flow.name != START:
        scene.tell(scene.common("back_to_it"))
    return ASK


def _has_door(scene: Scene, intent: str) -> bool:
    flow = scene.library.flow(UNDERSTOOD)
    return flow is not None and intent in flow.entries


def _door(scene: Scene, said: Said) -> Move:
    intent = said.understanding.intent
    option = MENU.get(intent)
    if option is not None and scene.frames and scene.frame.flow.name == START:
        step = scene.step
        if step.type == "ask" and any(option == offered.id for offered in scene.options(step)):
            return STEP_TYPES[step.type].hear(step, scene, said, option)
    open_ones = {frame.flow.name for frame in scene.frames}
    inside = open_ones & {REPORT, COUNSELLOR} if intent == DISCLOSURE else not _free(scene)
    entry = f"{intent}{INSIDE}" if inside and _has_door(scene, f"{intent}{INSIDE}") else intent
    return Open(flow=UNDERSTOOD, entry=entry, keep=not (_free(scene) and intent in AWAY))


def _keep(scene: Scene, said: Said) -> None:
    """What was told in passing, as it was told, and what it named."""
    text, understanding = said.message.text, said.understanding
    if understanding.intent == DISCLOSURE or understanding.entities or len(text.split()) >= LONG_WISH:
        scene.keep_told(text)
        noted.note(scene, understanding)


def _unclear(scene: Scene, said: Said) -> Move:
    """The nearest topics, if some are likely enough; a person, if it went on like this; else as if nothing had been asked."""
    scene.misses += 1
    misses, step = scene.misses, scene.step if scene.frames else None
    near = likely(said.understanding, scene.library)
    if misses < UNCLEAR_TO_PERSON and not near and step is not None and step.type in ("ask", "review"):
        move = STEP_TYPES[step.type].hear(step, scene, said, None)
        scene.misses = misses
        return move
    at_question = step is not None and not step.apart and (step.kind in WORDS_KEPT or scene.frame.flow.name == LEARN)
    if at_question and len(said.message.text.split()) >= FEW_WORDS:
        scene.keep_told(said.message.text)
    if misses >= UNCLEAR_TO_PERSON:
        scene.misses = 0
        return Open(flow=INTERRUPTS, entry=LOST, keep=True)
    if near:
        scene.facts[topic_lists.NEAREST] = near[:MOST_NEAREST]
        return Open(flow=LEARN, entry=NEAREST) if _free(scene) else Open(flow=UNDERSTOOD, entry=NEAREST, keep=True)
    return ASK
