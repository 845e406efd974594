"""What a transcript is played on: the real service, or the engine by itself. Both tell what is left in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from bot.hearing import Understands
from bot.shelf import Shelf
from flows.message import Danger, Inbound, Outbound, Understanding
from flows.session import Session
from tests.transcripts.person import Person

REMEMBERED = {"exit_word", "language"}  # what may stay when everything else goes


class Ears:
    """The real danger phrases, with a memory of what alarmed in the turn that is being played; and a model that says what the transcript
    gives it to say. It remembers that it was asked."""

    def __init__(self, understander: Understands) -> None:
        self._understander = understander
        self.alarm: Danger | None = None
        self.understood: Understanding | None = None
        self.asked: list[str] = []

    def danger(self, text: str) -> Danger | None:
        heard = self._understander.danger(text)
        self.alarm = heard or self.alarm
        return heard

    def in_care(self, text: str) -> bool:
        return self._understander.in_care(text)

    async def understand(self, text: str, language: str) -> Understanding:
        self.asked.append(text)
        understanding = self.understood or await self._understander.understand(text, language)
        understanding = replace(understanding, in_care=understanding.danger is not None and self.in_care(text))
        self.alarm = understanding.danger or self.alarm
        return understanding


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A case as the units that received it read it. `address` tells whether a return address was left, `identity` is
    what the two roles together read."""

    kind: str
    urgency: str
    readers: tuple[str, ...]
    records: tuple[Mapping[str, Any], ...]
    address: bool
    identity: Mapping[str, str] = field(default_factory=dict)


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

    async def switch(self, mode: str) -> None:
        """The operator switches to numbers and people only, or back."""

    async def desk(self, act: str) -> list[Outbound]:
        """Something happens at the desk (`tests.desk_by_hand`)."""

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
