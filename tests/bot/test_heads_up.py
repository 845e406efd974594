"""A reporter who agreed to it is told in the chat that an answer waits: long after the talk, by an address that only unit and server
together can open, and never after leaving."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.heads_up import TALKS, TOLD, UNREACHABLE
from bot.jobs import SESSION_LIFE
from bot.storage import tables
from tests.bot.house import House, house
from tests.bot.test_keys_and_timers import REPORT

AGREES = (*REPORT, "yes", "64.71.02", "own_here", "send")
HERE = "Ada jawaban dari petugas untukmu."


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


async def passes(here: House, seconds: float) -> None:
    """Time, and what it brings."""
    here.wait(seconds)
    for work in (here.service.jobs.timers, here.service.settle, here.service.jobs.forget, here.service.settle):
        await work()


async def told(here: House, case_id: bytes, inner: bytes) -> str:
    what = await here.service.heads_up.tell(case_id, inner, "id")
    await here.service.settle()
    return what


async def test_days_later_the_chat_says_that_an_answer_waits_and_nothing_of_it(here: House) -> None:
    await here.talk("7", *AGREES)
    await passes(here, SESSION_LIFE + 3600)
    assert await here.rows("conversation") == 0, "nothing here leads to her any more"
    [(case_id, inner)] = await here.return_addresses()
    before = len(here.phones.seen["7"])
    assert await told(here, case_id, inner) == TOLD
    (bubble,) = here.phones.seen["7"][before:]
    assert bubble.text.startswith(HERE) and bubble.choices == () and not bubble.numbers
    # She goes on as anybody does: the menu, the code.
    await here.talk("7", "menu", "check")
    assert "kode" in here.phones.seen["7"][-1].text


async def test_while_the_talk_is_still_remembered_it_comes_into_it(here: House) -> None:
    await here.talk("7", *AGREES)
    [(case_id, inner)] = await here.return_addresses()
    assert await told(here, case_id, inner) == TOLD
    assert here.phones.seen["7"][-1].text.startswith(HERE)
    assert await here.rows("conversation") == 1


async def test_who_talks_with_the_desk_there_is_left_in_peace(here: House) -> None:
    await here.talk("7", *AGREES, "menu", "counsellor", "Aku mau bicara.", "own_code")
    await here.talk("7", "tolong skrg bapak mukulin adek")
    [(case_id, inner)] = await here.return_addresses()
    before = len(here.phones.seen["7"])
    assert await told(here, case_id, inner) == TALKS
    assert len(here.phones.seen["7"]) == before


@pytest.mark.parametrize("how", [("mtk",), ("hapus", "yes")])
async def test_who_leaves_or_erases_is_not_written_to_any_more(here: House, how: tuple[str, ...]) -> None:
    await here.talk("7", *AGREES)
    assert len(await here.return_addresses()) == 1
    await here.talk("7", *how)
    assert await here.return_addresses() == []
    stones = await here.service.keys.tombstones()
    assert len(stones["case_record"]) == 1, "no backup brings it back"


async def test_also_a_day_of_silence_later(here: House) -> None:
    await here.talk("7", *AGREES)
    await passes(here, 25 * 3600)
    assert len(await here.return_addresses()) == 1
    await here.talk("7", "mtk")
    assert await here.return_addresses() == []


async def test_who_chose_the_code_alone_leaves_no_address(here: House) -> None:
    await here.talk("7", *REPORT, "yes", "64.71.02", "own_code", "send")
    assert await here.return_addresses() == []


async def test_an_address_of_another_case_or_of_nobody_leads_nowhere(here: House) -> None:
    await here.talk("7", *AGREES)
    [(case_id, inner)] = await here.return_addresses()
    before = len(here.phones.seen["7"])
    for other, bytes_ in ((b"x" * 16, inner), (case_id, inner[:-1] + bytes([inner[-1] ^ 1])), (case_id, b"")):
        assert await told(here, other, bytes_) == UNREACHABLE
    assert len(here.phones.seen["7"]) == before


async def test_two_answers_at_once_make_one_conversation(here: House) -> None:
    await here.talk("7", *AGREES)
    await passes(here, SESSION_LIFE + 3600)
    [(case_id, inner)] = await here.return_addresses()
    assert await asyncio.gather(told(here, case_id, inner), told(here, case_id, inner)) == [TOLD, TOLD]
    assert await here.rows("conversation") == 1
    assert [bubble.text.startswith(HERE) for bubble in here.phones.seen["7"][-2:]] == [True, True]


async def test_nothing_of_the_address_is_stored_in_clear(here: House, caplog: pytest.LogCaptureFixture) -> None:
    await here.talk("628115550007", *AGREES)
    await passes(here, SESSION_LIFE + 3600)
    [(case_id, inner)] = await here.return_addresses()
    assert await told(here, case_id, inner) == TOLD
    assert "628115550007" not in caplog.text
    async with here.service.engine.connect() as connection:
        for table in (tables.conversation, tables.address, tables.outbox, tables.case_record):
            found = (await connection.execute(select(table))).all()
            assert found, table.name
            for row in found:
                assert b"628115550007" not in b"|".join(v if isinstance(v, bytes) else str(v).encode() for v in row)
