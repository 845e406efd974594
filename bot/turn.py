"""One turn: load the session, understand, resume, run actions; then one commit of session, answers and replies.

Turns of one conversation run one at a time and in order; different conversations run side by side. What a turn decided is durable
before anything is sent, and a key that has to die is dead before anything is sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from actions import registry as actions
from actions.ports import Outcome, Ports, Request
from actions.rows import Change, Delete, Update
from bot import contexts
from bot.channels.base import Channel
from bot.deliver import Deliver, Waiting
from bot.intake import SILENCE, Arrived
from bot.metrics import ACTIONS, DANGER, TURN_SECONDS, TURNS
from bot.outbox import bubble_rows
from bot.rollover import Rollover
from bot.row_ids import RowIds
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.writer import Writer
from bot.vault.draft import lock, unlock
from bot.vault.errors import VaultError
from bot.vault.receipt_reader import looks_like_receipt
from flows.bubbles import merge
from flows.engine import new_session, resume
from flows.library import Library
from flows.message import RECEIPT, Inbound, InboundKind, Outbound, Understanding
from flows.session import Session
from flows.signals import Done, RunAction, Said, Send, Signal, TimedOut

log = logging.getLogger(__name__)

ACTIONS_A_TURN = 8
ATTEMPTS = 3


class Understands(Protocol):
    """Text → what it means."""

    async def understand(self, text: str, language: str) -> Understanding:
        """Never raises; without a model it still hears danger."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimerDue:
    """A timer that came due, in the queue of its conversation."""

    conversation_id: bytes
    name: str


@dataclass(slots=True)
class _Result:
    session: Session
    sends: list[Outbound] = field(default_factory=list)
    rows: list[Change] = field(default_factory=list)
    new_key: bool = False
    wipe: bool = False
    secret: bool = False
    fault: str = ""


class Turns:
    """Runs turns. `world` tells what a definition may ask about the world, given channel, language and time."""

    def __init__(
        self, *, writer: Writer, reads: Reads, keys: KeyStore, ids: RowIds, library: Library, ports: Ports, deliver: Deliver,
        rollover: Rollover, understander: Understands, channels: Mapping[str, Channel], clock: Callable[[], float], language: str,
        world: Callable[[str, str, datetime], Mapping[str, Any]],
    ) -> None:  # fmt: skip
        self._writer, self._reads, self._keys, self._ids = writer, reads, keys, ids
        self._library, self._ports, self._deliver = library, ports, deliver
        self._rollover = rollover
        self._understander, self._channels, self._world = understander, channels, world
        self._clock, self._language = clock, language
        self._queues: dict[bytes, deque[Arrived | TimerDue]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._known: set[int] = set()
        self._idle = asyncio.Event()
        self._idle.set()

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
        self._idle.clear()
        task = asyncio.create_task(self._run(item.conversation_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def take_up(self) -> int:
        """Queues inbox rows that no turn has taken (after a restart, or a turn that could not be written). Gives how many."""
        rows = await self._reads.new_messages()
        count = 0
        for row in rows:
            if row.id in self._known:
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
        await self._idle.wait()

    async def close(self, timeout: float) -> None:
        """Lets running turns end. What is left stays in the inbox."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout)

    async def _run(self, conversation_id: bytes) -> None:
        queue = self._queues[conversation_id]
        while queue:
            item = queue[0]
            attempts = 0
            while True:
                try:
                    with TURN_SECONDS.time():
                        await self._turn(item)
                    TURNS.labels("done").inc()
                    break
                except asyncio.CancelledError:
                    raise
                except Exception:
                    attempts += 1
                    log.exception("turn_failed", extra={"attempt": attempts})
                    TURNS.labels("failed").inc()
                    if attempts >= ATTEMPTS:
                        await self._give_up(item)
                        break
                    await asyncio.sleep(0.2 * attempts)
            queue.popleft()
            if isinstance(item, Arrived):
                self._known.discard(item.id)
                self._keys.release(item.key_id)
        del self._queues[conversation_id]
        if not self._queues:
            self._idle.set()

    async def _give_up(self, item: Arrived | TimerDue) -> None:
        """A message that no turn can take. The person hears that something went wrong with us; the row stays for people to see."""
        if isinstance(item, TimerDue):
            return
        text = self._library.catalogue.fill(self._library.catalogue.common(self._language, "trouble"), {})[0]
        try:
            row = await self._reads.conversation(item.conversation_id)
            key = await self._keys.key(row.key_id) if row is not None else None
            if row is None or key is None:
                return
            pull = self._channels[row.channel].pull
            rows, waiting = bubble_rows(
                [Outbound(text=text)], [(row.key_id, key)], row=row, ids=self._ids, pull=pull, now=int(self._clock())
            )  # fmt: skip
            await self._writer.write([*rows, Update(table="inbox", key={"id": item.id}, values={"state": "failed", "attempts": ATTEMPTS})])
            self._deliver.enqueue(waiting)
        except Exception:  # the database is gone: the row stays "new" and is taken up again
            log.exception("give_up_failed")

    async def _turn(self, item: Arrived | TimerDue) -> None:
        row = await self._reads.conversation(item.conversation_id)
        if row is None:
            return
        key = self._keys.held(row.key_id) or await self._keys.key(row.key_id)
        if key is None:
            return
        session = self._session(row, key)
        address = unlock(key, row.address, context=contexts.address(row.id)).decode()
        now = datetime.fromtimestamp(self._clock(), UTC)
        if isinstance(item, TimerDue) and item.name == "silence" and row.last_at + SILENCE > now.timestamp():
            return  # a message was on its way when the timer came due: nobody is silent
        signal = await self._signal(item, session)
        if signal is None:
            return
        result = await self._resume(session, signal, row, address, now)
        await self._commit(item, row, key, result, address, int(now.timestamp()))

    def _session(self, row: Any, key: bytes) -> Session:
        if row.session is None:
            return new_session(self._language)
        try:
            return Session.from_json(orjson.loads(unlock(key, row.session, context=contexts.session(row.id))))
        except (VaultError, ValueError, KeyError):
            # A session of a program that is not this one, or damaged: better to start again than to be silent.
            log.error("session_unreadable")
            return new_session(self._language)

    async def _signal(self, item: Arrived | TimerDue, session: Session) -> Signal | None:
        if isinstance(item, TimerDue):
            return TimedOut(timer=item.name)
        inbound = item.inbound or await self._stored(item)
        if inbound is None:
            return None
        understanding = Understanding()
        if inbound.text and inbound.kind is not InboundKind.TAP:
            if looks_like_receipt(inbound.text):
                # One code in two hundred sounds like a cry to the danger phrases ("… ulat cair …"): a code is no sentence.
                return Said(message=inbound, understanding=Understanding(text=inbound.text, intent=RECEIPT, confidence=1.0))
            understanding = await self._understander.understand(inbound.text, session.language)
            if understanding.danger is not None:
                DANGER.labels(understanding.danger.value).inc()
        return Said(message=inbound, understanding=understanding)

    async def _stored(self, item: Arrived) -> Inbound | None:
        row = await self._reads.message(item.id)
        key = await self._keys.key(item.key_id)
        if row is None or row.body is None or key is None:
            return None
        return Inbound.from_json(orjson.loads(unlock(key, row.body, context=contexts.row("inbox", "body", row.id, item.conversation_id))))

    async def _resume(self, session: Session, signal: Signal, row: Any, address: str, now: datetime) -> _Result:
        world = self._world(row.channel, session.language, now)
        result = _Result(session)
        for _ in range(ACTIONS_A_TURN):
            turn = resume(result.session, signal, library=self._library, world=world)
            result.session = turn.session
            result.fault = result.fault or turn.fault
            wanted: RunAction | None = None
            for effect in turn.effects:
                if isinstance(effect, Send):
                    result.sends.append(effect.message)
                else:
                    wanted = effect
            if wanted is None:
                break
            outcome = await self._act(wanted, result.session, row, address, now)
            result.rows += outcome.rows
            result.new_key = result.new_key or outcome.new_key
            result.wipe = result.wipe or outcome.wipe
            result.secret = result.secret or outcome.secret
            signal = Done(
                action=wanted.name, code=outcome.code, result=outcome.result, facts=outcome.facts, keep=outcome.keep, forget=outcome.forget,
                reset=outcome.reset,
            )  # fmt: skip
        else:
            result.fault = result.fault or "action_cap"
        if result.fault:
            log.error("flow_fault", extra={"code": result.fault})
        return result

    async def _act(self, wanted: RunAction, session: Session, row: Any, address: str, now: datetime) -> Outcome:
        # While an earlier answer is being changed, the later ones are kept aside: they are part of what was told.
        drafts = {frame.flow: {**frame.kept, **frame.answers} for frame in session.frames}
        request = Request(
            arguments=wanted.arguments, answers=wanted.answers, last=wanted.last, drafts=drafts, facts=session.facts,
            language=session.language, channel=row.channel, conversation_id=row.id, address=address, now=now,
            started=datetime.fromtimestamp(row.created_at, UTC),
        )  # fmt: skip
        try:
            outcome = await actions.run(wanted.name, request, self._ports)
        except Exception:
            log.exception("action_failed", extra={"action": wanted.name})
            # Whoever leaves or erases is never kept waiting by a fault of ours: what is open dies all the same. A timer can wait.
            gone = wanted.name in ("leave", "erase") and not wanted.arguments.get("silence")
            outcome = Outcome(code="error", reset=gone, new_key=gone, wipe=gone)
        ACTIONS.labels(wanted.name, outcome.code).inc()
        return outcome

    async def _commit(
        self, item: Arrived | TimerDue, row: Any, key: bytes, result: _Result, address: str, now: int
    ) -> None:  # fmt: skip
        changes: list[Change] = list(result.rows)
        waiting: list[Waiting] = []
        key_id, pull = row.key_id, self._channels[row.channel].pull
        values: dict[str, Any] = {"version": row.version + 1}
        if result.wipe and not pull:
            self._deliver.withdraw(row.id)
        if result.new_key:
            # What waits unseen is taken back where the person leaves. A page that sent an answer has shown the question, whether it said
            # so or not: the summary of a report must not lie there for days because a confirmation was lost.
            changed = await self._rollover.change_key(row, key, now, drop=result.wipe, seen=pull and isinstance(item, Arrived))
            key_id, key = changed.key_id, changed.key
            changes += changed.rows
            values |= changed.values
            if result.wipe and not pull:
                deletes, wiping = self._rollover.wipe(row, key_id, key, changed.refs, now)
                changes += deletes
                waiting += wiping
                values["refs"] = None
        values["session"] = lock(key, orjson.dumps(result.session.to_json()), context=contexts.session(row.id))
        if isinstance(item, Arrived):
            values["last_at"] = now
            done = {"state": "done", "body": None}
            changes.append(Update(table="inbox", key={"id": item.id}, values=done | ({"ref": None} if result.new_key else {})))
        else:
            timer = {"conversation_id": row.id, "name": item.name}
            if item.name == "silence":
                # Kept for the next time: whoever comes back and stops again is treated as before.
                changes.append(Update(table="timer", key=timer, values={"due_at": now + SILENCE}))
            else:
                changes.append(Delete(table="timer", key=timer))
        bubbles = merge(result.sends)
        if result.wipe and bubbles:
            bubbles = (replace(bubbles[0], wipe=True), *bubbles[1:])
        keys = [(key_id, key)] * len(bubbles)
        if result.secret:
            keys = await asyncio.gather(*(self._keys.create(now=now) for _ in bubbles))
        rows, sends = bubble_rows(
            bubbles, keys, row=row, ids=self._ids, pull=pull, now=now, address=address, own=result.secret
        )  # fmt: skip
        changes += rows
        # Whatever is said goes out before anything is taken away: a child who left must see the harmless answer at once.
        waiting = [*sends, *waiting]
        changes.append(Update(table="conversation", key={"id": row.id}, values=values))
        await self._writer.write(changes)
        if result.new_key:
            try:
                await self._keys.destroy(changed.dead)
                await self._rollover.bury(row.key_id, own=isinstance(item, Arrived) and item.key_id == row.key_id)
            except Exception:
                # The turn is stored: it must not run again, and its answer must go out. The death is written down; the sweep sees to it.
                log.exception("key_death_delayed")
        self._deliver.enqueue(waiting)
