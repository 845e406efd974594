"""Reaching an object by its id: whose it is, before anybody may look at it. The one door of the console to hand-offs, cases and files."""

from __future__ import annotations

from collections.abc import Callable

from actions import audit
from actions.access import Subject
from bot.console.auth import Staff
from bot.storage.audit import AuditChain
from bot.storage.case_file import CaseFile


class Reach:
    """Finds the units that an object belongs to, and writes down who asked for what is another's."""

    def __init__(self, *, cases: CaseFile, chain: AuditChain, clock: Callable[[], float]) -> None:
        self._cases, self._chain, self._clock = cases, chain, clock

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
