"""One turn: load the session, understand, resume, run actions; then one commit of session, answers and replies.

What a turn decided is durable before anything is sent, and a key that has to die is dead before anything is sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any

import orjson

from actions import registry as actions
from actions.desk import REKEY
from actions.desk_row import DAY
from actions.evidence import UNREACHABLE, file_gone, files_of
from actions.ports import Outcome, Ports, Request
from actions.queue import HandOff
from actions.rows import Change, Delete, Insert, Update
from bot import contexts, last_resort
from bot.blocks import Blocks
from bot.case_news import cases_in
from bot.channels.base import Channel, Keeping
from bot.clearing import forgetting
from bot.deliver import Deliver
from bot.giving_up import unless
from bot.hand_offs import alone, hand_off_of, moved_in, no_desk, relied_on, seen_in, silenced, talk_after
from bot.hearing import Hearing
from bot.intake import SILENCE, Arrived
from bot.metrics import ACTIONS
from bot.outbox import bubble_rows, drop_rows, withheld
from bot.rollover import Rollover
from bot.row_ids import RowIds
from bot.storage.faults import Moved
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.sharing import BUBBLE, CASE_CHANGED, HAND_OFF, notice
from bot.storage.writer import Fence
from bot.stored_session import LostSession, locked_session, stored_session
from bot.vault.draft import unlock
from bot.waiting import Waiting
from bot.witnessing import Witnessing
from flows.bubbles import merge
from flows.desk import NOTHING, desk_of
from flows.engine import new_session, resume
from flows.files import TAKE, dropped
from flows.library import Library
from flows.message import Inbound, Media, Outbound
from flows.session import Session
from flows.signals import Done, RunAction, Said, Send, Signal, TimedOut

log = logging.getLogger(__name__)

ACTIONS_A_TURN = 8
ATTEMPTS = 3
MOVES = 25  # how often a turn begins anew because the desk changed the hand-off meanwhile


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
    drop: list[str] = field(default_factory=list)
    hand_off: HandOff | None = None  # that the conversation is in: the turn is written only if it still stands as it was seen
    blocked: bool = False  # the desk has blocked the address
    file: bool = False  # the message came with one: it is fetched before the platform is told to forget it
    fault: str = ""


class Turn:
    """Makes turns, one at a time. `world` tells what a definition may ask about the world, given channel, language and time; `desk` what
    the desk says about a conversation (its row), in the words of `flows.desk`; `desk_changed` hears, after the commit, which hand-off a
    turn changed, and its version; `case_changed` which case it made or added to; `blocks` are the addresses that the desk blocked, `zone`
    is the city's."""

    def __init__(
        self, *, writer: Witnessing, reads: Reads, keys: KeyStore, ids: RowIds, library: Library, ports: Ports, deliver: Deliver,
        rollover: Rollover, hearing: Hearing, channels: Mapping[str, Channel], clock: Callable[[], float], language: str,
        world: Callable[[str, str, datetime], Mapping[str, Any]], blocks: Blocks, zone: tzinfo,
        desk: Callable[[Any], Awaitable[Mapping[str, Any]]] = no_desk,
        desk_changed: Callable[[bytes, int], None] = lambda *_: None, case_changed: Callable[[bytes], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._writer, self._reads, self._keys, self._ids = writer, reads, keys, ids
        self._library, self._ports, self._deliver = library, ports, deliver
        self._rollover = rollover
        self._hearing, self._channels, self._world = hearing, channels, world
        self._clock, self._language = clock, language
        self._desk, self._desk_changed, self._case_changed = desk, desk_changed, case_changed
        self._blocks, self._zone = blocks, zone
        self.behind: Callable[[bytes], Sequence[Arrived | TimerDue]] = lambda _: ()  # what waits in a conversation's queue (`bot.turns`)

    async def take(self, item: Arrived | TimerDue) -> None:
        """Makes the turn of a message or a timer, and writes it. Raises Lost if another process has the conversation, and whatever else
        went wrong: then nothing was written, and it may be tried again. A turn that the desk was quicker than begins anew: it never speaks
        where a person has the conversation by now."""
        for _ in range(MOVES):
            try:
                await self._take(item)
            except Moved:
                continue
            return
        raise Moved

    async def _take(self, item: Arrived | TimerDue) -> None:
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
        hand_off = await hand_off_of(row, key, self._reads)
        if isinstance(item, TimerDue) and item.name == REKEY:
            result = _Result(session, new_key=True, hand_off=hand_off)
            await self._commit(item, row, key, result, address, int(now.timestamp()))
            return
        signal = await self._signal(item, session)
        if signal is None:
            return
        result = await self._resume(session, signal, row, address, now, hand_off)
        result.file = isinstance(signal, Said) and signal.message.media is not None
        await self._commit(item, row, key, result, address, int(now.timestamp()))

    async def give_up(self, item: Arrived | TimerDue) -> None:
        """A message that no turn can take. Who leaves, leaves; who is in danger gets the numbers; anybody else hears that something went
        wrong with us, and the row stays for people to see."""
        if isinstance(item, TimerDue):
            return
        for session in (None, self._forgotten()):  # a damaged session may be what fails: then once more without it
            try:
                if await self._last_resort(item, session):
                    return
            except Exception:
                log.exception("last_resort_failed")
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
            written = await self._writer.write(
                [*rows, Update(table="inbox", key={"id": item.id}, values={"state": "failed", "attempts": ATTEMPTS})],
                fence=Fence(conversation_id=row.id, inbox_id=item.id), notices=self._told(row.id, pull),
                requires=relied_on(await hand_off_of(row, key, self._reads)),
            )  # fmt: skip
            if written:
                self._deliver.enqueue(waiting)
        except Exception:  # the database is gone: the row stays "new" and is taken up again
            log.exception("give_up_failed")

    @staticmethod
    def _told(conversation_id: bytes, pull: bool) -> tuple[str, ...]:
        """What other processes hear of new bubbles: the page that fetches them may be connected there."""
        return (notice(BUBBLE, conversation_id),) if pull else ()

    async def _last_resort(self, item: Arrived, session: Session | None) -> bool:
        """Leaving and danger, without the engine. False for a message that can wait. `session` stands in for the stored one."""
        row = await self._reads.conversation(item.conversation_id)
        key = await self._keys.key(row.key_id) if row is not None else None
        if row is None or key is None:
            return False
        session = session or self._session(row, key)
        said = await self._signal(item, session)
        wanted = last_resort.resort(said, session, self._library) if isinstance(said, Said) else None
        if wanted is None:
            return False
        action, asking = wanted
        address = unlock(key, row.address, context=contexts.address(row.id)).decode()
        now = datetime.fromtimestamp(self._clock(), UTC)
        hand_off = await hand_off_of(row, key, self._reads)
        outcome = await self._act(action, asking, row, address, now, hand_off)
        world = self._world(row.channel, session.language, now)
        sends = last_resort.answer(action, outcome.code, session=session, library=self._library, world=world)
        facts = {name: value for name, value in {**session.facts, **outcome.facts}.items() if value is not None}
        after = new_session(session.language) if outcome.reset else session.evolve(facts=facts)
        result = _Result(after, sends=sends, rows=list(outcome.rows), new_key=outcome.new_key, wipe=outcome.wipe, hand_off=hand_off)
        await self._commit(item, row, key, result, address, int(now.timestamp()))
        log.error("last_resort", extra={"action": action.name})
        return True

    def _forgotten(self) -> Session:
        """A session in the place of one that is lost. It is not known any more who was named as involved, so the lead alone may read."""
        return new_session(self._language).evolve(facts={"insider": ["unsure"]})

    def _session(self, row: Any, key: bytes) -> Session:
        try:
            return stored_session(row, key) or new_session(self._language)
        except LostSession:  # better to start again than to be silent
            return self._forgotten()

    async def _signal(self, item: Arrived | TimerDue, session: Session) -> Signal | None:
        if isinstance(item, TimerDue):
            return TimedOut(timer=item.name)
        inbound = item.inbound or await self._stored(item)
        if inbound is None:
            return None
        return await self._hearing.said(inbound, session)

    async def _stored(self, item: Arrived) -> Inbound | None:
        row = await self._reads.message(item.id)
        key = await self._keys.key(item.key_id)
        if row is None or row.body is None or key is None:
            return None
        return Inbound.from_json(orjson.loads(unlock(key, row.body, context=contexts.row("inbox", "body", row.id, item.conversation_id))))

    async def _resume(
        self, session: Session, signal: Signal, row: Any, address: str, now: datetime, hand_off: HandOff | None
    ) -> _Result:  # fmt: skip
        desk = {**NOTHING, **await self._desk(row if hand_off is not None else alone(row))}
        if hand_off is not None:
            desk |= seen_in(hand_off)
        # While the desk has a conversation with this person, a block rests: what it was opened by may be danger.
        block = None if desk_of({"desk": desk}).on else await self._blocks.of(row.channel, address)
        until = block.until_in(self._zone) if block is not None else ""
        world = {**self._world(row.channel, session.language, now), "desk": desk, "blocked": until}
        result = _Result(session, hand_off=hand_off, blocked=block is not None, rows=list(block.rows) if block is not None else [])
        unwanted: Media | None = None
        for _ in range(ACTIONS_A_TURN):
            turn = resume(result.session, signal, library=self._library, world=world)
            if turn.puzzled and isinstance(signal, Said):
                # Nothing in the definitions took it: what it means is asked for now, and the same session hears it once more.
                meant = await self._hearing.meant(signal, result.session)
                turn = resume(result.session, meant, library=self._library, world=world) if meant is not None else turn
            result.session, unwanted = turn.session, turn.unwanted or unwanted
            result.fault = result.fault or turn.fault
            wanted: RunAction | None = None
            for effect in turn.effects:
                if isinstance(effect, Send):
                    result.sends.append(effect.message)
                else:
                    wanted = effect
            if wanted is None:
                break
            outcome = await self._act(wanted, result.session, row, address, now, hand_off, blocked=result.blocked)
            result.rows += outcome.rows
            result.new_key = result.new_key or outcome.new_key
            result.wipe = result.wipe or outcome.wipe
            result.secret = result.secret or outcome.secret
            result.drop += outcome.drop
            signal = Done(
                action=wanted.name, code=outcome.code, result=outcome.result, facts=outcome.facts, keep=outcome.keep, forget=outcome.forget,
                reset=outcome.reset,
            )  # fmt: skip
        else:
            result.fault = result.fault or "action_cap"
        if unwanted is not None:
            result.drop += (await self._act(dropped(unwanted), result.session, row, address, now, hand_off)).drop
        if result.fault:
            log.error("flow_fault", extra={"code": result.fault})
        return result

    async def _act(
        self, wanted: RunAction, session: Session, row: Any, address: str, now: datetime, hand_off: HandOff | None, *, blocked: bool = False
    ) -> Outcome:  # fmt: skip
        # While an earlier answer is being changed, the later ones are kept aside: they are part of what was told.
        drafts = {frame.flow: {**frame.kept, **frame.answers} for frame in session.frames}
        request = Request(
            arguments=wanted.arguments, answers=wanted.answers, last=wanted.last, drafts=drafts, facts=session.facts,
            language=session.language, channel=row.channel, conversation_id=row.id, address=address, now=now,
            started=datetime.fromtimestamp(row.created_at, UTC), apart=wanted.apart, hand_off=hand_off,
            blocked=blocked,
        )  # fmt: skip
        try:
            work = actions.run(wanted.name, request, self._ports)
            outcome = await (unless(partial(self._called, row.id, session), work) if wanted.name == TAKE else work) or UNREACHABLE
        except Exception:
            log.exception("action_failed", extra={"action": wanted.name})
            # Whoever leaves or erases is never kept waiting by a fault of ours: what is open dies all the same. A timer can wait.
            gone = wanted.name in ("leave", "erase") and not wanted.arguments.get("silence")
            outcome = Outcome(code="error", reset=gone, new_key=gone, wipe=gone)
        ACTIONS.labels(wanted.name, outcome.code).inc()
        return outcome

    async def _called(self, conversation_id: bytes, session: Session) -> bool:
        """Whether somebody leaves, or cries for help, in what waits behind this turn."""
        said = [await self._signal(item, session) for item in self.behind(conversation_id)]
        return any(isinstance(each, Said) and last_resort.resort(each, session, self._library) is not None for each in said)

    async def _files_left(self, conversation_id: bytes, result: _Result) -> list[Change]:
        """With a conversation's key go its files, but for those that a case has now and those that the session still tells of."""
        kept = {bytes.fromhex(file["id"]) for file in files_of(result.session.facts)}
        kept |= {change.key["id"] for change in result.rows if isinstance(change, Update) and change.table == "evidence"}
        return [row for file_id in await self._reads.files_of(conversation_id) if file_id not in kept for row in file_gone(file_id)]

    async def _commit(
        self, item: Arrived | TimerDue, row: Any, key: bytes, result: _Result, address: str, now: int
    ) -> None:  # fmt: skip
        wiping = result.wipe and not self._channels[row.channel].pull
        async with self._deliver.wiping(row.id) if wiping else nullcontext():
            waiting = await self._write(item, row, key, result, address, now)
        self._deliver.enqueue(waiting)

    async def _write(
        self, item: Arrived | TimerDue, row: Any, key: bytes, result: _Result, address: str, now: int
    ) -> list[Waiting]:  # fmt: skip
        """Writes the turn; gives what is to be sent now."""
        changes: list[Change] = list(result.rows)
        waiting: list[Waiting] = []
        key_id, pull = row.key_id, self._channels[row.channel].pull
        values: dict[str, Any] = {"version": row.version + 1}
        talk = talk_after(changes, row, key, result.hand_off, wiped=result.wipe)
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
            changes += await self._files_left(row.id, result)
        if silenced(changes):
            changes += await withheld(self._reads, row.id)
        dropped, dropping = drop_rows(
            result.drop, row=row, channel=self._channels[row.channel], ids=self._ids, key_id=key_id, key=key, now=now
        )  # fmt: skip
        changes += dropped
        waiting += dropping
        values["session"] = locked_session(row.id, key, result.session.to_json(), talk)
        if isinstance(self._channels[row.channel], Keeping):
            changes += forgetting(row.id, item.id if isinstance(item, Arrived) and not result.file else None, result.wipe, now)
        if isinstance(item, Arrived):
            values["last_at"] = now
            done = {"state": "done", "body": None}
            gone = result.new_key or (bool(dropping) and item.inbound is not None and item.inbound.media is not None)
            changes.append(Update(table="inbox", key={"id": item.id}, values=done | ({"ref": None} if gone else {})))
        else:
            timer = {"conversation_id": row.id, "name": item.name}
            if item.name == REKEY and result.hand_off is not None:
                changes.append(Update(table="timer", key=timer, values={"due_at": now + DAY}))
            elif item.name == "silence":
                # Kept for the next time: whoever comes back and stops again is treated as before.
                changes.append(Update(table="timer", key=timer, values={"due_at": now + SILENCE}))
            elif not any(isinstance(each, Insert) and each.table == "timer" and each.row["name"] == item.name for each in result.rows):
                changes.append(Delete(table="timer", key=timer))  # unless what it did set it anew
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
        await self._keys.entomb(changes, now=now)
        fence = Fence(conversation_id=row.id, inbox_id=item.id if isinstance(item, Arrived) else None)
        moved, cases = moved_in(changes), cases_in(changes, hand_off=result.hand_off)
        heard = (*(notice(HAND_OFF, each) for each in moved), *(notice(CASE_CHANGED, each) for each in cases))
        notices = (*self._told(row.id, pull), *heard)
        if not await self._writer.write(changes, fence=fence, notices=notices, requires=relied_on(result.hand_off)):
            return []  # answered already: by a commit whose end was not heard; its bubbles are taken up by the sweep
        for each, version in moved.items():
            self._desk_changed(each, version)
        for case_id in cases:
            self._case_changed(case_id)
        if result.new_key:
            try:
                await self._keys.destroy(changed.dead)
                await self._rollover.bury(row.key_id, own=isinstance(item, Arrived) and item.key_id == row.key_id)
            except Exception:
                # The turn is stored: it must not run again, and its answer must go out. The death is written down; the sweep sees to it.
                log.exception("key_death_delayed")
        return waiting
