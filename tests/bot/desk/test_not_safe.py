"""After a "no, it is not safe" nothing goes out that a colleague wrote before and the platform had not taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.base import Refused, TryLater
from bot.desk.shown import tick_of
from bot.desk.views import Reply
from flows.message import Outbound
from tests.bot.desk.sitting import Office, Person, office
from tests.bot.house import Phones

WORDS = "Aku sudah bicara dengan polisi."
DAY = 86_400


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.setattr("bot.deliver.pause", lambda attempts, after=0.0: 0.02)
    async with office(tmp_path) as made:
        yield made


async def asked(desk: Office) -> tuple[Person, bytes]:
    """Rina talks with the person at 100, who is being asked whether it is safe."""
    rina = await desk.comes("Rina")
    hand_off_id = await desk.asks("100")
    assert (await desk.desk.pull(rina, hand_off_id)).ok
    await desk.service.settle()
    assert (await desk.desk.safe(rina, hand_off_id)).ok
    await desk.service.settle()
    assert desk.phones.options("100").keys() >= {"safe_no"}
    return rina, hand_off_id


async def writes(desk: Office, person: Person, hand_off_id: bytes, text: str) -> None:
    """Somebody writes; that it went out is not waited for."""
    hand_off = await desk.hand_off(hand_off_id)
    case = await desk.store.case(hand_off.case_id)
    assert (await desk.desk.reply(person, hand_off_id, Reply(text=text, **person.entry(hand_off, case, text)))).ok


async def ticks(desk: Office, hand_off_id: bytes) -> list[tuple[str, str]]:
    where = (await desk.hand_off(hand_off_id)).conversation_id
    assert where is not None
    return [(tick.status, tick.code) for tick in map(tick_of, await desk.records.ticks(where))]


def away(
    desk: Office, hand_off_id: bytes, monkeypatch: pytest.MonkeyPatch, *, patient: bool
) -> tuple[asyncio.Event, asyncio.Event]:  # fmt: skip
    """The platform takes nothing of hers; `patient`: it has the first call in hand until it is known that it is not safe. Gives what is set
    at the first call, and what has it take everything again."""
    sends, tried, back = desk.phones.send, asyncio.Event(), asyncio.Event()

    async def send(address: str, message: Outbound) -> tuple[str, ...]:
        if message.text != WORDS:
            return await sends(address, message)
        first = not tried.is_set()
        tried.set()
        while patient and first and (await desk.hand_off(hand_off_id)).safe != "no":
            await asyncio.sleep(0.005)
        if first or not back.is_set():
            raise TryLater("telegram_flood")
        return await sends(address, message)

    monkeypatch.setattr(desk.phones, "send", send)
    return tried, back


@pytest.mark.parametrize("patient", [False, True], ids=["waiting", "in the platform's hands"])
async def test_what_waits_is_not_sent_after_a_no_and_the_colleague_sees_that(
    desk: Office, monkeypatch: pytest.MonkeyPatch, patient: bool
) -> None:  # fmt: skip
    rina, hand_off_id = await asked(desk)
    tried, back = away(desk, hand_off_id, monkeypatch, patient=patient)
    await writes(desk, rina, hand_off_id, WORDS)
    await asyncio.wait_for(tried.wait(), 2)
    await asyncio.wait_for(desk.say("100", "safe_no"), 2)
    back.set()
    await asyncio.sleep(0.1)  # time for five more tries
    assert await desk.service.deliver.take_up() == 0
    assert WORDS not in desk.heard("100")
    assert await ticks(desk, hand_off_id) == [("dead", "not_safe")]
    assert await desk.rows("case_record where kind = 'said' and author_id is not null") == 1, "the case has her words all the same"
    await desk.say("100", "sudah aman")
    await desk.tick()
    assert WORDS not in desk.heard("100")
    assert (await desk.replies(rina, hand_off_id, "Syukurlah.")).ok
    assert "Syukurlah." in desk.heard("100")
    assert await ticks(desk, hand_off_id) == [("dead", "not_safe"), ("sent", "")]


async def test_what_went_out_before_the_no_is_told_as_sent(desk: Office) -> None:
    rina, hand_off_id = await asked(desk)
    assert (await desk.replies(rina, hand_off_id, WORDS)).ok
    await desk.say("100", "safe_no")
    assert await ticks(desk, hand_off_id) == [("sent", "")]




async def no_template(self: Phones, address: str) -> tuple[str, ...]:
    raise Refused("no_template")


async def test_what_whatsapp_held_back_is_not_sent_when_the_first_word_after_a_day_is_no(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(Phones, "window", float(DAY), raising=False)
    monkeypatch.setattr(Phones, "invite", no_template, raising=False)
    rina, hand_off_id = await asked(desk)
    desk.wait(DAY - 30)
    assert (await desk.replies(rina, hand_off_id, WORDS)).ok
    assert await ticks(desk, hand_off_id) == [("pending", "window_invited")]
    await desk.say("100", "safe_no")
    await desk.service.deliver.take_up()
    await desk.service.settle()
    assert WORDS not in desk.heard("100")
    assert await ticks(desk, hand_off_id) == [("dead", "not_safe")]


async def test_what_waits_for_others_to_be_sent_first_is_not_sent_after_a_no(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    rina, hand_off_id = await asked(desk)
    one_at_a_time = asyncio.Semaphore(1)
    monkeypatch.setattr(desk.service.deliver, "_slots", one_at_a_time)
    await one_at_a_time.acquire()
    await writes(desk, rina, hand_off_id, WORDS)
    await asyncio.sleep(0.05)
    answers = asyncio.create_task(desk.say("100", "safe_no"))
    while (await desk.hand_off(hand_off_id)).safe != "no":
        await asyncio.sleep(0.005)
    one_at_a_time.release()
    assert len(await asyncio.wait_for(answers, 2)) == 1, "that we are silent now"
    assert WORDS not in desk.heard("100")
    assert await ticks(desk, hand_off_id) == [("dead", "not_safe")]
