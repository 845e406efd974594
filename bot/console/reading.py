"""A case is read: from then on its code says so, its first-read deadline is over, as is that of what was added to it, and the clock of the
three days goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actions.deadline import UNREAD, Deadlines, due_once_read
from actions.rows import Require, Update
from bot.storage.case_file import CaseFile
from bot.storage.faults import Moved
from bot.storage.sharing import CASE_CHANGED, notice
from bot.storage.writer import Writer

READ = "assessed"  # "Petugas sudah membacanya": what a code says once somebody has opened the case


class Reading:
    """`changed` tells the consoles that a case is another than before; `clock` gives seconds since 1970."""

    def __init__(
        self, *, cases: CaseFile, writer: Writer, deadlines: Deadlines, clock: Callable[[], float], changed: Callable[[bytes], None]
    ) -> None:  # fmt: skip
        self._cases, self._writer, self._deadlines, self._clock, self._changed = cases, writer, deadlines, clock, changed

    async def opened(self, case_id: bytes) -> None:
        """Somebody who can read it gets to see what it holds: as a case, or in a conversation. Of two at once one writes it down."""
        case: Any = await self._cases.case(case_id)
        if case is None or (case.status not in UNREAD and case.added_at is None):
            return
        values: dict[str, Any] = {"added_at": None, "added_due": None}
        if case.status in UNREAD:
            values |= {"status": READ, "due_at": self.due(case.created_at)}
        seen = Require(table="cases", key={"id": case_id}, values={"status": case.status, "added_at": case.added_at})
        try:
            await self._writer.write(
                [Update(table="cases", key={"id": case_id}, values=values)], requires=[seen], notices=(notice(CASE_CHANGED, case_id),)
            )  # fmt: skip
        except Moved:
            return
        self._changed(case_id)

    def due(self, created_at: int) -> int:
        """`due_at` of a case whose three days are to be answered."""
        return due_once_read(created_at, int(self._clock()), self._deadlines)
