"""What leads decide for the whole service: the desk's hours and holidays, the prepared replies. Each change is on the audit chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from actions import audit
from actions.access import LEAD, Who, decides
from actions.ports import Units
from actions.queue import Refusal
from actions.rows import Change, Insert, Require, Update
from bot.desk.events import QUEUE, Changed, Events
from bot.desk.views import OK, Result
from bot.storage.audit import AuditChain
from bot.storage.desk import DeskStore
from bot.storage.faults import Moved, is_double
from bot.storage.sharing import SETTING, notice

ACTIONS: Mapping[str, str] = {
    "hours": audit.HOURS_CHANGED, "holidays": audit.HOLIDAYS_CHANGED, "canned": audit.REPLIES_CHANGED
}  # fmt: skip


class DeskSettings:
    """Settings as they are stored: a version and JSON each. They hold for all units, so leads of those that decide for all change them
    (`actions.access.decides`); `units` are the service's, as it has pinned them. `clock` gives seconds since 1970."""

    def __init__(self, *, store: DeskStore, chain: AuditChain, units: Units, events: Events, clock: Callable[[], float]) -> None:
        self._store, self._chain, self._units, self._events, self._clock = store, chain, units, events, clock

    async def decided_by(self, staff: Who) -> bool:
        """Whether somebody may change them."""
        unit = next((unit for unit in await self._units.recipients() if unit.id == staff.unit_id), None)
        return staff.role == LEAD and unit is not None and decides(unit.kind, lead=unit.lead)

    async def set(self, staff: Who, name: str, version: int, value: str) -> Result:
        """Changes one whose value (JSON) was read as what it has to be. Refused if somebody else changed it since `version` (0: nobody had
        made it), or to whoever does not decide."""
        if name not in ACTIONS or not await self.decided_by(staff):
            return Result.no(Refusal.UNKNOWN)
        if (await self._store.settings({name})).get(name, (0, ""))[0] != version:
            return Result.no(Refusal.STALE)
        change: Change = Insert(table="desk_setting", row={"name": name, "version": 1, "value": value})
        seen: tuple[Require, ...] = ()
        if version:
            change = Update(table="desk_setting", key={"name": name}, values={"version": version + 1, "value": value})
            seen = (Require(table="desk_setting", key={"name": name}, values={"version": version}),)
        try:
            await self._chain.append(
                action=ACTIONS[name], subject=staff.unit_id, actors=[staff.id], at=int(self._clock()), along=[change], requires=seen,
                notices=(notice(SETTING, b""),),
            )  # fmt: skip
        except Exception as error:
            if not (isinstance(error, Moved) or is_double(error)):
                raise
            return Result.no(Refusal.STALE)
        self._events.publish(Changed(what=QUEUE, id=b""))
        return Result(code=OK, version=version + 1)
