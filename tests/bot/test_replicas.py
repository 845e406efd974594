"""Several processes on one PostgreSQL: one conversation is one's at a time, whatever arrives where, and whoever dies."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, update

from bot.app import Service
from bot.channels.base import Received
from bot.channels.web import WebChannel
from bot.running import understander
from bot.settings import load_settings
from bot.storage import sharing, tables
from bot.storage.database import open_engine
from bot.storage.faults import Lost
from bot.storage.reads import Reads
from bot.storage.sharing import NotAloneError
from flows.message import Inbound, InboundKind
from tests.bot.house import UNIT, Phones, add_unit
from tests.postgres import binaries
from tests.stores import on_postgres

pytestmark = [
    pytest.mark.own_store,
    pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed: apt install postgresql"),
]

_numbers = count(1)
REPORT = ("/start", "report", "yes", "self_13_17", "didorong kakak kelas sampai jatuh", "yes", "64.71.02", "own_code", "send")


class Town:
    """Replicas that serve the same people through one platform."""

    def __init__(self, stores: dict[str, str], folder: Path, stack: AsyncExitStack) -> None:
        self._stores, self._folder, self._stack = stores, folder, stack
        self.phones = Phones()
        self.now = [1_795_500_000.0]
        self.replicas: list[Service] = []

    async def add(self, *, unit: bool = True, **other: Any) -> Service:
        """One more process."""
        given = {"data_dir": self._folder, **self._stores, **other}
        settings = load_settings(from_environment=False, given=given)
        channels = {"telegram": self.phones, "web": WebChannel()}
        service = Service(settings, channels=channels, understander=understander(), clock=lambda: self.now[0])
        await service.start(jobs=False)
        self._stack.push_async_callback(service.stop)
        if unit and not service.units.any:
            await add_unit(service, UNIT)
        self.replicas.append(service)
        return service

    async def settle(self, replicas: list[Service] | None = None) -> None:
        """Waits until nothing is left to answer or to send, the sweeps of all replicas included."""
        for _ in range(3):
            for service in replicas or self.replicas:
                await asyncio.sleep(0.02)  # a notice is on its way
                await service.settle()

    def message(self, address: str, line: str, *, number: str = "") -> Received:
        """What a person sends: the option of that id, if it is offered, or words."""
        button = self.phones.options(address).get(line)
        if line == "/start":
            inbound = Inbound(kind=InboundKind.START)
        else:
            inbound = Inbound(kind=InboundKind.TAP, tap=button) if button else Inbound(kind=InboundKind.TEXT, text=line)
        return Received(channel="telegram", message_id=number or f"r{next(_numbers)}", address=address, inbound=inbound)

    async def rows(self, statement: Any) -> list[Any]:
        """What the database holds."""
        async with self.replicas[0].engine.connect() as connection:
            return list((await connection.execute(statement)).all())


@asynccontextmanager
async def _town(folder: Path, replicas: int) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        town = Town(on_postgres(folder), folder, stack)
        for _ in range(replicas):
            await town.add()
        yield town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with _town(tmp_path, 2) as here:
        yield here


async def _until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    for _ in range(int(seconds * 50)):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come")


async def test_a_report_told_to_two_processes_by_turns_is_one_report(town: Town) -> None:
    for number, line in enumerate(REPORT):
        await town.replicas[number % 2].receive(town.message("7", line))
        await town.settle()
    assert len(await town.replicas[1].reads.all_cases()) == 1
    assert len(await town.rows(select(tables.conversation.c.id))) == 1
    shown = town.phones.seen["7"]
    assert shown[-1].choices and any(bubble.code for bubble in shown), "the code was given, at the end"


async def test_the_first_words_of_somebody_taken_in_by_two_processes_make_one_conversation(town: Town) -> None:
    for number in range(12):
        address = f"90{number}"
        words = [town.message(address, line) for line in ("selamat siang", "halo kak", "ada orang?", "halo")]
        await asyncio.gather(*(town.replicas[index % 2].receive(one) for index, one in enumerate(words)))
    await town.settle()
    conversations = await town.rows(select(tables.conversation.c.id))
    assert len(conversations) == 12
    assert {state for (state,) in await town.rows(select(tables.inbox.c.state))} == {"done"}, "every message was answered once"


async def test_a_redelivery_to_another_process_is_recognised(town: Town) -> None:
    one = town.message("7", "/start", number="the-one")
    assert await town.replicas[0].receive(one)
    assert not await town.replicas[1].receive(one)
    both = town.message("8", "/start", number="at-once")
    taken = await asyncio.gather(*(service.receive(both) for service in town.replicas))
    assert sorted(taken) == [False, True]
    await town.settle()
    assert len(town.phones.seen["8"]) == 1


async def test_bubbles_of_one_person_go_out_in_order_whoever_took_the_messages_in(town: Town) -> None:
    await town.replicas[0].receive(town.message("7", "/start"))
    await town.settle()
    lines = [f"pesan nomor {number} dari saya" for number in range(20)]
    for number, line in enumerate(lines):
        await town.replicas[number % 2].receive(town.message("7", line))
    await town.settle()
    order = await town.rows(select(tables.outbox.c.id).where(tables.outbox.c.state == "sent").order_by(tables.outbox.c.id))
    refs = len(town.phones.seen["7"])
    assert len(order) == refs and refs >= 20
    holders = {holder for (holder,) in await town.rows(select(tables.conversation.c.holder))}
    assert len(holders) == 1 and holders <= {service.sharing.holder for service in town.replicas}


async def _dies(service: Service) -> None:
    """The process is gone without a word: no heartbeat, no turn, nothing sent any more."""
    replica = service.sharing
    assert isinstance(replica, sharing.Replica) and replica._task is not None
    replica._task.cancel()
    await asyncio.wait({replica._task})
    service.turns.arrived = lambda item: None  # type: ignore[method-assign]
    service.turns.left_over = lambda conversation_id: None  # type: ignore[method-assign]
    service.intake._arrived, service.intake._left_over = service.turns.arrived, service.turns.left_over  # it was given these at its start
    service.deliver._closing = True
    async with service.engine.begin() as connection:
        await connection.execute(update(tables.replica).where(tables.replica.c.id == replica.holder).values(seen_at=1))


async def test_what_a_dead_process_had_taken_in_another_answers(town: Town) -> None:
    first, second = town.replicas
    await first.receive(town.message("7", "/start"))
    await town.settle()
    await _dies(first)
    await first.receive(town.message("7", "report"))  # stored and acknowledged, and then it died
    seen = len(town.phones.seen["7"])
    await second.jobs.sweep()
    await second.settle()
    assert len(town.phones.seen["7"]) > seen, "the other one took the conversation over"
    await second.receive(town.message("7", "yes"))
    await second.settle()
    assert {state for (state,) in await town.rows(select(tables.inbox.c.state))} == {"done"}


async def test_a_conversation_of_a_living_process_is_left_alone(town: Town) -> None:
    first, second = town.replicas
    go = asyncio.Event()
    turn = first.turns._turn

    async def slow(item: Any) -> None:
        await go.wait()
        await turn(item)

    first.turns._turn = slow  # type: ignore[method-assign]
    await first.receive(town.message("7", "/start"))
    await second.jobs.sweep()
    await second.settle()
    assert not town.phones.seen["7"]
    go.set()
    await town.settle()
    assert len(town.phones.seen["7"]) == 1


async def test_a_turn_whose_conversation_was_taken_over_is_not_written(town: Town) -> None:
    """A process that was stopped for a while (a swapped machine, a debugger) wakes up in the middle of its turn."""
    first, second = town.replicas
    await first.receive(town.message("7", "/start"))
    await town.settle()
    go = asyncio.Event()
    resume = first.turns.turn._resume

    async def asleep(*arguments: Any) -> Any:
        result = await resume(*arguments)
        await go.wait()
        return result

    first.turns.turn._resume = asleep  # type: ignore[method-assign]
    await first.receive(town.message("7", "report"))
    async with first.engine.begin() as connection:
        await connection.execute(update(tables.replica).where(tables.replica.c.id == first.sharing.holder).values(seen_at=1))
    await second.jobs.sweep()
    await second.settle()
    seen = len(town.phones.seen["7"])
    assert seen == 2
    go.set()
    await town.settle()
    assert len(town.phones.seen["7"]) == seen, "answered once, by the one that has the conversation"
    fence = first.writer.write([], fence=sharing_fence((await town.rows(select(tables.conversation.c.id)))[0][0]))
    with pytest.raises(Lost):
        await fence


def sharing_fence(conversation_id: bytes) -> Any:
    from bot.storage.writer import Fence

    return Fence(conversation_id=conversation_id, inbox_id=None)


async def test_a_process_without_a_heartbeat_sends_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = town.replicas
    monkeypatch.setattr(sharing, "FRESH", -1.0)
    await first.receive(town.message("7", "/start"))
    await first.turns.settle()
    await asyncio.sleep(0.1)
    assert not town.phones.seen["7"], "another one may be sending it"
    monkeypatch.undo()
    await first.jobs.sweep()
    await town.settle()
    assert len(town.phones.seen["7"]) == 1


async def test_a_key_that_one_process_destroyed_leaves_the_memory_of_all(town: Town) -> None:
    first, second = town.replicas
    for line in REPORT[:-1]:
        await first.receive(town.message("7", line))
        await town.settle()
    ((old,),) = await town.rows(select(tables.conversation.c.key_id))
    assert await second.keys.key(old) is not None and second.keys.held(old) is not None
    await first.receive(town.message("7", REPORT[-1]))
    await town.settle()
    await _until(lambda: second.keys.held(old) is None)
    assert await second.keys.key(old) is None and await first.keys.key(old) is None


async def test_a_message_taken_in_while_the_key_is_changed_elsewhere_is_not_lost(town: Town) -> None:
    """The report is sent here while the person writes on there: the words are under the new key, or were answered before."""
    first, second = town.replicas
    for round_ in range(6):
        address = f"8{round_}"
        for line in REPORT[:-1]:
            await first.receive(town.message(address, line))
            await town.settle()
        send, more = town.message(address, "send"), town.message(address, "apakah sudah terkirim kak")
        last = town.message(address, "halo kak saya masih di sini")
        await asyncio.gather(first.receive(send), second.receive(more), second.receive(last))
        await town.settle()
        for service in town.replicas:
            await service.jobs.sweep()
        await town.settle()
    states = await town.rows(select(tables.inbox.c.state))
    assert len(states) == 6 * (len(REPORT) + 2) and {state for (state,) in states} == {"done"}
    assert len(await first.reads.all_cases()) == 6


async def test_a_page_at_one_process_hears_of_a_bubble_that_another_made(town: Town) -> None:
    first, second = town.replicas
    token = secrets.token_hex(16)

    def page(line: str) -> Received:
        inbound = Inbound(kind=InboundKind.START) if line == "/start" else Inbound(kind=InboundKind.TEXT, text=line)
        return Received(channel="web", message_id=f"w{next(_numbers)}", address=token, inbound=inbound)

    await first.receive(page("/start"))
    await town.settle()
    waiting = asyncio.create_task(second.changed("web", token, 20))
    await asyncio.sleep(0.1)
    await first.receive(page("lapor"))
    await asyncio.wait_for(waiting, 5)
    await town.settle()
    pending = await second.pending("web", token)
    assert len(pending) >= 2
    await second.confirm("web", token, tuple(each.id for each in pending))
    assert await first.pending("web", token) == []


async def test_an_idle_conversation_is_given_back(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = town.replicas
    await first.receive(town.message("7", "/start"))
    await town.settle()
    monkeypatch.setattr(sharing, "IDLE", -1.0)
    await first.jobs.sweep()
    assert await town.rows(select(tables.conversation.c.holder)) == [(None,)]
    await second.receive(town.message("7", "report"))
    await town.settle()
    assert await town.rows(select(tables.conversation.c.holder)) == [(second.sharing.holder,)]


async def test_a_message_is_told_to_the_process_that_has_the_conversation_alone(town: Town) -> None:
    first, second = town.replicas
    third = await town.add()
    told: list[Service] = []
    for service in town.replicas:
        service.turns.left_over = lambda conversation_id, service=service: told.append(service)  # type: ignore[method-assign, misc]
    await first.receive(town.message("7", "/start"))
    await town.settle()
    await second.receive(town.message("7", "report"))
    await third.receive(town.message("7", "yes"))
    await _until(lambda: len(told) >= 2)
    await asyncio.sleep(0.1)
    assert told == [first, first]


async def test_what_a_process_tells_the_others_it_does_not_hear_itself(town: Town) -> None:
    first, second = town.replicas
    heard: list[Service] = []
    for service in town.replicas:
        service.typing.heard = lambda hand_off_id, service=service: heard.append(service)  # type: ignore[method-assign, misc]
    await first.typing._tell(sharing.REPORTER_TYPES, bytes(16))
    await _until(lambda: heard)
    await asyncio.sleep(0.2)
    assert heard == [second]


async def test_a_conversation_whose_messages_another_process_takes_in_is_not_idle(town: Town) -> None:
    first, second = town.replicas
    await first.receive(town.message("7", "/start"))
    await town.settle()
    replica = first.sharing
    assert isinstance(replica, sharing.Replica)
    replica._mine = dict.fromkeys(replica._mine, -sharing.IDLE * 2)  # nothing was done for it for long, and now something is
    await second.receive(town.message("7", "report"))
    await town.settle()
    await replica.give_back(lambda conversation_id: False)
    assert await town.rows(select(tables.conversation.c.holder)) == [(first.sharing.holder,)]


async def test_many_questions_at_once_open_no_connection_that_is_closed_again(tmp_path: Path) -> None:
    """A new connection costs PostgreSQL and us more than a hundred questions over one that is there."""
    engine = open_engine(on_postgres(tmp_path)["database_url"], reading=True)
    opened: list[Any] = []
    event.listen(engine.sync_engine, "connect", lambda connection, record: opened.append(connection))
    reads = Reads(engine)
    for _ in range(5):
        await asyncio.gather(*(reads.alive() for _ in range(40)))
    await engine.dispose()
    assert 1 <= len(opened) <= 5


async def test_periodic_work_is_done_by_one(town: Town) -> None:
    first, second = town.replicas
    assert await first.sharing.turn_of("work", 30)
    assert not await second.sharing.turn_of("work", 30)
    assert await first.sharing.turn_of("work", 0), "its own it may have again"
    assert await second.sharing.turn_of("work", 30)
    both = await asyncio.gather(*(service.sharing.turn_of("other", 30) for service in town.replicas))
    assert sorted(both) == [False, True]


async def test_silence_is_dealt_with_once(town: Town) -> None:
    first, second = town.replicas
    for line in REPORT[:6]:
        await first.receive(town.message("7", line))
        await town.settle()
    town.now[0] += 25 * 3600
    await asyncio.gather(first.jobs.timers(), second.jobs.timers())
    await town.settle()
    assert [case.kind for case in await first.reads.all_cases()] == ["unfinished"]
    town.now[0] += 50 * 3600
    await asyncio.gather(first.jobs.forget(), second.jobs.forget())
    assert await town.rows(select(tables.conversation.c.id)) == []
    assert await second.keys.known_ids(before=2**31 - 1) == set()


async def test_a_clean_stop_gives_everything_back_at_once(tmp_path: Path) -> None:
    async with _town(tmp_path, 1) as here:
        leaving = await here.add()
        await leaving.receive(here.message("7", "/start"))
        await here.settle()
        await leaving.stop()
        assert await here.rows(select(tables.conversation.c.holder)) == [(None,)]
        assert await here.rows(select(tables.replica.c.id)) == [(here.replicas[0].sharing.holder,)]


async def test_many_that_start_at_once_share_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def migrated(engine: Any, *, store: str) -> None:
        """The databases are made already; Alembic can do one thing at a time in a process."""

    monkeypatch.setattr("bot.app.migrate", migrated)
    monkeypatch.setattr("bot.storage.key_store.migrate", migrated)
    async with AsyncExitStack() as stack:
        here = Town(on_postgres(tmp_path), tmp_path, stack)
        await asyncio.gather(*(here.add(unit=False) for _ in range(4)))
        assert len({service.keys.delivery.private for service in here.replicas}) == 1
        days = [await service.keys.day_keys(20_780) for service in here.replicas]
        assert all(each == days[0] for each in days)


async def test_a_process_with_a_key_store_of_its_own_does_not_join(town: Town, tmp_path: Path) -> None:
    """It would be blind for the keys of the others."""
    with pytest.raises(NotAloneError):
        await town.add(key_store=f"sqlite+aiosqlite:///{tmp_path / 'own.db'}")


async def test_a_process_with_another_pepper_does_not_join(town: Town, tmp_path: Path) -> None:
    """Two machines that each made one would give out codes that only one of them opens."""
    from bot.pepper import PepperError

    with pytest.raises(PepperError):
        await town.add(pepper_file=tmp_path / "another-pepper")


async def test_a_server_that_restarts_in_the_middle_loses_nothing(town: Town) -> None:
    """The connections of every pool are dead at once, the listener's too; commits may have been made without our hearing of it."""
    from tests.postgres import server

    people = [f"6{number}" for number in range(8)]
    sent = 0

    async def talk(index: int, address: str) -> None:
        nonlocal sent
        for number, line in enumerate(REPORT):
            one = town.message(address, line)
            before = len(town.phones.seen[address])
            for _ in range(200):  # the platform delivers until it hears 2xx
                try:
                    await town.replicas[(index + number) % 2].receive(one)
                    break
                except Exception:
                    await asyncio.sleep(0.05)
            else:
                raise AssertionError("never taken in")
            sent += 1
            for _ in range(600):
                if len(town.phones.seen[address]) > before:
                    break
                await asyncio.sleep(0.05)
            else:
                raise AssertionError(f"{address}: no answer to {line}")

    async def sweeping() -> None:
        while True:
            await asyncio.sleep(0.5)
            for service in town.replicas:
                try:
                    await service.jobs.sweep()
                except Exception:
                    continue

    sweeper = asyncio.create_task(sweeping())
    talking = asyncio.gather(*(talk(index, address) for index, address in enumerate(people)))
    for _ in range(3):
        await asyncio.sleep(0.6)
        await asyncio.to_thread(server().restart, away=0.3)
    await asyncio.wait_for(talking, 90)
    sweeper.cancel()
    await town.settle()
    states = await town.rows(select(tables.inbox.c.state))
    assert len(states) == sent and {state for (state,) in states} == {"done"}
    assert len(await town.replicas[0].reads.all_cases()) == len(people)
