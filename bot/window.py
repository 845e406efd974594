"""A platform that lets us write only to whoever wrote lately: what is due later waits until they write again, for people to see."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.channels.base import Channel, Keeping, Refused, TryLater, Windowed
from bot.copies import Copies
from bot.metrics import SENT
from bot.row_ids import RowIds
from bot.storage.reads import Reads
from bot.storage.writer import Writer
from bot.waiting import Waiting, while_waiting

log = logging.getLogger(__name__)

CLOSING = 60.0  # seconds before the end of a window in which nothing is tried any more: clocks differ


class Window:
    """Looks whether a bubble may go."""

    def __init__(self, *, writer: Writer, reads: Reads, copies: Copies, clock: Callable[[], float]) -> None:
        self._writer, self._reads, self._copies, self._clock = writer, reads, copies, clock
        self._ids = RowIds()  # the invitation is a message of its own, with a deletion of its own

    async def shut(self, channel: Channel, row: Waiting, code: str | None, last_at: int, address: str) -> bool:
        """Whether the platform would not take a bubble. It waits then (`code` is what it waited for before). Where it allows that, the
        person is asked by the platform's approved message to write again, once, however much waits."""
        if not isinstance(channel, Windowed) or self._clock() < last_at + channel.window - CLOSING:
            return False
        invites = row.message is not None and row.message.invites and code != "window_invited"
        now = "window_invited" if invites or code == "window_invited" else "window_closed"
        if invites:
            invites = not any(other.code == "window_invited" for other in await self._reads.waiting_of(row.conversation_id))
        # Written down first: at most once, whatever happens to this process or to the answer.
        await self._writer.write(while_waiting(row.id, state="pending", code=now))
        log.warning("delivery_waits", extra={"row": row.id, "channel": row.channel, "code": now})
        SENT.labels(row.channel, row.kind, now).inc()
        if invites:
            try:
                refs = await channel.invite(address)
                if isinstance(channel, Keeping):
                    await self._writer.write(await self._copies.deletion(row, ",".join(refs), channel.kept, message_id=self._ids.next()))
            except (TryLater, Refused) as error:
                log.warning("invitation_failed", extra={"row": row.id, "code": error.code})
        return True
