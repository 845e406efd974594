"""No statement of a whole conversation goes through a large table of PostgreSQL from end to end.

Its planner decides by what it knows of the tables. So they are filled, it is told what is in them, a report is told to two processes while
every statement of theirs is kept, and each one's plan is looked at: none is left out that somebody forgot to list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from benchmarks.fill import fill
from bot.app import Service
from tests.bot.test_replicas import REPORT, _town
from tests.postgres import binaries
from tests.stores import on_postgres

pytestmark = [
    pytest.mark.own_store,
    pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed: apt install postgresql"),
]

LARGE = {
    "address", "conversation", "inbox", "outbox", "timer", "cases", "case_key", "case_record", "receipt", "mailbox_message",
    "conversation_key",
}  # fmt: skip
# Not `hand_off`: the few hundred that are filled in are read as fast in one go, and then it is.
# Of what waits, or is in somebody's hands.
SMALL_INDEXES = {"inbox_new", "outbox_waiting", "outbox_dead", "conversation_held", "hand_off_open"}


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def whole(plan: dict[str, Any]) -> list[str]:
    """The large tables that a plan reads from end to end: in their own order, or in that of an index."""
    found = []
    limited = {id(child) for node in _nodes(plan) if node["Node Type"] == "Limit" for child in node["Plans"]}
    for node in _nodes(plan):
        kind, table = node["Node Type"], node.get("Relation Name", "")
        if kind.endswith("Seq Scan") and table in LARGE:
            found.append(table)
        elif "Index Name" in node and "Index Cond" not in node and node["Index Name"] not in SMALL_INDEXES and id(node) not in limited:
            found.append(node["Index Name"])
    return found


def _kept(services: list[Service]) -> dict[str, tuple[Any, Any]]:
    """What is asked from now on: each statement with parameters of one time, and where."""
    kept: dict[str, tuple[Any, Any]] = {}
    for service in services:
        for engine in (service.engine, service.reading.engine, service.keys._engine):

            def listener(at: Any, cursor: Any, statement: str, given: Any, context: Any, many: bool, engine: Any = engine) -> None:
                kept.setdefault(statement, (engine, given[0] if many else given))

            event.listen(engine.sync_engine, "before_cursor_execute", listener)
    return kept


async def test_no_large_table_is_read_from_end_to_end(tmp_path: Path) -> None:
    async with _town(tmp_path, 2) as town:
        for address in ("1", "2"):  # what is filled in is as long as what the service writes
            for line in REPORT:
                await town.replicas[0].receive(town.message(address, line))
                await town.settle()
        await fill({"data_dir": tmp_path, **on_postgres(tmp_path)}, cases=3000, sessions=1000)
        kept = _kept(town.replicas)
        first, second = town.replicas
        for number, line in enumerate((*REPORT, "done", "menu")):
            await (first, second)[number % 2].receive(town.message("3", line))
            await town.settle()
        for service in town.replicas:
            await service.jobs.sweep()
            await service.jobs.timers()
            await service.reads.all_cases()
        asked = [(text, *found) for text, found in kept.items() if text.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE")]
        assert len(asked) > 25
        read: dict[str, list[str]] = {}
        for statement, engine, parameters in asked:
            async with engine.connect() as connection:
                row = (await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)).scalar_one()
                await connection.rollback()
            plan = (json.loads(row) if isinstance(row, str) else row)[0]["Plan"]
            if found := whole(plan):
                read[statement] = found
        assert read == {}
        async with first.engine.connect() as connection:  # the test itself sees one
            row = (await connection.exec_driver_sql("EXPLAIN (FORMAT JSON) SELECT count(*) FROM inbox WHERE attempts = 7")).scalar_one()
            assert whole((json.loads(row) if isinstance(row, str) else row)[0]["Plan"]) == ["inbox"]
