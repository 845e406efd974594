"""Hand-offs as the fragments show them: in which group, with which buttons. No word of a reporter comes through here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from actions.access import LEAD
from actions.ending import Second
from actions.queue import State, Urgency
from bot.console.auth import Staff
from bot.desk.views import HandOffView, OnDuty, QueueItem, QueueView

# In the order in which they stand on the screen: what wants an answer at once comes first. A crisis that nobody has stands before all
# else, whoever it is offered to, and with it what a colleague has and does not answer.
GROUPS = ("crisis", "offered", "mine", "look", "wrap_up", "invited", "waiting", "messages", "callback", "others")


def case_number(case_id: bytes) -> str:
    """By which people name a case: the first six digits of its id, as `numberOf` in the pages."""
    return case_id.hex()[:6].upper()


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownItem:
    """One line of the queue, or the head of a conversation. Times are seconds since 1970; `actions` are the buttons' names."""

    id: str
    case_id: str
    version: int
    urgency: str
    reason: str
    state: str
    language: str
    channel: str
    since: int
    taken: int | None
    until: int | None
    due: int | None
    owner: str
    asked: str
    invited: str
    closed_by: str
    closed_by_me: bool
    closed_once: bool
    outcome: str
    risk: str
    second: str
    for_me: bool
    mine: bool
    live: bool
    lost: bool
    false_alarm: bool
    message: bool
    unsafe: bool
    unanswered: bool
    transferring: str
    window: int | None
    actions: tuple[str, ...]


def group_of(item: QueueItem, staff: Staff) -> str:
    """The group of `GROUPS` that a hand-off belongs to, for one person. A message that was left is nobody who waits."""
    hand_off = item.hand_off
    if hand_off.offered_to == staff.id:
        return "offered"
    if hand_off.state is State.WRAP_UP:
        waits = hand_off.closing_id is not None and item.second is Second.NONE
        return "look" if waits and hand_off.urgency is Urgency.DANGER and staff.role == LEAD else "wrap_up"
    if hand_off.state is State.ACTIVE:
        if hand_off.owner_id == staff.id:
            return "mine"
        return "invited" if hand_off.invited_id == staff.id else "others"
    if hand_off.message:
        return "messages"
    return "callback" if hand_off.state is State.CALLBACK else "waiting"


def _row_actions(item: QueueItem, group: str, staff: Staff) -> tuple[str, ...]:
    if _left_alone(item, staff) and item.hand_off.state is State.ACTIVE:
        return ("pull",)
    return {"offered": ("accept", "refuse"), "waiting": ("pull",), "messages": ("pull",)}.get(group, ())


def _head_actions(item: QueueItem, group: str, staff: Staff) -> tuple[str, ...]:
    hand_off = item.hand_off
    if group == "mine":
        return ("take-back", "wrap") if hand_off.offered_to is not None else ("transfer", "wrap")
    if group in ("look", "wrap_up"):
        # A crisis is closed by two people; the rest by whoever had it, or a lead.
        may = _closes(item, staff) if hand_off.urgency.crisis else hand_off.owner_id == staff.id or staff.role == LEAD
        return ("close",) if may else ()
    return _row_actions(item, group, staff)


def _closes(item: QueueItem, staff: Staff) -> bool:
    """Whether this person may close a crisis now: as the first, as the second, or because there is nobody else."""
    closing = item.hand_off.closing_id
    return closing is None or item.second is Second.NOBODY or (closing != staff.id and item.second is Second.NONE)


def item_of(item: QueueItem, staff: Staff, *, head: bool = False, window: int | None = None) -> ShownItem:
    """One hand-off for one person; `head`: with the buttons that an open conversation has."""
    hand_off, group = item.hand_off, group_of(item, staff)
    mine = hand_off.owner_id == staff.id
    return ShownItem(
        id=hand_off.id.hex(), case_id=hand_off.case_id.hex(), version=hand_off.version, urgency=hand_off.urgency.value,
        reason=hand_off.reason, state=hand_off.state.value, language=hand_off.language, channel=item.channel,
        since=hand_off.waiting_since, taken=hand_off.taken_at, until=hand_off.offered_until if group == "offered" else None,
        due=hand_off.callback_at, owner=item.owner, asked=item.asked if group in ("waiting", "messages") else "",
        invited=item.invited if mine else "", closed_by=item.closed_by, closed_by_me=hand_off.closing_id == staff.id,
        closed_once=hand_off.closing_id is not None,
        outcome=hand_off.outcome or "", risk=hand_off.risk or "", second=str(item.second),
        for_me=group == "offered", mine=mine,
        live=hand_off.conversation_id is not None and hand_off.ended is None, lost=item.lost, false_alarm=bool(hand_off.false_alarm),
        message=hand_off.message, unsafe=hand_off.safe == "no", unanswered=hand_off.calls_others,
        transferring=item.asked if mine and hand_off.offered_to is not None else "", window=window,
        actions=_head_actions(item, group, staff) if head else _row_actions(item, group, staff),
    )  # fmt: skip


def head_of(view: HandOffView, staff: Staff) -> ShownItem:
    """The head of an open conversation."""
    return item_of(view.item, staff, head=True, window=view.window_until)


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One of `GROUPS` as it stands on the screen: the first of its entries, and how many it has."""

    key: str
    items: tuple[ShownItem, ...]
    many: int

    @property
    def left(self) -> int:
        """How many are not among `items`."""
        return self.many - len(self.items)


def grouped(view: QueueView, staff: Staff, *, most: int | None = None) -> tuple[Group, ...]:
    """The groups that have something in them, each in the queue's own order, with `most` entries of each (None: all)."""
    found: dict[str, list[QueueItem]] = {name: [] for name in GROUPS}
    for item in view.items:
        if item.hand_off.state is not State.CLOSED:
            found["crisis" if item.hand_off.rings or _left_alone(item, staff) else group_of(item, staff)].append(item)
    return tuple(
        Group(key=name, items=tuple(item_of(item, staff) for item in items[:most]), many=len(items))
        for name, items in found.items()
        if items
    )


def others(colleagues: Iterable[OnDuty], staff: Staff) -> list[dict[str, Any]]:
    """Whom one can ask to take over, or to look on: colleagues whose console is connected, and what they speak."""
    here = [each for each in colleagues if each.there and each.id != staff.id]
    return [
        {"id": each.id.hex(), "shown": each.shown, "role": each.role, "state": each.state, "languages": list(each.languages)}
        for each in here
    ]  # fmt: skip


def rings(items: Iterable[QueueItem]) -> int:
    """How many crises nobody has yet, or nobody answers."""
    return sum(item.hand_off.rings or item.hand_off.calls_others for item in items)


def _left_alone(item: QueueItem, staff: Staff) -> bool:
    """Whether a colleague has it and does not answer the danger in it."""
    return item.hand_off.calls_others and staff.id not in (item.hand_off.owner_id, item.hand_off.offered_to)
