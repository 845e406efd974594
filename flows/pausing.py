"""Whether what is pending may be asked now: the world may have changed since it was."""

from __future__ import annotations

from flows.scene import Scene

PAUSABLE = ("ask", "review", "do", "handoff")  # a word on the way, or a call for help, is never held back


def asked_now(scene: Scene) -> bool:
    """Whether the question that is pending would still be asked, going by its own condition."""
    step = scene.step
    return step.when is None or step.otherwise is None or step.when.holds(scene.known())


def paused(scene: Scene) -> bool:
    """Whether the conversation that speaks was begun, and may not go on for the moment (`pause:` in its definition of today)."""
    frame = scene.frame
    flow = scene.library.flow(frame.flow.name)
    pause = flow.pause if flow is not None else None
    if pause is None or not (frame.order or frame.kept):
        return False
    return frame.step in pause.steps and scene.step.type in PAUSABLE and pause.when.holds(scene.known())
