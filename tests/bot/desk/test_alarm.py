"""A crisis that nobody takes: consoles at once and every minute, staff's chats, the telephone chain after two minutes, the lead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from actions.alarm import next_alarm, untaken
from actions.hand_off import Stage
from actions.queue import Alarmed, CallAnswered, FalseAlarm, HandOff, Urgency, after
from actions.rows import Update
from bot.desk.alarm import ALERT
from bot.desk.picture import picture
from bot.storage import tables
from tests.bot.desk.sitting import NOW, Office, office, wait_here
from tests.bot.house import add_unit, generate_keypair

CHAIN = ("+628110000001", "+628110000002")
LEAD = "+628110000009"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


async def people(desk: Office) -> None:
    """Nobody is there; two can be telephoned, and the lead."""
    await desk.comes("Budi", state=None, telephone=CHAIN[1], on_call=2)
    await desk.comes("Rina", state=None, telephone=CHAIN[0], on_call=1, telegram="77")
    await desk.comes("Lia", state=None, role="lead", telephone=LEAD, telegram="99")


async def test_a_danger_that_comes_in_the_middle_of_a_round_rings_and_is_not_called_late(desk: Office) -> None:
    """The desk was looked at, and then somebody cried for help, before it was looked for what has become due."""
    await people(desk)
    before = await picture(desk.store)
    crisis = await desk.hand_off(await wait_here(desk.service, unit=desk.unit, urgency="danger", since=desk.now))
    await desk.service.writer.write([Update(table="cases", key={"id": crisis.case_id}, values={"due_at": desk.now})])
    await desk.desk._round._watch.round(before, now=desk.now)
    await desk.service.settle()
    assert desk.telegrams.sent == []
    await desk.tick()
    assert {text for _, text in desk.telegrams.sent} == {ALERT}


async def test_every_console_hears_of_it_at_once_and_again_every_minute_until_it_is_taken(desk: Office) -> None:
    rina = await desk.comes("Rina", capacity=0)
    async with desk.desk.events.subscribe() as news:
        danger = await wait_here(desk.service, unit=desk.unit, urgency="danger")
        await desk.passes(119, rina)
        assert (await desk.desk.pull(rina, danger)).code == "ok"
        await desk.passes(300, rina)
        rang = []
        while True:
            try:
                rang.append(await asyncio.wait_for(anext(news), 0.05))
            except TimeoutError:
                break
    assert [each.id for each in rang if each.what == "alarm"] == [danger], "a console that slept hears the last one"
    taken = await desk.hand_off(danger)
    assert (taken.alarm, taken.alarm_step) == ("console", 2)


async def test_nobody_takes_it_so_the_chain_is_telephoned_and_then_the_lead(desk: Office) -> None:
    await people(desk)
    danger = await wait_here(desk.service, unit=desk.unit, urgency="danger")
    await desk.passes(119)
    assert desk.telephone.rang == []
    assert desk.telegrams.sent[:2] == [("77", ALERT), ("99", ALERT)] or desk.telegrams.sent[:2] == [("99", ALERT), ("77", ALERT)]
    await desk.passes(20)
    assert desk.telephone.rang == [CHAIN[0]]
    await desk.passes(60)
    assert desk.telephone.rang == [*CHAIN]
    await desk.passes(60)
    assert desk.telephone.rang == [*CHAIN, LEAD]
    assert (await desk.hand_off(danger)).alarm == "lead"
    lia = await desk.comes("Sari", role="lead")
    assert (await desk.desk.pull(lia, danger)).ok
    said = len(desk.telegrams.sent)
    await desk.passes(600, lia)
    assert (len(desk.telegrams.sent), len(desk.telephone.rang)) == (said, 3), "it is silent once somebody has it"


async def test_what_is_sent_says_nothing_of_anybody_and_only_to_who_can_read_the_case(desk: Office) -> None:
    other = await add_unit(desk.service, generate_keypair(), name="school", kind="school", lead=False)
    await desk.comes("Tono", unit=other, telegram="55", state=None, telephone="+628110000005", on_call=1)
    await people(desk)
    await wait_here(desk.service, unit=desk.unit, urgency="danger")
    await desk.passes(400)
    assert {chat for chat, _ in desk.telegrams.sent} == {"77", "99"} and "+628110000005" not in desk.telephone.rang
    assert {text for _, text in desk.telegrams.sent} == {ALERT}


async def test_a_chat_that_is_blocked_keeps_nobody_else_from_being_told(desk: Office) -> None:
    await people(desk)
    desk.telegrams.broken.add("77")
    await wait_here(desk.service, unit=desk.unit, urgency="danger")
    await desk.passes(200)
    assert ("99", ALERT) in desk.telegrams.sent and desk.telephone.rang[:1] == [CHAIN[0]]


async def test_while_the_reporter_writes_nobody_is_telephoned_and_a_minute_of_silence_is_enough(desk: Office) -> None:
    await people(desk)
    hand_off_id = await wait_here(desk.service, unit=desk.unit, urgency="danger")
    await desk.say("100", "/start")
    (where,) = [row.id for row in await desk.all(tables.conversation.select())]
    await desk.set(hand_off_id, conversation_id=where)

    async def writes(seconds: int) -> None:
        for _ in range(seconds // 10):
            async with desk.service.engine.begin() as connection:
                await connection.execute(update(tables.conversation).values(last_at=desk.now, hand_off_id=hand_off_id))
            await desk.passes(10)

    await writes(240)
    assert desk.telephone.rang == []
    await desk.passes(130)
    assert desk.telephone.rang[:1] == [CHAIN[0]]


async def writing_until(desk: Office, seconds: int) -> None:
    """Somebody in danger goes on writing for a while and answers no question."""
    hand_off_id = await wait_here(desk.service, unit=desk.unit, urgency="danger")
    await desk.say("100", "/start")
    (where,) = [row.id for row in await desk.all(tables.conversation.select())]
    await desk.set(hand_off_id, conversation_id=where)
    for _ in range(seconds // 30):
        async with desk.service.engine.begin() as connection:
            await connection.execute(update(tables.conversation).values(last_at=desk.now, hand_off_id=hand_off_id))
        await desk.passes(30)


async def test_who_falls_silent_after_the_leads_were_told_has_the_chain_telephoned(desk: Office) -> None:
    await people(desk)
    await writing_until(desk, 8 * 60)
    assert desk.telephone.rang == []
    await desk.passes(120)
    assert desk.telephone.rang[:1] == [CHAIN[0]]
    await desk.passes(120)
    assert desk.telephone.rang == [*CHAIN, LEAD]


async def test_a_lead_is_telephoned_as_soon_as_who_wrote_falls_silent_where_there_is_no_chain(desk: Office) -> None:
    await desk.comes("Lia", state=None, role="lead", telephone=LEAD, telegram="99")
    await writing_until(desk, 8 * 60)
    assert desk.telephone.rang == []
    await desk.passes(120)
    assert desk.telephone.rang == [LEAD]


async def test_somebody_who_is_there_is_asked_in_the_chat_and_who_is_not_sleeps(desk: Office) -> None:
    await people(desk)
    here = await desk.comes("Sari", telegram="11", capacity=0)
    await wait_here(desk.service, unit=desk.unit, urgency="danger")
    await desk.passes(100, here)
    assert {chat for chat, _ in desk.telegrams.sent} == {"11"}


# The rule by itself


def crisis(urgency: Urgency = Urgency.DANGER, **fields: Any) -> HandOff:
    return HandOff(
        id=b"i" * 16, case_id=b"c" * 16, reason="danger", urgency=urgency, language="id", created_at=NOW, waiting_since=NOW, **fields
    )  # fmt: skip


def course(
    hand_off: HandOff, minutes: int, *, chain: int = 2, writes: bool | Callable[[int], bool] = False, yes_at: int | None = None
) -> list[tuple[str, int]]:  # fmt: skip
    """What is raised, a look every ten seconds. `writes`: whether the reporter writes at a second; "yes, call them" comes at `yes_at`."""
    raised = []
    last_at = NOW - 60
    for now in range(NOW, NOW + minutes * 60, 10):
        if writes(now - NOW) if callable(writes) else writes:
            last_at = now
        if yes_at == now - NOW:
            said = after(hand_off, CallAnswered(at=now, yes=True))
            assert isinstance(said, HandOff) and untaken(said) == untaken(hand_off), "what was told is not told again"
            hand_off = said
        due = next_alarm(hand_off, now=now, chain=chain, last_at=last_at)
        if due is not None:
            step = after(hand_off, due)
            assert isinstance(step, HandOff)
            hand_off = step
            raised.append((due.stage, due.step))
    return raised


def test_the_course_of_an_alarm() -> None:
    console = [("console", 1), ("console", 2)]
    assert course(crisis(), 6) == [*console, ("on_call", 1), ("on_call", 2), ("lead", 1), ("lead", 2)]
    assert course(crisis(), 4, chain=0) == [*console, ("lead_first", 1), ("lead_first", 2)]
    assert course(crisis(Urgency.SELF_HARM), 3) == [*console, ("lead_first", 1)], "nobody is telephoned, the lead is told"
    assert course(crisis(may_call=0), 3) == [*console, ("lead_first", 1)]
    assert course(crisis(may_call=1), 3, writes=True) == [*console, ("on_call", 1)]
    assert course(crisis(Urgency.CHILD), 6) == []


def test_whoever_goes_on_writing_and_answers_nothing_is_not_left_alone_for_ever() -> None:
    raised = course(crisis(), 10, writes=True)
    assert raised[:7] == [("console", step) for step in range(1, 8)] and raised[7:] == [("lead_first", 0)] * 3


def test_whoever_falls_silent_late_has_the_chain_telephoned_and_then_the_leads() -> None:
    """The telephone was taken, or the attacker is in the room: silence is no "no" after seven minutes either."""
    told = [("lead_first", 0)] * 2
    assert course(crisis(), 12, writes=lambda second: second <= 450)[7:] == [*told, ("on_call", 1), ("on_call", 2), ("lead", 1)]
    assert course(crisis(), 10, writes=lambda second: second <= 450, chain=0)[7:] == [*told, ("lead_first", 1)], "the leads, at once"
    longer = course(crisis(), 30, writes=lambda second: second <= 1200)
    assert longer[7:21] == [("lead_first", 0)] * 14 and longer[21:24] == [("on_call", 1), ("on_call", 2), ("lead", 1)]


def test_a_call_to_the_leads_that_fell_to_a_written_word_is_made_a_minute_later_and_not_five() -> None:
    chain = [("on_call", 1), ("lead", 1), *(("lead", step) for step in range(2, 6))]
    assert course(crisis(), 11, chain=1)[2:] == [*chain, ("lead", 6), ("lead", 7), ("lead", 8)]
    assert course(crisis(), 11, chain=1, writes=lambda second: second == 470)[2:] == [*chain, ("lead", 5), ("lead", 6), ("lead", 7)]


def test_a_chain_that_has_begun_goes_on_when_the_reporter_writes_a_word() -> None:
    chain = [("on_call", 1), ("on_call", 2), ("on_call", 3)]
    assert course(crisis(), 6, chain=3, writes=lambda second: second == 170)[2:] == [*chain, ("lead", 1)]
    assert course(crisis(), 6, chain=3, writes=lambda second: second >= 130)[2:] == [*chain, ("lead", 1)]


@pytest.mark.parametrize("yes_at", [450, 510, 630])
def test_whoever_says_yes_after_the_leads_were_told_has_the_chain_telephoned(yes_at: int) -> None:
    raised = course(crisis(), 15, chain=2, writes=True, yes_at=yes_at)
    late = (yes_at - 420) // 60 + 1
    leads = [("lead_first", 0)] * late
    assert raised[7 : 7 + late + 3] == [*leads, ("on_call", 1), ("on_call", 2), ("lead", 1)]
    only = course(crisis(), 10, chain=0, writes=True, yes_at=450)
    assert only[7:9] == [("lead_first", 0), ("lead_first", 1)], "nobody to telephone but the leads"


def test_a_false_alarm_ends_the_ringing_and_nothing_else() -> None:
    rung = after(crisis(), Alarmed(at=NOW, stage=Stage.CONSOLE, step=1))
    assert isinstance(rung, HandOff)
    off = after(rung, FalseAlarm(at=NOW + 5))
    assert isinstance(off, HandOff) and off.state == "waiting" and course(off, 9) == []


async def test_who_says_yes_late_is_told_the_truth(desk: Office) -> None:
    await people(desk)
    rina = await desk.comes("Sinta", capacity=0)
    await desk.say("1", "tolong ayahku bawa parang mau bunuh ibu")
    for _ in range(14):
        await desk.passes(40, rina)
        await desk.say("1", "cepat")
    assert desk.telephone.rang == []
    await desk.say("1", "yes")
    assert "petugas jaga kami telepon" in desk.heard("1")[-1]
    await desk.passes(120, rina)
    assert desk.telephone.rang == [*CHAIN]


@pytest.mark.parametrize(("answer", "rang"), [("yes", [CHAIN[0]]), ("no", [])])
async def test_who_is_in_danger_is_told_that_nobody_came_and_is_asked_before_anybody_is_telephoned(
    desk: Office, answer: str, rang: list[str]
) -> None:
    await people(desk)
    rina = await desk.comes("Sinta", capacity=0)
    await desk.say("1", "tolong ayahku bawa parang mau bunuh ibu")
    for words in ("di rumah", "gang mawar", "dia di depan pintu", "cepat"):
        await desk.passes(40, rina)
        await desk.say("1", words)
    assert desk.telephone.rang == [], "it is not decided yet, and the reporter writes"
    told = [text for text in desk.heard("1") if "belum ada petugas yang membuka pesanmu" in text]
    assert len(told) == 1 and "112" in told[0] and "Boleh kami menelepon petugas jaga" in told[0]
    await desk.say("1", answer)
    await desk.passes(60, rina)
    assert desk.telephone.rang[:1] == rang
    await desk.passes(60, rina)
    assert len([text for text in desk.heard("1") if "belum ada petugas yang membuka pesanmu" in text]) == 1, "once"
