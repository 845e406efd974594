"""What may happen between any two commits: other turns, deliveries, sweeps, a database that cannot be written, a platform that is slow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actions.rows import Change, Update
from bot.channels.base import ChannelError, Received, Refused, TryLater
from bot.storage import tables
from bot.storage.writer import Writer, Written
from bot.waiting import Waiting
from flows.message import Inbound, InboundKind, Outbound
from tests.bot.house import House, Phones, house

ROW = Waiting(id=1, conversation_id=b"c", key_id=b"k", channel="telegram", kind="send", attempts=0)


class SlowPhones(Phones):
    """A platform that takes a message when `open` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()
        self.asked = 0

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        self.asked += 1
        await self.open.wait()
        return await super().send(address, message)


async def _post(here: House, address: str, text: str, number: str) -> None:
    inbound = Inbound(kind=InboundKind.TEXT, text=text)
    await here.service.receive(Received(channel="telegram", message_id=number, address=address, inbound=inbound, ref=f"in{number}"))


async def _until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come")


async def test_a_reply_that_went_out_is_not_repeated_while_that_cannot_be_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk reads but does not write: the same bubble must not go to a child's phone at every sweep."""
    write = Writer.write

    async def full(self: Writer, changes: Iterable[Change], **relied_on: Any) -> Written:
        rows = list(changes)
        if any(isinstance(row, Update) and row.table == "outbox" and row.values.get("state") == "sent" for row in rows):
            raise OSError("no space left on device")
        return await write(self, rows, **relied_on)

    async with house(tmp_path) as here:
        with monkeypatch.context() as patch:
            patch.setattr(Writer, "write", full)
            await _post(here, "7", "halo", "1")
            await here.service.turns.settle()
            for _ in range(3):
                await asyncio.sleep(0.6)
                await here.service.deliver.take_up()
        await here.service.settle()
        assert len(here.phones.seen["7"]) == 1
        assert (await here.service.reads.counts(0))["outbox_waiting"] == 0


async def test_a_question_on_its_way_when_somebody_leaves_is_taken_off_the_phone_too(tmp_path: Path) -> None:
    phones = SlowPhones()
    async with house(tmp_path, phones=phones) as here:
        await here.talk("7", "/start", "report")
        phones.open.clear()
        asked = phones.asked
        await _post(here, "7", "ya", "1")
        await _until(lambda: phones.asked > asked)  # the next question is in the platform's hands
        await _post(here, "7", "mtk", "2")
        await asyncio.sleep(0.1)
        phones.open.set()
        await here.service.settle()
        shown = [f"out{number}" for number in range(1, len(phones.seen["7"]))]
        assert "Latihan" in phones.seen["7"][-1].text
        assert set(shown) <= set(phones.deleted["7"])


async def test_a_question_that_arrives_while_the_wipe_is_prepared_is_taken_off_the_phone_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    phones = SlowPhones()
    async with house(tmp_path, phones=phones) as here:
        await here.talk("7", "/start", "report")
        phones.open.clear()
        asked = phones.asked
        await _post(here, "7", "ya", "1")
        await _until(lambda: phones.asked > asked)
        change_key = here.service.rollover.change_key

        async def beside(*given: Any, **more: Any) -> Any:
            changed = await change_key(*given, **more)  # the references are collected: what arrives from here on is not among them
            phones.open.set()
            await asyncio.sleep(0.05)
            return changed

        monkeypatch.setattr(here.service.rollover, "change_key", beside)
        await _post(here, "7", "mtk", "2")
        await here.service.settle()
        assert "Latihan" in phones.seen["7"][-1].text
        assert {f"out{number}" for number in range(1, len(phones.seen["7"]))} <= set(phones.deleted["7"])


async def test_a_question_that_arrived_but_is_not_written_down_yet_when_somebody_leaves_is_taken_off_the_phone_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    phones = SlowPhones()
    async with house(tmp_path, phones=phones) as here:
        await here.talk("7", "/start", "report")
        phones.open.clear()
        asked, write, change_key = phones.asked, Writer.write, here.service.rollover.change_key
        arrived, looked = asyncio.Event(), asyncio.Event()

        async def late(self: Writer, changes: Iterable[Change], **relied_on: Any) -> Written:
            rows = list(changes)
            if any(isinstance(row, Update) and row.table == "outbox" and row.values.get("state") == "sent" for row in rows):
                arrived.set()
                with suppress(TimeoutError):  # the wipe's look at what arrived must not come before this, and so it never does
                    await asyncio.wait_for(looked.wait(), 0.3)
            return await write(self, rows, **relied_on)

        async def look(*given: Any, **more: Any) -> Any:
            changed = await change_key(*given, **more)
            looked.set()
            return changed

        monkeypatch.setattr(Writer, "write", late)
        monkeypatch.setattr(here.service.rollover, "change_key", look)
        await _post(here, "7", "ya", "1")
        await _until(lambda: phones.asked > asked)
        phones.open.set()
        await arrived.wait()
        await _post(here, "7", "mtk", "2")
        await here.service.settle()
        assert "Latihan" in phones.seen["7"][-1].text
        assert {f"out{number}" for number in range(1, len(phones.seen["7"]))} <= set(phones.deleted["7"])


async def test_nothing_that_was_taken_back_goes_out_while_another_message_holds_the_key(tmp_path: Path) -> None:
    phones = SlowPhones()
    async with house(tmp_path, phones=phones) as here:
        await here.talk("7", "/start", "report")
        phones.open.clear()
        for number, text in enumerate(("ya", "halo", "mtk", "halo lagi")):
            await _post(here, "7", text, str(number))
        await here.service.turns.settle()
        phones.open.set()
        await here.service.settle()
        texts = [bubble.text for bubble in phones.seen["7"]]
        left = next(number for number, text in enumerate(texts) if "Latihan" in text)
        on_phone = {f"out{number + 1}" for number in range(left)} - set(phones.deleted["7"])
        assert on_phone == set()


class Later(Phones):
    """A platform that does not take the next message."""

    once = False

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        if self.once:
            self.once = False
            raise TryLater("busy")
        return await super().send(address, message)


async def test_delivery_never_destroys_the_key_of_the_conversation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that changes between two reads of a delivery is not the key of one bubble."""

    phones = Later()
    async with house(tmp_path, phones=phones) as here:
        await here.talk("7", "/start", "report")
        reads, keys = here.service.reads, here.service.keys
        conversation = await here.service.intake.conversation("telegram", "7")
        assert conversation is not None
        phones.once = True
        await _post(here, "7", "ya", "1")
        await _until(lambda: not phones.once)  # refused for now: the next try reads the row
        await asyncio.sleep(0.05)
        read = reads.conversation
        done: list[bool] = []

        async def rolled(conversation_id: bytes) -> Any:
            row = await read(conversation_id)
            if not done and row is not None:
                done.append(True)
                await _changed(here, row)
            return row

        monkeypatch.setattr(reads, "conversation", rolled)
        await here.service.settle()
        monkeypatch.setattr(reads, "conversation", read)
        row = await reads.conversation(conversation)
        assert done and row is not None
        keys._held.clear()
        assert await keys.key(row.key_id) is not None


async def _changed(here: House, row: Any) -> None:
    """A conversation's row gets another key."""
    service = here.service
    key = await service.keys.key(row.key_id)
    assert key is not None
    changed = await service.rollover.change_key(row, key, 1, drop=False, seen=False)
    await service.writer.write([*changed.rows, Update(table="conversation", key={"id": row.id}, values=changed.values)])


async def _rolled(here: House, conversation: bytes) -> None:
    """The conversation gets another key, and the former one dies, as a turn does it."""
    row = await here.service.reads.conversation(conversation)
    assert row is not None
    await _changed(here, row)
    await here.service.keys.destroy([row.key_id])


async def test_a_bubble_whose_row_was_read_before_the_key_died_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.deliver.pause", lambda attempts, after=0.0: 0.1)
    phones = Later()
    async with house(tmp_path, phones=phones) as here:
        await here.talk("7", "/start", "report")
        reads = here.service.reads
        conversation = await here.service.intake.conversation("telegram", "7")
        assert conversation is not None
        before, read, done = len(phones.seen["7"]), reads.outgoing, []

        async def beside(row_id: int) -> Any:
            row = await read(row_id)  # under the key that dies now
            if not done:
                done.append(row_id)
                await _rolled(here, conversation)
            return row

        phones.once = True
        monkeypatch.setattr(reads, "outgoing", beside)
        await _post(here, "7", "ya", "1")
        await here.service.settle()
        assert done and len(phones.seen["7"]) == before + 1


async def test_what_went_out_while_the_key_was_changed_does_not_get_its_words_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.deliver.pause", lambda attempts, after=0.0: 0.1)
    phones = SlowPhones()
    async with house(tmp_path, phones=phones) as here:
        await here.talk("7", "/start", "report")
        reads, read = here.service.reads, here.service.reads.waiting_of
        conversation = await here.service.intake.conversation("telegram", "7")
        assert conversation is not None
        asked = phones.asked
        phones.open.clear()
        await _post(here, "7", "ya", "1")
        await _until(lambda: phones.asked > asked)

        async def beside(conversation_id: bytes) -> Any:
            rows = await read(conversation_id)
            assert [row.body is not None for row in rows] == [True]
            phones.open.set()
            await here.service.deliver.settle()
            return rows

        monkeypatch.setattr(reads, "waiting_of", beside)
        await _rolled(here, conversation)
        async with here.service.engine.connect() as connection:
            rows = (await connection.execute(tables.outbox.select())).all()
        assert {row.state for row in rows} == {"sent"} and [row.id for row in rows if row.body is not None] == []


async def test_two_pages_of_one_conversation_are_both_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(tmp_path) as here:
        deliver = here.service.deliver
        monkeypatch.setattr(here.phones, "pull", True, raising=False)
        clock = asyncio.get_running_loop().time
        pages = here.service.pages
        early = asyncio.create_task(pages.news(b"c", 0.05))
        await asyncio.sleep(0.03)
        late = asyncio.create_task(pages.news(b"c", 5.0))
        await early
        began = clock()
        deliver.enqueue([replace(ROW, conversation_id=b"c")])
        await late
        assert clock() - began < 1


async def test_a_page_that_closes_leaves_nothing_behind(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        waiting = asyncio.create_task(here.service.pages.news(b"c", 60))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert here.service.pages._news == {}


async def test_of_a_bubble_that_another_finished_nothing_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.deliver.pause", lambda attempts, after=0.0: 0.2)
    phones = Halves()
    phones.faults = [None, TryLater("busy")]
    async with house(tmp_path, phones=phones) as here:
        await _post(here, "7", "halo", "1")
        await _until(lambda: bool(here.service.deliver._there))
        (row_id,) = here.service.deliver._there
        await here.service.writer.write([Update(table="outbox", key={"id": row_id}, values={"state": "dead", "body": None})])
        await here.service.settle()
        assert here.service.deliver._there == {}
        assert len(phones.came) == 1 + 2 * len(phones.seen["7"])


class Halves(Phones):
    """A platform to which every bubble goes in two messages. `faults` are what it answers next, None: it takes it."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[str] = []
        self.faults: list[ChannelError | None] = []

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        return await self.send_rest(address, message, ())

    async def send_rest(self, address: str, message: Outbound, sent: Sequence[str]) -> tuple[str, ...]:
        refs = list(sent)
        for part in ("a", "b")[len(sent) :]:
            await asyncio.sleep(0)
            fault = self.faults.pop(0) if self.faults else None
            if fault is not None:
                fault.refs = tuple(refs)
                raise fault
            refs.append(f"{part}{len(self.came)}")
            self.came.append(f"{message.text[:20]} {part}")
        self.seen[address].append(message)
        return tuple(refs)


@pytest.mark.parametrize("faults", [(None, "busy"), ("busy", None, "busy", "busy"), (None, "busy", "busy", None, "busy")], ids=str)
async def test_no_part_of_a_long_bubble_comes_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: tuple[str | None, ...]
) -> None:
    monkeypatch.setattr("bot.deliver.pause", lambda attempts, after=0.0: 0.01)
    phones = Halves()
    phones.faults = [TryLater(code) if code else None for code in faults]
    async with house(tmp_path, phones=phones) as here:
        await here.talk("7", "/start", "report")
        await here.service.settle()
        assert phones.faults == []
        assert len(phones.came) == len(set(phones.came)) == 2 * len(phones.seen["7"]) > 2
        assert here.service.deliver._there == {}


@pytest.mark.parametrize("fault", [TryLater("busy"), Refused("gone")], ids=["later", "refused"])
async def test_the_part_that_came_is_deleted_when_everything_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: ChannelError
) -> None:
    monkeypatch.setattr("bot.deliver.pause", lambda attempts, after=0.0: 0.2)
    phones = Halves()
    async with house(tmp_path, phones=phones) as here:
        await here.talk("7", "/start")
        phones.faults = [None, fault, fault, fault]
        await _post(here, "7", "lapor", "1")
        await _until(lambda: len(phones.faults) < 3)
        (part,) = [f"a{number}" for number, text in enumerate(phones.came) if text.endswith(" a")][-1:]
        await _post(here, "7", "mtk", "2")
        phones.faults = []
        await here.service.settle()
        assert part in phones.deleted["7"]
        left = [f"{text[-1]}{number}" for number, text in enumerate(phones.came)]
        assert [ref for ref in left if ref not in phones.deleted["7"]] == left[-2:], "what is shown is homework, and nothing else"


async def test_bubbles_keep_their_order_across_a_restart(tmp_path: Path) -> None:
    class Down(Phones):
        up = False

        async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
            if not self.up:
                raise TryLater("down", after=0.3)
            return await super().send(address, message)

    phones = Down()
    clock = [1_795_500_000.0]
    async with house(tmp_path, phones=phones, clock=clock) as here:
        await _post(here, "7", "halo", "1")
        await here.service.turns.settle()
        await asyncio.sleep(0.05)
        await _post(here, "7", "konselor", "2")
        await here.service.turns.settle()
        here.service.deliver._closing = True
        for task in list(here.service.deliver._tasks):
            task.cancel()
    phones.up = True
    async with house(tmp_path, phones=phones, clock=clock) as again:
        await again.service.settle()
        again.wait(600)
        await again.service.jobs.sweep()
        await again.service.settle()
        assert len(phones.seen["7"]) >= 2
        assert "program otomatis" in phones.seen["7"][0].text
