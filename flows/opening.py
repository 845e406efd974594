"""Opening the chat."""

from __future__ import annotations

from flows.library import START
from flows.move import ASK, Move, Open
from flows.scene import Scene


def begin(scene: Scene) -> Move:
    """The chat was opened: the pending question if there is one, else the start, which greets those it has not greeted."""
    if scene.frames:
        return ASK
    return Open(flow=START, entry="menu" if scene.facts.get("greeted") else None, keep=True)
