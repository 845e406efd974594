"""All that the engine may look up: flows by name and revision, words, regions. A value made once at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.catalogue import Catalogue
from flows.definition import Flow
from flows.directory import Service
from flows.places import Regions
from flows.topics import Topic

START = "start"
INTERRUPTS = "interrupts"
FOLLOW_UP = "follow_up"
LEARN = "learn"
COUNSELLOR = "counsellor"  # where somebody talks with a person; its entry `joined` is a step of the type `talk`
UNDERSTOOD = "understood"  # a door for every intent that is no topic: where a typed message leads that nothing else took
PAUSED = "paused"  # the door of INTERRUPTS for a conversation that may not go on for the moment


@dataclass(frozen=True, kw_only=True, slots=True)
class Library:
    """`flows` are today's by name; `former` holds earlier revisions that open sessions still go through. `offer` is how likely (0 to 1) a
    topic has to be to be offered to somebody who was not understood."""

    flows: Mapping[str, Flow]
    catalogue: Catalogue
    regions: Regions
    topics: Mapping[str, Topic] = field(default_factory=dict)
    services: tuple[Service, ...] = ()
    offer: float = 0.05
    former: Mapping[tuple[str, str], Flow] = field(default_factory=dict)

    def flow(self, name: str, revision: str | None = None) -> Flow | None:
        """A flow in the revision that a session started with, or today's if that one is gone."""
        today = self.flows.get(name)
        if revision is None or (today is not None and today.revision == revision):
            return today
        return self.former.get((name, revision), today)
