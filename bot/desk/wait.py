"""How long it takes until somebody comes, as far as it can be said."""

from __future__ import annotations

from collections.abc import Callable

from actions.queue import HandOff, wait_minutes
from bot.desk.picture import Glances, Picture
from bot.storage.desk import DeskStore

HOUR = 3600
KEPT = 2  # seconds for which the answer for newcomers is good: they all get the same, and every message asks


class Wait:
    """`clock` gives seconds since 1970."""

    def __init__(self, store: DeskStore, glances: Glances, clock: Callable[[], float]) -> None:
        self._store, self._glances, self._clock = store, glances, clock
        self._newcomer: tuple[float, dict[str, int | None]] | None = None

    def forget(self) -> None:
        """The desk is not as it was."""
        self._newcomer = None

    async def of_newcomer(self) -> dict[str, int | None]:
        """`ahead`, `wait_minutes` and `empty` (nobody is on duty) for whoever asked now."""
        kept = self._newcomer
        if kept is None or not 0 <= self._clock() - kept[0] < KEPT:
            asked = self._clock()
            seen = await self._glances.glance()
            units = frozenset(each.unit_id for each in seen.colleagues.values())
            self._newcomer = kept = (asked, await self._told(seen, units, len(_waiting(seen, units))))
        return kept[1]

    async def of(self, hand_off: HandOff) -> dict[str, int | None]:
        """The same for one that waits."""
        seen = await self._glances.glance()
        units = seen.of(hand_off)
        return await self._told(seen, units, sum(each.before < hand_off.before for each in _waiting(seen, units)))

    async def _told(self, seen: Picture, units: frozenset[bytes], ahead: int) -> dict[str, int | None]:
        now = int(self._clock())
        there = [each for each in seen.colleagues.values() if each.unit_id in units and each.on_duty(now)]
        places = sum(max(each.capacity, each.load) for each in there)
        minutes = wait_minutes(ahead, await self._store.handled_since(now - HOUR), places=places)
        return {"ahead": ahead, "empty": not there, "wait_minutes": minutes}


def _waiting(seen: Picture, units: frozenset[bytes]) -> list[HandOff]:
    return [each for each in seen.open if each.waits and seen.of(each) & units]
