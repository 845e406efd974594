"""Buttons of questions that were asked before the pending one."""

from __future__ import annotations

from flows.kinds import KINDS
from flows.library import START
from flows.move import ASK, WAIT, Move
from flows.opening import begin
from flows.registry import STEP_TYPES
from flows.scene import OpenFrame, Scene
from flows.signals import Said
from flows.steps.ask import offered
from flows.steps.review import change


def still_asked(scene: Scene, said: Said, number: str, option: str) -> bool:
    """Whether an older button belongs to the question that is pending: it was asked again, or its bubble does not show the last tick yet.

    In a talk about danger only the newest button counts.
    """
    step, flow = scene.step, scene.frame.flow.name
    if step.type != "ask" or step.settings.get("danger") == "quiet" or said.message.tap == scene.last_tap:
        return False
    asked = any((str(n), in_flow, name) == (number, flow, step.id) for n, in_flow, name in scene.asked)
    return asked and any(option == offered for offered, _ in KINDS[step.kind].offer(step, scene).options)


def old_tap(scene: Scene, said: Said, number: str, option: str) -> Move:
    """A button of an older question. The same tap twice is nothing; another answer to an earlier question of the open conversation
    changes that answer; a button of the menu opens it again; anything else is said kindly."""
    if said.message.tap == scene.last_tap:
        return WAIT
    asked = next(((flow, step) for n, flow, step in scene.asked if str(n) == number), None)
    if asked is not None:
        flow, name = asked
        if scene.frames and scene.frame.flow.name == flow and name in scene.frame.order:
            step = scene.frame.flow.steps[name]
            if scene.frame.given(step) == option:
                scene.last_tap = said.message.tap or ""
                return WAIT
            if step.type == "ask" and option in offered(step, scene):
                scene.last_tap = said.message.tap or ""
                change(scene, name)
                scene.frame.step = name
                scene.tell(scene.common("changed_earlier"))
                return STEP_TYPES[step.type].hear(step, scene, said, option)
        start = scene.library.flow(START)
        if flow == START and start is not None and name in start.steps and not (scene.frames and scene.frame.flow.name == START):
            scene.last_tap = said.message.tap or ""
            scene.frames.append(OpenFrame(flow=start, step=name))
            return STEP_TYPES[start.steps[name].type].hear(start.steps[name], scene, said, option)
    if not scene.frames:
        return begin(scene)
    scene.tell(scene.common("old_prompt"))
    return ASK
