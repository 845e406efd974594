"""Rows and pictures of the desk as staff see them (`bot.desk.views`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from actions.access import Who
from actions.queue import HandOff, State, in_order
from bot.desk.picture import Picture
from bot.desk.presence import AWAY
from bot.desk.views import OnDuty, QueueItem, QueueView, Tick


def queue_view(seen: Picture, staff: Who, *, now: int) -> QueueView:
    """What is open for somebody: only what is sealed to their unit."""
    mine = [each for each in seen.open if staff.unit_id in seen.of(each)]
    waiting = in_order(each for each in mine if each.state in (State.WAITING, State.OFFERED))
    places = {each.id: place for place, each in enumerate(waiting)}
    later = sorted((each for each in mine if each.id not in places), key=_later)
    me, names = seen.colleagues.get(staff.id), _names(seen)
    return QueueView(
        items=tuple(_item(each, seen, names, places.get(each.id, 0), staff) for each in (*waiting, *later)),
        colleagues=on_duty(seen, frozenset({staff.unit_id}), now=now), state=me.state if me is not None else AWAY,
        until=me.paused_until if me is not None else None, counts=Counter(str(each.state) for each in mine),
        oldest=max((now - each.waiting_since for each in waiting if each.waits), default=None), now=now,
    )  # fmt: skip


def item_of(hand_off: HandOff, seen: Picture, staff: Who) -> QueueItem:
    """One by itself, with the names of those who have to do with it."""
    return _item(hand_off, seen, _names(seen), 0, staff)


def _names(seen: Picture) -> dict[bytes, str]:
    return {each.id: each.shown for each in seen.colleagues.values()}


def _item(hand_off: HandOff, seen: Picture, names: Mapping[bytes, str], ahead: int, staff: Who) -> QueueItem:
    where = seen.conversations.get(hand_off.conversation_id or b"")
    return QueueItem(
        hand_off=hand_off, owner=names.get(hand_off.owner_id or b"", ""), asked=names.get(hand_off.offered_to or b"", ""),
        invited=names.get(hand_off.invited_id or b"", ""), closed_by=names.get(hand_off.closing_id or b"", ""),
        channel=where.channel if where is not None else "", ahead=ahead, second=seen.second(hand_off, staff.id),
    )  # fmt: skip


def on_duty(seen: Picture, units: frozenset[bytes], *, now: int) -> tuple[OnDuty, ...]:
    """Everybody of some units, who is there first."""
    found = [
        OnDuty(
            id=each.id, shown=each.shown, role=each.role, there=each.there_until > now, state=each.state, load=each.load,
            capacity=each.capacity, languages=tuple(sorted(each.languages)), messages=each.messages, until=each.paused_until,
        )
        for each in seen.colleagues.values()
        if each.unit_id in units
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: (not each.there, each.shown, each.id)))


def _later(hand_off: HandOff) -> tuple[int, int, bytes]:
    """Those that do not wait: who talks, what is to be wrapped up, who is to be called back."""
    order = (State.ACTIVE, State.WRAP_UP, State.CALLBACK)
    return (order.index(hand_off.state), hand_off.callback_at or hand_off.taken_at or hand_off.created_at, hand_off.id)


def tick_of(row: Any) -> Tick:
    """What became of a reply."""
    status = row.status or {"sending": "pending"}.get(row.state, row.state)
    return Tick(record_id=row.record_id, status=status, code=row.code or "")
