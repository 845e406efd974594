"""Danger in a talk whose owner has walked away: the page goes on saying that somebody is there, and others are called all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from actions.hand_off import State
from bot.desk.alarm import ALERT
from tests.bot.desk.sitting import Office, Person, office

CRY = "tolong, dia datang lagi, dia mau bunuh aku"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


async def talking(desk: Office) -> tuple[Person, Person, bytes]:
    """Rina talks with somebody; Sari is on duty too, a lead and whoever is on call are not."""
    rina = await desk.comes("Rina", telegram="11", capacity=1)
    sari = await desk.comes("Sari", telegram="22", capacity=1)
    await desk.comes("Lia", role="lead", state=None, telegram="99", telephone="+628110000009")
    await desk.comes("Budi", state=None, telegram="77", telephone="+628110000001", on_call=1)
    hand_off_id = await desk.asks("1")
    assert (await desk.desk.pull(rina, hand_off_id)).ok
    await desk.service.settle()
    assert (await desk.replies(rina, hand_off_id, "Aku di sini.")).ok
    return rina, sari, hand_off_id


async def rang(desk: Office, seconds: int, *there: Person) -> set[str]:
    """Whose chats rang while time went by."""
    before = len(desk.telegrams.sent)
    await desk.passes(seconds, *there)
    assert {text for _, text in desk.telegrams.sent} <= {ALERT}
    assert desk.telephone.rang == [], "nobody is telephoned for what somebody has"
    return {chat for chat, _ in desk.telegrams.sent[before:]}


async def test_danger_that_the_owner_does_not_answer_calls_whoever_else_is_there_and_then_the_leads(desk: Office) -> None:
    rina, sari, hand_off_id = await talking(desk)
    await desk.say("1", CRY)
    await desk.say("1", "cepat")
    async with desk.desk.events.subscribe() as news:
        assert await rang(desk, 170, rina, sari) == set()
        assert await rang(desk, 120, rina, sari) == {"11", "22"}, "the owner's own telephone, too"
        heard = set()
        while (said := await asyncio.wait_for(anext(news), 1)).what != "alarm":
            heard.add(said.what)
    assert said.id == hand_off_id, "every console hears of it"
    assert await rang(desk, 60, rina, sari) == {"11", "22", "99"}
    assert (await desk.hand_off(hand_off_id)).owner_id == rina.id
    assert (await desk.replies(rina, hand_off_id, "Aku di sini lagi. Kamu di mana?")).ok
    assert await rang(desk, 600, rina, sari) == set()
    await desk.say("1", CRY)
    assert await rang(desk, 170, rina, sari) == set()
    assert await rang(desk, 20, rina, sari) == {"11", "22"}, "each cry after an answer wants another"


async def test_whoever_was_called_takes_it_and_the_reporter_hears_who_answers_now(desk: Office) -> None:
    rina, sari, hand_off_id = await talking(desk)
    await desk.say("1", CRY)
    await rang(desk, 170, rina, sari)
    assert (await desk.desk.pull(sari, hand_off_id)).code == "taken", "Rina may still be reading"
    await rang(desk, 20, rina, sari)
    before = len(desk.heard("1"))
    assert (await desk.desk.pull(sari, hand_off_id)).ok
    await desk.service.settle()
    assert any("Sari" in text for text in desk.heard("1")[before:])
    now = await desk.hand_off(hand_off_id)
    assert (now.owner_id, now.state, now.alarm) == (sari.id, State.ACTIVE, None)
    assert (await desk.replies(rina, hand_off_id, "Maaf, aku di sini.")).code == "taken"
    assert (await desk.replies(sari, hand_off_id, "Kamu di mana?")).ok
    assert await rang(desk, 600, rina, sari) == set()


async def test_where_nobody_else_is_on_duty_the_leads_are_called_at_once(desk: Office) -> None:
    rina, sari, _ = await talking(desk)
    await desk.desk.gone(sari.id)
    await desk.say("1", CRY)
    assert await rang(desk, 190, rina) == {"11", "99"}


@pytest.mark.parametrize("act", ["reply", "safe", "note", "colleague", "false_alarm"])
async def test_who_does_something_about_it_in_time_is_left_in_peace(desk: Office, act: str) -> None:
    rina, sari, hand_off_id = await talking(desk)
    await desk.say("1", CRY)
    await rang(desk, 100, rina, sari)
    match act:
        case "reply":
            assert (await desk.replies(rina, hand_off_id, "Kamu di mana?")).ok
        case "safe":
            assert (await desk.desk.safe(rina, hand_off_id)).ok
        case "note":
            assert (await desk.notes(rina, hand_off_id, "Saya telepon 112.")).ok
        case "colleague":
            assert (await desk.notes(sari, hand_off_id, "Saya telepon 112.")).ok
        case _:
            await desk.set(hand_off_id, false_alarm=1)
    assert await rang(desk, 600, rina, sari) == set()


async def test_whoever_cried_and_was_gone_is_not_forgotten_in_the_closing_sheet(desk: Office) -> None:
    rina, sari, hand_off_id = await talking(desk)
    await desk.say("1", CRY)
    await desk.say("1", "mtk")
    assert (await desk.hand_off(hand_off_id)).state is State.WRAP_UP
    assert await rang(desk, 190, rina, sari) == {"11", "22"}
    assert (await desk.desk.close(rina, hand_off_id, outcome="unreachable", risk="danger")).ok
    assert await rang(desk, 600, rina, sari) == set(), "somebody has looked; the second one finds it in the queue"


async def test_an_owner_whose_console_goes_leaves_it_to_the_alarm_of_a_crisis_that_nobody_has(desk: Office) -> None:
    rina, sari, hand_off_id = await talking(desk)
    await desk.say("1", CRY)
    await rang(desk, 200, rina, sari)
    await desk.passes(130, sari)
    assert (await desk.hand_off(hand_off_id)).alarm == "console"
