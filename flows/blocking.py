"""An address that the desk blocked: until when it reaches nobody of the desk, and what goes on all the same.

`world.blocked` says until when. It is empty while the desk has a conversation with this person, and the talk about danger knows no block:
a child who was blocked by mistake gets help like every other.
"""

from __future__ import annotations

from flows.desk import desk_of
from flows.library import COUNSELLOR, INTERRUPTS, START, UNDERSTOOD
from flows.message import Understanding
from flows.move import WAIT, Goto, Move, Open
from flows.opening import begin
from flows.scene import OpenFrame, Scene
from flows.signals import Done, Said
from flows.told import unsafe
from flows.topics import topic_of

BLOCKED = "blocked"  # the name in the world; the door of INTERRUPTS that says it; the timer by which it is said once more
ENDED = "blocked_ended"  # the door for whoever was just talking with a person
ANSWER, LATER = "answer_blocked", "later"  # the action that asks whether it is said now, and its code where it is not
TOLD = "blocked_told"  # the fact: how often it was said, and when last
_REPORT = "report"
_WAITS = ("ask", "review", "talk")
_GOES_ON = ("help", "check_report", "service_info", "delete_traces")  # what may be meant by a message, beside a question about a topic


def about_danger(frame: OpenFrame) -> bool:
    """Whether this is the talk about danger."""
    return frame.flow.name == INTERRUPTS and frame.flow.steps[frame.step].settings.get("danger") == "quiet"


def blocked(scene: Scene) -> bool:
    """Whether who writes reaches nobody of the desk now."""
    return bool(scene.world.get(BLOCKED)) and not (scene.frames and about_danger(scene.frame))


def goes_on(scene: Scene, understanding: Understanding) -> bool:
    """Whether what is meant is there for whoever is blocked, too: questions, numbers, help, an answer that waits, deleting."""
    return topic_of(understanding.intent) in scene.library.topics or understanding.intent in _GOES_ON


def notice(scene: Scene, *, ended: bool = False) -> Move:
    """Says until when, and where help is; then what is open to them. `ended`: they were just talking with a person."""
    scene.misses = 0
    _aside(scene)
    if ended:
        scene.facts.pop(TOLD, None)
        scene.frames = [frame for frame in scene.frames if not about_danger(frame)]
    return Open(flow=INTERRUPTS, entry=ENDED if ended else BLOCKED, keep=True)


def held_back(scene: Scene) -> Move:
    """What was begun and is closed now stays where it is; what is open is asked in its place."""
    scene.misses = 0
    _menu(scene)
    return Goto(step=scene.frame.step)


def _menu(scene: Scene) -> None:
    """Puts the menu on top."""
    start = scene.library.flows[START]
    scene.frames = [frame for frame in scene.frames if frame.flow.name != START]
    scene.frames.append(OpenFrame(flow=start, step=start.door("menu")))


def unheard(scene: Scene, said: Said, told: object) -> Move:
    """Words, or a file, that nothing open to them took: they are not kept, and that is said. `told` are the words of before."""
    scene.unwanted = said.message.media or scene.unwanted
    scene.facts = {name: value for name, value in {**scene.facts, "told": told}.items() if value is not None}
    return notice(scene)


def _aside(scene: Scene) -> None:
    """What only came in between makes room."""
    while scene.frames and scene.frame.flow.name in (INTERRUPTS, UNDERSTOOD) and not about_danger(scene.frame):
        scene.frames.pop()


def answered(scene: Scene, done: Done) -> Move | None:
    """Whether it is said now. If it was a moment ago, nothing is, and what is open stays as it is: it comes once more, later, for all that
    is written meanwhile. None: it is said."""
    said = scene.frames.pop()
    _aside(scene)
    if not scene.frames or scene.frame.flow.name in (_REPORT, COUNSELLOR):
        _menu(scene)
    if done.code != LATER:
        scene.frames.append(said)
        return None
    if scene.step.type not in _WAITS:  # at the door of the menu: its question waits, and was asked before
        waits = [step.id for step in scene.frame.flow.steps.values() if step.type in _WAITS]
        scene.frame.step = next((name for name in waits if _asked(scene, name)), waits[0])
    return WAIT


def _asked(scene: Scene, name: str) -> bool:
    step = scene.frame.flow.steps[name]
    return step.when is None or step.when.holds(scene.known())


def reminded(scene: Scene) -> Move:
    """The time has come to answer what was written meanwhile. Not where a person has the conversation, or somebody is in danger, or it is
    not safe to write; and not to whoever has left, of whom it is not known any more that anything was said."""
    if TOLD not in scene.facts or desk_of(scene.world).on or unsafe(scene) or (scene.frames and about_danger(scene.frame)):
        return WAIT
    return notice(scene) if blocked(scene) else begin(scene)
