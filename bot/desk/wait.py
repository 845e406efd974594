"""How long it takes until somebody comes, as far as it can be said."""

from __future__ import annotations

from collections.abc import Callable

from actions.queue import HandOff, State, wait_minutes
from bot.desk.picture import Picture, picture
from bot.storage.desk import DeskStore

HOUR = 3600
KEPT = 2  # seconds for which the answer for newcomers is good: they all get the same, and every message asks


class Wait:
    """`clock` gives seconds since 1970."""

    def __init__(self, store: DeskStore, clock: Callable[[], float]) -> None:
        self._store, self._clock = store, clock
        self._newcomer: tuple[float, dict[str, int | None]] | None = None

    def forget(self) -> None:
        """The desk is not as it was."""
        self._newcomer = None

    async def of_newcomer(self) -> dict[str, int | None]:
        """`ahead` and `wait_minutes` for whoever asked now."""
        kept = self._newcomer
        if kept is None or not 0 <= self._clock() - kept[0] < KEPT:
            asked = self._clock()
            seen = await picture(self._store)
            units = frozenset(each.unit_id for each in seen.colleagues.values())
            self._newcomer = kept = (asked, await self._told(seen, units, len(_waiting(seen, units))))
        return kept[1]

    async def of(self, hand_off: HandOff) -> dict[str, int | None]:
        """The same for one that waits."""
        seen = await picture(self._store)
        units = seen.of(hand_off)
        return await self._told(seen, units, sum(each.before < hand_off.before for each in _waiting(seen, units)))

    async def _told(self, seen: Picture, units: frozenset[bytes], ahead: int) -> dict[str, int | None]:
        now = int(self._clock())
        there = [each for each in seen.colleagues.values() if each.unit_id in units and each.on_duty(now)]
        places = sum(max(each.capacity, each.load) for each in there)
        return {"ahead": ahead, "wait_minutes": wait_minutes(ahead, await self._store.handled_since(now - HOUR), places=places)}


def _waiting(seen: Picture, units: frozenset[bytes]) -> list[HandOff]:
    return [each for each in seen.open if each.state in (State.WAITING, State.OFFERED) and seen.of(each) & units]
