"""Where a step sends the conversation: the engine's loop follows these until somebody has to speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Goto:
    """On to a step of the same flow; None ends the flow."""

    step: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """Do an action, then resume with its result."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """On to another flow. `keep` leaves the present one underneath, to come back to. `answers` are what it begins with."""

    flow: str
    entry: str | None = None
    keep: bool = False
    answers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """Until the person says something."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """Ask the present question once more (an answer was not understood, or only half of it is there)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """Back to the conversation underneath."""


Move = Goto | Act | Open | Wait | Ask | End
WAIT = Wait()
ASK = Ask()
END = End()
