"""What the engine is told (signals) and what it wants done (effects)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.message import NOTHING_UNDERSTOOD, Inbound, Outbound, Understanding

# What the shell tells about the world at each turn; `check` refuses a definition that asks for anything else.
WORLD = frozenset(
    {
        "can_file", "staffed", "learn", "channel", "today", "service_name", "can_wipe", "takes_media", "identity", "identity_first",
        "identity_second", "mode", "files_most", "desk", "opens", "callback", "blocked",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A person said something."""

    message: Inbound
    understanding: Understanding = NOTHING_UNDERSTOOD


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """An action that the engine asked for came back. `code` is one that the action declares; `facts` are merged into the session's.

    `forget` drops the answers of the flow that asked: they are sealed now, and nobody needs to read them here again. `reset` drops
    everything but the step that answers (quick exit, erasure). `keep` goes among the answers of the flow that asked, and with it.
    """

    action: str
    code: str
    result: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    keep: Mapping[str, Any] = field(default_factory=dict)
    forget: bool = False
    reset: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TimedOut:
    """A timer of the session came due. `silence` is the one the shell keeps for every open conversation."""

    timer: str


Signal = Said | Done | TimedOut


@dataclass(frozen=True, kw_only=True, slots=True)
class Send:
    """Send this bubble."""

    message: Outbound


@dataclass(frozen=True, kw_only=True, slots=True)
class RunAction:
    """Do this, then resume with `Done`. `answers` are those of the flow that asks, by the name under which they are kept;
    `last` is the name of the one that was given last. `apart` are the own words among the answers that the definition keeps apart."""

    name: str
    arguments: Mapping[str, Any]
    answers: Mapping[str, Any]
    last: str = ""
    apart: Mapping[str, str] = field(default_factory=dict)


Effect = Send | RunAction
