"""What the desk asks every two seconds reads no table from end to end that grows: SQLite's own plan is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.storage.case_records import CaseRecords
from bot.storage.desk import DeskStore
from tests.bot.plans import whole_reads

ID = b"i" * 16
HOT: dict[str, Callable[[DeskStore], Awaitable[Any]]] = {
    "hand_off": lambda store: store.hand_off(ID),
    "open_hand_offs": lambda store: store.open_hand_offs(),
    "versions": lambda store: store.versions(),
    "closed_and_tied": lambda store: store.closed_and_tied(),
    "readers": lambda store: store.readers([ID]),
    "conversations": lambda store: store.conversations([ID]),
    "readers_of_open": lambda store: store.readers_of_open(),
    "conversations_of_open": lambda store: store.conversations_of_open(),
    "untold": lambda store: store.untold([ID]),
    "staff": lambda store: store.staff(),
    "spoke": lambda store: store.spoke(ID, ID),
    "due_cases": lambda store: store.due_cases(1),
    "handled_since": lambda store: store.handled_since(1),
}
_SMALL = ("staff", "presence")  # as many rows as there are colleagues

PAGES: dict[str, Callable[[CaseRecords], Awaitable[Any]]] = {
    "newest": lambda records: records.newest(ID),
    "earlier": lambda records: records.earlier(ID, 9),
    "later": lambda records: records.later(ID, 9),
    "ticks": lambda records: records.ticks(ID),
    "ticks of": lambda records: records.ticks(ID, of=[ID]),
}


@pytest.mark.parametrize("name", sorted(PAGES))
async def test_a_page_of_a_conversation_reads_that_conversation_alone(name: str, tmp_path: Path) -> None:
    assert await whole_reads(tmp_path, lambda engine: PAGES[name](CaseRecords(engine)), known=lambda line: False) == []


@pytest.mark.parametrize("name", sorted(HOT))
async def test_no_table_is_read_from_end_to_end(name: str, tmp_path: Path) -> None:
    def known(line: str) -> bool:
        return "hand_off_open" in line or line.split()[1] in _SMALL

    assert await whole_reads(tmp_path, lambda engine: HOT[name](DeskStore(engine, wrote=lambda *_: True)), known=known) == []
