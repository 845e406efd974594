"""Reaching an object by its id: whose it is, before anybody may look at it. The one door of the console to hand-offs, cases and files, and
to whatever else a request names by its id."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from actions import audit
from actions.access import Subject
from bot.console.auth import Staff
from bot.storage.audit import AuditChain
from bot.storage.case_file import CaseFile

_REMEMBERED = 10_000  # objects that sessions have opened


class Reach:
    """Finds the units that an object belongs to, and writes down who asked for what is another's."""

    def __init__(self, *, cases: CaseFile, chain: AuditChain, clock: Callable[[], float]) -> None:
        self._cases, self._chain, self._clock = cases, chain, clock
        self._held: OrderedDict[tuple[bytes, bytes], None] = OrderedDict()

    async def access_by_id(self, kind: str, verb: str, subject_id: bytes) -> Subject | None:
        """The subject behind an id; None if there is nothing of that kind. A file that no case has yet is nobody's."""
        if kind == "hand_off":
            units = await self._cases.units_of_hand_off(subject_id)
            return Subject(kind=kind, id=subject_id, units=units) if units is not None else None
        case_id: bytes | None
        if kind == "file":
            case_id = await self._cases.case_of_file(subject_id)
        elif kind == "case":
            case_id = subject_id if await self._cases.case(subject_id) is not None else None
        else:
            raise KeyError(kind)
        if case_id is None:
            return None
        return Subject(kind=kind, id=subject_id, units=await self._cases.units_of(case_id))

    async def refused(self, staff: Staff, subject_id: bytes) -> None:
        """Somebody asked for what is not for them: that is kept."""
        await self._chain.append(action=audit.REFUSED, subject=subject_id, actors=[staff.id], at=int(self._clock()))

    async def opened(self, staff: Staff, subject_id: bytes, action: str) -> None:
        """Somebody opens something: that is kept before its key is handed out."""
        await self._chain.append(action=action, subject=subject_id, actors=[staff.id], at=int(self._clock()))
        self._held[(staff.session_id, subject_id)] = None
        self._held.move_to_end((staff.session_id, subject_id))
        while len(self._held) > _REMEMBERED:
            self._held.popitem(last=False)

    async def goes_on(self, staff: Staff, subject_id: bytes, action: str) -> None:
        """Somebody is given more of what they opened in this session. If they did not, as far as this process knows, that is kept as an
        opening: nothing sealed is handed out without one."""
        if (staff.session_id, subject_id) not in self._held:
            await self.opened(staff, subject_id, action)

    async def colleague(self, staff: Staff, to: bytes, units: frozenset[bytes]) -> bool:
        """Whether a colleague belongs to one of some units. One of another unit is as if nobody had that id; that it was tried is kept."""
        unit_id = await self._cases.unit_of_colleague(to)
        if unit_id is not None and unit_id not in units:
            await self.refused(staff, to)
        return unit_id in units

    async def strange_case(self, staff: Staff, case_id: bytes | None) -> None:
        """Something of a case was named in a request about another one. If that case is not sealed to this person's unit, that is kept."""
        if case_id is not None and staff.unit_id not in await self._cases.units_of(case_id):
            await self.refused(staff, case_id)
