"""All that the engine may look up: flows by name and revision, words, regions. A value made once at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.catalogue import Catalogue
from flows.definition import Flow
from flows.places import Regions

START = "start"
INTERRUPTS = "interrupts"
FOLLOW_UP = "follow_up"


@dataclass(frozen=True, kw_only=True, slots=True)
class Library:
    """`flows` are today's by name; `former` holds earlier revisions that open sessions still go through."""

    flows: Mapping[str, Flow]
    catalogue: Catalogue
    regions: Regions
    former: Mapping[tuple[str, str], Flow] = field(default_factory=dict)

    def flow(self, name: str, revision: str | None = None) -> Flow | None:
        """A flow in the revision that a session started with, or today's if that one is gone."""
        today = self.flows.get(name)
        if revision is None or (today is not None and today.revision == revision):
            return today
        return self.former.get((name, revision), today)
