"""talk: a person has the conversation, or is waited for. The bot passes on what is written, and is silent but for danger.

What the desk does reaches the engine as the timer `desk`, which only says "look again": what is new is found by comparing what the world
says with what was told last (the fact `desk`). Doubled and reordered news do no harm. No word that is passed on stays in the session.
"""

from __future__ import annotations

from typing import Any

from flows import blocking, files
from flows import talk_choices as choose
from flows.answers.text import says
from flows.definition import Step
from flows.desk import ACTIVE, CALLBACK, DESK, WAITING, Desk, desk_of
from flows.library import COUNSELLOR, INTERRUPTS, LEARN, START, UNDERSTOOD
from flows.message import Danger, InboundKind
from flows.move import WAIT, Act, Goto, Move, Open
from flows.scene import OpenFrame, Scene
from flows.signals import Done, Said
from flows.told import QUIET, SAFE_WORD, remember, told_of, unsafe, word_given, writes_first

PASS_ON, STOP_WAITING, END_TALK = "pass_on", "stop_waiting", "end_talk"
ENDED, AFTER_CRISIS = "ended", "crisis"
UNTAKEN, UNTAKEN_DANGER = "untaken", "untaken_danger"  # entries of INTERRUPTS: nobody has taken a crisis for two minutes
JOINED = "joined"  # the entry of the conversation `counsellor` at which somebody from the desk comes in
HAND_OFF = "hand_off"  # the answer that names the hand-off, for the rating: it goes with the frame
_WAY, _KEPT, _ALARM, _FIRST = "way", "kept", "alarm", "first"
_MAY_CALL = "may_call"
_PASSING = (START, LEARN, UNDERSTOOD)  # what may be read while waiting, and makes room when somebody comes


class Talk:
    """While waiting there are ways on (read, be called back, only the message, stop); once somebody is there, every word is theirs."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Says how things stand. In the turn that made the hand-off the world does not know it yet, but says what it will meet."""
        desk, told = desk_of(scene.world), told_of(scene)
        if desk.on:
            scene.frame.answers[HAND_OFF] = desk.id
        elif (told or HAND_OFF not in scene.frame.answers) and not told.get(QUIET):
            return _over(step, scene, ENDED)
        if told.get(QUIET):
            return WAIT  # how things stand is said at the word
        if desk.state != ACTIVE:
            return _wait(scene, desk)
        if told.get("state") == ACTIVE and told.get("with") == desk.who:
            _say(scene, "talk_still", desk)
            return WAIT
        return _present(scene, desk)

    def hear(self, step: Step, scene: Scene, said: Said, tapped: str | None) -> Move:
        """Passes on what was written, or takes one of the ways."""
        desk = desk_of(scene.world)
        if not desk.on and not (HAND_OFF in scene.frame.answers and not told_of(scene)):
            if said.message.text and tapped is None:
                scene.keep_told(said.message.text)  # it has ended meanwhile: nobody would read it here
            return _over(step, scene, ENDED)
        scene.misses = 0
        chosen = tapped or self._chosen(scene, said, desk)
        if chosen is not None:
            return self._take(step, scene, chosen, desk)
        return self._pass_on(step, scene, said)

    def _chosen(self, scene: Scene, said: Said, desk: Desk) -> str | None:
        """An option in words. With somebody there a number is an answer to that person, unless we asked the question just now."""
        text = said.message.text
        if said.message.kind is not InboundKind.TEXT or not text.strip():
            return None
        shown = choose.asked(scene) if desk.state == ACTIVE or scene.frame.scratch.get(choose.SAFE) is True else choose.ways(scene)
        for number, (option, label) in enumerate(shown, start=1):
            if says(text, label) or text.strip() == str(number):
                return option
        return choose.END if desk.state == ACTIVE and says(text, scene.common("talk_end")) else None

    def _take(self, step: Step, scene: Scene, chosen: str, desk: Desk) -> Move:
        there = desk.state == ACTIVE
        if chosen in (choose.SAFE_YES, choose.SAFE_NO):
            scene.frame.scratch = {**_kept(scene), choose.SAFE: chosen}
            return Act(name=PASS_ON, arguments={"safe": "yes" if chosen == choose.SAFE_YES else "no"})
        if there and chosen == choose.END:
            scene.frame.scratch = {_WAY: choose.END}
            return Act(name=END_TALK, arguments={})
        if there:  # "go on", or a button from the time of waiting
            scene.frame.scratch = _kept(scene)
            _say(scene, "talk_still", desk)
            return WAIT
        if chosen in (choose.STOP, choose.MESSAGE):
            scene.frame.scratch = {_WAY: chosen}
            return Act(name=STOP_WAITING, arguments={"keep": chosen == choose.MESSAGE})
        if chosen == choose.READ or (chosen == choose.CALL_BACK and scene.world.get("callback")):
            return Goto(step=step.after(chosen))
        return _wait(scene, desk)

    @staticmethod
    def _pass_on(step: Step, scene: Scene, said: Said) -> Move:
        message = said.message
        alarm = said.understanding.danger
        about: dict[str, Any] = {"alert": alarm.value} if alarm is not None else {}
        if scene.frame.scratch.get(_FIRST):
            about["safe"] = "yes"
        scene.frame.scratch = _kept(scene)
        if message.media is not None:
            filed = files.hear(step, scene, said, None)
            if filed is not None:
                if about:
                    scene.frame.scratch[_ALARM] = about
                return filed
            scene.tell(scene.common("media_closed"))  # a channel on which no file can be had
        if message.text.strip():
            about["text"] = message.text
        if message.location is not None:
            about["location"] = list(message.location)
        if not about.keys() - {"safe"}:
            scene.tell(scene.common("unsupported"))
            return WAIT
        return Act(name=PASS_ON, arguments=about)

    def done(self, step: Step, scene: Scene, done: Done) -> Move:
        """Silent where all went well and somebody is there; honest where it did not."""
        if done.action in files.ACTIONS:
            return self._filed(scene, done)
        if done.action in (STOP_WAITING, END_TALK):
            way = str(scene.frame.scratch.pop(_WAY, ENDED))
            if done.code == "error":
                scene.tell(scene.common("trouble"))
                return WAIT
            return _over(step, scene, way)
        if done.action != PASS_ON:
            return WAIT
        safe = scene.frame.scratch.pop(choose.SAFE, None)
        if done.code != "ok":
            scene.tell(scene.common("talk_not_passed"))
        elif safe is not None:
            return _answered(scene, yes=safe == choose.SAFE_YES)
        elif desk_of(scene.world).state != ACTIVE and not scene.frame.scratch.get(_KEPT) and not unsafe(scene):
            scene.frame.scratch[_KEPT] = True
            scene.tell(scene.common("talk_kept"))
        return WAIT

    @staticmethod
    def _filed(scene: Scene, done: Done) -> Move:
        """A file was taken, and goes on with the words that came with it; or was not, which is said."""
        caption = str(scene.frame.scratch.pop(files.CAPTION, "") or "")
        about: dict[str, Any] = dict(scene.frame.scratch.pop(_ALARM, {}))
        if caption:
            about["text"] = caption
        if done.action == files.TAKE and done.code == "ok":
            about["file"] = done.result.get("id")
        elif done.action == files.TAKE:
            scene.tell(scene.common(files.said_of(done)))
        return Act(name=PASS_ON, arguments=about) if about else WAIT


def owned(scene: Scene) -> bool:
    """Whether a person of the desk has the conversation, or nothing may be sent to it: then the bot is silent."""
    return _has_talk(scene) and (desk_of(scene.world).state == ACTIVE or unsafe(scene))


def _has_talk(scene: Scene) -> bool:
    flow = scene.library.flow(COUNSELLOR)
    return flow is not None and flow.steps[flow.door(JOINED)].type == "talk"


def _on_top(scene: Scene) -> bool:
    return bool(scene.frames) and scene.frame.flow.name == COUNSELLOR and scene.step.type == "talk"


def hear(scene: Scene, said: Said, command: str | None) -> Move | None:
    """A message while `owned`, whatever lay on top. None: the question that the person asked for (erase) hears it, or the conversation
    goes on as if there were no talk."""
    danger = said.understanding.danger if command is None else None
    if danger is None and command in (None, "erase", "repeat") and _erasing(scene):
        return None
    desk, told = desk_of(scene.world), told_of(scene)
    there = desk.state == ACTIVE
    if not there and not _on_top(scene):
        return None
    if command == "erase":
        if not unsafe(scene) or _on_top(scene):
            _bring(scene)
        return None
    given = unsafe(scene) and word_given(scene, said)
    first = unsafe(scene) and there and writes_first(scene, said)
    if unsafe(scene) and not (given or first):
        return None if command == "menu" else _not_answered(scene, said, desk)
    step = _bring(scene)
    if not there:
        return Talk().hear(step, scene, said, choose.SAFE_YES)
    if told.get("state") != ACTIVE or told.get("with") != desk.who:
        _present(scene, desk)
        if said.message.kind is InboundKind.START:
            return WAIT
    if given:
        return Talk().hear(step, scene, said, choose.SAFE_YES)
    if first:
        scene.frame.scratch[_FIRST] = True
    if command == "menu":
        scene.frame.scratch = {**_kept(scene), choose.LEAVING: True}
        scene.new_prompt()
        _say(scene, "talk_leaving", desk, choices=choose.asked(scene))
        return WAIT
    tapped = None
    if said.message.kind is InboundKind.TAP:
        if said.message.tap == scene.last_tap:
            return WAIT
        scene.last_tap = said.message.tap or ""
        tapped = choose.option_tapped(scene, said.message.tap or "")
    elif said.message.kind is InboundKind.START:
        _say(scene, "talk_still", desk)
        return WAIT
    if danger is not None:
        _numbers(scene, desk, danger)
    return Talk().hear(step, scene, said, tapped)


def late_answer(scene: Scene, said: Said) -> Move | None:
    """The answer to "is it safe to write now?" counts also once the line to whoever asked is lost: a "no" that is not heard would be
    followed by words. None: the message is no such answer."""
    desk, message = desk_of(scene.world), said.message
    if not _has_talk(scene) or desk.state != WAITING or desk.safe != "asked":
        return None
    if message.kind is InboundKind.TAP and message.tap != scene.last_tap:
        chosen = choose.option_of(scene, message.tap or "", scene.library.flows[COUNSELLOR].door(JOINED))
    elif message.kind is InboundKind.TEXT:
        chosen = next((one for one, key in choose.SAFE_WORDS.items() if says(message.text, scene.common(key))), "")
    else:
        return None
    if chosen not in choose.SAFE_WORDS:
        return None
    scene.last_tap = message.tap or scene.last_tap
    return Talk().hear(_bring(scene), scene, said, chosen)


def _not_answered(scene: Scene, said: Said, desk: Desk) -> Move | None:
    """A message while nothing may be sent: somebody else may hold the telephone. In the talk it goes to the desk, or is kept if that is
    over, and only danger is answered. Elsewhere it is as if there were no talk (None)."""
    danger, message = said.understanding.danger, said.message
    if not _on_top(scene) or (danger is not None and desk.state != ACTIVE):
        return None
    if not desk.on:
        scene.unwanted = message.media
        if message.kind is InboundKind.TEXT:
            scene.keep_told(message.text)
        return WAIT
    if message.kind in (InboundKind.TAP, InboundKind.START, InboundKind.UNSUPPORTED):
        return WAIT
    if danger is not None:
        _numbers(scene, desk, danger)
    return Talk()._pass_on(scene.step, scene, said)


def _answered(scene: Scene, *, yes: bool) -> Move:
    """Whether it is safe was answered. With a yes, what could not be said before: that the line to the desk was lost."""
    desk, told = desk_of(scene.world), told_of(scene)
    remember(scene, desk, safe="yes" if yes else "no", quiet=not yes)
    if not yes:
        scene.tell(scene.common("talk_quiet_word" if scene.facts.get(SAFE_WORD) else "talk_quiet"))
        return WAIT
    scene.tell(scene.common("talk_thanks_safe"))
    if told.get("state") != ACTIVE or desk.state == ACTIVE:
        return WAIT
    scene.tell(scene.common("talk_lost"))
    return _wait(scene, desk)


def news(scene: Scene) -> Move:
    """The desk says that something changed. Whoever only waits, or reads meanwhile, is told when somebody comes, and not of every move.
    Where it is not safe nobody is told anything before the word."""
    desk, told = desk_of(scene.world), told_of(scene)
    if not _has_talk(scene) or unsafe(scene):
        return WAIT
    if desk.state == ACTIVE:
        _bring(scene)
        return _present(scene, desk)
    if desk.state == WAITING and desk.untaken and not told.get("untaken"):
        remember(scene, desk, untaken=True)
        return Open(flow=INTERRUPTS, entry=UNTAKEN_DANGER if desk.asks else UNTAKEN, keep=True)
    if desk.state == WAITING and desk.deserted and desk.empty and not told.get("empty") and not _arranging(scene):
        _bring(scene)
        return _wait(scene, desk)
    if not told or not scene.frames:
        return WAIT
    there = _on_top(scene)
    if told.get("state") == ACTIVE:
        if desk.state == WAITING and desk.safe == told.get("safe") == "asked":
            return WAIT  # whether it is safe to write is not known: that the line was lost is said with the answer
        step = _bring(scene)
        if desk.on:
            if desk.state == WAITING:
                scene.tell(scene.common("talk_lost"))
            return _wait(scene, desk)
        return _over(step, scene, ENDED)
    if not there or told.get("state") == desk.state:
        return WAIT
    return _wait(scene, desk) if desk.on else _over(scene.step, scene, ENDED)


def _arranging(scene: Scene) -> bool:
    """Whether somebody is just saying when to be called back: they know that nobody is there, or will hear it."""
    return bool(scene.frames) and scene.frame.flow.name == COUNSELLOR and scene.step.type != "talk"


def _bring(scene: Scene) -> Step:
    """Puts the talk on top. What was read meanwhile makes room; a report that was begun and the talk about danger stay, to come back to."""
    flow = scene.library.flows[COUNSELLOR]
    known = next((frame for frame in scene.frames if frame.flow.name == COUNSELLOR), None)
    frame = known or OpenFrame(flow=flow, step=flow.door(JOINED))
    if frame.flow.steps[frame.step].type != "talk":
        frame.flow, frame.step, frame.scratch = flow, flow.door(JOINED), {}
    if not (scene.frames and scene.frames[-1] is frame):
        danger = [each for each in scene.frames if blocking.about_danger(each)]
        danger = [each for each in danger if each.step != _MAY_CALL]  # who has come need not be telephoned for
        rest = [each for each in scene.frames if each is not frame and each.flow.name not in (*_PASSING, INTERRUPTS)]
        scene.frames = [*rest, *danger, frame]
    frame.answers = {HAND_OFF: desk_of(scene.world).id or frame.answers.get(HAND_OFF, "")}
    return scene.step


def _erasing(scene: Scene) -> bool:
    flow = scene.frame.flow if scene.frames else None
    return flow is not None and flow.name == INTERRUPTS and scene.frame.step == flow.entries.get("erase")


def _kept(scene: Scene) -> dict[str, Any]:
    """What of the scratch outlives a message."""
    return {_KEPT: True} if scene.frame.scratch.get(_KEPT) else {}


def _say(scene: Scene, key: str, desk: Desk, *, choices: tuple[tuple[str, str], ...] = ()) -> None:
    """A sentence that may name the counsellor."""
    scene.tell(scene.common(key), choices=choices, extra={"with": desk.who or scene.common("talk_somebody")})


def _present(scene: Scene, desk: Desk) -> Move:
    """Somebody is there, or somebody else than before; perhaps with the question whether it is safe to write."""
    told = told_of(scene)
    if told.get("state") != ACTIVE:
        scene.frame.scratch = {}
        _say(scene, "talk_with", desk)
        _say(scene, "talk_how", desk)
    elif told.get("with") != desk.who:
        _say(scene, "talk_handed", desk)
    if desk.safe == "asked" and (told.get("safe") != "asked" or told.get("state") != ACTIVE):
        scene.frame.scratch = {choose.SAFE: True}
        scene.new_prompt()
        scene.tell(scene.common("talk_safe"), choices=choose.asked(scene))
    remember(scene, desk, untaken=False, empty=False)
    return WAIT


def _wait(scene: Scene, desk: Desk) -> Move:
    """How long it will be, honestly, and what can be done meanwhile."""
    scene.new_prompt()
    if desk.state == CALLBACK:
        sentences = ["talk_nobody"]
    elif desk.empty:  # nobody is before them, and no time is known: nobody is there
        sentences = ["talk_empty", "talk_opens" if scene.world.get("opens") else "talk_opens_unknown", "talk_empty_wait"]
    else:
        place = [] if desk.ahead is None else ["talk_ahead" if desk.ahead else "talk_first"]
        sentences = [*place, "talk_minutes" if desk.minutes is not None else "talk_unknown", "talk_wait"]
    words = " ".join(scene.common(key) for key in sentences[:-1])
    text = "\n\n".join(part for part in (words, scene.common(sentences[-1])) if part)
    known = {"ahead": desk.ahead, "minutes": max(1, desk.minutes or 0)}
    scene.tell(text, choices=choose.ways(scene), extra=known)
    remember(scene, desk, **({"empty": True} if desk.empty else {}))
    return WAIT


def _numbers(scene: Scene, desk: Desk, danger: Danger) -> None:
    """The numbers, at once. The whole list once; then the first one again, for nobody should have to look for it. Who speaks of
    self-harm with a person is not interrupted each time."""
    told = told_of(scene)
    alarms = list(told.get("alarms", ()))
    first = danger.value not in alarms
    parts = ["danger", *(["danger_next"] if first else [])] if danger is Danger.EMERGENCY else ["self_harm"] if first else []
    for part in parts:
        scene.tell(scene.library.catalogue.part(scene.language, INTERRUPTS, part, "text", scene.reader))
    if first:
        _say(scene, "talk_seen", desk)
    scene.facts[DESK] = {**told, "alarms": [*alarms, *([danger.value] if first else [])], "crisis": True}


def _over(step: Step, scene: Scene, way: str) -> Move:
    """The talk is over. After danger or self-harm nobody is asked how it was."""
    crisis = bool(told_of(scene).get("crisis"))
    scene.facts.pop(DESK, None)
    scene.facts.pop(SAFE_WORD, None)
    scene.frame.scratch = {}
    if blocking.blocked(scene):  # nobody who was blocked is asked how it was
        scene.frames.pop()
        return blocking.notice(scene, ended=True)
    return Goto(step=step.after(AFTER_CRISIS if crisis and way in (choose.END, ENDED) else way))
