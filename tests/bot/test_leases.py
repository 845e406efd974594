"""Keys live as long as a message needs them and not a moment longer, whatever sweep and turn do at the same time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Delete, Select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.base import Received
from bot.intake import Arrived
from bot.storage.writer import Writer
from flows.message import Inbound, InboundKind, Outbound
from tests.bot.house import House, house
from tests.bot.test_keys_and_timers import HOUR, REPORT


async def test_a_message_seen_by_the_sweep_and_by_its_own_task_leaves_no_lease(tmp_path: Path) -> None:
    """The sweep may read a row between its commit and the moment in which its own task goes on."""
    async with house(tmp_path) as here:
        await here.say("7", "/start")
        (key_id,) = await here.service.keys.known_ids(before=2**31 - 1)
        turns, keys = here.service.turns, here.service.keys
        conversation = await here.service.intake.conversation("telegram", "7")
        assert conversation is not None
        for _ in range(2):
            keys.lease(key_id)
            turns.arrived(Arrived(id=1, conversation_id=conversation, key_id=key_id, inbound=Inbound(kind=InboundKind.START)))
        await here.service.settle()
        assert keys.leases(key_id) == 0, "a key that is leased for ever never dies"


async def test_a_conversation_whose_message_waits_for_its_turn_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was silent for three days all but a minute, and the turn takes longer than that (a backlog after a restart)."""
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT)
        here.wait(54 * HOUR)
        go = asyncio.Event()
        turn = here.service.turns._turn

        async def late(item: Any) -> None:
            await go.wait()
            await turn(item)

        monkeypatch.setattr(here.service.turns, "_turn", late)
        more = Inbound(kind=InboundKind.TEXT, text="kami pindah rumah kemarin malam")
        await here.service.receive(Received(channel="telegram", message_id="back", address="7", inbound=more))
        here.wait(19 * HOUR)
        await here.service.jobs.forget()
        before = len(here.phones.seen["7"])
        go.set()
        await here.service.settle()
        shown = here.phones.seen["7"][before:]
        assert shown and "yes" in here.phones.options("7"), "what was told is still there: the question of consent follows"


async def test_a_key_that_is_being_destroyed_is_given_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever got it now would lock a message under it that cannot be read after a restart, and keep it in memory."""
    async with house(tmp_path) as here:
        keys = here.service.keys
        key_id, _ = await keys.create(now=1)
        flush = Writer._flush

        async def slow(self: Writer, batch: list[Any]) -> None:
            await asyncio.sleep(0.1)
            await flush(self, batch)

        monkeypatch.setattr(Writer, "_flush", slow)
        death = asyncio.create_task(keys.destroy([key_id]))
        await asyncio.sleep(0.02)
        assert await keys.key(key_id) is None
        await death
        assert keys.held(key_id) is None and await keys.key(key_id) is None


async def test_all_that_are_silent_are_forgotten_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of new conversations must not keep keys alive beyond their time."""
    async with house(tmp_path) as here:
        monkeypatch.setattr("bot.storage.reads._AT_A_TIME", 3, raising=False)
        for number in range(8):
            await here.say(str(number), "/start")
        here.wait(73 * HOUR)
        await here.service.jobs.forget()
        assert await here.rows("conversation") == 0


async def written_to(here: House) -> None:
    """Somebody was silent for 60 hours, is told that an answer waits, and sees it 13 hours later."""
    await here.talk("7", "/start")
    here.wait(60 * HOUR)

    async def may(conversation_id: bytes) -> tuple[()]:
        return ()

    assert await here.service.intake.written_to("telegram", "7", Outbound(text="Halo, ada kabar baru di sini."), may=may) is not None
    here.wait(13 * HOUR)


@pytest.mark.parametrize("after", ["the look", "the end"])
async def test_a_message_that_comes_while_its_conversation_is_forgotten_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:  # fmt: skip
    """It was acknowledged: it begins a new conversation, whether it is written between the look and the deletion or right after that."""
    async with house(tmp_path) as here:
        await written_to(here)
        more = Inbound(kind=InboundKind.TEXT, text="halo, kabar apa?")
        received = Received(channel="telegram", message_id="back", address="7", inbound=more)
        before = len(here.phones.seen["7"])
        execute, write = AsyncConnection.execute, here.service.writer.write
        coming, over = asyncio.Event(), asyncio.Event()
        message: asyncio.Task[bool] | None = None

        async def looked(self: AsyncConnection, statement: Any, *given: Any, **how: Any) -> Any:
            nonlocal message
            if after == "the look" and message is not None and isinstance(statement, Delete):
                await asyncio.wait({message}, timeout=0.2)
            found = await execute(self, statement, *given, **how)
            if isinstance(statement, Select) and "last_at <=" in str(statement):
                message = asyncio.create_task(here.service.receive(received))
                await coming.wait()
            return found

        async def written(*changes: Any, **how: Any) -> Any:
            if how.get("arrival") is not None:
                coming.set()
                await (asyncio.sleep(0) if after == "the look" else over.wait())
            return await write(*changes, **how)

        monkeypatch.setattr(AsyncConnection, "execute", looked)
        monkeypatch.setattr(here.service.writer, "write", written)
        await here.service.jobs.forget()
        over.set()
        assert message is not None and await message, "the platform hears that it is stored"
        await here.service.settle()
        assert here.phones.seen["7"][before:], "and it is answered"
        conversation = await here.service.intake.conversation("telegram", "7")
        assert conversation is not None and await here.rows("conversation") == 1
