"""Cases that nobody reads, or answers, in time: the leads of those who can read them are told, without content, until somebody has."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from actions.case import more_to_read
from actions.deadline import HOUR, Clock, due_once_read, read_by
from actions.rows import Insert, Update
from bot.adapters import StoredCases
from bot.console.reading import Reading
from bot.desk.alarm import LATE
from bot.desk.events import DEADLINE, Changed
from bot.readers import Readers
from bot.storage import tables
from bot.storage.board import Board
from bot.storage.case_file import CaseFile
from bot.storage.case_list import Search
from bot.storage.case_records import CaseRecords
from tests.bot.desk.sitting import NOW, Office, office, wait_here
from tests.bot.house import add_unit, generate_keypair


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


async def sent(desk: Office, urgency: str, *, unit: bytes | None = None) -> bytes:
    """A report that has just come, as `actions.case` stores it; gives the case's id."""
    case_id = secrets.token_bytes(16)
    row = {
        "id": case_id, "kind": "report", "urgency": urgency, "status": "stored", "language": "id", "public_key": generate_keypair().public,
        "created_at": desk.now, "due_at": read_by(urgency, desk.now, desk.service.deadlines),
    }  # fmt: skip
    key = {"case_id": case_id, "recipient_id": unit or desk.unit, "sealed": b"sealed"}
    key["tag"] = desk.service.tags.reader(case_id, key["recipient_id"])
    await desk.service.writer.write([Insert(table="cases", row=row), Insert(table="case_key", row=key)])
    return case_id


async def read(desk: Office, case_id: bytes) -> None:
    """Somebody opened it (`bot.console.reading`)."""
    values = {"status": "assessed", "due_at": due_once_read(NOW, desk.now, desk.service.deadlines)}
    await desk.service.writer.write([Update(table="cases", key={"id": case_id}, values=values)])


async def after(desk: Office, seconds: int) -> list[str]:
    """Time passes, with a round at its end; gives the chats that were written to meanwhile."""
    before = len(desk.telegrams.sent)
    desk.clock[0] += seconds
    await desk.tick()
    assert {text for _, text in desk.telegrams.sent} <= {LATE}
    return sorted(chat for chat, _ in desk.telegrams.sent[before:])


async def team(desk: Office) -> None:
    await desk.comes("Lia", role="lead", state=None, telegram="99", telephone="+628110000009")
    await desk.comes("Rina", state=None, telegram="77")


async def test_a_report_of_danger_calls_the_lead_at_once_and_again_until_it_is_read(desk: Office) -> None:
    await team(desk)
    case_id = await sent(desk, "danger")
    assert await after(desk, 0) == ["99"]
    assert await after(desk, 590) == []
    assert await after(desk, 10) == ["99"]
    await read(desk, case_id)
    assert await after(desk, HOUR) == []
    assert desk.telephone.rang == [], "a report is read; nobody is telephoned for it"


async def test_others_have_their_time_and_then_the_lead_is_told_every_four_hours(desk: Office) -> None:
    await team(desk)
    await sent(desk, "other")
    child = await sent(desk, "child")
    assert await after(desk, 6 * HOUR - 1) == []
    assert await after(desk, 1) == ["99"]
    await read(desk, child)
    assert await after(desk, 18 * HOUR - 1) == []
    assert await after(desk, 1) == ["99"]
    assert await after(desk, 4 * HOUR - 1) == []
    assert await after(desk, 1) == ["99"]


async def test_a_messenger_that_is_busy_costs_the_lead_minutes_and_not_hours(desk: Office) -> None:
    await team(desk)
    await sent(desk, "child")
    desk.telegrams.busy.add("99")
    assert await after(desk, 6 * HOUR) == []
    assert await after(desk, 299) == []
    assert await after(desk, 1) == [], "it is tried again, for as long as it takes"
    desk.telegrams.busy.clear()
    assert await after(desk, 300) == ["99"]
    assert await after(desk, 4 * HOUR - 1) == []
    assert await after(desk, 1) == ["99"]


async def test_one_lead_who_was_told_is_enough_and_a_chat_that_blocks_us_is_not_tried_again(desk: Office) -> None:
    await team(desk)
    await desk.comes("Ani", role="lead", state=None, telegram="98")
    await sent(desk, "child")
    desk.telegrams.busy.add("99")
    assert await after(desk, 6 * HOUR) == ["98"]
    desk.telegrams.busy.clear()
    assert await after(desk, 4 * HOUR - 1) == []
    desk.telegrams.broken |= {"98", "99"}
    assert await after(desk, 1) == []
    desk.telegrams.broken.clear()
    assert await after(desk, 4 * HOUR - 1) == []
    assert await after(desk, 1) == ["98", "99"]


async def test_a_process_that_dies_before_it_has_told_is_made_up_for_within_minutes(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await team(desk)
    await sent(desk, "child")
    with monkeypatch.context() as dying:
        dying.setattr(desk.desk._alarm, "write_late", lambda *_: None)
        assert await after(desk, 6 * HOUR) == []
    assert await after(desk, 300) == ["99"]
    assert await after(desk, 4 * HOUR - 1) == []


async def test_what_was_noted_before_the_database_failed_is_told(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await team(desk)
    for _ in range(2):
        await sent(desk, "child")
    write, calls = desk.service.writer.write, count(1)

    async def fails_once(*rows: Any, **other: Any) -> Any:
        if next(calls) == 2:
            raise OSError("the database is away")
        return await write(*rows, **other)

    desk.clock[0] += 6 * HOUR
    with monkeypatch.context() as away:
        away.setattr(desk.service.writer, "write", fails_once)
        with pytest.raises(OSError, match="away"):
            await desk.tick()
        await desk.desk.settle()
    assert desk.telegrams.sent == [("99", LATE)]
    assert await after(desk, 2) == ["99"], "the other one, at the next round"
    assert await after(desk, 4 * HOUR - 3) == []


async def test_a_nights_reports_are_one_message_to_each_lead(desk: Office) -> None:
    await team(desk)
    await desk.comes("Ani", role="lead", state=None, telegram="98")
    async with desk.desk.events.subscribe() as news:
        ids = [await sent(desk, "child") for _ in range(12)]
        assert await after(desk, 6 * HOUR) == ["98", "99"]
        told: list[Changed] = []
        with suppress(TimeoutError):
            while True:
                told.append(await asyncio.wait_for(anext(news), 0.05))
    assert {each.id for each in told if each.what == DEADLINE} == set(ids)


async def test_only_leads_who_can_read_it_are_told(desk: Office) -> None:
    school = await add_unit(desk.service, generate_keypair(), name="school", kind="school", lead=False)
    await team(desk)
    await desk.comes("Tono", unit=school, role="lead", state=None, telegram="55")
    await sent(desk, "danger")
    assert await after(desk, 0) == ["99"]
    await sent(desk, "danger", unit=school)
    assert await after(desk, 2) == ["55"]


async def test_what_the_queue_rings_for_is_left_to_it(desk: Office) -> None:
    """A crisis that waits calls everybody by itself; only once it is in nobody's hands, and unread, the lead hears of the case."""
    await team(desk)
    here = await desk.comes("Sari", telegram="11")
    hand_off = await wait_here(desk.service, unit=desk.unit, urgency="danger")
    (case,) = await desk.all(select(tables.cases.c.id))
    due = Update(table="cases", key={"id": case.id}, values={"due_at": desk.now})
    await desk.service.writer.write([due])
    await desk.tick()
    assert {chat for chat, _ in desk.telegrams.sent} == {"11"}, "the crisis's own alarm, and nothing beside it"
    assert (await desk.desk.pull(here, hand_off)).ok
    desk.telegrams.sent.clear()
    await desk.passes(20 * 60, here)
    assert desk.telegrams.sent == [], "somebody is talking there"
    assert (await desk.desk.wrap_up(here, hand_off)).ok
    await desk.passes(12 * 60, here)
    assert {chat for chat, _ in desk.telegrams.sent} == {"99"}


async def test_after_48_hours_the_lead_is_asked_about_the_three_days_until_it_is_answered(desk: Office) -> None:
    await team(desk)
    case_id = await sent(desk, "other")
    desk.clock[0] += 5 * HOUR
    await read(desk, case_id)
    assert await after(desk, 43 * HOUR - 1) == []
    assert await after(desk, 1) == ["99"]
    assert await after(desk, 12 * HOUR - 1) == []
    assert await after(desk, 1) == ["99"]
    await desk.service.writer.write([Update(table="cases", key={"id": case_id}, values={"due_at": None})])
    assert await after(desk, 100 * HOUR) == []


async def test_that_no_lead_can_hear_is_said_to_the_operator(desk: Office, caplog: pytest.LogCaptureFixture) -> None:
    lead = await desk.comes("Lia", role="lead", state=None)
    case_id = await sent(desk, "danger")
    with caplog.at_level(logging.WARNING, logger="bot.desk.watch"):
        await after(desk, 0)
        assert [record.getMessage() for record in caplog.records if record.name == "bot.desk.watch"] == [
            "desk_deadline", "desk_deadline_unheard",
        ]  # fmt: skip
        caplog.clear()
        desk.clock[0] += 590
        await desk.desk.beat(lead)  # a console is open
        await after(desk, 10)
        assert [record.getMessage() for record in caplog.records if record.name == "bot.desk.watch"] == ["desk_deadline"]
    assert case_id.hex() not in "".join(text for _, text in desk.telegrams.sent)


async def test_what_a_reporter_sends_has_its_deadline_from_the_first_commit_on(desk: Office) -> None:
    await desk.comes("Rina")
    await desk.asks("5")
    (case,) = await desk.all(select(tables.cases))
    assert case.due_at == read_by(case.urgency, case.created_at, desk.service.deadlines) > 0


async def test_a_false_alarm_wakes_nobody_and_is_still_to_be_read(desk: Office) -> None:
    await team(desk)
    await desk.say("1", "tolong ayahku bawa parang mau bunuh ibu")
    await desk.say("1", "false_alarm")
    desk.telegrams.sent.clear()
    assert await after(desk, 6 * HOUR - 60) == []
    assert await after(desk, 60) == ["99"]


async def test_a_unit_without_colleagues_is_named_in_the_log_once_a_day(desk: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Its cases are read with a key file, by a command: there is nobody to tell."""
    await sent(desk, "danger")
    with caplog.at_level(logging.WARNING, "bot.desk.watch"):
        for _ in range(25):
            await after(desk, HOUR)
    assert [record.getMessage() for record in caplog.records if record.name == "bot.desk.watch"] == ["desk_deadline"] * 2


async def left_and_closed(desk: Office) -> tuple[bytes, str]:
    """A message that was read, and whose case is closed; its code."""
    await desk.talk("5", "/start", "counsellor", "message", "Anak tetangga sering menangis.", "own_code")
    code = next(line for line in "\n".join(desk.heard("5")).splitlines() if len(line.split()) == 5)
    (case,) = await desk.all(select(tables.cases))
    await opened(desk, case.id)
    await desk.service.writer.write([Update(table="cases", key={"id": case.id}, values={"status": "closed", "due_at": None})])
    return case.id, code


async def opened(desk: Office, case_id: bytes) -> None:
    """Somebody opens it at the console."""
    service = desk.service
    reading = Reading(
        cases=CaseFile(service.engine, Readers(service.tags)), writer=service.writer, deadlines=service.deadlines,
        clock=lambda: desk.now, changed=lambda _: None,
    )  # fmt: skip
    await reading.opened(case_id)


async def test_what_a_reporter_adds_to_a_closed_case_is_to_be_read_as_a_new_report_is(desk: Office) -> None:
    await team(desk)
    case_id, code = await left_and_closed(desk)
    cases, board = CaseFile(desk.service.engine, Readers(desk.service.tags)).list, Board(desk.service.engine)
    assert await after(desk, 48 * HOUR) == []
    assert (await cases.counts(desk.unit))["unread"] == 0
    await desk.talk("6", "/start", "check", code, "add", "Sejak Senin dia dikurung di kamar.")
    assert await cases.counts(desk.unit) == {"unread": 1, "open": 0, "closed": 1}
    (row,) = await cases.page(desk.unit, Search(which="unread"), deadlines=desk.service.deadlines)
    assert (row.id, row.added_at, row.moment) == (case_id, desk.now, desk.now + 24 * HOUR)
    assert await after(desk, 23 * HOUR) == []
    await desk.talk("6", "/start", "check", code, "add", "Satu lagi.")
    assert await after(desk, HOUR) == ["99"], "the second addition gives the first no more time"
    reading = await board.reading(desk.unit)
    assert reading.unread == 1 == reading.overdue(Clock.READ, now=desk.now, deadlines=desk.service.deadlines)
    assert await after(desk, 4 * HOUR) == ["99"]
    await opened(desk, case_id)
    assert await after(desk, 48 * HOUR) == []
    assert await cases.counts(desk.unit) == {"unread": 0, "open": 0, "closed": 1}
    (case,) = await desk.all(select(tables.cases))
    assert (case.status, case.due_at, case.added_at, case.added_due) == ("closed", None, None, None)


async def test_what_is_added_at_the_moment_of_opening_is_not_taken_for_read(desk: Office) -> None:
    """Whoever opens it saw what was there before; so it is said once more."""
    case_id, code = await left_and_closed(desk)
    await desk.talk("6", "/start", "check", code, "add", "Pertama.")
    service: Any = desk.service
    ports: Any = SimpleNamespace(cases=StoredCases(service.reads, service.tags, CaseRecords(service.reading)), deadlines=service.deadlines)
    turn: Any = SimpleNamespace(now=datetime.fromtimestamp(desk.now + 60, UTC))
    second = await more_to_read(turn, ports, case_id)  # a turn has looked, and commits a moment later
    await opened(desk, case_id)
    assert (await CaseFile(service.engine, Readers(service.tags)).list.counts(desk.unit))["unread"] == 0
    await service.writer.write([second])
    assert (await CaseFile(service.engine, Readers(service.tags)).list.counts(desk.unit))["unread"] == 1


async def test_words_after_a_talk_about_danger_that_people_ended_are_to_be_read_too(desk: Office) -> None:
    lead, rina = await desk.comes("Lia", role="lead"), await desk.comes("Rina")
    await desk.talk("5", "/start", "tolong, dia mau bunuh aku")
    (hand_off,) = await desk.store.open_hand_offs()
    assert (await desk.desk.pull(rina, hand_off.id)).ok
    await opened(desk, hand_off.case_id)
    assert (await desk.desk.wrap_up(rina, hand_off.id)).ok
    for each in (rina, lead):
        assert (await desk.desk.close(each, hand_off.id, outcome="helped", risk="none")).ok
    await desk.service.settle()
    assert (await CaseFile(desk.service.engine, Readers(desk.service.tags)).list.counts(desk.unit))["unread"] == 0
    await desk.say("5", "sekarang aku di rumah nenek")
    assert (await CaseFile(desk.service.engine, Readers(desk.service.tags)).list.counts(desk.unit))["unread"] == 1
