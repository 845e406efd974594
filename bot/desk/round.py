"""What time alone changes at the desk, and who is asked next: done every two seconds, by one process at a time."""

from __future__ import annotations

import logging
from dataclasses import replace

from actions import queue
from actions.queue import Colleague, Event, HandOff, State, Urgency, choose, goes_away, in_order
from bot.desk.alarm import Alarm, Crisis
from bot.desk.ledger import Ledger
from bot.desk.picture import Picture, picture
from bot.desk.presence import AWAY, PAUSE, READY, lost, sent_away
from bot.desk.watch import Watch
from bot.metrics import DESK_OLDEST, DESK_PEOPLE, DESK_WAITING
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
        crises = [Crisis(hand_off=each, readers=seen.of(each), last_at=seen.last_at(each)) for each in in_order(seen.open) if each.rings]
        await self._alarm.round(crises, seen.rows, seen.colleagues)
        await self._watch.round(seen, now=self._ledger.now)
        self._measure(seen)
        return seen

    async def _time(self, seen: Picture) -> bool:
        moved = False
        colleagues = dict(seen.colleagues)  # whoever is sent away in this round is not there for the next one's sake
        for hand_off in seen.open:
            for event in self._due(hand_off, seen):
                sent = self._sent_away(hand_off, event, colleagues)
                also = [sent_away(sent.id)] if sent is not None else []
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
        """Who is not asked any more, because they let an offer pass and somebody else of the unit is there."""
        asked = colleagues.get(hand_off.offered_to or b"")
        if not isinstance(event, queue.OfferExpired) or event.gone or hand_off.state is not State.OFFERED or asked is None:
            return None
        return asked if goes_away(asked, colleagues.values(), now=event.at) else None

    def _due(self, hand_off: HandOff, seen: Picture) -> list[Event]:
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
            found.append(queue.OfferExpired(at=now, gone=asked is None or asked.there_until <= now))
        if hand_off.state is State.CALLBACK:
            found.append(queue.CallbackDue(at=now))
        if hand_off.state is State.WRAP_UP:
            found.append(queue.WrapUpExpired(at=now))
        return found

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
        """Asks the best colleague for each that waits, the most urgent first."""
        now, moved = self._ledger.now, False
        colleagues = dict(seen.colleagues)
        for hand_off in in_order(each for each in seen.open if each.state is State.WAITING):
            chosen = choose(hand_off, seen.of(hand_off), tuple(colleagues.values()), now=now)
            if chosen is not None and (await self._ledger.move(hand_off, queue.Offered(at=now, to=chosen.id))).ok:
                colleagues[chosen.id] = replace(chosen, load=chosen.load + 1, asked=True)
                moved = True
        return moved

    def _measure(self, seen: Picture) -> None:
        now = self._ledger.now
        waiting = [each for each in seen.open if each.state in (State.WAITING, State.OFFERED)]
        for urgency in Urgency:
            DESK_WAITING.labels(urgency).set(sum(each.urgency is urgency for each in waiting))
        DESK_OLDEST.set(max((now - each.waiting_since for each in waiting), default=0))
        there = [each for each in seen.colleagues.values() if each.there_until > now]
        for state in (READY, AWAY, PAUSE):
            DESK_PEOPLE.labels(state).set(sum(each.state == state for each in there))
