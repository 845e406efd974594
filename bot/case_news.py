"""Of which cases consoles hear after a turn."""

from __future__ import annotations

from collections.abc import Sequence

from actions.queue import HandOff
from actions.rows import Change, Insert
from bot.hand_offs import moved_in


def cases_in(changes: Sequence[Change], *, hand_off: HandOff | None) -> list[bytes]:
    """The cases that a turn made, and those that it added to. What is said in a talk is not counted: it comes with every message, and
    consoles hear it as the hand-off's."""
    rows = [(change.table, change.row) for change in changes if isinstance(change, Insert)]
    made = {row["id"] for table, row in rows if table == "cases"}
    added = {row["case_id"] for table, row in rows if table == "case_record"}
    told = hand_off is not None and hand_off.id in moved_in(changes)
    return sorted(made | (added - {hand_off.case_id} if hand_off is not None and told else added))
