"""Who is at the desk: a lease that an open console renews. Whoever is silent for longer is not there, whatever they said last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from actions.queue import LEASE_SECONDS, LOST_SECONDS, Colleague, HandOff, State
from actions.rows import Change, Insert, Update
from bot.storage.desk import DeskStore
from bot.storage.sharing import PRESENCE, notice
from bot.storage.writer import Writer

READY, AWAY, PAUSE = "ready", "away", "pause"
STATES = (READY, AWAY, PAUSE)
NOTICES = (notice(PRESENCE, b""),)
"""What other processes hear when somebody comes or goes: not who."""


def colleagues_of(rows: Iterable[Any], hand_offs: Iterable[HandOff]) -> dict[bytes, Colleague]:
    """Everybody who works here, with what they have to do now. `rows` as from `DeskStore.staff`."""
    load: Counter[bytes] = Counter()
    messages: Counter[bytes] = Counter()
    danger: set[bytes] = set()
    asked: set[bytes] = set()
    asked_to_read: set[bytes] = set()
    for each in hand_offs:
        counted, asks = (messages, asked_to_read) if each.message else (load, asked)
        if each.state is State.ACTIVE and each.owner_id is not None:
            counted[each.owner_id] += 1
            if each.danger:
                danger.add(each.owner_id)
        if each.offered_to is not None and each.state in (State.ACTIVE, State.OFFERED):
            counted[each.offered_to] += 1
            asks.add(each.offered_to)
    return {
        row.id: Colleague(
            id=row.id, unit_id=row.unit_id, role=row.role, shown=row.shown, languages=_words(row.languages), skills=_words(row.skills),
            capacity=row.capacity, state=row.presence or AWAY, paused_until=row.state_until, there_until=row.until or 0,
            load=load[row.id], messages=messages[row.id], danger=row.id in danger, asked=row.id in asked,
            asked_to_read=row.id in asked_to_read, place=row.on_call,
        )
        for row in rows
    }  # fmt: skip


def _words(joined: str) -> frozenset[str]:
    return frozenset(joined.replace(",", " ").split())


def lost(colleague: Colleague | None, *, now: int) -> bool:
    """Whether somebody's console has been silent for so long that what they have is somebody else's to do."""
    return colleague is None or now >= colleague.there_until - LEASE_SECONDS + LOST_SECONDS


def sent_away(staff_id: bytes, *, at: int) -> Change:
    """Somebody who let an offer pass is not asked any more, until they say that they are there. `at` says that it was the desk's doing."""
    return Update(table="presence", key={"staff_id": staff_id, "state": READY}, values={"state": AWAY, "state_until": at})


def rests(staff_id: bytes, *, until: int) -> Change:
    """Somebody is left alone for a while."""
    return Update(table="presence", key={"staff_id": staff_id, "state": READY}, values={"state": PAUSE, "state_until": until})


class Presence:
    """What consoles say of the people before them. `clock` gives seconds since 1970."""

    def __init__(self, store: DeskStore, writer: Writer, clock: Callable[[], float]) -> None:
        self._store, self._writer, self._clock = store, writer, clock

    async def beat(self, staff_id: bytes, state: str | None) -> tuple[str, int | None]:
        """Somebody is there. `state` only when they say so themselves: a mere sign of life (None) does not undo what the desk has decided
        meanwhile. Gives the state as it is, and the end of a pause, or when the desk took them for away."""
        now = int(self._clock())
        until = now + LEASE_SECONDS
        row = await self._store.presence(staff_id)
        there = row is not None and row.until > now
        if state is None and row is not None and not (row.state == PAUSE and row.state_until is not None and row.state_until <= now):
            renewed = Update(table="presence", key={"staff_id": staff_id}, values={"until": until})
            await self._writer.write([renewed], notices=() if there else NOTICES)
            return row.state, row.state_until
        said = state if state in STATES else READY if row is not None else AWAY
        new = {"staff_id": staff_id, "state": said, "state_until": None, "until": until}
        same = there and row is not None and row.state == said
        await self._writer.write([Insert(table="presence", row=new, replace=True)], notices=() if same else NOTICES)
        return said, None

    async def gone(self, staff_id: bytes) -> None:
        """Somebody signed out, or does not work here any more."""
        values = {"state": AWAY, "state_until": None, "until": int(self._clock())}
        await self._writer.write([Update(table="presence", key={"staff_id": staff_id}, values=values)], notices=NOTICES)
