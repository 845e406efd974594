"""Cases that nobody reads, or answers, in time: the leads of those who can read them are told, without content, until somebody has."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from actions.deadline import HOUR, due_once_read, read_by
from actions.rows import Insert, Update
from bot.desk.alarm import ALERT
from bot.desk.events import DEADLINE, Changed
from bot.storage import tables
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
    assert {text for _, text in desk.telegrams.sent} <= {ALERT}
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
