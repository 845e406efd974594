"""What a transcript is played on: the real service, or the engine by itself. Both tell what is left in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.shelf import Shelf
from flows.message import Danger, Inbound, Outbound, Understanding
from flows.session import Session
from tests.transcripts.person import Person

REMEMBERED = {"exit_word", "language"}  # what may stay when everything else goes


class Understands(Protocol):
    """Text → what it means."""

    async def understand(self, text: str, language: str) -> Understanding: ...


class Ears:
    """The real understanding, with a memory of what alarmed in the turn that is being played."""

    def __init__(self, understander: Understands) -> None:
        self._understander = understander
        self.danger: Danger | None = None

    async def understand(self, text: str, language: str) -> Understanding:
        understanding = await self._understander.understand(text, language)
        self.danger = understanding.danger or self.danger
        return understanding


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A case as the units that received it read it. `address` tells whether a return address was left."""

    kind: str
    urgency: str
    readers: tuple[str, ...]
    records: tuple[Mapping[str, Any], ...]
    address: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """All that a conversation left behind. `traces` says what of it could still be read without a unit's key."""

    cases: tuple[Seen, ...]
    hand_offs: tuple[tuple[str, str], ...]  # reason, state
    traces: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What every stage needs."""

    person: Person
    channel: str
    shelf: Shelf
    ears: Ears


class Stage(Protocol):
    """One person on one channel."""

    async def open(self) -> None:
        """Makes everything ready."""

    async def close(self) -> None:
        """Ends, and raises AssertionError for anything that went wrong unseen."""

    async def deliver(self, message: Inbound, *, again: bool = False) -> list[Outbound]:
        """A message of the person; `again` delivers the one before once more. Gives the bubbles that came of it."""

    async def pass_time(self, seconds: int) -> list[Outbound]:
        """The clock moves, and what is due happens."""

    async def restart(self) -> list[Outbound]:
        """The program ends and starts on the same data."""

    async def answer(self, words: str) -> None:
        """Somebody of the staff answers the case that was opened last."""

    def new_device(self) -> None:
        """The person goes on from another telephone."""

    async def session(self) -> Session | None:
        """Where the conversation stands, None if there is none."""

    async def left(self) -> Left:
        """What is left behind now."""

    def not_wiped(self, bubbles: list[Outbound]) -> list[str]:
        """What of both sides' messages the last turn should have taken away and did not."""


@dataclass(slots=True)
class Clock:
    """Seconds since 1970, moved by hand."""

    now: float

    def __call__(self) -> float:
        return self.now
