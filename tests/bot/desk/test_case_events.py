"""Consoles hear of a case once it is there: of each that comes, and of what is added to one; and a talk does not draw every list anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from actions.rows import Update
from bot.console.reading import Reading
from bot.desk.events import CASE, QUEUE, Changed
from bot.desk.settings import DeskSettings
from bot.desk.views import Entry
from bot.storage import tables
from bot.storage.audit import AuditChain
from bot.storage.case_file import CaseFile
from bot.storage.desk import DeskStore
from bot.storage.sharing import CASE_CHANGED, HAND_OFF, SETTING, notice
from tests.bot.desk.sitting import Office, office
from tests.commits import Commits

SENT = ("/start", "report", "yes", "self_13_17", "Ada yang memukulku.", "yes", "lewati", "own_code", "send")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


@asynccontextmanager
async def heard(desk: Office) -> AsyncIterator[list[Changed]]:
    """What a console hears meanwhile. Of each case it looks at once whether it is there."""
    found: list[Changed] = []

    async def listen() -> None:
        async with desk.desk.events.subscribe() as news:
            ready.set()
            async for changed in news:
                assert changed.what != CASE or await desk.store.case(changed.id) is not None
                found.append(changed)

    ready = asyncio.Event()
    listening = asyncio.create_task(listen())
    await ready.wait()
    yield found
    await desk.service.settle()
    await asyncio.sleep(0.05)
    assert not listening.done() or listening.exception() is None
    listening.cancel()


def cases_of(found: Sequence[Changed]) -> list[bytes]:
    return [each.id for each in found if each.what == CASE]


async def the_case(desk: Office) -> Any:
    (case,) = await desk.service.reads.all_cases()
    return case


async def test_a_report_is_heard_once_it_is_there_and_so_is_what_is_added_with_the_code(desk: Office) -> None:
    async with heard(desk) as found:
        told = await desk.talk("1", *SENT)
    case = await the_case(desk)
    assert cases_of(found) == [case.id]
    code = next(line for bubble in told for line in bubble.text.splitlines() if len(line.split()) == 5)
    async with heard(desk) as found:
        await desk.talk("2", "/start", "check", code, "add", "Aku lupa sesuatu.")
    assert len(await desk.service.reads.case_records(case.id)) == 2 and cases_of(found) == [case.id]


async def test_danger_is_heard_as_a_case_too(desk: Office) -> None:
    """The list of whoever reads cases and has no queue shows it at once."""
    async with heard(desk) as found:
        await desk.say("1", "tolong dia mau bunuh aku sekarang")
    assert cases_of(found) == [(await the_case(desk)).id]


async def test_what_is_said_in_a_talk_is_heard_as_the_hand_offs_alone(desk: Office) -> None:
    """With every message every list of cases would be fetched."""
    rina = await desk.comes("Rina")
    async with heard(desk) as found:
        hand_off_id = await desk.asks("1")
    assert cases_of(found) == [(await the_case(desk)).id]
    await desk.tick()
    assert (await desk.desk.pull(rina, hand_off_id)).ok
    async with heard(desk) as found:
        for number in range(3):
            await desk.say("1", f"kata {number}")
    assert await desk.all(select(tables.case_record).where(tables.case_record.c.kind == "said"))
    assert cases_of(found) == [] and {each.id for each in found if each.what == "hand_off"} == {hand_off_id}


async def test_other_processes_are_told_in_the_very_commit(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = Commits(desk.service.writer, monkeypatch)
    await desk.talk("1", *SENT)
    case = await the_case(desk)
    told = notice(CASE_CHANGED, case.id)
    assert told in commits.told_with("cases")
    commits.made.clear()
    reading = Reading(
        cases=CaseFile(desk.service.reading), writer=desk.service.writer, deadlines=desk.service.deadlines, clock=lambda: desk.now,
        changed=desk.service.case_changed,
    )  # fmt: skip
    await reading.opened(case.id)
    assert commits.told_with("cases", Update) == {told}


async def test_that_help_was_called_is_told_in_the_commit_of_the_trail(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    rina = await desk.comes("Rina")
    hand_off_id = await desk.asks("1")
    assert (await desk.desk.pull(rina, hand_off_id)).ok
    commits = Commits(desk.service.writer, monkeypatch)
    hand_off = await desk.hand_off(hand_off_id)
    entry = rina.entry(hand_off, await desk.store.case(hand_off.case_id), "112, pukul 20.15")
    assert (await desk.desk.relayed(rina, hand_off_id, Entry(**entry))).ok
    assert commits.told_with("audit") == {notice(HAND_OFF, hand_off_id)}


async def test_a_setting_is_told_in_its_commit(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    lead = await desk.comes("Ratna", role="lead")
    settings = DeskSettings(
        store=DeskStore(desk.service.reading), chain=AuditChain(desk.service.engine, desk.service.writer), units=desk.service.units,
        events=desk.desk.events, clock=lambda: desk.now,
    )  # fmt: skip
    commits = Commits(desk.service.writer, monkeypatch)
    async with heard(desk) as found:
        assert (await settings.set(lead, "holidays", 0, "[]")).ok
    assert commits.told_with("desk_setting") == {notice(SETTING, b"")}
    assert [each.what for each in found] == [QUEUE]
