"""What a platform tells of messages that went out: written down, never backwards, and visible to people where one failed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from actions.rows import Update
from bot.clearing import due_now
from bot.metrics import REPORTED
from bot.storage.reads import Reads
from bot.storage.sharing import HAND_OFF, notice
from bot.storage.writer import Writer

log = logging.getLogger(__name__)

# What comes later in this order is not overwritten by what comes earlier in it: reports overtake each other.
_ORDER = {"sent": 1, "delivered": 2, "read": 3, "failed": 4}
_OVER = ("delivered", "read", "failed")  # the platform is done with it
_PATIENCE = 3.0  # seconds that a report may wait for the answer to the call that it is about


class ReportBook:
    """`Reports` over the database. `patience` in seconds; `ticked` is called with the id of the hand-off that a reply belongs to."""

    def __init__(
        self, *, writer: Writer, reads: Reads, clock: Callable[[], float], patience: float = _PATIENCE,
        ticked: Callable[[bytes], None] | None = None,
    ) -> None:  # fmt: skip
        self._writer, self._reads, self._clock, self._patience, self._ticked = writer, reads, clock, patience, ticked
        self._gate = asyncio.Lock()

    async def report(self, channel: str, row_id: int, status: str, code: str = "") -> None:
        """Writes a row's status. Of a row that is unknown, of another channel, or further on already: nothing."""
        if status not in _ORDER:
            return
        row = await self._settled(channel, row_id)
        if row is None:
            REPORTED.labels(channel, "unknown", "").inc()
            return
        async with self._gate:  # two reports about one message come within milliseconds
            row = await self._reads.outgoing(row_id)
            if row is None or _ORDER[status] <= _ORDER.get(row.status or "", 0):
                return
            values: dict[str, Any] = {"status": status}
            if status == "failed" and row.state == "sent":
                values |= {"state": "dead", "code": code or f"{channel}_failed"}
                log.warning("delivery_refused", extra={"row": row_id, "channel": channel, "kind": "send", "code": code})
            changes = [Update(table="outbox", key={"id": row_id, "channel": channel, "kind": "send"}, values=values)]
            if status in _OVER and row.state not in ("pending", "sending"):  # until then, what is to be deleted says which parts went out
                changes.append(due_now(row_id, int(self._clock())))
            where = await self._reads.conversation(row.conversation_id) if row.record_id is not None else None
            hand_off_id = where.hand_off_id if where is not None else None
            await self._writer.write(changes, notices=(notice(HAND_OFF, hand_off_id),) if hand_off_id is not None else ())
            if hand_off_id is not None and self._ticked is not None:
                self._ticked(hand_off_id)
            REPORTED.labels(channel, status, code).inc()

    async def _settled(self, channel: str, row_id: int) -> Any:
        """The row, once it is no longer on its way out: a report may be faster than the answer to our own call."""
        for _ in range(10):
            row = await self._reads.outgoing(row_id)
            if row is None or row.channel != channel or row.kind != "send":
                return None
            if row.state != "sending":
                return row
            await asyncio.sleep(self._patience / 10)
        return row
