"""Where a conversation stands: a value that is written as JSON after every turn and survives a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

VERSION = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One open conversation of the stack.

    `order` lists the answered questions as they were answered (for "back" and the review). `kept` holds answers that a changed
    earlier answer put in doubt: they are used again where the path still meets their question. `scratch` is the current step's own.
    `apart` holds the answers of questions that are kept apart (`apart: true`): neither `answers` nor `kept` ever do.
    """

    flow: str
    revision: str
    step: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)
    scratch: Mapping[str, Any] = field(default_factory=dict)
    apart: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """`frames` is the stack of open conversations, the last is the one that speaks. `prompt` numbers the questions asked; `asked`
    remembers the latest of them as (number, flow, step) so that a tap on an old button is understood. `misses` counts answers in
    a row that were not understood. `result` is what the last action told, until the next wait. `waiting` is the action that is out.
    """

    language: str
    frames: tuple[Frame, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    prompt: int = 0
    asked: tuple[tuple[int, str, str], ...] = ()
    last_tap: str = ""
    misses: int = 0
    waiting: str = ""

    def evolve(self, **changes: Any) -> Self:
        """The session with some fields changed."""
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values. Short keys: this is encrypted and written at every turn."""
        return {
            "v": VERSION,
            "l": self.language,
            "f": [[f.flow, f.revision, f.step, f.answers, f.order, f.kept, f.scratch, f.apart] for f in self.frames],
            "x": self.facts,
            "n": self.prompt,
            "a": self.asked,
            "t": self.last_tap,
            "m": self.misses,
            "w": self.waiting,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Session:
        """The session that `to_json` wrote. Raises ValueError for a version that this program does not know."""
        if data.get("v") != VERSION:
            raise ValueError("session version")
        return cls(
            language=data["l"],
            frames=tuple(
                Frame(
                    flow=f[0], revision=f[1], step=f[2], answers=f[3], order=tuple(f[4]), kept=f[5], scratch=f[6],
                    apart=f[7] if len(f) > 7 else {},  # a session of before there was anything to keep apart
                )
                for f in data["f"]
            ),
            facts=data["x"],
            prompt=data["n"],
            asked=tuple((a[0], a[1], a[2]) for a in data["a"]),
            last_tap=data["t"],
            misses=data["m"],
            waiting=data["w"],
        )
