"""Watches the clocks of cases (`actions.deadline`): what nobody read, or answered, in time is told to the leads of those who can read it.

The same ways as for a crisis, but for the telephone: every open console of a lead, and a message without content to the chats of leads who
linked theirs. One message for all that has become due, so that a night's reports are not a night's messages.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from actions.access import LEAD
from actions.deadline import UNREAD, Clock, Deadlines, due_again
from actions.queue import State
from actions.rows import Require, Update
from bot.desk.alarm import LATER, SENT, Alarm
from bot.desk.events import DEADLINE, Changed, Events
from bot.desk.picture import NOBODY, Picture, picture
from bot.metrics import DESK_ALARMS
from bot.storage.desk import DeskStore
from bot.storage.faults import Moved
from bot.storage.sharing import CASE_DUE, notice
from bot.storage.writer import Writer

log = logging.getLogger(__name__)

SOON_SECONDS = 5 * 60
"""After which it is told again where no message reached anybody: the messenger was busy, or this process died before it had told."""
UNSTAFFED_SECONDS = 24 * 3600
"""Until a case is named in the log again that nobody can be told of: its units have a key file and no colleagues."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Noted:
    """A case whose leads are told: `later` is what has been written down, `again` what is to be once somebody was told."""

    id: bytes
    leads: frozenset[bytes]
    later: dict[str, int]
    again: dict[str, int]


class Watch:
    """`deadlines` are the city's."""

    def __init__(self, *, store: DeskStore, writer: Writer, events: Events, alarm: Alarm, deadlines: Deadlines) -> None:
        self._store, self._writer, self._events, self._alarm, self._deadlines = store, writer, events, alarm, deadlines

    async def round(self, seen: Picture, *, now: int) -> None:
        """What has become due. It is written down first, with a next time that is near, so that of several processes one tells it; once
        somebody was told, with the next time that the city decided. What was written down is told even if a later case fails."""
        due = await self._store.due_cases(now)
        if not due:
            return
        seen = await picture(self._store)  # later than `due`: whoever cried for help in the middle of this round rings, and is not late
        readers = await self._store.readers(row.id for row in due)
        heads: dict[bytes, Any] = {}
        noted: list[_Noted] = []
        try:
            for row in due:
                people = [each for each in seen.rows if each.unit_id in readers.get(row.id, NOBODY)]
                leads = await self._due(row, people, in_hands=_in_hands(seen, row.id), now=now, noted=noted)
                heads |= {each.id: each for each in leads}
        finally:
            self._alarm.write_late(list(heads.values()), partial(self._told, noted))

    async def _due(self, row: Any, people: Sequence[Any], *, in_hands: bool, now: int, noted: list[_Noted]) -> list[Any]:
        """Writes down that a case has become due, and says so at consoles; gives whom to write to."""
        unread = row.status in UNREAD or (row.added_due is not None and row.added_due <= now)
        aloud = not (unread and in_hands)
        again = due_again(row.urgency, unread=unread, now=now, deadlines=self._deadlines) if people else now + UNSTAFFED_SECONDS
        leads = [each for each in people if each.role == LEAD]
        names = [name for name in ("due_at", "added_due") if getattr(row, name) is not None and getattr(row, name) <= now]
        linked = frozenset(each.id for each in leads if each.telegram is not None) if aloud else frozenset()
        later = dict.fromkeys(names, min(again, now + SOON_SECONDS) if linked else again)
        if not await self._noted(row, later, aloud=aloud) or not aloud:
            return []  # somebody has just read it, another process has told, or the desk sees to it
        clock = Clock.READ if unread else Clock.REPORT
        self._events.publish(Changed(what=DEADLINE, id=row.id))
        DESK_ALARMS.labels(f"deadline_{clock}", "raised").inc()
        log.warning("desk_deadline", extra={"case": row.id.hex(), "code": clock.value})
        if people and not any(each.telegram is not None or (each.until or 0) > now for each in leads):
            log.error("desk_deadline_unheard", extra={"case": row.id.hex(), "code": clock.value})
        if linked:
            noted.append(_Noted(id=row.id, leads=linked, later=later, again=dict.fromkeys(names, again)))
        return leads

    async def _told(self, noted: Sequence[_Noted], outcomes: Mapping[bytes, str]) -> None:
        """The messages are out: what somebody was told of, or nobody can be, has its time again. What fails here is told once too often."""
        for each in noted:
            became = {outcomes.get(lead, LATER) for lead in each.leads}
            if SENT not in became and LATER in became:
                continue
            seen = Require(table="cases", key={"id": each.id}, values=each.later)
            try:
                await self._writer.write([Update(table="cases", key={"id": each.id}, values=each.again)], requires=[seen])
            except Moved:
                continue  # somebody has just read it
            except Exception as error:
                log.warning("desk_failed", extra={"code": "told", "error": type(error).__name__})

    async def _noted(self, row: Any, later: dict[str, int], *, aloud: bool) -> bool:
        was = {"due_at": row.due_at, "status": row.status, "added_due": row.added_due}
        seen = Require(table="cases", key={"id": row.id}, values=was)
        change = Update(table="cases", key={"id": row.id}, values=later)
        try:
            await self._writer.write([change], requires=[seen], notices=(notice(CASE_DUE, row.id),) if aloud else ())
        except Moved:
            return False
        return True


def _in_hands(seen: Picture, case_id: bytes) -> bool:
    """Whether the desk sees to it already: a crisis rings by itself (`bot.desk.alarm`), and whoever talks there reads what is written."""
    return any(each.case_id == case_id and (each.rings or each.state is State.ACTIVE) for each in seen.open)


