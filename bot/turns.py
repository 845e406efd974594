"""Whose turn it is: those of one conversation run one at a time and in order, different conversations side by side.

A turn is tried until it is written. Nothing is kept here that a restart would miss: what waits is in the inbox.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress

from actions.rows import Update
from bot.intake import Arrived
from bot.metrics import TURN_SECONDS, TURNS
from bot.storage.faults import Lost, is_outage
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.sharing import Sharing
from bot.storage.writer import Writer
from bot.turn import ATTEMPTS, TimerDue, Turn

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 5.0  # seconds between two tries while the database is away


class Turns:
    """The queues of this process's conversations. `turn` makes each turn."""

    def __init__(self, turn: Turn, *, writer: Writer, reads: Reads, keys: KeyStore, sharing: Sharing) -> None:
        self.turn = turn
        self._turn = turn.take
        turn.behind = self._behind
        self._writer, self._reads, self._keys, self._sharing = writer, reads, keys, sharing
        self._queues: dict[bytes, deque[Arrived | TimerDue]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._known: set[int] = set()
        self._closing = asyncio.Event()

    def arrived(self, item: Arrived | TimerDue) -> None:
        """Queues a stored message, or a timer, behind what its conversation already has to do. A message's lease of its key ends here."""
        if isinstance(item, Arrived):
            if item.id in self._known:
                self._keys.release(item.key_id)  # the sweep saw it before its own task went on, or the other way round
                return
            self._known.add(item.id)
        queue = self._queues.get(item.conversation_id)
        if queue is not None:
            queue.append(item)
            return
        self._queues[item.conversation_id] = deque((item,))
        task = asyncio.create_task(self._run(item.conversation_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _behind(self, conversation_id: bytes) -> tuple[Arrived | TimerDue, ...]:
        """What waits for the turn that runs."""
        return tuple(self._queues.get(conversation_id, ()))[1:]

    def busy(self, conversation_id: bytes) -> bool:
        """Whether a turn of this conversation runs or waits."""
        return conversation_id in self._queues

    def left_over(self, conversation_id: bytes) -> None:
        """Takes up the messages of one conversation that other processes took in."""
        task = asyncio.create_task(self._take_up_of(conversation_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take_up_of(self, conversation_id: bytes) -> None:
        try:
            await self.take_up(conversation_id)
        except Exception as error:  # the sweep comes by
            log.warning("take_up_failed", extra={"error": type(error).__name__})

    async def take_up(self, conversation_id: bytes | None = None) -> int:
        """Queues inbox rows that no turn has taken (after a restart, or a turn that could not be written): of one conversation, or all that
        are in nobody's hands. Gives how many."""
        rows = [row for row in await self._reads.new_messages(conversation_id) if row.id not in self._known]
        ours = await self._sharing.take({row.conversation_id for row in rows})
        count = 0
        for row in rows:
            if row.id in self._known or row.conversation_id not in ours:
                continue
            if await self._keys.key(row.key_id) is None:
                # Its conversation was erased while it lay here: nobody can read it any more, by design.
                await self._writer.write([Update(table="inbox", key={"id": row.id}, values={"state": "done", "body": None, "ref": None})])
                continue
            self._keys.lease(row.key_id)
            self.arrived(Arrived(id=row.id, conversation_id=row.conversation_id, key_id=row.key_id, inbound=None))
            count += 1
        return count

    async def settle(self) -> None:
        """Returns when no turn is running."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self, timeout: float) -> None:
        """Lets running turns end. What is left stays in the inbox."""
        self._closing.set()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout)

    async def _run(self, conversation_id: bytes) -> None:
        queue = self._queues[conversation_id]
        while queue:
            item = queue[0]
            await self._until_done(item)
            queue.popleft()
            if isinstance(item, Arrived):
                self._known.discard(item.id)
                self._keys.release(item.key_id)
        del self._queues[conversation_id]

    async def _until_done(self, item: Arrived | TimerDue) -> None:
        """Tries a turn until it is written. A fault of ours is tried three times; a database that is away, until it is back or the service
        stops: the message is stored, and giving it up would lose it."""
        attempts = outages = 0
        while not self._closing.is_set() or not outages:
            try:
                with TURN_SECONDS.time():
                    await self._turn(item)
                TURNS.labels("done").inc()
                return
            except asyncio.CancelledError:
                raise
            except Lost:
                # Another process has the conversation, unless it was only given back a moment ago.
                self._sharing.lost(item.conversation_id)
                if item.conversation_id not in await self._taken(item.conversation_id):
                    TURNS.labels("lost").inc()
                    return
            except Exception as error:
                TURNS.labels("failed").inc()
                if is_outage(error):
                    outages += 1
                    log.warning("turn_waits", extra={"error": type(error).__name__, "attempt": outages})
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._closing.wait(), min(_LONGEST_PAUSE, 0.1 * 2.0 ** min(outages, 9)))
                    continue
                attempts += 1
                log.exception("turn_failed", extra={"attempt": attempts})
                if attempts >= ATTEMPTS:
                    await self.turn.give_up(item)
                    return
                await asyncio.sleep(0.2 * attempts)

    async def _taken(self, conversation_id: bytes) -> set[bytes]:
        try:
            return await self._sharing.take({conversation_id})
        except Exception as error:
            log.warning("take_failed", extra={"error": type(error).__name__})
            return set()
