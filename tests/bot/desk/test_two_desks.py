"""Two processes on one PostgreSQL, a console at each: whoever is quicker has it, and nobody else speaks."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from actions.queue import LEASE_SECONDS, State
from bot.app import Service
from bot.console.reading import Reading
from bot.desk.events import CASE, QUEUE, Subscription
from bot.desk.settings import DeskSettings
from bot.desk.views import Entry, Reply
from bot.running import understander
from bot.settings import load_settings
from bot.storage import tables
from bot.storage.audit import AuditChain
from bot.storage.case_file import CaseFile
from bot.storage.desk import DeskStore
from tests.bot.desk.sitting import NOW, TALK, Office, add_person, wait_here
from tests.bot.desk.test_blocking import RUDE, SAID, block
from tests.bot.desk.test_case_events import SENT
from tests.bot.house import UNIT, Phones, add_unit
from tests.postgres import binaries
from tests.stores import on_postgres

pytestmark = [
    pytest.mark.own_store,
    pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed: apt install postgresql"),
]


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[tuple[Office, Office]]:
    """Two offices that serve the same people."""
    phones, clock = Phones(), [float(NOW)]
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(2):
            settings = load_settings(from_environment=False, given={"data_dir": tmp_path, "nlu_url": "off", **on_postgres(tmp_path)})
            service = Service(settings, channels={"telegram": phones}, understander=understander(), clock=lambda: clock[0])
            await service.start(jobs=False)
            stack.push_async_callback(service.stop)
            if not service.units.any:
                await add_unit(service, UNIT)
            await service.units.refresh()
            made.append(Office(service, phones, clock))
        yield made[0], made[1]


async def settle(*offices: Office) -> None:
    """Until nothing is on its way, notices between the processes included."""
    for _ in range(4):
        for each in offices:
            await asyncio.sleep(0.05)
            await each.service.settle()


async def test_of_two_who_pull_at_the_same_moment_exactly_one_has_it(desks: tuple[Office, Office]) -> None:
    one, other = desks
    rina, budi = await one.comes("Rina", capacity=99), await other.comes("Budi", capacity=99)
    ids = [await wait_here(one.service, unit=one.unit) for _ in range(25)]
    won: Counter[str] = Counter()
    for hand_off_id in ids:
        results = await asyncio.gather(
            *(one.desk.pull(rina, hand_off_id), other.desk.pull(budi, hand_off_id)), return_exceptions=True
        )  # fmt: skip
        codes = [result if isinstance(result, BaseException) else result.code for result in results]
        assert sorted(map(str, codes)) == ["ok", "taken"], codes
        owner = (await one.hand_off(hand_off_id)).owner_id
        assert owner == (rina.id if codes[0] == "ok" else budi.id)
        won["rina" if codes[0] == "ok" else "budi"] += 1
    assert sum(won.values()) == len(ids)


async def test_an_offer_that_is_taken_by_another_just_then_is_taken_once(desks: tuple[Office, Office]) -> None:
    one, other = desks
    rina = await one.comes("Rina", capacity=99)
    budi = await other.comes("Budi", state="away", capacity=99)
    for _ in range(10):
        hand_off_id = await wait_here(one.service, unit=one.unit)
        await one.tick()
        await other.tick()
        results = await asyncio.gather(one.desk.accept(rina, hand_off_id), other.desk.pull(budi, hand_off_id))
        assert sorted(result.ok for result in results) == [False, True]
        hand_off = await one.hand_off(hand_off_id)
        assert (hand_off.state, hand_off.owners) == (State.ACTIVE, 1)


async def test_a_talk_goes_on_whichever_process_the_console_is_at(desks: tuple[Office, Office]) -> None:
    """The reporter's messages are taken in by one process, which holds the conversation; the counsellor's console is at the other."""
    one, other = desks
    rina = await other.comes("Rina")
    await one.tick()
    for line in TALK:
        await one.say("100", line)
    await settle(one, other)
    (row,) = await one.all(select(tables.hand_off))
    await other.tick()
    assert (await other.desk.accept(rina, row.id)).ok or (await other.desk.pull(rina, row.id)).ok
    await settle(other, one)
    assert any("Rina" in text for text in one.heard("100")), "who holds the conversation heard it, and said so"
    assert (await other.replies(rina, row.id, "Halo dari meja lain")).ok
    await settle(other, one)
    await one.service.deliver.take_up()
    await settle(other, one)
    assert "Halo dari meja lain" in one.heard("100")[-1]
    async with other.desk.events.subscribe() as news:
        await one.say("100", "halo kak")
        async with asyncio.timeout(3):
            async for changed in news:
                if changed.id == row.id:
                    break
    assert len(await one.all(select(tables.case_record).where(tables.case_record.c.kind == "said"))) == 2


async def test_of_the_old_owners_reply_and_the_new_ones_acceptance_the_quicker_counts(desks: tuple[Office, Office]) -> None:
    one, other = desks
    rina, budi = await one.comes("Rina", capacity=9), await other.comes("Budi", state="away", capacity=9)
    for address in ("100", "101", "102", "103"):
        for line in TALK:
            await one.say(address, line)
    await settle(one, other)
    for row in await one.all(select(tables.hand_off)):
        assert (await one.desk.pull(rina, row.id)).ok or (await one.hand_off(row.id)).owner_id == rina.id
        await settle(one, other)
        await other.desk.beat(budi)
        assert (await one.desk.transfer(rina, row.id, to=budi.id)).ok
        seen = await one.hand_off(row.id)
        word = secrets.token_hex(8)
        late = Reply(text=word, **rina.entry(seen, await one.store.case(seen.case_id), word))
        reply, taken = await asyncio.gather(one.desk.reply(rina, row.id, late), other.desk.accept(budi, row.id))
        await settle(one, other)
        await one.service.deliver.take_up()
        await settle(one, other)
        assert taken.ok and reply.code in ("ok", "taken"), (reply, taken)
        heard = sum(word in text for address in ("100", "101", "102", "103") for text in one.heard(address))
        stored = [each for each in await one.all(select(tables.case_record)) if each.id == late.record_id]
        assert heard == len(stored) == int(reply.ok)
        again = await one.replies(rina, row.id, word)
        assert again.code == "taken"


async def test_only_one_process_at_a_time_has_the_round(desks: tuple[Office, Office]) -> None:
    one, other = desks
    await one.comes("Rina", capacity=1)
    for _ in range(6):
        await wait_here(one.service, unit=one.unit)
    for _ in range(3):
        await asyncio.gather(one.desk.tick(), other.desk.tick())
    states = Counter(each.state for each in await DeskStore(one.service.engine).open_hand_offs())
    assert states[State.OFFERED] == 1, "one person is asked one thing at a time if she has one place"


async def test_who_comes_and_goes_at_one_process_is_known_at_the_other_at_once(desks: tuple[Office, Office]) -> None:
    """Who asks for a person at the one, just after somebody has said at the other that they are there, is not told that nobody is."""
    one, other = desks
    person = await add_person(one.service, "Rina", unit=one.unit)
    for state, staffed in (("ready", True), ("away", False), ("ready", True)):
        await one.desk.beat(person, state)
        await seen_there(other, staffed)
    await one.desk.gone(person.id)
    await seen_there(other, False)
    await one.desk.beat(person, "ready")
    await seen_there(other, True)
    await one.tick()
    one.wait(LEASE_SECONDS + 1)  # a page that was asleep
    await settle(one, other)
    assert not other.desk.staffed
    await one.desk.beat(person)
    await seen_there(other, True)


async def seen_there(office: Office, staffed: bool) -> None:
    """Its timers do not help it: it hears of it."""
    for _ in range(100):
        if office.desk.staffed is staffed:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"after two seconds still {office.desk.staffed}")


async def test_what_changes_a_case_or_a_setting_at_one_process_is_heard_by_consoles_at_the_other(desks: tuple[Office, Office]) -> None:
    """A case that came, one that was read, a setting of a lead's."""
    one, other = desks
    lead, reader = await one.comes("Ratna", role="lead"), CaseFile(one.service.reading)
    settings = DeskSettings(
        store=DeskStore(one.service.reading), chain=AuditChain(one.service.engine, one.service.writer), units=one.service.units,
        events=one.desk.events, clock=lambda: one.now,
    )  # fmt: skip
    reading = Reading(
        cases=reader, writer=one.service.writer, deadlines=one.service.deadlines, clock=lambda: one.now, changed=one.service.case_changed
    )  # fmt: skip

    async def heard(news: Subscription, what: str) -> bytes:
        async with asyncio.timeout(3):
            async for changed in news:
                if changed.what == what:
                    return changed.id
        raise AssertionError

    async with other.desk.events.subscribe() as news:
        await one.talk("1", *SENT)
        (case,) = await one.service.reads.all_cases()
        assert await heard(news, CASE) == case.id
        await reading.opened(case.id)
        assert await heard(news, CASE) == case.id
        assert (await settings.set(lead, "holidays", 0, "[]")).ok
        assert await heard(news, QUEUE) == b""
        # The line on which notices come was broken meanwhile: what could have been told is looked at anew.
        other.service._missed()
        assert await heard(news, CASE) == b""


async def test_that_help_was_called_is_seen_at_the_other_process_at_once(desks: tuple[Office, Office]) -> None:
    one, other = desks
    rina = await one.comes("Rina")
    hand_off_id = await one.asks("1")
    assert (await one.desk.pull(rina, hand_off_id)).ok
    await settle(one, other)
    hand_off = await one.hand_off(hand_off_id)
    async with other.desk.events.subscribe() as news:
        entry = Entry(**rina.entry(hand_off, await one.store.case(hand_off.case_id), "112, pukul 20.15"))
        assert (await one.desk.relayed(rina, hand_off_id, entry)).ok
        async with asyncio.timeout(3):
            async for changed in news:  # no round is made here: it comes by the notice, or not at all
                if (changed.what, changed.id, changed.version) == ("hand_off", hand_off_id, hand_off.version + 1):
                    break


async def test_what_one_process_blocks_is_blocked_at_the_other_and_so_is_what_it_lifts(desks: tuple[Office, Office]) -> None:
    one, other = desks
    rina = await one.comes("Rina")
    await other.desk.tick()
    await other.service.units.refresh()
    hand_off_id = await other.asks("1")
    assert (await one.desk.pull(rina, hand_off_id)).ok
    await settle(one, other)
    assert (await block(one, rina, hand_off_id)).ok
    await settle(one, other)
    assert SAID in other.heard("1")[-1], "the process that has the conversation says it"
    for number, here in enumerate((one, other) * 2):
        here.wait(700)
        await here.say("1", RUDE)
        await settle(one, other)
        assert [SAID in text for text in here.heard("1")].count(True) == 2 + number, number
    case_id = (await one.hand_off(hand_off_id)).case_id
    await other.service.writer.write(other.service.blocks.lifted(case_id))
    await one.say("1", "menu")
    await settle(one, other)
    assert "report" in one.phones.options("1")


async def test_of_two_blocks_at_the_same_moment_one_is_written_and_the_talk_ends_once(desks: tuple[Office, Office]) -> None:
    one, other = desks
    rina = await one.comes("Rina")
    await other.desk.tick()
    hand_off_id = await one.asks("1")
    assert (await one.desk.pull(rina, hand_off_id)).ok
    await settle(one, other)
    results = await asyncio.gather(block(one, rina, hand_off_id, hours=1), block(other, rina, hand_off_id, hours=72))
    assert sorted(result.code for result in results) in (["not_now", "ok"], ["ok", "stale"])
    await settle(one, other)
    assert await one.rows("block") == 1 and (await one.hand_off(hand_off_id)).state is State.WRAP_UP
