"""From the outbox to the platforms: in order within a conversation, side by side between them, with patience and without doubles.

A row is `sending` before the call. Whatever happens to this process, a row that is `sending` or `pending` goes out again after the start.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import orjson

from actions.rows import Update
from bot import contexts
from bot.channels.base import Channel, Editing, Pending, Refused, TryLater
from bot.metrics import SENT
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.writer import Writer
from bot.vault.draft import lock, unlock
from bot.vault.errors import VaultError
from flows.message import Outbound

log = logging.getLogger(__name__)

LONGEST_PAUSE = 300.0  # seconds between two tries at most
_LATEST = 20_000
AT_ONCE = 64  # calls to platforms side by side


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """An outbox row on its way out. `message` or `ref` is in memory when the row was just written; neither after a restart. `ref` is what
    is to be deleted: the platform's id, or several with commas between."""

    id: int
    conversation_id: bytes
    key_id: bytes
    channel: str
    kind: str
    attempts: int
    message: Outbound | None = None
    ref: str = ""
    address: str = ""  # in memory only, for the first try
    own_key: bool = False  # the key is this row's alone, not the conversation's: it dies with the row's body
    due_at: int = 0  # seconds since 1970; not to be sent before


def pause(attempts: int, after: float = 0.0) -> float:
    """Seconds until the next try: doubling from one second, with jitter, and never less than the platform asked for."""
    return max(after, min(LONGEST_PAUSE, 2.0 ** min(attempts, 9)) * random.uniform(0.75, 1.25))  # noqa: S311  spreads load, no secret


class Deliver:
    """Sends what waits. Pull channels are told that something is there; their clients fetch it."""

    def __init__(
        self, *, writer: Writer, reads: Reads, keys: KeyStore, channels: Mapping[str, Channel], clock: Callable[[], float]
    ) -> None:  # fmt: skip
        self._writer, self._reads, self._keys, self._channels, self._clock = writer, reads, keys, channels, clock
        self._queues: dict[bytes, deque[Waiting]] = {}
        self._known: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._news: dict[bytes, set[asyncio.Event]] = {}  # one for each page that waits
        self._closing = False
        self._closed = asyncio.Event()  # ends the pauses between tries
        self._withdrawn: set[int] = set()  # rows in this process's hands whose conversation was wiped meanwhile
        self._latest: dict[bytes, str] = {}  # the latest question's reference, in memory only: after a restart a new bubble is sent

    def enqueue(self, rows: Iterable[Waiting]) -> None:
        """Queues rows that are stored, in their order."""
        for row in rows:
            if self._channels[row.channel].pull:
                for event in self._news.get(row.conversation_id, ()):
                    event.set()
                continue
            if row.id in self._known or self._closing:
                continue
            self._known.add(row.id)
            queue = self._queues.get(row.conversation_id)
            if queue is not None:
                queue.append(row)
                continue
            self._queues[row.conversation_id] = deque((row,))
            task = asyncio.create_task(self._run(row.conversation_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def withdraw(self, conversation_id: bytes) -> None:
        """Takes back what has not arrived yet, before the conversation's messages are looked up to be wiped. What is in the platform's
        hands is deleted as soon as it is there. If that wipe is not written after all, the sweep takes the rows up again."""
        self._withdrawn.update(row.id for row in self._queues.get(conversation_id, ()) if row.kind == "send")

    async def take_up(self) -> int:
        """Queues rows that are in nobody's hands: after a restart, or left over. Gives how many. Also those that are not due yet: what was
        said later must not overtake them."""
        pull = [name for name, channel in self._channels.items() if channel.pull]
        found = [
            Waiting(
                id=r.id, conversation_id=r.conversation_id, key_id=r.key_id, channel=r.channel, kind=r.kind, attempts=r.attempts,
                due_at=r.due_at,
            )
            for r in await self._reads.waiting_sends(pull_channels=pull)
            if r.id not in self._known and r.channel in self._channels
        ]  # fmt: skip
        self.enqueue(found)
        return len(found)

    async def close(self, timeout: float) -> None:
        """Lets calls that are on their way end; the rest stays in the outbox."""
        self._closing = True
        self._closed.set()
        for event in [event for events in self._news.values() for event in events]:
            event.set()
        if self._tasks:
            _, left = await asyncio.wait(set(self._tasks), timeout=timeout)
            for task in left:
                task.cancel()

    async def settle(self) -> None:
        """Returns when nothing is on its way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _run(self, conversation_id: bytes) -> None:
        queue = self._queues[conversation_id]
        try:
            while queue and not self._closing:
                row = queue[0]
                early = row.due_at - self._clock()
                again = await self._deliver(row) if early <= 0 else early
                if again is None:
                    queue.popleft()
                    self._withdrawn.discard(row.id)
                    if all(other.id != row.id for other in queue):  # unless it waits there as its own deletion
                        self._known.discard(row.id)
                else:
                    queue[0] = replace(row, attempts=row.attempts + (early <= 0), address="", due_at=0)
                    with suppress(TimeoutError):  # a service that stops does not wait for the next try: the row is stored
                        await asyncio.wait_for(self._closed.wait(), again)
        finally:
            for row in queue:
                self._known.discard(row.id)
                self._withdrawn.discard(row.id)
            del self._queues[conversation_id]

    async def _deliver(self, row: Waiting) -> float | None:
        """One try. None: the row is finished with; else the seconds until the next try."""
        if row.id in self._withdrawn:
            return None
        try:
            found = await self._ready(row)
        except VaultError:
            # Somebody changed the database, and waiting does not mend that: people see the row, and nobody gets what is not theirs.
            log.error("delivery_unreadable", extra={"row": row.id})
            await self._finish(row, state="dead", code="unreadable")
            return None
        except Exception:
            log.exception("delivery_unready", extra={"row": row.id})
            return pause(row.attempts)
        if found is None:
            return None
        row, key, address = found
        channel = self._channels[row.channel]
        try:
            async with self._slots:
                if row.message is not None:
                    ref = ",".join(await self._send(channel, row.conversation_id, address, row.message))
                else:
                    for part in row.ref.split(","):
                        await channel.delete(address, part)
                    ref = ""
        except TryLater as error:
            return await self._later(row, error)
        except Refused as error:
            log.warning("delivery_refused", extra={"row": row.id, "channel": row.channel, "kind": row.kind, "code": error.code})
            await self._finish(row, state="dead", code=error.code)
            return None
        except Exception:
            log.exception("delivery_failed", extra={"row": row.id})
            return await self._later(row, TryLater("fault"))
        if row.id in self._withdrawn and ref:
            await self._take_back(row, ref)
            return None
        await self._finish(row, state="sent", ref=await self._locked(row, key, ref) if ref else None)
        return None

    async def _locked(self, row: Waiting, key: bytes, ref: str) -> bytes | None:
        """The platform's ids, locked under the conversation's key: they are needed longer than the bubble."""
        if row.own_key or self._keys.held(row.key_id) is None:  # or it was changed while the bubble was on its way
            found = await self._present_key(row)
            if found is None:
                return None
            key = found[1]
        return lock(key, ref.encode(), context=contexts.row("outbox", "ref", row.id, row.conversation_id))

    async def _present_key(self, row: Waiting) -> tuple[bytes, bytes] | None:
        """The conversation's key as it is now, with its id; None (and logged) if there is none: that message cannot be taken back."""
        try:
            stored = await self._reads.conversation(row.conversation_id)
            key = await self._keys.key(stored.key_id) if stored is not None else None
        except Exception:  # it went out, and must not go out again for this
            log.exception("delivery_ref_lost", extra={"row": row.id})
            return None
        return (stored.key_id, key) if stored is not None and key is not None else None

    async def _take_back(self, row: Waiting, ref: str) -> None:
        """A bubble that arrived after its conversation was wiped: its row becomes its own deletion, as durable as every other."""
        found = await self._present_key(row)
        if found is None:
            return
        key_id, key = found
        body = lock(key, ref.encode(), context=contexts.row("outbox", "body", row.id, row.conversation_id))
        values = {"kind": "delete", "state": "sending", "key_id": key_id, "body": body, "attempts": 0}
        try:
            await self._writer.write([Update(table="outbox", key={"id": row.id}, values=values)])
        except Exception:
            log.exception("delivery_unwritten", extra={"row": row.id})
        self._queues[row.conversation_id].append(
            replace(row, kind="delete", key_id=key_id, message=None, ref=ref, attempts=0, address="", own_key=False)
        )

    async def _send(self, channel: Channel, conversation_id: bytes, address: str, message: Outbound) -> tuple[str, ...]:
        """Sends a bubble, or changes the latest one if that is what it is for and the platform can."""
        latest = self._latest.get(conversation_id)
        if message.replaces and latest is not None and isinstance(channel, Editing):
            try:
                return await channel.edit(address, latest, message)
            except Refused:
                log.info("edit_refused")  # it is gone or too old: a new bubble then
        self._latest.pop(conversation_id, None)
        refs = await channel.send(address, message)
        if refs and message.choices:
            while len(self._latest) >= _LATEST:
                del self._latest[next(iter(self._latest))]
            self._latest[conversation_id] = refs[-1]
        return refs

    async def _ready(self, row: Waiting) -> tuple[Waiting, bytes, str] | None:
        """The row with what is to be sent, its key and the address; None (and the row is closed) if nobody may send it any more."""
        held = self._keys.held(row.key_id)
        if row.address and held is not None:
            return row, held, row.address
        # The row first: if the conversation's key is changed between the two, the row's is taken for its own, and only an old key dies.
        waiting = await self._reads.outgoing(row.id)
        stored = await self._reads.conversation(row.conversation_id)
        if waiting is None or waiting.body is None or waiting.state not in ("pending", "sending"):
            return None  # taken back when its conversation was wiped, or gone with it
        # The conversation's key may have been changed after this was queued; the row was then locked anew.
        row = replace(row, key_id=waiting.key_id, own_key=stored is not None and waiting.key_id != stored.key_id)
        key = await self._keys.key(row.key_id)
        of_address = await self._keys.key(stored.key_id) if stored is not None else None
        if key is None or stored is None or of_address is None:
            await self._finish(row, state="dead", code="erased")
            return None
        address = unlock(of_address, stored.address, context=contexts.address(row.conversation_id)).decode()
        return self._filled(row, key, waiting.body), key, address

    @staticmethod
    def _filled(row: Waiting, key: bytes, locked: bytes) -> Waiting:
        if row.message is not None or row.ref:
            return row
        body = unlock(key, locked, context=contexts.row("outbox", "body", row.id, row.conversation_id))
        return replace(row, ref=body.decode()) if row.kind == "delete" else replace(row, message=Outbound.from_json(orjson.loads(body)))

    async def _later(self, row: Waiting, error: TryLater) -> float | None:
        if row.id in self._withdrawn:
            return None  # its row is closed already, and must not be opened again
        wait = pause(row.attempts, error.after)
        SENT.labels(row.channel, row.kind, "later").inc()
        log.warning("delivery_later", extra={"row": row.id, "channel": row.channel, "code": error.code, "attempt": row.attempts + 1})
        values = {"state": "pending", "attempts": row.attempts + 1, "due_at": int(self._clock() + wait), "code": error.code}
        try:
            await self._writer.write([Update(table="outbox", key={"id": row.id}, values=values)])
        except Exception:
            log.exception("delivery_unwritten", extra={"row": row.id})
        return wait

    async def _finish(self, row: Waiting, *, state: str, code: str | None = None, ref: bytes | None = None) -> None:
        SENT.labels(row.channel, row.kind, state).inc()
        values = {"state": state, "code": code, "body": None, "ref": ref}
        attempts = 0
        while True:
            try:
                await self._writer.write([Update(table="outbox", key={"id": row.id}, values=values)])
                break
            except Exception:
                # It went out. While this cannot be written down (a full disk) the row stays in these hands: given back, the sweep would
                # send it again and again. Only a restart sends it once more.
                log.exception("delivery_unwritten", extra={"row": row.id})
                if self._closing:
                    return
                attempts += 1
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closed.wait(), min(30.0, 0.2 * 2.0 ** min(attempts, 9)))
        if row.own_key:
            try:
                await self._keys.destroy([row.key_id])
            except Exception:  # nothing uses it any more: it dies with the next that nothing uses (`Jobs.forget`)
                log.exception("key_death_delayed")

    async def pending(self, conversation_id: bytes) -> list[Pending]:
        """What waits for the client of a pull channel, oldest first."""
        found: list[Pending] = []
        for row in await self._reads.waiting_of(conversation_id):
            key = await self._keys.key(row.key_id)
            if key is not None and row.body is not None and row.kind == "send":
                try:
                    body = unlock(key, row.body, context=contexts.row("outbox", "body", row.id, conversation_id))
                except VaultError:
                    log.error("bubble_unreadable", extra={"row": row.id})  # somebody changed the database: what does open is shown
                    continue
                found.append(Pending(id=row.id, message=Outbound.from_json(orjson.loads(body))))
        return found

    async def news(self, conversation_id: bytes, timeout: float) -> None:
        """Returns when something was queued for this conversation, or after `timeout` seconds."""
        event = asyncio.Event()
        waiting = self._news.setdefault(conversation_id, set())
        waiting.add(event)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), timeout)
        finally:
            waiting.discard(event)
            if not waiting and self._news.get(conversation_id) is waiting:
                del self._news[conversation_id]

    async def confirm(self, conversation_id: bytes, ids: tuple[int, ...]) -> None:
        """The client has these rows: their bodies are erased."""
        values = {"state": "sent", "body": None, "code": None}
        own = await self._reads.own_keys(conversation_id, ids)
        await self._writer.write(
            [Update(table="outbox", key={"id": row_id, "conversation_id": conversation_id}, values=values) for row_id in ids]
        )
        await self._keys.destroy(own)
        SENT.labels("web", "send", "sent").inc(len(ids))
