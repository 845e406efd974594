"""`resume(session, signal) → Turn`: the whole conversation engine. Pure and total.

Same input, same output. Whatever is heard, the answer is a session that can go on and bubbles that can be sent. The order in which a
message is looked at is the order of what matters: leaving, a person who has the conversation, an old button, danger, command words, the
pending question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flows import alarm, asides, blocking, midnight, taps
from flows.answers.choice import FEW_WORDS
from flows.bubbles import merge
from flows.catalogue import fold
from flows.desk import DESK
from flows.leaving import leaves
from flows.library import FOLLOW_UP, INTERRUPTS, PAUSED, START, UNDERSTOOD, Library
from flows.matching import match_heard
from flows.message import RECEIPT, Inbound, InboundKind, Media
from flows.move import ASK, WAIT, Act, Ask, End, Goto, Move, Open, Wait
from flows.opening import begin
from flows.pausing import asked_now, paused
from flows.registry import STEP_TYPES
from flows.restoring import taken_up
from flows.scene import OpenFrame, Scene
from flows.session import Session
from flows.signals import Done, Effect, RunAction, Said, Send, Signal, TimedOut
from flows.steps import talk
from flows.steps.ask import MISSES_TO_PERSON
from flows.steps.ask import Ask as AskType

STEP_CAP = 60
STACK_CAP = 8
QUIET = "quiet"
PEOPLE_ONLY = "people-only"  # numbers and people only: no model is asked either


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What one signal led to. `effects` are the bubbles in order and, if the engine needs something done, a `RunAction` as the last.
    `fault` is a code for the operator when the definitions ran in a circle; the person got a safe sentence. `puzzled`: nothing in the
    definitions took what was typed (no tap, number, label, command word, answer in own words). Whoever can find out what it means takes up
    the same session once more, with the understanding in the signal. `unwanted`: a file that no question was there for, to be dropped."""

    session: Session
    effects: tuple[Effect, ...]
    fault: str = ""
    puzzled: bool = False
    unwanted: Media | None = None


def new_session(language: str) -> Session:
    """The session of somebody who has not said anything yet."""
    return Session(language=language)


def resume(session: Session, signal: Signal, *, library: Library, world: Mapping[str, Any]) -> Turn:
    """One turn: takes the session and what happened, gives the session after it and what is to be done.

    `world` holds the names of `flows.signals.WORLD`. Never raises for anything that a person can send.
    """
    turn = _run(Scene(session, library=library, world=world), session, signal)
    if not turn.puzzled or not isinstance(signal, Said) or not asides.leads(signal.understanding):
        return turn
    signal = alarm.alarmed(signal)
    understanding = signal.understanding
    unclear = understanding.intent == asides.UNCLEAR and understanding.danger is None
    if unclear and not session.frames and not asides.likely(understanding, library):
        return replace(turn, puzzled=False)
    scene = Scene(session, library=library, world=world)
    scene.aside = signal
    return replace(_run(scene, session, signal), puzzled=False)


def _run(scene: Scene, session: Session, signal: Signal) -> Turn:
    move = _begin(scene, session, signal)
    for _ in range(STEP_CAP):
        if isinstance(move, Wait):
            if scene.frames and scene.frame.flow.name == START:
                scene.facts["greeted"] = True
            answered = _answers_menu(scene)
            if answered is not None:
                move = answered
                continue
            return Turn(session=scene.frozen(), effects=_sends(scene), puzzled=_puzzled(scene, signal), unwanted=scene.unwanted)
        if isinstance(move, Act):
            frame = scene.frame
            last = next((frame.flow.steps[name].save for name in reversed(frame.order) if name in frame.flow.steps), "")
            action = RunAction(name=move.name, arguments=move.arguments, answers=dict(frame.answers), last=last, apart=frame.words_apart())
            puzzled = move.name == blocking.ANSWER and _puzzled(scene, signal)
            return Turn(session=scene.frozen(waiting=move.name), effects=(*_sends(scene), action), puzzled=puzzled, unwanted=scene.unwanted)
        move = _follow(scene, move)
    return _circle(scene)


def _puzzled(scene: Scene, signal: Signal) -> bool:
    return scene.puzzled and isinstance(signal, Said) and scene.world.get("mode") != PEOPLE_ONLY


def _sends(scene: Scene) -> tuple[Effect, ...]:
    return tuple(Send(message=message) for message in merge(scene.sends))


def _circle(scene: Scene) -> Turn:
    """The definitions led in a circle: a fault of ours. The person hears the truth and can go on from the menu."""
    scene.sends = []
    scene.frames = scene.frames[:0]
    scene.tell(scene.common("trouble"))
    return Turn(session=scene.frozen(), effects=_sends(scene), fault="step_cap")


def _begin(scene: Scene, session: Session, signal: Signal) -> Move:
    midnight.passed(scene)
    if isinstance(signal, Done):
        return _done(scene, session, signal)
    if isinstance(signal, TimedOut) and signal.timer == DESK:
        return talk.news(scene)
    if isinstance(signal, TimedOut) and signal.timer == blocking.BLOCKED:
        return blocking.reminded(scene)
    if isinstance(signal, TimedOut):
        if not _has_entry(scene, signal.timer):
            return WAIT
        scene.quiet = True
        move = _open(scene, INTERRUPTS, signal.timer, keep=True)
        scene.frame.scratch[QUIET] = True  # its actions come back as signals of their own: nobody wrote then, either
        return move
    return _hear(scene, signal)


def _has_entry(scene: Scene, entry: str) -> bool:
    flow = scene.library.flow(INTERRUPTS)
    return flow is not None and entry in flow.entries


def _done(scene: Scene, session: Session, done: Done) -> Move:
    if session.waiting != done.action or not scene.frames:
        return WAIT
    scene.quiet = bool(scene.frame.scratch.get(QUIET))
    if done.reset:
        # Quick exit and erasure leave nothing behind but the step that answers them.
        scene.frames = [scene.frame]
        scene.frame.forget()
        scene.facts, scene.asked, scene.last_tap, scene.misses = {}, [], "", 0
    if done.forget:
        scene.frame.forget()
    if scene.quiet:
        scene.frame.scratch[QUIET] = True
    scene.frame.answers.update(done.keep)
    scene.result = dict(done.result)
    scene.facts.update(done.facts)
    scene.facts = {name: value for name, value in scene.facts.items() if value is not None}
    if done.action == blocking.ANSWER and (later := blocking.answered(scene, done)) is not None:
        return later
    step = scene.step
    return STEP_TYPES[step.type].done(step, scene, done)


def _hear(scene: Scene, said: Said) -> Move:
    message = said.message
    if leaves(message, catalogue=scene.library.catalogue, exit_word=scene.facts.get("exit_word")):
        return _interrupt(scene, "exit")
    word = fold(message.text) if message.kind is InboundKind.TEXT else ""
    command = scene.library.catalogue.command(message.text) if word else None
    heard = talk.hear(scene, said, command) if talk.owned(scene) else talk.late_answer(scene, said)
    if heard is not None:
        return heard
    if scene.frames and taken_up(scene, said, command):
        return ASK
    if message.kind is InboundKind.START:
        return blocking.notice(scene) if blocking.blocked(scene) and not scene.frames else begin(scene)
    tapped: str | None = None
    if message.kind is InboundKind.TAP:
        number, _, option = (message.tap or "").partition(".")
        if not scene.frames or not (number == str(scene.prompt) or taps.still_asked(scene, said, number, option)):
            return taps.old_tap(scene, said, number, option)
        tapped = option
        scene.last_tap = message.tap or ""
    if said.understanding.intent == RECEIPT and (not scene.frames or scene.frame.flow.name == START) and FOLLOW_UP in scene.library.flows:
        # A code at the menu is no story to be kept with the next report: it is what "check a report" asks for.
        scene.code = said
        return _open(scene, FOLLOW_UP, None, keep=False)
    if command is None and tapped is None and alarm.unheard(scene, said):
        scene.frames = [frame for frame in scene.frames if not blocking.about_danger(frame)]
    if not scene.frames:
        return _first_words(scene, said, command)
    step = scene.step
    # A command word is no cry: "help" alone asks how this works. ("tolong" is no command: it alarms.)
    if said.understanding.danger is not None and command is None and step.settings.get("danger") != "quiet" and tapped is None:
        return _interrupt(scene, alarm.kept(scene, said))
    if command is not None and not _is_option(scene, word):
        heard = _command(scene, command)
        if heard is not None:
            return heard
    if scene.aside is not None:
        scene.aside = None
        return asides.take(scene, said)
    closed, sent, told, misses = blocking.blocked(scene), len(scene.sends), scene.facts.get("told"), scene.misses
    if closed and message.kind not in (InboundKind.TEXT, InboundKind.TAP):
        return blocking.unheard(scene, said, told)
    move = STEP_TYPES[step.type].hear(step, scene, said, tapped)
    if closed and (scene.puzzled or scene.misses > misses):
        del scene.sends[sent:]
        return blocking.unheard(scene, said, told)
    if isinstance(move, Ask | Wait) and len(scene.sends) > sent and (paused(scene) or not asked_now(scene)):
        del scene.sends[sent:]  # the same question once more: it is not to be answered now
        scene.puzzled = False
        return ASK
    # A talk about danger is never left because it was not understood; it has people in it already.
    if scene.misses >= MISSES_TO_PERSON and not blocking.about_danger(scene.frame):
        scene.misses = 0
        scene.sends = []
        return _interrupt(scene, "lost")
    return move


def _is_option(scene: Scene, word: str) -> bool:
    """Whether a command word is also, exactly, an answer to the pending question: then it is the answer."""
    step = scene.step
    return any(word in (option.id, fold(scene.label(step, option.id))) for option in scene.options(step))


def _first_words(scene: Scene, said: Said, command: str | None) -> Move:
    """Nothing is open. Danger goes first; other words are kept, so that a child who tells at once need not tell twice."""
    if said.understanding.danger is not None and command is None:
        return _interrupt(scene, alarm.kept(scene, said))
    if command is not None and command not in ("back", "skip", "repeat", "menu"):
        if command == "language":
            _open(scene, START, "menu", keep=True)  # what was chosen is not all that somebody came for
        return _interrupt(scene, command)
    text = said.message.text
    scene.puzzled = said.message.kind is InboundKind.TEXT and command is None
    if command is None and blocking.blocked(scene):
        heard, scene.aside = scene.aside, None
        return asides.take(scene, heard) if heard is not None else blocking.unheard(scene, said, scene.facts.get("told"))
    if said.message.media is not None:
        scene.refuse(said.message.media)
    if scene.aside is not None:
        return begin(scene)  # greeted first; what was meant is followed where the menu would be asked
    if said.message.kind is InboundKind.TEXT and command is None and len(text.split()) >= FEW_WORDS:
        scene.keep_told(text)
    scene.first = fold(text)
    return begin(scene)


def _answers_menu(scene: Scene) -> Move | None:
    """Whoever opens the chat with "lapor", with a code, or with a question, has chosen already: that is not asked, and the choice goes on.
    """
    code, scene.code = scene.code, None
    if code is not None and scene.frames and scene.step.settings.get("secret") and scene.sends:
        scene.sends.pop()
        return STEP_TYPES[scene.step.type].hear(scene.step, scene, code, None)
    aside, scene.aside = scene.aside, None
    if aside is not None and scene.frames and scene.sends:
        scene.sends.pop()
        return asides.take(scene, aside)
    words, scene.first = scene.first, ""
    if not words or not scene.frames or scene.frame.flow.name != START or not scene.sends:
        return None
    step = scene.step
    named = any(words in (option.id, fold(scene.label(step, option.id))) for option in scene.options(step))
    if not named and match_heard(words, scene.heard(step)) is None:
        return None
    scene.sends.pop()
    scene.puzzled = False
    return STEP_TYPES[step.type].hear(step, scene, Said(message=Inbound(kind=InboundKind.TEXT, text=words)), None)


def _interrupt(scene: Scene, entry: str) -> Move:
    if entry == "emergency":
        entry = "danger"
    if scene.frames and scene.frame.flow.name == INTERRUPTS and not blocking.about_danger(scene.frame):
        scene.frames.pop()  # one interruption replaces another, but never a talk about danger: it is there to come back to
    return _open(scene, INTERRUPTS, entry, keep=True)


def _command(scene: Scene, command: str) -> Move | None:
    """A command word at a wait. None where the word means nothing special here."""
    step = scene.step
    if command == "repeat":
        return ASK
    if command == "menu":
        return _open(scene, START, "menu", keep=scene.frame.flow.name != START)
    if command == "skip":
        skipped = AskType().skip(step, scene) if step.type == "ask" else None
        if skipped is None:
            scene.tell(scene.common("no_skip"))
            return ASK
        return skipped
    if command == "back":
        return _back(scene)
    return _interrupt(scene, command) if _has_entry(scene, command) else None


def _back(scene: Scene) -> Move:
    frame = scene.frame
    if frame.scratch:
        frame.scratch = {}
        return ASK
    if not frame.order:
        scene.tell(scene.common("no_back"))
        return ASK
    name = frame.order.pop()
    frame.drop(frame.flow.steps[name])
    return Goto(step=name)


def _follow(scene: Scene, move: Move) -> Move:
    if isinstance(move, Open):
        return _open(scene, move.flow, move.entry, keep=move.keep, answers=move.answers)
    if isinstance(move, End) or (isinstance(move, Goto) and move.step is None):
        return _end(scene)
    if isinstance(move, Goto):
        frame = scene.frame
        frame.step = str(move.step)
        step = frame.flow.steps[frame.step]
        if step.when is not None and not step.when.holds(scene.known()):
            return Goto(step=step.otherwise)
        if paused(scene):
            return _pause(scene)
        return STEP_TYPES[step.type].enter(step, scene)
    if isinstance(move, Ask):
        step = scene.step
        if not asked_now(scene):
            return Goto(step=step.otherwise)
        if paused(scene):
            return _pause(scene)
        return STEP_TYPES[step.type].enter(step, scene)
    return WAIT


def _pause(scene: Scene) -> Move:
    """What was told stays where it is, under the rule of unfinished reports; who tells is told so, and how to get help now."""
    scene.misses = 0
    return blocking.held_back(scene) if blocking.blocked(scene) else _interrupt(scene, PAUSED)


def _end(scene: Scene) -> Move:
    """Back to what lies underneath: its pending question is asked again."""
    ended = scene.frames.pop()
    if scene.quiet:
        return WAIT  # a timer's work is done: what lies underneath waits as it did
    if not scene.frames:
        # Nobody is left without a word: an interruption that had nothing to say ends at the menu.
        return WAIT if scene.sends or ended.flow.name == START else _open(scene, START, "menu", keep=True)
    if scene.frame.flow.name != START and not paused(scene):
        scene.tell(scene.common("back_to_it"))
    return Goto(step=scene.frame.step)


def _open(scene: Scene, name: str, entry: str | None, *, keep: bool, answers: Mapping[str, Any] | None = None) -> Move:
    flow = scene.library.flow(name)
    if flow is None:
        scene.tell(scene.common("trouble"))
        return WAIT
    if not keep and scene.frames:
        scene.frames.pop()
    under = next((index for index, frame in enumerate(scene.frames) if frame.flow.name == name), None)
    if under is not None and (answers or entry is not None) and name not in (START, INTERRUPTS, UNDERSTOOD):
        del scene.frames[under]  # another part of it is meant
        under = None
    if under is not None and name not in (INTERRUPTS, UNDERSTOOD):
        # The same conversation is open underneath: it is taken up again where it was. A talk about danger stays, to come back to.
        talks = [frame for frame in scene.frames[under + 1 :] if blocking.about_danger(frame)][-1:]
        below = [frame for frame in scene.frames[:under] if not (talks and blocking.about_danger(frame))]
        scene.frames = [*below, *talks, scene.frames[under]]
        if name == START:
            scene.frame.step = flow.door(entry)
            scene.frame.forget()
            return Goto(step=scene.frame.step)
        scene.tell(scene.common("resumed"))
        return ASK
    scene.frames.append(OpenFrame(flow=flow, step=flow.door(entry), answers=dict(answers or {})))
    if len(scene.frames) > STACK_CAP:
        del scene.frames[1]
    return Goto(step=scene.frame.step)
