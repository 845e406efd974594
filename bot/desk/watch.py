"""Watches the clocks of cases (`actions.deadline`): what nobody read, or answered, in time is told to the leads of those who can read it.

The same ways as for a crisis, but for the telephone: every open console of a lead, and a message without content to the chats of leads who
linked theirs. One message for all that has become due, so that a night's reports are not a night's messages.
"""

from __future__ import annotations

import logging
from typing import Any

from actions.access import LEAD
from actions.deadline import UNREAD, Clock, Deadlines, due_again
from actions.queue import State
from actions.rows import Require, Update
from bot.desk.alarm import Alarm
from bot.desk.events import DEADLINE, Changed, Events
from bot.desk.picture import NOBODY, Picture, picture
from bot.metrics import DESK_ALARMS
from bot.storage.desk import DeskStore
from bot.storage.faults import Moved
from bot.storage.sharing import CASE_DUE, notice
from bot.storage.writer import Writer

log = logging.getLogger(__name__)

UNSTAFFED_SECONDS = 24 * 3600
"""Until a case is named in the log again that nobody can be told of: its units have a key file and no colleagues."""


class Watch:
    """`deadlines` are the city's."""

    def __init__(self, *, store: DeskStore, writer: Writer, events: Events, alarm: Alarm, deadlines: Deadlines) -> None:
        self._store, self._writer, self._events, self._alarm, self._deadlines = store, writer, events, alarm, deadlines

    async def round(self, seen: Picture, *, now: int) -> None:
        """What has become due. It is written down first, with the next time, so that of several processes one tells it."""
        due = await self._store.due_cases(now)
        if not due:
            return
        seen = await picture(self._store)  # later than `due`: whoever cried for help in the middle of this round rings, and is not late
        readers = await self._store.readers(row.id for row in due)
        heads: dict[bytes, Any] = {}
        for row in due:
            added = row.added_due is not None and row.added_due <= now
            unread = row.status in UNREAD or added
            aloud = not (unread and _in_hands(seen, row.id))
            people = [each for each in seen.rows if each.unit_id in readers.get(row.id, NOBODY)]
            again = due_again(row.urgency, unread=unread, now=now, deadlines=self._deadlines) if people else now + UNSTAFFED_SECONDS
            due_now = [name for name in ("due_at", "added_due") if getattr(row, name) is not None and getattr(row, name) <= now]
            if not await self._noted(row, dict.fromkeys(due_now, again), aloud=aloud):
                continue  # somebody has just read it, or another process has told
            if not aloud:
                continue
            clock = Clock.READ if unread else Clock.REPORT
            leads = [each for each in people if each.role == LEAD]
            self._events.publish(Changed(what=DEADLINE, id=row.id))
            DESK_ALARMS.labels(f"deadline_{clock}", "raised").inc()
            log.warning("desk_deadline", extra={"case": row.id.hex(), "code": clock.value})
            if people and not any(each.telegram is not None or (each.until or 0) > now for each in leads):
                log.error("desk_deadline_unheard", extra={"case": row.id.hex(), "code": clock.value})
            heads |= {each.id: each for each in leads}
        self._alarm.write_late(list(heads.values()))

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


