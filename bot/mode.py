"""The kill switch: "people-only" means that the bot takes no report by itself and gives numbers and people. It stands in the database, so
that every process of the service sees it within 20 seconds."""

from __future__ import annotations

import logging

from actions.rows import Insert
from bot.storage.reads import Reads

log = logging.getLogger(__name__)

NORMAL, PEOPLE_ONLY = "normal", "people-only"
MODES = (NORMAL, PEOPLE_ONLY)


class Mode:
    """How the switch stands, held in memory. What is no word of ours counts as people-only: the careful side."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self.value = NORMAL

    async def refresh(self) -> None:
        """Reads it anew."""
        stored = await self._reads.switch("mode")
        value = NORMAL if stored in (None, NORMAL) else PEOPLE_ONLY
        if value != self.value:
            log.warning("mode_changed", extra={"mode": value})
        self.value = value


def switched(mode: str) -> Insert:
    """The row that switches. Raises ValueError for a word that is no mode."""
    if mode not in MODES:
        raise ValueError("no such mode")
    return Insert(table="switch", row={"name": "mode", "value": mode}, replace=True)
