"""The desk: what staff see of the queue, what they may do to it, and what the bot says of it to a reporter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, tzinfo
from typing import Any

from actions import queue
from actions.access import LEAD, TALKING, Who
from actions.queue import Colleague, Event, HandOff, Refusal, State, may_take
from bot.desk.alarm import Alarm
from bot.desk.blocking import Blocking
from bot.desk.events import STAFF, TICKS, Changed, Events
from bot.desk.hours import SETTINGS, Hours, HoursError, read_hours
from bot.desk.ledger import Ledger
from bot.desk.picture import NOBODY, Glances, close_up, closed_by_two, picture
from bot.desk.presence import Presence, colleagues_of
from bot.desk.replies import GONE, Replies
from bot.desk.round import Round
from bot.desk.shown import item_of, on_duty, queue_view
from bot.desk.views import Entry, HandOffView, QueueView, Reply, Result
from bot.desk.wait import Wait
from bot.desk.watch import Watch
from bot.desk.work import Work
from bot.storage.desk import DeskStore
from bot.storage.sharing import Sharing
from bot.storage.writer import Writer
from bot.vault.staff_entry import FIRST
from bot.window import CLOSING

log = logging.getLogger(__name__)

ROUND_SECONDS = 2.0
HOUR = 3600
WINDOW_SECONDS = 24 * HOUR - int(CLOSING)  # for which WhatsApp lets us write after a person did, as far as we try
_TRIES = 5
OUTCOMES = ("helped", "case", "referred", "relayed", "information", "unreachable", "false_alarm", "other")
"""What came of a hand-off."""
RISKS = ("danger", "high", "some", "none")
"""As the counsellor judges it."""
_SHOWN = {State.OFFERED: "waiting", State.WRAP_UP: "ended", State.CLOSED: "ended"}


class Desk:
    """The desk of one process; several on the same database share the queue. `windowed` names the channels that let us write for a day
    only; `take_up` sends what waits in the outbox."""

    def __init__(
        self, *, store: DeskStore, writer: Writer, sharing: Sharing, ledger: Ledger, alarm: Alarm, replies: Replies, blocking: Blocking,
        take_up: Callable[[], Any], clock: Callable[[], float], watch: Watch, zone: tzinfo = UTC, windowed: Collection[str] = ("whatsapp",),
    ) -> None:  # fmt: skip
        self._store, self._writer, self._sharing, self._ledger, self._alarm = store, writer, sharing, ledger, alarm
        self._replies, self._take_up, self._clock, self.zone, self.blocking = replies, take_up, clock, zone, blocking
        self._windowed = frozenset(windowed)
        self._presence = Presence(store, writer, clock)
        self._round = Round(store=store, ledger=ledger, alarm=alarm, watch=watch)
        self._glances = Glances(store)
        self._wait = Wait(store, self._glances, clock)
        self._colleagues: dict[bytes, Colleague] = {}
        self._duty: dict[bytes, tuple[str, bool]] = {}
        self._hours = Hours()
        self._ticking = asyncio.Lock()
        self._work = Work()
        self.events: Events = ledger.events

    @property
    def _now(self) -> int:
        return int(self._clock())

    # Time

    async def tick(self) -> None:
        """Every two seconds: says what other processes changed; and one process at a time does what time alone changes."""
        async with self._ticking:
            await self._look()
            if await self._sharing.turn_of("desk", ROUND_SECONDS):
                self._there((await self._round.run()).colleagues)
            else:
                await self._people()
            self._wait.forget()

    async def settle(self) -> None:
        """Returns when nothing is on its way: for tests."""
        await self._work.settle()
        await self._alarm.settle()

    async def stop(self, timeout: float) -> None:
        """Lets rounds and alarms end that are on their way; begins no more."""
        self._work.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.settle(), timeout)

    def soon(self) -> None:
        """Something changed: the next round does not wait for its time."""
        self._work.go(self.tick(), "round", once=True)

    def changed(self, hand_off_id: bytes, version: int) -> None:
        """A turn of this process changed a hand-off, or made one (`bot.turn`)."""
        self._ledger.changed(hand_off_id, version)
        self._wait.forget()
        self.soon()

    def ticked(self, hand_off_id: bytes) -> None:
        """A platform told what became of a reply (`bot.reports`): the hand-off is as it was, consoles show it."""
        self.events.publish(Changed(what=TICKS, id=hand_off_id))

    def heard(self, hand_off_id: bytes) -> None:
        """Another process changed a hand-off (NOTIFY): its reporter may be this process's to speak to, its consoles may be here."""
        self._wait.forget()
        self._work.go(self._heard(hand_off_id), "heard")

    async def _heard(self, hand_off_id: bytes) -> None:
        hand_off = await self._store.hand_off(hand_off_id)
        if hand_off is None:
            return
        if self._ledger.versions.get(hand_off_id, -1) < hand_off.version:
            self._ledger.changed(hand_off_id, hand_off.version, gone=hand_off.state is State.CLOSED)
            self._ledger.asked(hand_off)
        else:
            self.ticked(hand_off_id)
        where = hand_off.conversation_id
        if where is None or where not in await self._sharing.take({where}):
            return
        if await self._store.untold({where}):
            await self._ledger.tell(where)
        await self._take_up()

    def came_or_went(self) -> None:
        """Another process heard of somebody who is at the desk now, or not any more (NOTIFY): who asks for a person here must not hear
        what was so before."""
        self._wait.forget()
        self._work.go(self._people(), "people")

    async def _look(self) -> None:
        """What changed without our hearing of it: versions, people, hours."""
        found, known = await self._store.versions(), self._ledger.versions
        for hand_off_id in [each for each, version in found.items() if known.get(each, -1) < version]:
            self._ledger.changed(hand_off_id, found[hand_off_id])
        for hand_off_id in [each for each in known if each not in found]:
            self._ledger.changed(hand_off_id, known[hand_off_id] + 1, gone=True)
        try:
            self._hours = read_hours({name: value for name, (_, value) in (await self._store.settings(SETTINGS)).items()})
        except HoursError:
            log.error("desk_hours_unreadable")

    async def _people(self) -> None:
        rows = await self._store.staff()
        self._there(colleagues_of(rows, await self._store.open_hand_offs()) if rows else {})

    def _there(self, colleagues: dict[bytes, Colleague]) -> None:
        """Who works here, as it has just been looked at; consoles hear if somebody came or went."""
        self._colleagues = colleagues
        before, self._duty = self._duty, {each.id: (each.state, each.there_until > self._now) for each in colleagues.values()}
        if self._duty != before:
            self.events.publish(Changed(what=STAFF, id=b""))

    # What the bot says

    @property
    def staffed(self) -> bool:
        """Whether somebody is ready at the desk now: really connected, not away."""
        return any(each.on_duty(self._now) for each in self._colleagues.values())

    @property
    def hours(self) -> Hours:
        """When somebody is planned to be there, as leads have set it."""
        return self._hours

    async def desk_world(self, conversation_row: Any) -> dict[str, Any]:
        """`world.desk` of a conversation (`flows.desk`). Without a hand-off: what somebody would meet who asked now."""
        hand_off = await self._store.hand_off(conversation_row.hand_off_id) if conversation_row.hand_off_id is not None else None
        state = "none" if hand_off is None else _SHOWN.get(hand_off.state, hand_off.state.value)
        said: dict[str, Any] = {
            "state": state, "with": "", "wait_minutes": None, "ahead": None, "ended": "", "version": 0, "transferred": False, "lost": False,
            "safe": "",
        }  # fmt: skip
        if hand_off is None:  # every message of everybody asks: where nobody is there, there is nothing to wait for
            return said | (await self._wait.of_newcomer() if self.staffed else {"empty": True})
        if state == "waiting":
            said |= await self._wait.of(hand_off)
        owner = self._colleagues.get(hand_off.owner_id or b"")
        if state == "active" and owner is None and hand_off.owner_id is not None:
            await self._people()
            owner = self._colleagues.get(hand_off.owner_id)
        return said | {
            "with": owner.shown if owner is not None and state == "active" else "",
            "ended": hand_off.ended or "", "version": hand_off.version,
            "transferred": state == "active" and (hand_off.owners or 0) > 1, "lost": state == "waiting" and bool(hand_off.owners),
            "safe": hand_off.safe or "", "urgency": hand_off.urgency.value,
            "telephone": self._alarm.calls and any(each.place is not None for each in self._colleagues.values()),
        }  # fmt: skip

    # What staff see

    async def queue(self, staff: Who) -> QueueView:
        """What is open for somebody: only what is sealed to their unit."""
        return queue_view(await self._glances.glance(), staff, now=self._now)

    async def open(self, staff: Who, hand_off_id: bytes, *, colleagues: bool = True) -> HandOffView | None:
        """One, without what was said in it (`bot.storage.case_records`); None if there is no such hand-off that is sealed to this person's
        unit. Without `colleagues` nobody is asked who is there: there are none in it."""
        found = await self._store.readable(hand_off_id, staff.unit_id)
        if found is None:
            return None
        hand_off = found.hand_off
        named = {hand_off.owner_id, hand_off.offered_to, hand_off.invited_id, hand_off.closing_id} - {None}
        if named - self._colleagues.keys() or closed_by_two(hand_off):
            await self._people()  # somebody has just come, or who is there decides who may close it
        seen = await close_up(self._store, hand_off, self._colleagues, readers=colleagues)
        where = hand_off.conversation_id
        conversation = seen.conversations.get(where or b"")
        last_at = conversation.last_at if conversation is not None else None
        windowed = conversation is not None and conversation.channel in self._windowed
        return HandOffView(
            item=item_of(hand_off, seen, staff), public_key=found.public_key, sealed_key=found.sealed_key,
            head=found.head or FIRST, told=found.told,
            colleagues=on_duty(seen, seen.of(hand_off), now=self._now) if colleagues else (), last_at=last_at,
            window_until=last_at + WINDOW_SECONDS if windowed and last_at is not None else None, now=self._now,
        )  # fmt: skip

    async def readers(self, hand_off_id: bytes) -> frozenset[bytes]:
        """The units that a hand-off's case is sealed to: who else asks for it is refused."""
        hand_off = await self._store.hand_off(hand_off_id)
        return (await self._store.readers([hand_off.case_id])).get(hand_off.case_id, NOBODY) if hand_off is not None else NOBODY

    async def _readable(self, staff: Who, hand_off_id: bytes) -> HandOff | None:
        found = await self._store.readable(hand_off_id, staff.unit_id)
        return found.hand_off if found is not None else None

    # What staff do

    async def _act(
        self, staff: Who, hand_off_id: bytes, event: Callable[[HandOff], Event | Refusal], *, version: int | None = None
    ) -> Result:  # fmt: skip
        """One order. With `version` it is refused if anything changed since that was seen; else the queue's rules decide on the row as it
        is, again for as long as somebody else is quicker."""
        if staff.role not in TALKING:
            return Result.no(Refusal.UNKNOWN)
        result = Result.no(Refusal.STALE)
        for _ in range(_TRIES):
            before = await self._readable(staff, hand_off_id)
            if before is None:
                return Result.no(Refusal.UNKNOWN)
            if version is not None and version != before.version:
                return Result.no(Refusal.STALE, before.version)
            said = event(before)
            if isinstance(said, Refusal):
                return Result.no(said, before.version)
            result = await self._ledger.move(before, said)
            if result.code != Refusal.STALE:
                break
        if result.ok:
            self.soon()
        return result

    async def accept(self, staff: Who, hand_off_id: bytes, version: int | None = None) -> Result:
        """Takes what was offered, or what a colleague asks to take over."""

        def event(seen: HandOff) -> Event:
            kind = queue.TransferAccepted if seen.state is State.ACTIVE and seen.offered_to == staff.id else queue.Accepted
            return kind(at=self._now, by=staff.id)

        return await self._act(staff, hand_off_id, event)

    async def refuse(self, staff: Who, hand_off_id: bytes, version: int | None = None) -> Result:
        """Does not take what was offered, or what a colleague asks to take over."""

        def event(seen: HandOff) -> Event:
            kind = queue.TransferRefused if seen.state is State.ACTIVE else queue.Refused
            return kind(at=self._now, by=staff.id)

        return await self._act(staff, hand_off_id, event)

    async def pull(self, staff: Who, hand_off_id: bytes, version: int | None = None) -> Result:
        """Takes it without being asked: a crisis always, anything else while there is room."""
        me = (await picture(self._store)).colleagues.get(staff.id)

        def event(seen: HandOff) -> Event | Refusal:
            if seen.state is State.OFFERED and seen.offered_to == staff.id:
                return queue.Accepted(at=self._now, by=staff.id)
            refusal = may_take(seen, me, now=self._now) if me is not None else Refusal.ABSENT
            return refusal or queue.Pulled(at=self._now, by=staff.id)

        return await self._act(staff, hand_off_id, event)

    async def transfer(self, staff: Who, hand_off_id: bytes, version: int | None = None, *, to: bytes) -> Result:
        """Asks a colleague who is there, can read it and has room to take over."""
        seen = await picture(self._store)
        them = seen.colleagues.get(to)

        def event(hand_off: HandOff) -> Event | Refusal:
            if them is None or them.unit_id not in seen.of(hand_off) or them.role not in TALKING:
                return Refusal.UNKNOWN
            refusal = may_take(hand_off, them, now=self._now)
            return refusal or queue.TransferAsked(at=self._now, by=staff.id, to=to)

        return await self._act(staff, hand_off_id, event)

    async def take_back(self, staff: Who, hand_off_id: bytes, version: int | None = None) -> Result:
        """Does not ask the colleague any more."""
        return await self._act(staff, hand_off_id, lambda _: queue.TakenBack(at=self._now, by=staff.id))

    async def let_go(self, staff: Who, hand_off_id: bytes, version: int | None = None) -> Result:
        """Gives it back to the queue."""
        return await self._act(staff, hand_off_id, lambda _: queue.LetGo(at=self._now, by=staff.id))

    async def invite(self, staff: Who, hand_off_id: bytes, version: int | None = None, *, colleague: bytes | None) -> Result:
        """Asks a colleague to look on, or nobody any more."""
        seen = await picture(self._store)
        them = seen.colleagues.get(colleague) if colleague is not None else None

        def event(hand_off: HandOff) -> Event | Refusal:
            if colleague is not None and (them is None or them.unit_id not in seen.of(hand_off)):
                return Refusal.UNKNOWN
            return queue.Invited(at=self._now, by=staff.id, colleague=colleague)

        return await self._act(staff, hand_off_id, event)

    async def safe(self, staff: Who, hand_off_id: bytes, version: int | None = None) -> Result:
        """Has the bot ask the reporter whether it is safe to write; nobody who sits in another talk is asked."""
        if not await self._replies.reaches(await self._readable(staff, hand_off_id)):
            return Result.no(GONE)
        return await self._act(staff, hand_off_id, lambda _: queue.SafeAsked(at=self._now, by=staff.id))

    async def wrap_up(self, staff: Who, hand_off_id: bytes, version: int | None = None) -> Result:
        """Ends the talk. Refused if the reporter wrote since `version`: nobody is hung up on."""
        return await self._act(staff, hand_off_id, lambda _: queue.WrappedUp(at=self._now, by=staff.id), version=version)

    async def close(self, staff: Who, hand_off_id: bytes, version: int | None = None, *, outcome: str, risk: str) -> Result:
        """Says what became of it. A crisis is closed once a second person says so, one of the two of a danger being a lead; by one person
        where nobody else could."""
        if outcome not in OUTCOMES or risk not in RISKS:
            return Result.no("bad_value")
        seen = await picture(self._store)

        def event(hand_off: HandOff) -> Event:
            leads, alone = seen.closers(hand_off, staff.id)
            return queue.Closed(
                at=self._now, by=staff.id, outcome=outcome, risk=risk, lead=staff.role == LEAD, leads=leads, alone=alone
            )  # fmt: skip

        return await self._act(staff, hand_off_id, event, version=version)

    async def reply(self, staff: Who, hand_off_id: bytes, reply: Reply) -> Result:
        """Writes to the reporter; `code` as in `bot.desk.replies` or a Refusal."""
        hand_off = await self._readable(staff, hand_off_id) if staff.role in TALKING else None
        return await self._replies.reply(staff, hand_off, reply) if hand_off is not None else Result.no(Refusal.UNKNOWN)

    async def note(self, staff: Who, hand_off_id: bytes, entry: Entry, *, kind: str = "note") -> Result:
        """Writes for colleagues."""
        hand_off = await self._readable(staff, hand_off_id)
        return await self._replies.note(staff, hand_off, entry, kind=kind) if hand_off is not None else Result.no(Refusal.UNKNOWN)

    async def relayed(self, staff: Who, hand_off_id: bytes, entry: Entry) -> Result:
        """Writes down that help from elsewhere (112, 110) was called, when, and who answered."""
        return await self.note(staff, hand_off_id, entry, kind="relayed")

    # Presence

    async def beat(self, staff: Who, state: str | None = None) -> tuple[str, int | None]:
        """A sign of life of a console, each 15 seconds. `state` only when somebody has just said so: ready, away, pause. Gives the state as
        it is now, and the end of a pause, or when the desk took them for away: the desk may have changed it."""
        known = self._colleagues.get(staff.id)
        said = await self._presence.beat(staff.id, state)
        if known is None or known.state != said[0] or known.there_until <= self._now:
            await self._people()
            self.soon()
        return said

    async def gone(self, staff_id: bytes) -> None:
        """Somebody signed out or was removed: what they have waits again, at once."""
        await self._presence.gone(staff_id)
        for hand_off in await self._store.open_hand_offs():
            if hand_off.state is State.ACTIVE and hand_off.owner_id == staff_id:
                await self._ledger.move(hand_off, queue.ConsoleLost(at=self._now, of=staff_id))
            elif hand_off.offered_to == staff_id:
                await self._ledger.move(hand_off, queue.OfferExpired(at=self._now, gone=True))
        await self._people()
        self.soon()

    # Settings

    async def setting(self, name: str) -> tuple[int, str]:
        """Version and value (JSON) of a setting; (0, "") if nobody has made it."""
        return (await self._store.settings({name})).get(name, (0, ""))
