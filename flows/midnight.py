"""A day that was named from the day on which it was said stays that day: past midnight, "tomorrow" is called "today"."""

from __future__ import annotations

from datetime import date

from flows.scene import Scene

FROM = "callback_from"  # the fact: on which day it was said; the definition keeps it
_DAY, _TODAY, _TOMORROW = "callback_day", "today", "tomorrow"


def passed(scene: Scene) -> None:
    """The answer by the name that the day has now. A day that is over keeps its name, and the fact says that it is over."""
    said = scene.facts.get(FROM)
    if not isinstance(said, str) or (scene.today - date.fromisoformat(said)).days != 1:
        return
    for frame in scene.frames:
        for answers in (frame.answers, frame.kept):
            if answers.get(_DAY) == _TOMORROW:
                answers[_DAY] = _TODAY
                scene.facts[FROM] = scene.today.isoformat()
