"""What time alone changes at the desk, and who is asked next: done every two seconds, by one process at a time."""

from __future__ import annotations

import logging
from dataclasses import replace

from actions import queue
from actions.queue import Colleague, Event, HandOff, State, Urgency, choose, goes_away, in_order, where_people_wait
from bot.desk.alarm import Alarm, Crisis
from bot.desk.ledger import Ledger
from bot.desk.picture import Picture, picture
from bot.desk.presence import AWAY, PAUSE, READY, lost, sent_away
from bot.desk.watch import Watch
from bot.metrics import DESK_MESSAGES, DESK_OLDEST, DESK_PEOPLE, DESK_WAITING
from bot.storage.desk import DeskStore

log = logging.getLogger(__name__)

_TALKABLE = (State.WAITING, State.OFFERED, State.ACTIVE, State.CALLBACK)


class Round:
    """Time passes at the desk."""

    def __init__(self, *, store: DeskStore, ledger: Ledger, alarm: Alarm, watch: Watch) -> None:
        self._store, self._ledger, self._alarm, self._watch = store, ledger, alarm, watch

    async def run(self) -> Picture:
        """One round: what has run out, who has gone, who is asked, what rings, what should have been read. Gives the desk as it is then."""
        seen = await picture(self._store)
        if await self._time(seen) | await self._untie(seen):
            seen = await picture(self._store)
        if await self._ask(seen):
            seen = await picture(self._store)
        loud = [each for each in in_order(seen.open) if each.rings or each.unanswered]
        crises = [Crisis(hand_off=each, readers=seen.of(each), last_at=seen.last_at(each)) for each in loud]
        await self._alarm.round(crises, seen.rows, seen.colleagues)
        await self._watch.round(seen, now=self._ledger.now)
        self._measure(seen)
        return seen

    async def _time(self, seen: Picture) -> bool:
        moved = False
        waited_for = where_people_wait(seen.open, seen.of)
        colleagues = dict(seen.colleagues)  # whoever is sent away in this round is not there for the next one's sake
        for hand_off in seen.open:
            for event in self._due(hand_off, seen, waited_for):
                sent = self._sent_away(hand_off, event, colleagues)
                also = [sent_away(sent.id, at=event.at)] if sent is not None else []
                if not (await self._ledger.move(hand_off, event, also=also)).ok:
                    continue
                moved = True
                if sent is not None:
                    colleagues[sent.id] = replace(sent, state=AWAY)
                    log.info("desk_sent_away", extra={"staff": sent.id.hex()})
                break  # the rest at the next round, on the row as it is then
        return moved

    @staticmethod
    def _sent_away(hand_off: HandOff, event: Event, colleagues: dict[bytes, Colleague]) -> Colleague | None:
        """Who is not asked any more, because they let an offer pass and somebody else of the unit is there. Who is busy with people lets a
        message pass, and is there all the same."""
        asked = colleagues.get(hand_off.offered_to or b"")
        if not isinstance(event, queue.OfferExpired) or event.gone or hand_off.state is not State.OFFERED or asked is None:
            return None
        if hand_off.message:
            return None
        return asked if goes_away(asked, colleagues.values(), now=event.at) else None

    def _no_time_to_read(self, hand_off: HandOff, asked: Colleague | None, waited_for: frozenset[bytes]) -> bool:
        """Whether a message is not to be put before somebody any more: a person waits there by now, or they rest."""
        if not hand_off.message or hand_off.state is not State.OFFERED or asked is None:
            return False
        return asked.unit_id in waited_for or asked.paused(self._ledger.now)

    def _due(self, hand_off: HandOff, seen: Picture, waited_for: frozenset[bytes]) -> list[Event]:
        """What may have happened to it by now; the queue's own rules say whether it did."""
        now = self._ledger.now
        found: list[Event] = []
        if hand_off.conversation_id is not None and hand_off.state in _TALKABLE:
            last_at = seen.last_at(hand_off)
            if last_at is None:
                found.append(queue.Erased(at=now))
            elif now >= last_at + queue.SILENCE_SECONDS:
                found.append(queue.Silent(at=now, last_at=last_at))
        if hand_off.state is State.ACTIVE and lost(seen.colleagues.get(hand_off.owner_id or b""), now=now):
            found.append(queue.ConsoleLost(at=now, of=hand_off.owner_id or b""))
        if hand_off.offered_to is not None:
            asked = seen.colleagues.get(hand_off.offered_to)
            gone = asked is None or asked.there_until <= now
            # Who says that they are away need not let a minute pass first. A colleague can be asked for all that to take over.
            gone = gone or (hand_off.state is State.OFFERED and asked is not None and asked.state == AWAY)
            gone = gone or self._no_time_to_read(hand_off, asked, waited_for)
            found.append(queue.OfferExpired(at=now, gone=gone))
        if hand_off.state is State.WAITING and hand_off.waits and hand_off.conversation_id is not None:
            found.append(queue.Staffed(at=now) if self._on_duty(hand_off, seen) else queue.Emptied(at=now))
        if hand_off.state is State.CALLBACK:
            found.append(queue.CallbackDue(at=now))
        if hand_off.state is State.WRAP_UP:
            found.append(queue.WrapUpExpired(at=now))
        return found

    def _on_duty(self, hand_off: HandOff, seen: Picture) -> bool:
        """Whether anybody is on duty who can read it."""
        return any(each.unit_id in seen.of(hand_off) and each.on_duty(self._ledger.now) for each in seen.colleagues.values())

    async def _untie(self, seen: Picture) -> bool:
        """Chat and case are not linked any more once the reporter has heard that it is over, or is gone."""
        over = [each for each in seen.open if each.state is State.WRAP_UP and each.conversation_id is not None]
        over += await self._store.closed_and_tied()
        tied = [each for each in over if each.conversation_id is not None]
        untold = await self._store.untold(each.conversation_id for each in tied if each.conversation_id is not None)
        moved = False
        for hand_off in tied:
            if hand_off.conversation_id not in untold:
                moved = (await self._ledger.move(hand_off, queue.Untied(at=self._ledger.now))).ok or moved
        return moved

    async def _ask(self, seen: Picture) -> bool:
        """Asks the best colleague for each that waits, the most urgent first; for what was left to be read, where no person waits."""
        now, moved = self._ledger.now, False
        waited_for = where_people_wait(seen.open, seen.of)
        colleagues = dict(seen.colleagues)
        for hand_off in in_order(each for each in seen.open if each.state is State.WAITING):
            readers = seen.of(hand_off) - waited_for if hand_off.message else seen.of(hand_off)
            chosen = choose(hand_off, readers, tuple(colleagues.values()), now=now)
            if chosen is not None and (await self._ledger.move(hand_off, queue.Offered(at=now, to=chosen.id))).ok:
                colleagues[chosen.id] = chosen.asked_for(hand_off)
                moved = True
        return moved

    def _measure(self, seen: Picture) -> None:
        now = self._ledger.now
        waiting = [each for each in seen.open if each.waits]
        for urgency in Urgency:
            DESK_WAITING.labels(urgency).set(sum(each.urgency is urgency for each in waiting))
        DESK_OLDEST.set(max((now - each.waiting_since for each in waiting), default=0))
        DESK_MESSAGES.set(sum(each.message and each.state in (State.WAITING, State.OFFERED) for each in seen.open))
        there = [each for each in seen.colleagues.values() if each.there_until > now]
        for state in (READY, AWAY, PAUSE):
            DESK_PEOPLE.labels(state).set(sum(each.state == state for each in there))
