"""From the outbox to the platforms: in order within a conversation, side by side between them, with patience and without doubles.

A row is `sending` before the call. Whatever happens to this process, a row that is `sending` or `pending` goes out again after the start.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from weakref import WeakValueDictionary

import orjson

from actions.rows import Change, Update
from bot import contexts
from bot.channels.base import Channel, ChannelError, Editing, Fetching, Keeping, Refused, Reporting, Resuming, TryLater, Windowed
from bot.copies import Copies
from bot.metrics import SENT
from bot.pages import Pages
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.sharing import Alone, Sharing
from bot.storage.writer import Writer
from bot.vault.draft import lock, unlock
from bot.vault.errors import VaultError
from bot.waiting import Waiting, pause, while_waiting
from bot.window import CLOSING, Window
from flows.message import Outbound

log = logging.getLogger(__name__)

_LATEST = 20_000
AT_ONCE = 64  # calls to platforms side by side


class Deliver:
    """Sends what waits. The pages of pull channels are told that something is there; they fetch it themselves."""

    def __init__(
        self, *, writer: Writer, reads: Reads, keys: KeyStore, channels: Mapping[str, Channel], clock: Callable[[], float], pages: Pages,
        sharing: Sharing | None = None,
    ) -> None:  # fmt: skip
        self._pages = pages
        self._writer, self._reads, self._keys, self._channels, self._clock = writer, reads, keys, channels, clock
        self._sharing: Sharing = sharing if sharing is not None else Alone()
        self._copies = Copies(writer=writer, reads=reads, keys=keys, clock=clock)
        self._window = Window(writer=writer, reads=reads, copies=self._copies, clock=clock)
        self._queues: dict[bytes, deque[Waiting]] = {}
        self._known: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._closing = False
        self._closed = asyncio.Event()  # ends the pauses between tries
        self._withdrawn: set[int] = set()  # rows in this process's hands whose conversation was wiped meanwhile
        self._arriving: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()
        self._unsure: set[int] = set()  # rows whose last try may have been taken all the same
        self._there: dict[int, tuple[str, ...]] = {}  # of a row's bubble, the messages that went out before one did not
        self._latest: dict[bytes, str] = {}  # the latest question's reference, in memory only: after a restart a new bubble is sent

    def enqueue(self, rows: Iterable[Waiting]) -> None:
        """Queues rows that are stored, in their order."""
        for row in rows:
            if self._channels[row.channel].pull:
                self._pages.wake(row.conversation_id)
                continue
            if row.id in self._known or self._closing:
                continue
            if row.kind != "send" and isinstance(self._channels[row.channel], Keeping):
                continue  # `bot.clearing` sees to it: a deletion that takes days must not stand before a reply
            self._known.add(row.id)
            queue = self._queues.get(row.conversation_id)
            if queue is not None:
                queue.append(row)
                continue
            self._queues[row.conversation_id] = deque((row,))
            task = asyncio.create_task(self._run(row.conversation_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def busy(self, conversation_id: bytes) -> bool:
        """Whether something of this conversation is on its way out, or waits for its next try."""
        return conversation_id in self._queues

    @asynccontextmanager
    async def wiping(self, conversation_id: bytes) -> AsyncIterator[None]:
        """While a conversation's messages are looked up and its wipe is written: takes back what has not arrived yet. A bubble that arrives
        is either written down before the look, and found, or after the wipe, and deleted as soon as it is there: never between the two. If
        the wipe is not written after all, the sweep takes the rows up again."""
        async with self._one_by_one(conversation_id):
            self._withdrawn.update(row.id for row in self._queues.get(conversation_id, ()) if row.kind == "send")
            yield

    def _one_by_one(self, conversation_id: bytes) -> asyncio.Lock:
        lock = self._arriving.get(conversation_id)
        if lock is None:
            lock = self._arriving[conversation_id] = asyncio.Lock()
        return lock

    async def take_up(self) -> int:
        """Queues rows that are in nobody's hands: after a restart, or left over. Gives how many. Also those that are not due yet: what was
        said later must not overtake them."""
        pull = [name for name, channel in self._channels.items() if channel.pull]
        keeping = [name for name, channel in self._channels.items() if isinstance(channel, Keeping)]
        windows = [channel.window for channel in self._channels.values() if isinstance(channel, Windowed)]
        open_since = int(self._clock() - min(windows) + CLOSING) if windows else 0
        found = [
            Waiting(
                id=r.id, conversation_id=r.conversation_id, key_id=r.key_id, channel=r.channel, kind=r.kind, attempts=r.attempts,
                due_at=r.due_at, created_at=r.created_at, unsure=True,
            )
            for r in await self._reads.waiting_sends(pull_channels=pull, keeping=keeping, open_since=open_since)
            if r.id not in self._known and r.channel in self._channels
        ]  # fmt: skip
        ours = await self._sharing.take({row.conversation_id for row in found})
        found = [row for row in found if row.conversation_id in ours]
        self.enqueue(found)
        return len(found)

    async def close(self, timeout: float) -> None:
        """Lets calls that are on their way end; the rest stays in the outbox."""
        self._closing = True
        self._closed.set()
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
                if not self._sharing.fresh:
                    # The heartbeat has stopped: others may have taken this conversation over, and send what is here. The sweep asks.
                    log.warning("delivery_left", extra={"rows": len(queue)})
                    return
                row = queue[0]
                early = row.due_at - self._clock()
                again = await self._deliver(row) if early <= 0 else early
                if again is None:
                    queue.popleft()
                    self._withdrawn.discard(row.id)
                    self._there.pop(row.id, None)
                    if all(other.id != row.id for other in queue):  # unless it waits there as its own deletion
                        self._known.discard(row.id)
                else:
                    unsure = row.unsure or row.id in self._unsure
                    self._unsure.discard(row.id)
                    queue[0] = replace(row, attempts=row.attempts + (early <= 0), address="", due_at=0, unsure=unsure)
                    with suppress(TimeoutError):  # a service that stops does not wait for the next try: the row is stored
                        await asyncio.wait_for(self._closed.wait(), again)
        finally:
            for row in queue:
                self._known.discard(row.id)
                self._withdrawn.discard(row.id)
                self._there.pop(row.id, None)
            del self._queues[conversation_id]

    async def _deliver(self, row: Waiting) -> float | None:
        """One try. None: the row is finished with; else the seconds until the next try."""
        if row.id in self._withdrawn:
            if there := self._there.pop(row.id, ()):
                await self._take_back(row, ",".join(filter(None, there)))
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
            waits = self._slots.locked()
            async with self._slots:
                if waits and not await self._still(row):
                    return 0.0  # closed meanwhile: it is looked at anew
                if row.message is not None:
                    ref = ",".join(await self._send(channel, row, address, await self._copies.there_already(channel, row, address)))
                elif row.kind == "drop":
                    if isinstance(channel, Fetching):
                        await channel.drop(row.ref)
                    ref = ""
                else:
                    for part in row.ref.split(","):
                        await channel.delete(address, part)
                    ref = ""
        except ChannelError as error:
            return await self._failed(row, key, error)
        except Exception:
            log.exception("delivery_failed", extra={"row": row.id})
            return await self._failed(row, key, TryLater("fault", unsure=True))
        async with self._one_by_one(row.conversation_id):
            await self._arrived(row, key, ref)
        return None

    async def _failed(self, row: Waiting, key: bytes, error: ChannelError) -> float | None:
        """What a platform did not do: seconds until the next try, or None if there is none. Of a bubble of several messages some may have
        gone out; which, is written down where the platform has to forget them, and read from there at the next try; elsewhere it is known
        until a restart."""
        async with self._one_by_one(row.conversation_id):
            came = ",".join(filter(None, error.refs))
            if row.id in self._withdrawn and came:
                await self._take_back(row, came)
                return None
            channel = self._channels[row.channel]
            also: list[Change] = []
            if came and isinstance(channel, Keeping):
                also = await self._copies.deletion(row, came, channel.kept)
            elif came and isinstance(error, TryLater):
                self._there[row.id] = error.refs
            if isinstance(error, TryLater):
                return await self._later(row, error, also)
            log.warning("delivery_refused", extra={"row": row.id, "channel": row.channel, "kind": row.kind, "code": error.code})
            ref = await self._locked(row, key, came) if came and not also else None
            await self._finish(row, state="dead", code=error.code, ref=ref, also=also)
            return None

    async def _arrived(self, row: Waiting, key: bytes, ref: str) -> None:
        """Writes down that the platform has done what the row asked for. `ref` is its id for a bubble."""
        channel = self._channels[row.channel]
        if row.id in self._withdrawn and ref:
            await self._take_back(row, ref)
        elif ref and isinstance(channel, Keeping):
            await self._finish(row, state="sent", also=await self._copies.deletion(row, ref, channel.kept))
            await self._copies.mend(row, ref, channel.kept)
        else:
            await self._finish(row, state="sent", ref=await self._locked(row, key, ref) if ref else None)

    async def _locked(self, row: Waiting, key: bytes, ref: str) -> bytes | None:
        """The platform's ids, locked under the conversation's key: they are needed longer than the bubble."""
        if row.own_key or self._keys.held(row.key_id) is None:  # or it was changed while the bubble was on its way
            found = await self._copies.present_key(row)
            if found is None:
                return None
            key = found[1]
        return lock(key, ref.encode(), context=contexts.row("outbox", "ref", row.id, row.conversation_id))

    async def _take_back(self, row: Waiting, ref: str) -> None:
        """A bubble that arrived after its conversation was wiped: its row becomes its own deletion, as durable as every other."""
        found = await self._copies.present_key(row)
        if found is None:
            return
        key_id, key = found
        body = lock(key, ref.encode(), context=contexts.row("outbox", "body", row.id, row.conversation_id))
        values = {"kind": "delete", "state": "sending", "key_id": key_id, "body": body, "attempts": 0, "due_at": int(self._clock())}
        try:
            await self._writer.write([Update(table="outbox", key={"id": row.id}, values=values)])
        except Exception:
            log.exception("delivery_unwritten", extra={"row": row.id})
        if isinstance(self._channels[row.channel], Keeping):
            return
        self._queues[row.conversation_id].append(
            replace(row, kind="delete", key_id=key_id, message=None, ref=ref, attempts=0, address="", own_key=False)
        )

    async def _send(self, channel: Channel, row: Waiting, address: str, there: Sequence[str]) -> tuple[str, ...]:
        """Sends a bubble, but for those of its messages that are `there` already, or changes the latest one if that is what it is for and
        the platform can."""
        conversation_id, message = row.conversation_id, row.message
        if message is None:
            raise ValueError("nothing to send")
        if isinstance(channel, Reporting):
            return await channel.send_as(row.id, address, message, there)
        latest = self._latest.get(conversation_id)
        if message.replaces and latest is not None and isinstance(channel, Editing):
            try:
                return await channel.edit(address, latest, message)
            except Refused:
                log.info("edit_refused")  # it is gone or too old: a new bubble then
        self._latest.pop(conversation_id, None)
        if isinstance(channel, Resuming):
            refs = await channel.send_rest(address, message, self._there.pop(row.id, ()))
        else:
            refs = await channel.send(address, message)
        if refs and message.choices:
            while len(self._latest) >= _LATEST:
                del self._latest[next(iter(self._latest))]
            self._latest[conversation_id] = refs[-1]
        return refs

    async def _ready(self, row: Waiting) -> tuple[Waiting, bytes, str] | None:
        """The row with what is to be sent, its key and the address; None (and the row is closed) if nobody may send it any more."""
        held = self._keys.held(row.key_id)
        windowed = isinstance(self._channels[row.channel], Windowed)
        if row.address and held is not None and not windowed:
            return row, held, row.address
        for _ in range(2):  # a key that died since the row was read was changed for another, and the row names that one now
            # The row first: if the conversation's key is changed between the two, the row's is taken for its own, and only an old key dies.
            waiting = await self._reads.outgoing(row.id)
            stored = await self._reads.conversation(row.conversation_id)
            if waiting is None or waiting.body is None or waiting.state not in ("pending", "sending"):
                return None  # taken back when its conversation was wiped, or gone with it
            # The conversation's key may have been changed after this was queued; the row was then locked anew.
            row = replace(row, key_id=waiting.key_id, own_key=stored is not None and waiting.key_id != stored.key_id)
            key = await self._keys.key(row.key_id)
            of_address = await self._keys.key(stored.key_id) if stored is not None else None
            if key is not None and of_address is not None:
                break
        if waiting is None or key is None or stored is None or of_address is None:
            await self._finish(row, state="dead", code="erased")
            return None
        address = unlock(of_address, stored.address, context=contexts.address(row.conversation_id)).decode()
        row = self._filled(row, key, waiting.body)
        if windowed and row.kind == "send" and await self._window.shut(
            self._channels[row.channel], row, waiting.code, stored.last_at, address
        ):
            return None
        return row, key, address

    async def _still(self, row: Waiting) -> bool:
        """Whether a row is to go out, after others were waited for."""
        found = await self._reads.outgoing(row.id)
        return found is not None and found.state in ("pending", "sending")

    @staticmethod
    def _filled(row: Waiting, key: bytes, locked: bytes) -> Waiting:
        if row.message is not None or row.ref:
            return row
        body = unlock(key, locked, context=contexts.row("outbox", "body", row.id, row.conversation_id))
        if row.kind in ("delete", "drop"):
            return replace(row, ref=body.decode())
        return replace(row, message=Outbound.from_json(orjson.loads(body)))

    async def _later(self, row: Waiting, error: TryLater, also: Sequence[Change]) -> float | None:
        if row.id in self._withdrawn:
            return None  # its row is closed already, and must not be opened again
        wait = pause(row.attempts, error.after)
        if error.unsure or error.refs:
            self._unsure.add(row.id)
        SENT.labels(row.channel, row.kind, "later").inc()
        log.warning("delivery_later", extra={"row": row.id, "channel": row.channel, "code": error.code, "attempt": row.attempts + 1})
        due_at, attempts = int(self._clock() + wait), row.attempts + 1
        try:
            again = while_waiting(row.id, state="pending", attempts=attempts, due_at=due_at, code=error.code)
            await self._writer.write([*again, *also])
        except Exception:
            log.exception("delivery_unwritten", extra={"row": row.id})
        return wait

    async def _finish(
        self, row: Waiting, *, state: str, code: str | None = None, ref: bytes | None = None, also: Sequence[Change] = ()
    ) -> None:  # fmt: skip
        SENT.labels(row.channel, row.kind, state).inc()
        values = {"state": state, "code": code, "body": None, "ref": ref}
        attempts = 0
        while True:
            try:
                await self._writer.write([Update(table="outbox", key={"id": row.id}, values=values), *also])
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
