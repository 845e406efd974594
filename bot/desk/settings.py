"""What leads decide about the desk: its hours and holidays."""

from __future__ import annotations

from actions.access import Who
from actions.queue import Refusal
from actions.rows import Insert, Require, Update
from bot.desk.events import QUEUE, Changed, Events
from bot.desk.hours import SETTINGS, HoursError, read_hours
from bot.desk.views import OK, Result
from bot.storage.desk import DeskStore, doubled
from bot.storage.faults import Moved
from bot.storage.writer import Writer


class DeskSettings:
    """Settings as they are stored: a version and JSON each."""

    def __init__(self, store: DeskStore, writer: Writer, events: Events) -> None:
        self._store, self._writer, self._events = store, writer, events

    async def get(self, name: str) -> tuple[int, str]:
        """Version and value (JSON) of a setting; (0, "") if nobody has made it."""
        return (await self._store.settings({name})).get(name, (0, ""))

    async def set(self, staff: Who, name: str, version: int, value: str) -> Result:
        """A lead changes hours or holidays (`bot.desk.hours`). Refused if somebody else changed them since `version`, or as `bad_value`."""
        if staff.role != "lead" or name not in SETTINGS:
            return Result.no(Refusal.UNKNOWN)
        try:
            read_hours({name: value})
        except HoursError:
            return Result.no("bad_value")
        row = {"name": name, "version": version + 1, "value": value}
        try:
            if version == 0:
                await self._writer.write([Insert(table="desk_setting", row=row)])
            else:
                await self._writer.write(
                    [Update(table="desk_setting", key={"name": name}, values={"version": version + 1, "value": value})],
                    requires=[Require(table="desk_setting", key={"name": name}, values={"version": version})],
                )  # fmt: skip
        except Moved:
            return Result.no(Refusal.STALE)
        except Exception as error:
            if not doubled(error):
                raise
            return Result.no(Refusal.STALE)
        self._events.publish(Changed(what=QUEUE, id=b""))
        return Result(code=OK, version=version + 1)
