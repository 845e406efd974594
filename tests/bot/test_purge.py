"""`purge`: what is over goes, and stays away; what waits for a person does not go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.cli import retained
from bot.cli.backup import back_up, put_back
from bot.cli.purge import purge
from bot.shelf import load_shelf
from bot.storage.retention import Terms, due
from tests.bot.house import house
from tests.bot.plans import whole_reads
from tests.bot.test_backup import DAY, NOW, SEND, counted, reply, settings
from tests.stores import ON_POSTGRES, run

KEPT = Terms(report=100, message=50, alert=10, mailbox=20)
OF_A_CASE = ("cases", "case_key", "case_record", "receipt", "hand_off", "mailbox_message", "evidence", "evidence_chunk")


async def over(folder: Path, days: int, **how: bool) -> list[str]:
    return await purge(settings(folder), now=NOW + days * DAY, kept=KEPT, backups=30, **how)


def mark(folder: Path, statement: str, *values: Any) -> None:
    run(folder / "ruang-aman.db", statement, *values)


async def test_a_report_goes_when_its_time_is_over_and_no_backup_brings_it_back(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with house(data) as here:
        await here.talk("7", *SEND)
        await reply(here, "ibu Sekar")
        (case,) = await here.service.reads.all_cases()
    mark(data, f"insert into evidence values (?, null, ?, 1, {NOW})", b"\xab" * 16, case.id)
    mark(data, "insert into evidence_chunk values (?, 0, ?)", b"\xab" * 16, b"\0")
    await back_up(settings(data), tmp_path / "backup", now=NOW + 99 * DAY)
    assert "Deleted reports: 0." in await over(data, 99)
    before = counted(data)
    assert "Would delete reports: 1." in await over(data, 101, dry_run=True)
    assert counted(data) == before
    assert "Deleted reports: 1." in await over(data, 101)
    left = counted(data)
    assert [table for table in OF_A_CASE if left[table]] == []
    if not ON_POSTGRES:
        assert case.id not in (data / "ruang-aman.db").read_bytes(), "its rows are overwritten"

    report, _, _ = await put_back(settings(data), tmp_path / "backup", now=NOW + 110 * DAY, replace=True)
    assert report.ended["cases"] == 1
    left = counted(data)
    assert [table for table in OF_A_CASE if left[table]] == []


async def test_what_was_added_later_counts(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *SEND)
        (case,) = await here.service.reads.all_cases()
    later = f"insert into case_record (id, case_id, version, kind, created_at, sealed) values (?, ?, 1, 'message', {NOW + 50 * DAY}, ?)"
    mark(tmp_path, later, b"\xcd" * 16, case.id, b"\0")
    assert "Deleted reports: 0." in await over(tmp_path, 120)
    assert "Deleted reports: 1." in await over(tmp_path, 151)


async def test_what_waits_for_a_person_stays_however_old_it_is(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", "tolong aku dikejar bapak bawa parang")
    lines = await over(tmp_path, 4000)
    assert "Deleted alerts: 0." in lines
    assert any("wait for a person: 1" in line for line in lines)
    assert counted(tmp_path)["cases"] == 1


async def test_a_false_alarm_is_closed_by_people_and_not_by_the_person_who_says_so(tmp_path: Path) -> None:
    """Somebody may have stood beside."""
    async with house(tmp_path) as here:
        await here.talk("7", "tolong aku dikejar bapak bawa parang", "false_alarm")
    assert "Deleted alerts: 0." in await over(tmp_path, 11)
    mark(tmp_path, "update cases set status = 'closed'")
    assert "Deleted alerts: 1." in await over(tmp_path, 11)


async def test_a_reply_that_nobody_reads_goes_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *SEND)
        await reply(here, "ibu Sekar")
    assert "Deleted unread replies: 1." in await over(tmp_path, 21)
    left = counted(tmp_path)
    assert (left["mailbox_message"], left["cases"], left["receipt"]) == (0, 1, 1)


async def test_tombstones_go_when_no_backup_is_as_old(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *SEND)
    await over(tmp_path, 101)
    assert run(tmp_path / "keys" / "keys.db", "select kind from tombstone") == [{"kind": "cases"}]
    assert "Deleted tombstones older than any backup: 0." in await over(tmp_path, 131)
    assert "Deleted tombstones older than any backup: 1." in await over(tmp_path, 132, vacuum=True)


async def test_no_table_is_read_from_end_to_end(tmp_path: Path) -> None:
    """What is over is found by its age, whatever a database holds besides."""
    assert await whole_reads(tmp_path, lambda engine: due(engine, KEPT, now=NOW), known=lambda line: False) == []


@pytest.mark.parametrize("case", ["a message", "a false alarm that was closed", "an alert", "a report"])
async def test_every_kind_has_its_own_term(tmp_path: Path, case: str) -> None:
    kind, status, days = {
        "a message": ("hand_off", "stored", 50), "a false alarm that was closed": ("alert", "closed", 10),
        "an alert": ("alert", "stored", 100), "a report": ("report", "closed", 100),
    }[case]  # fmt: skip
    async with house(tmp_path) as here:
        await here.talk("7", *SEND)
        (made,) = await here.service.reads.all_cases()
        last = made.created_at
        mark(tmp_path, "update cases set kind = ?, status = ?", kind, status)
        for day, found in ((days - 1, 0), (days + 1, 1)):
            over_now = await due(here.service.engine, KEPT, now=last + day * DAY)
            assert [row[1] for row in over_now.cases] == [kind] * found


@pytest.mark.parametrize("wrong", [0, -1, "lama", None, True, []])
def test_what_is_no_number_of_days_deletes_nothing_early(wrong: object) -> None:
    shelf = load_shelf()
    shelf.city["retention_report_days"] = wrong
    assert retained.days("retention_report_days", shelf) == 1825


def test_the_city_is_asked_for_every_term() -> None:
    city = load_shelf().city
    assert {name: city[name] for name in retained.DEFAULTS} == retained.DEFAULTS
