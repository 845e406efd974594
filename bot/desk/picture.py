"""The desk at one moment, as it is read from the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from actions.queue import Colleague, HandOff
from bot.desk.presence import colleagues_of
from bot.storage.desk import DeskStore

NOBODY: frozenset[bytes] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """The desk at one moment. `conversations` are the rows (id, channel, last_at) of those that are talked in and still there."""

    open: tuple[HandOff, ...]
    readers: dict[bytes, frozenset[bytes]]
    rows: tuple[Any, ...]
    colleagues: dict[bytes, Colleague]
    conversations: dict[bytes, Any]

    def of(self, hand_off: HandOff) -> frozenset[bytes]:
        """The units that can read it."""
        return self.readers.get(hand_off.case_id, NOBODY)

    def last_at(self, hand_off: HandOff) -> int | None:
        """When its reporter wrote last; None if it is not talked in."""
        row = self.conversations.get(hand_off.conversation_id or b"")
        return row.last_at if row is not None else None


async def picture(store: DeskStore) -> Picture:
    """The desk now."""
    hand_offs = await store.open_hand_offs()
    rows = await store.staff()
    return Picture(
        open=tuple(hand_offs),
        readers=await store.readers(each.case_id for each in hand_offs),
        rows=tuple(rows),
        colleagues=colleagues_of(rows, hand_offs),
        conversations=await store.conversations(each.conversation_id for each in hand_offs if each.conversation_id is not None),
    )
