"""`keys rotate`: what was copied before opens nothing any more, and nobody who writes notices."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Received
from bot.cli.keys import rotate
from bot.storage.database import open_engine
from bot.storage.key_store import KeyStore
from bot.vault.delivery import unwrap_with_any
from bot.vault.draft import row_key
from bot.vault.errors import SealError
from flows.message import Inbound, InboundKind, Outbound
from tests.attackers.haul import conversation_keys, opened, rows
from tests.bot.house import House, Phones, house
from tests.bot.test_backup import NOW, code, settings
from tests.bot.test_keys_and_timers import REPORT
from tests.stores import copied, run

DAY = 86_400


async def privates(folder: Path) -> list[bytes]:
    keys = KeyStore(open_engine(settings(folder).key_store.get_secret_value(), wal=False))
    await keys.open()
    try:
        return await keys.delivery_privates()
    finally:
        await keys.close()


async def left_addresses(here: House, keys: list[bytes]) -> list[dict[str, Any]]:
    """Every return address, opened by unit and server together."""
    return [
        json.loads(unwrap_with_any(inner, delivery_privates=keys, case_id=case_id)) for case_id, _, inner in await here.return_addresses()
    ]  # fmt: skip


async def test_what_was_copied_before_opens_nothing_and_the_talk_goes_on(tmp_path: Path) -> None:
    data, before = tmp_path / "data", tmp_path / "before"
    async with house(data) as here:
        await here.talk("7", *REPORT)
        await here.talk("8", *REPORT, "yes", "64.71.02", "own_here", "send")
    copied(data, before)
    old_days = [row["key"] for row in rows(before / "keys" / "keys.db", "day_key")]
    assert opened(before / "ruang-aman.db", conversation_keys(before / "keys" / "keys.db"))  # the thief can open at all

    done = await rotate(settings(data), now=NOW)
    assert (done.conversations, done.ended) == (2, 0)
    after = tmp_path / "after"
    copied(data, after)
    new, old = (conversation_keys(folder / "keys" / "keys.db") for folder in (after, before))
    assert new and not new & old
    assert opened(before / "ruang-aman.db", new) == {}, "an old copy of the database and the new key store"
    assert opened(after / "ruang-aman.db", old) == {}, "the new database and the stolen key store"
    names = {row["row_key"] for row in rows(after / "ruang-aman.db", "address")}
    (today,) = (row["key"] for row in rows(after / "keys" / "keys.db", "day_key"))
    assert row_key(today, b"address", b"telegram", b"7") in names

    async with house(data) as here:
        await here.say("7", "ya")
        assert "64.71.02" in here.phones.options("7"), "she goes on with the question that was open"
        await here.talk("9", *REPORT, "yes", "64.71.02", "own_here", "send")
        fresh = {row["row_key"] for row in rows(data / "ruang-aman.db", "address")}
        assert not {row_key(day, b"address", b"telegram", b"9") for day in old_days} & fresh, "a number of today under a stolen key"
        keys = await privates(data)
        assert len(keys) == 2
        assert sorted(left["address"] for left in await left_addresses(here, keys)) == ["8", "9"]
        with pytest.raises(SealError):  # what was left before lies under the key of before alone
            await left_addresses(here, keys[:1])


async def test_the_third_key_opens_what_the_first_and_second_closed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for person in ("7", "8", "9"):
        async with house(data) as here:
            await here.talk(person, *REPORT, "yes", "64.71.02", "own_here", "send")
        await rotate(settings(data), now=NOW)
    keys = await privates(data)
    assert len(set(keys)) == 4
    async with house(data) as here:
        assert sorted(left["address"] for left in await left_addresses(here, keys)) == ["7", "8", "9"]


async def test_a_message_that_is_delivered_again_after_it_is_still_the_same(tmp_path: Path) -> None:
    message = Received(channel="telegram", message_id="7:1", address="7", inbound=Inbound(kind=InboundKind.START), ref="1")
    async with house(tmp_path) as here:
        assert await here.service.receive(message)
        await here.service.settle()
    await rotate(settings(tmp_path), now=NOW)
    await rotate(settings(tmp_path), now=NOW)
    async with house(tmp_path, clock=[float(NOW + DAY)]) as here:
        assert not await here.service.receive(message)


class Busy(Phones):
    """Takes nothing."""

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        from bot.channels.base import TryLater

        raise TryLater("busy", after=1)


async def test_what_waits_is_answered_and_delivered_under_its_new_key(tmp_path: Path) -> None:
    """A code that is on its way, and a message that nobody has answered when the service stops."""
    data = tmp_path / "data"
    async with house(data) as here:
        await here.talk("7", *REPORT, "yes", "64.71.02", "own_code")
        send = here.phones.options("7")["send"]
    async with house(data, phones=Busy()) as here:
        tapped = Inbound(kind=InboundKind.TAP, tap=send)
        await here.service.receive(Received(channel="telegram", message_id="7:send", address="7", inbound=tapped, ref="x"))
        await here.service.turns.settle()
        held = asyncio.Event()
        turn = here.service.turns._turn

        async def never(item: Any) -> None:
            await held.wait()

        here.service.turns._turn = never  # type: ignore[method-assign]
        words = Inbound(kind=InboundKind.TEXT, text="menu")
        await here.service.receive(Received(channel="telegram", message_id="7:menu", address="7", inbound=words, ref="y"))
        for task in here.service.turns._tasks:
            task.cancel()
        here.service.turns._turn = turn  # type: ignore[method-assign]
    before = conversation_keys(data / "keys" / "keys.db")
    await rotate(settings(data), now=NOW)
    copied(data, tmp_path / "after")  # what was read once is remembered by its path
    assert not conversation_keys(tmp_path / "after" / "keys" / "keys.db") & before
    async with house(data) as here:
        here.wait(3600)
        await here.service.jobs.sweep()
        await here.service.settle()
        assert code(here.phones.seen["7"])
        assert "Mau apa sekarang?" in here.phones.seen["7"][-1].text
    assert run(data / "ruang-aman.db", "select * from key_death") == []
