"""Whether a colleague may do something to another one. `actions.access` says it; a refusal is kept in the audit chain."""

from __future__ import annotations

from collections.abc import Callable

from actions import audit
from actions.access import MAY, Subject, Who, may
from bot.desk.errors import Refused
from bot.storage.audit import AuditChain

STAFF = "staff"


class Permission:
    """`clock` gives seconds since 1970."""

    def __init__(self, chain: AuditChain, clock: Callable[[], float]) -> None:
        self._chain, self._clock = chain, clock

    async def check(self, who: Who, verb: str, *, subject_id: bytes, unit_id: bytes) -> None:
        """Raises Refused: not_allowed (the role may not), unknown (it is another unit's: to others it is not there)."""
        if may(who, verb, Subject(kind=STAFF, id=subject_id, units=frozenset({unit_id}))):
            return
        await self.refused(who, subject_id)
        raise Refused("unknown" if who.role in MAY[STAFF][verb] else "not_allowed")

    async def refused(self, who: Who, subject_id: bytes) -> None:
        """Somebody asked for what is not for them: that is kept."""
        await self._chain.append(action=audit.REFUSED, subject=subject_id, actors=[who.id], at=int(self._clock()))
