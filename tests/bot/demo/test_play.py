"""`demo --play`: made-up reporters who meet the real service; they want a person, and talk with whoever comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from actions.queue import State
from bot.app import Service
from bot.channels.web import WebChannel
from bot.cli.play import BOY, FIRST, PARTS, Pace, meets, once, play
from bot.desk.views import Reply
from bot.running import understander
from bot.settings import load_settings
from bot.storage import tables
from bot.storage.desk import DeskStore
from tests.bot.desk.sitting import Person, add_person
from tests.bot.house import UNIT, add_unit
from tests.stores import given

PACE = Pace(pause=0.01, staffed=60, taken=60, silent=60)  # on a machine with much else to do he gives nobody up


class Demo:
    """A service with the web chat and one counsellor, at a desk whose rounds the test makes."""

    def __init__(self, service: Service, rina: Person) -> None:
        self.service, self.rina, self.store = service, rina, DeskStore(service.engine)

    async def hand_off(self, state: State | None) -> Any:
        """The one hand-off, once it is in a state."""
        for _ in range(500):
            await self.service.desk.tick()
            rows = await self.all(select(tables.hand_off.c.id))
            found = await self.store.hand_off(rows[0].id) if rows else None
            if found is not None and (state is None or found.state is state):
                return found
            await asyncio.sleep(0.01)
        raise AssertionError(f"no hand-off is {state}")

    async def all(self, statement: Any) -> list[Any]:
        async with self.service.engine.connect() as connection:
            return list((await connection.execute(statement)).all())

    async def said(self, case_id: bytes) -> int:
        """How many messages of the reporter's came into the conversation."""
        record = tables.case_record.c
        return len(await self.all(select(record.id).where(record.case_id == case_id, record.kind == "said", record.author_id.is_(None))))

    async def writes(self, seen: Any, text: str) -> None:
        """Rina writes, and waits until an answer has come."""
        before = await self.said(seen.case_id)
        case = await self.store.case(seen.case_id)
        result = await self.service.desk.reply(self.rina, seen.id, Reply(text=text, **self.rina.entry(seen, case, text)))
        assert result.ok, result
        for _ in range(3000):
            if await self.said(seen.case_id) > before:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("no answer came")


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Demo]:
    settings = load_settings(from_environment=False, given=given(folder))
    service = Service(settings, channels={"web": WebChannel()}, understander=understander())
    await service.start(jobs=False)
    try:
        unit = await add_unit(service, UNIT)
        yield Demo(service, await add_person(service, "Rina", unit=unit))
    finally:
        await service.stop()


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    async with opened(tmp_path) as made:
        yield made


async def test_whoever_takes_the_boy_is_answered_until_he_says_goodbye(demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    talking = asyncio.create_task(meets(demo.service, BOY, PACE))
    await asyncio.sleep(0.1)
    assert await demo.all(select(tables.hand_off.c.id)) == [], "he waits until somebody is there"
    await demo.service.desk.beat(demo.rina, "ready")
    offered = await demo.hand_off(State.OFFERED)
    assert offered.urgency == "child", "nothing that he writes is a cry for help"
    assert (await demo.service.desk.accept(demo.rina, offered.id)).ok
    seen = await demo.hand_off(State.ACTIVE)
    await asyncio.sleep(0.2)
    assert await demo.said(seen.case_id) == 0, "he is asked first"
    for number in range(len(BOY.answers) + 1):
        await demo.writes(seen, f"Halo, aku Rina. {number}")
    await asyncio.wait_for(talking, 60)
    ended = await demo.hand_off(State.WRAP_UP)
    assert (ended.ended, ended.urgency, ended.rating) == ("left", "child", 5)
    lines = [line.partition("] ")[2] for line in capsys.readouterr().out.splitlines()]
    assert lines == [*BOY.asks, *BOY.answers, BOY.thanks, "selesai bicara", "very_good"]


async def test_what_is_written_to_him_before_he_has_read_who_it_is_is_answered(demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    talking = asyncio.create_task(meets(demo.service, BOY, Pace(pause=0.5, staffed=60, taken=60, silent=60)))
    await demo.service.desk.beat(demo.rina, "ready")
    offered = await demo.hand_off(State.OFFERED)
    assert (await demo.service.desk.accept(demo.rina, offered.id)).ok
    await demo.writes(await demo.hand_off(State.ACTIVE), "Halo, aku Rina.")
    talking.cancel()
    assert capsys.readouterr().out.splitlines()[-1].endswith(BOY.answers[0])


async def test_if_nobody_comes_he_leaves_his_message_and_goes(demo: Demo) -> None:
    await demo.service.desk.beat(demo.rina, "ready")
    await meets(demo.service, BOY, Pace(pause=0.01, staffed=60, taken=0.3, silent=60))
    left = await demo.hand_off(None)
    assert left.owner_id is None and left.conversation_id is None
    assert left.message and left.ended_at is None, "what he wrote waits to be read"


async def test_if_whoever_took_him_is_silent_he_says_goodbye(demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    await demo.service.desk.beat(demo.rina, "ready")
    talking = asyncio.create_task(meets(demo.service, BOY, Pace(pause=0.01, staffed=60, taken=60, silent=0.3)))
    offered = await demo.hand_off(State.OFFERED)
    assert (await demo.service.desk.accept(demo.rina, offered.id)).ok
    await asyncio.wait_for(talking, 60)
    assert (await demo.hand_off(State.WRAP_UP)).ended == "left"
    assert "aku udahan dulu" in capsys.readouterr().out


async def test_if_nobody_is_at_the_desk_he_leaves_a_message_and_the_others_report(demo: Demo) -> None:
    await once(demo.service, Pace(pause=0, staffed=0, taken=0, silent=0))
    kinds = sorted(row.kind for row in await demo.all(select(tables.cases.c.kind)))
    assert kinds == ["hand_off", "report", "report"]
    assert FIRST in BOY.alone


async def test_all_three_stand_in_the_queue_at_once_and_nobody_begins_before_somebody_is_there(demo: Demo) -> None:
    playing = asyncio.create_task(play(demo.service, PACE))
    await asyncio.sleep(0.2)
    assert await demo.all(select(tables.cases.c.id)) == []
    await demo.service.desk.beat(demo.rina, "ready")
    seen: list[Any] = []
    for _ in range(1000):
        await demo.service.desk.tick()
        seen = await demo.store.open_hand_offs()
        if len(seen) == len(PARTS):
            break
        await asyncio.sleep(0.01)
    assert sorted(each.urgency for each in seen) == ["child", "child", "other"]
    assert sorted(each.state for each in seen) == ["offered", "waiting", "waiting"]
    assert all(each.conversation_id is not None for each in seen)
    assert [row.kind for row in await demo.all(select(tables.cases.c.kind)) if row.kind != "hand_off"] == ["report"], "the girl's"
    playing.cancel()


async def test_they_begin_again_after_a_pause(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.play.PARTS", (BOY,))
    playing = asyncio.create_task(play(demo.service, Pace(pause=0.01, staffed=60, taken=0, silent=0, again=0.05)))
    await demo.service.desk.beat(demo.rina, "ready")
    for _ in range(2000):
        if len(await demo.all(select(tables.hand_off.c.id))) == 2:
            break
        await asyncio.sleep(0.01)
    else:
        raise AssertionError("he did not come back")
    playing.cancel()
