"""Words that alarm: what of them is kept before help goes first."""

from __future__ import annotations

from dataclasses import replace

from flows import files, noted
from flows.blocking import about_danger
from flows.desk import desk_of
from flows.message import Danger
from flows.move import Goto
from flows.registry import STEP_TYPES
from flows.scene import Scene
from flows.signals import Said
from flows.steps.ask import FREE_TEXT


def alarmed(said: Said) -> Said:
    """An intent that alarms is danger, whether it was marked as one or not."""
    intent = said.understanding.intent
    if intent not in tuple(Danger) or said.understanding.danger is not None:
        return said
    return replace(said, understanding=replace(said.understanding, danger=Danger(intent)))


def unheard(scene: Scene, said: Said) -> bool:
    """Whether words alarm in a talk about danger that people have ended at the desk: nobody listens there any more, so it begins anew, and
    rings."""
    ended = bool(scene.facts.get("alert")) and not desk_of(scene.world).on
    return said.understanding.danger is not None and ended and bool(scene.frames) and about_danger(scene.frame)


def kept(scene: Scene, said: Said) -> str:
    """Words that alarm. What was being told is kept first, so that nothing has to be told again after a false alarm. Gives the door of the
    interruption that they lead to."""
    text = said.message.text
    noted.note(scene, said.understanding)
    if scene.frames:
        step = scene.step
        # A cry is no exit word, no code and no name.
        words = step.kind in FREE_TEXT and not {"remember", "secret", "apart"} & step.settings.keys()
        if step.type == "ask" and (words or step.settings.get("append_to")):
            sent = len(scene.sends)
            # Help goes first: a file that came with these words is not taken, and may be sent again.
            bare = replace(said, message=replace(said.message, media=None))
            scene.frame.scratch.pop(files.PENDING, None)
            after = STEP_TYPES[step.type].hear(step, scene, bare, None)
            del scene.sends[sent:]
            if isinstance(after, Goto) and after.step is not None:
                scene.frame.step = after.step
    else:
        scene.keep_told(text)
    if scene.frames and scene.step.apart:
        scene.facts.pop("trigger", None)  # it may be somebody's name that alarmed: the alert is raised without the words
    else:
        scene.facts["trigger"] = text
    scene.facts["in_care"] = said.understanding.in_care
    return str(said.understanding.danger)
