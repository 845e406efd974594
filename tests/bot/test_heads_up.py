"""A reporter who agreed to it is told in the chat that an answer waits: long after the talk, by an address that only unit and server
together can open, and never after leaving."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import insert, select

from actions.rows import Require
from bot.heads_up import TALKS, TOLD, UNREACHABLE
from bot.jobs import SESSION_LIFE
from bot.storage import tables
from bot.vault.delivery import wrap_for_delivery
from tests.bot.house import House, house
from tests.bot.test_keys_and_timers import REPORT

AGREES = (*REPORT, "yes", "64.71.02", "own_here", "send")
HERE = "Halo, ada kabar baru di sini."


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


async def passes(here: House, seconds: float) -> None:
    """Time, and what it brings."""
    here.wait(seconds)
    for work in (here.service.jobs.timers, here.service.settle, here.service.jobs.forget, here.service.settle):
        await work()


async def told(here: House, case_id: bytes, record_id: bytes, inner: bytes) -> str:
    what = await here.service.heads_up.tell(case_id, record_id, inner, "id")
    await here.service.settle()
    return what


async def test_days_later_the_chat_says_that_an_answer_waits_and_nothing_of_it(here: House) -> None:
    await here.talk("7", *AGREES)
    await passes(here, SESSION_LIFE + 3600)
    assert await here.rows("conversation") == 0, "nothing here leads to her any more"
    [(case_id, record_id, inner)] = await here.return_addresses()
    before = len(here.phones.seen["7"])
    assert await told(here, case_id, record_id, inner) == TOLD
    (bubble,) = here.phones.seen["7"][before:]
    assert bubble.text.startswith(HERE) and bubble.choices == () and not bubble.numbers
    # She goes on as anybody does: the menu, the code.
    await here.talk("7", "menu", "check")
    assert "kode" in here.phones.seen["7"][-1].text


async def test_while_the_talk_is_still_remembered_it_comes_into_it(here: House) -> None:
    await here.talk("7", *AGREES)
    [(case_id, record_id, inner)] = await here.return_addresses()
    assert await told(here, case_id, record_id, inner) == TOLD
    assert here.phones.seen["7"][-1].text.startswith(HERE)
    assert await here.rows("conversation") == 1


async def test_who_talks_with_the_desk_there_is_left_in_peace(here: House) -> None:
    await here.talk("7", *AGREES, "menu", "counsellor", "Aku mau bicara.", "own_code")
    await here.talk("7", "tolong skrg bapak mukulin adek")
    [(case_id, record_id, inner)] = await here.return_addresses()
    before = len(here.phones.seen["7"])
    assert await told(here, case_id, record_id, inner) == TALKS
    assert len(here.phones.seen["7"]) == before


CRY = "tolong skrg bapak mukulin adek"
TALK = ("menu", "counsellor", "Aku mau bicara.", "own_code")


@pytest.mark.parametrize(
    ("before", "last", "what"), [(TALK, CRY, TALKS), ((), "mtk", UNREACHABLE), ((), "menu", TOLD)], ids=["desk", "left", "nothing"]
)  # fmt: skip
async def test_what_a_turn_writes_between_look_and_commit_counts(
    here: House, monkeypatch: pytest.MonkeyPatch, before: tuple[str, ...], last: str, what: str
) -> None:
    """By then the desk has the chat, or the child has left it: nothing is said there. It was but a word: the second look finds nothing
    against it."""
    await here.talk("7", *AGREES, *before)
    [(case_id, record_id, inner)] = await here.return_addresses()
    left = Require(table="case_record", key={"id": record_id}, values={"kind": "return_address"})
    write, looked, turned = here.service.writer.write, asyncio.Event(), asyncio.Event()

    async def late(changes: Any, *, fence: Any = None, **how: Any) -> Any:
        changes = list(changes)
        if fence is not None:  # the turn: its message was stored before, and it is slow
            await looked.wait()
            written = await write(changes, fence=fence, **how)
            turned.set()
            return written
        if any(each.table == "outbox" for each in changes) and not looked.is_set():
            looked.set()
            await turned.wait()
        return await write(changes, **how)

    monkeypatch.setattr(here.service.writer, "write", late)
    says = asyncio.create_task(here.say("7", last))
    await asyncio.sleep(0.2)
    said = await asyncio.wait_for(here.service.heads_up.tell(case_id, record_id, inner, "id", [left]), 20)
    looked.set()  # an address that is being taken back is not even looked at
    await says
    await here.service.settle()
    assert turned.is_set() and said == what
    assert sum(bubble.text.startswith(HERE) for bubble in here.phones.seen["7"]) == int(what == TOLD)


@pytest.mark.parametrize("how", [("mtk",), ("hapus", "yes")])
async def test_who_leaves_or_erases_is_not_written_to_any_more(here: House, how: tuple[str, ...]) -> None:
    await here.talk("7", *AGREES)
    assert len(await here.return_addresses()) == 1
    await here.talk("7", *how)
    assert await here.return_addresses() == []
    stones = await here.service.keys.tombstones()
    assert len(stones["case_record"]) == 1, "no backup brings it back"


@pytest.mark.parametrize("how", [("mtk",), ("hapus", "yes")])
async def test_an_address_that_was_taken_back_and_put_back_is_not_used(here: House, how: tuple[str, ...]) -> None:
    """Whoever writes to the database puts the record back as it was, good signature and all: the service remembers that it went."""
    await here.talk("7", *AGREES)
    [(case_id, record_id, inner)] = await here.return_addresses()
    async with here.service.engine.begin() as connection:
        address = select(tables.case_record).where(tables.case_record.c.kind == "return_address")
        kept = (await connection.execute(address)).one()
    await here.talk("7", *how)
    before = len(here.phones.seen["7"])
    async with here.service.engine.begin() as connection:
        await connection.execute(insert(tables.case_record).values(**kept._asdict()))
    assert [each[1] for each in await here.return_addresses()] == [record_id] and here.service.witness.wrote(kept)
    assert await told(here, case_id, record_id, inner) == UNREACHABLE
    assert len(here.phones.seen["7"]) == before


async def test_what_one_record_says_is_not_used_in_the_name_of_another(here: House) -> None:
    """A page that kept an address that was taken back names a record that is still there."""
    await here.talk("7", *AGREES)
    await here.talk("8", *AGREES)
    [first, second] = await here.return_addresses()
    seen = {chat: len(here.phones.seen[chat]) for chat in ("7", "8")}
    assert await told(here, first[0], second[1], first[2]) == UNREACHABLE
    assert {chat: len(here.phones.seen[chat]) for chat in ("7", "8")} == seen
    assert await told(here, *first) == TOLD


async def test_an_address_from_before_they_were_named_is_used(here: House) -> None:
    left, case_id = orjson.dumps({"channel": "telegram", "address": "7"}), b"c" * 16
    inner = wrap_for_delivery(left, delivery_public=here.service.keys.delivery.public, case_id=case_id)
    assert await told(here, case_id, b"r" * 16, inner) == TOLD


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
    [(case_id, record_id, inner)] = await here.return_addresses()
    before = len(here.phones.seen["7"])
    for other, bytes_ in ((b"x" * 16, inner), (case_id, inner[:-1] + bytes([inner[-1] ^ 1])), (case_id, b"")):
        assert await told(here, other, record_id, bytes_) == UNREACHABLE
    assert len(here.phones.seen["7"]) == before


async def test_two_answers_at_once_make_one_conversation(here: House) -> None:
    await here.talk("7", *AGREES)
    await passes(here, SESSION_LIFE + 3600)
    [(case_id, record_id, inner)] = await here.return_addresses()
    assert await asyncio.gather(told(here, case_id, record_id, inner), told(here, case_id, record_id, inner)) == [TOLD, TOLD]
    assert await here.rows("conversation") == 1
    assert [bubble.text.startswith(HERE) for bubble in here.phones.seen["7"][-2:]] == [True, True]


async def test_nothing_of_the_address_is_stored_in_clear(here: House, caplog: pytest.LogCaptureFixture) -> None:
    await here.talk("628115550007", *AGREES)
    await passes(here, SESSION_LIFE + 3600)
    [(case_id, record_id, inner)] = await here.return_addresses()
    assert await told(here, case_id, record_id, inner) == TOLD
    assert "628115550007" not in caplog.text
    async with here.service.engine.connect() as connection:
        for table in (tables.conversation, tables.address, tables.outbox, tables.case_record):
            found = (await connection.execute(select(table))).all()
            assert found, table.name
            for row in found:
                assert b"628115550007" not in b"|".join(v if isinstance(v, bytes) else str(v).encode() for v in row)
