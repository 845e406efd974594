"""What somebody may choose while a person is waited for, or has the conversation: the ways on, and what was asked last."""

from __future__ import annotations

from flows.library import COUNSELLOR
from flows.scene import Scene

READ, CALL_BACK, MESSAGE, STOP, END = "read", "callback", "message", "stop", "end"
GO_ON, SAFE_YES, SAFE_NO = "go_on", "safe_yes", "safe_no"
SAFE_WORDS = {SAFE_YES: "talk_safe_yes", SAFE_NO: "talk_safe_no"}  # the options of "is it safe to write now?", and their words
LEAVING, SAFE = "leaving", "safe"  # in the frame's scratch: that was asked last


def ways(scene: Scene) -> tuple[tuple[str, str], ...]:
    """What can be done while waiting. Nobody is called back where nobody is planned to be there."""
    missing = {*(() if scene.world.get("learn") else (READ,)), *(() if scene.world.get("callback") else (CALL_BACK,))}
    names = [name for name in (READ, CALL_BACK, MESSAGE, STOP) if name not in missing]
    return tuple((name, scene.common(f"talk_{name}")) for name in names)


def asked(scene: Scene) -> tuple[tuple[str, str], ...]:
    """The options of what was asked last while somebody is there."""
    if scene.frame.scratch.get(LEAVING):
        return ((GO_ON, scene.common("talk_go_on")), (END, scene.common("talk_end")))
    if scene.frame.scratch.get(SAFE):
        return tuple((option, scene.common(key)) for option, key in SAFE_WORDS.items())
    return ()


def option_tapped(scene: Scene, tap: str) -> str:
    """The option of a button of this talk, whenever it was shown; of any other there is only to say with whom the person speaks."""
    option = option_of(scene, tap, scene.frame.step)
    return option if option in (READ, CALL_BACK, MESSAGE, STOP, END, GO_ON, SAFE_YES, SAFE_NO) else GO_ON


def option_of(scene: Scene, tap: str, step: str) -> str:
    """The option of a button that this step of the conversation with the desk showed once; "" if it is no such button."""
    number, _, option = tap.partition(".")
    return option if any((str(n), flow, name) == (number, COUNSELLOR, step) for n, flow, name in scene.asked) else ""
