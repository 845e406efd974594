"""A reporter asks for a person, and people at the desk answer: offers, talks, transfers, ends, over the real service and its stores."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from actions.queue import State
from actions.rows import Insert
from bot.desk.events import Changed
from bot.desk.shown import tick_of
from bot.storage import tables
from bot.storage.board import Board, Span
from bot.storage.desk import DeskStore
from tests.bot.desk.sitting import NOW, Office, Person, office, opened, talking, wait_here
from tests.bot.house import add_unit, generate_keypair


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


# From the question to the answer, and the end


async def test_a_reporter_asks_and_somebody_answers(desk: Office) -> None:
    assert not desk.desk.staffed
    rina = await desk.comes("Rina")
    assert desk.desk.staffed
    hand_off_id = await desk.asks("100")
    await desk.tick()
    offered = await desk.hand_off(hand_off_id)
    assert (offered.state, offered.offered_to) == (State.OFFERED, rina.id)
    view = await desk.desk.queue(rina)
    assert [(item.hand_off.id, item.asked, item.channel) for item in view.items] == [(hand_off_id, "Rina", "telegram")]
    assert (await desk.desk.accept(rina, hand_off_id)).ok
    await desk.service.settle()
    assert any("Rina" in text for text in desk.heard("100"))
    assert (await desk.replies(rina, hand_off_id, "Halo, aku di sini.")).ok
    assert "Halo, aku di sini." in desk.heard("100")[-1]
    await desk.say("100", "halo kak")
    seen = (await opened(desk, rina, hand_off_id)).item.hand_off
    records = (await desk.records.newest(seen.case_id)).records
    assert sorted(record.kind for record in records) == ["hand_off", "said", "said"]
    assert seen.conversation_id is not None
    assert [tick_of(row).status for row in await desk.records.ticks(seen.conversation_id)] == ["sent"]
    assert sum(record.author_id == rina.id for record in records) == 1


async def test_the_end_unties_chat_and_case_once_the_reporter_has_heard_of_it(desk: Office) -> None:
    rina = await desk.comes("Rina")
    hand_off_id = await talking(desk, rina)
    assert (await desk.replies(rina, hand_off_id, "Sampai jumpa.")).ok
    before = len(desk.heard("100"))
    assert (await desk.desk.wrap_up(rina, hand_off_id)).ok
    await desk.service.settle()
    assert len(desk.heard("100")) > before, "the reporter hears that it is over"
    await desk.tick()
    over = await desk.hand_off(hand_off_id)
    assert (over.state, over.conversation_id, over.owner_id) == (State.WRAP_UP, None, rina.id)
    assert await desk.all(select(tables.conversation.c.id).where(tables.conversation.c.hand_off_id.is_not(None))) == []
    assert await desk.all(select(tables.outbox.c.id).where(tables.outbox.c.record_id.is_not(None))) == []
    assert (await desk.desk.close(rina, hand_off_id, outcome="helped", risk="some")).ok
    closed = await desk.hand_off(hand_off_id)
    assert (closed.state, closed.outcome, closed.ended) == (State.CLOSED, "helped", "handled")
    assert (await desk.desk.queue(rina)).items == ()
    assert not (await desk.desk.pull(rina, hand_off_id)).ok


async def test_nobody_is_hung_up_on(desk: Office) -> None:
    rina = await desk.comes("Rina")
    hand_off_id = await talking(desk, rina)
    seen = (await opened(desk, rina, hand_off_id)).item.hand_off.version
    await desk.say("100", "tunggu, satu lagi")
    assert (await desk.desk.wrap_up(rina, hand_off_id, seen)).code == "stale"
    assert (await desk.desk.wrap_up(rina, hand_off_id, (await desk.hand_off(hand_off_id)).version)).ok


# Offers


async def test_an_offer_that_nobody_answers_goes_to_the_next_and_who_let_it_pass_is_away(desk: Office) -> None:
    rina, budi = await desk.comes("Rina"), await desk.comes("Budi")
    hand_off_id = await wait_here(desk.service, unit=desk.unit)
    await desk.tick()
    first = (await desk.hand_off(hand_off_id)).offered_to
    await desk.passes(70, rina, budi)
    second = (await desk.hand_off(hand_off_id)).offered_to
    assert {first, second} == {rina.id, budi.id}
    away = rina if first == rina.id else budi
    state, since = await desk.desk.beat(away)
    assert state == "away" and since is not None and desk.now - 20 <= since <= desk.now, "a mere sign of life does not undo it"
    # The last one there is asked again and again, and never counts as away.
    await desk.passes(70, rina, budi)
    last = budi if away is rina else rina
    assert (await desk.hand_off(hand_off_id)).offered_to == last.id
    assert (await desk.desk.beat(last))[0] == "ready"
    assert await desk.desk.beat(away, "ready") == ("ready", None)
    assert await desk.desk.beat(away, "away") == ("away", None), "said by themselves: that is no offer that passed"


async def test_when_two_offers_run_out_at_once_somebody_stays(desk: Office) -> None:
    people = [await desk.comes("Rina", capacity=1), await desk.comes("Budi", capacity=1)]
    for _ in range(2):
        await wait_here(desk.service, unit=desk.unit)
    await desk.tick()
    await desk.passes(60, *people)
    assert sorted([(await desk.desk.beat(person))[0] for person in people]) == ["away", "ready"]


async def test_who_refuses_is_not_away_and_not_asked_again_at_once(desk: Office) -> None:
    rina = await desk.comes("Rina")
    hand_off_id = await wait_here(desk.service, unit=desk.unit)
    await desk.tick()
    assert (await desk.desk.refuse(rina, hand_off_id)).ok
    await desk.tick()
    assert (await desk.hand_off(hand_off_id)).state is State.WAITING
    assert (await desk.desk.beat(rina))[0] == "ready"
    await desk.passes(70, rina)
    assert (await desk.hand_off(hand_off_id)).offered_to == rina.id


async def test_the_most_urgent_goes_to_the_only_one_who_is_there(desk: Office) -> None:
    other = await wait_here(desk.service, unit=desk.unit, since=desk.now - 600)
    harm = await wait_here(desk.service, unit=desk.unit, urgency="self_harm", since=desk.now - 5)
    danger = await wait_here(desk.service, unit=desk.unit, urgency="danger", since=desk.now)
    rina = await desk.comes("Rina", capacity=1)
    await desk.tick()
    assert [(await desk.hand_off(each)).state for each in (other, harm, danger)] == ["waiting", "waiting", "offered"]
    assert [item.hand_off.id for item in (await desk.desk.queue(rina)).items] == [danger, harm, other]


async def test_one_in_danger_is_all_that_somebody_has_and_then_they_rest(desk: Office) -> None:
    rina = await desk.comes("Rina")
    danger = await wait_here(desk.service, unit=desk.unit, urgency="danger")
    await desk.tick()
    assert (await desk.desk.accept(rina, danger)).ok
    other = await wait_here(desk.service, unit=desk.unit)
    await desk.tick()
    assert (await desk.hand_off(other)).state is State.WAITING
    assert (await desk.desk.pull(rina, other)).code == "full"
    budi = await desk.comes("Budi", capacity=1)
    await desk.tick()
    assert (await desk.desk.accept(budi, other)).ok
    assert (await desk.desk.wrap_up(rina, danger)).ok
    assert await desk.desk.beat(rina) == ("pause", desk.now + 900)
    more = await wait_here(desk.service, unit=desk.unit)
    await desk.tick()
    assert (await desk.hand_off(more)).state is State.WAITING, "she rests, and somebody else is there"
    await desk.passes(900, rina, budi)
    assert (await desk.hand_off(more)).offered_to == rina.id
    assert (await desk.desk.beat(rina))[0] == "ready"


async def test_a_crisis_is_closed_by_two_people(desk: Office) -> None:
    rina, budi = await desk.comes("Rina"), await desk.comes("Budi")
    danger = await wait_here(desk.service, unit=desk.unit, urgency="danger")
    assert (await desk.desk.pull(rina, danger)).ok
    assert (await desk.desk.wrap_up(rina, danger)).ok
    await desk.passes(3 * 86_400 // 100, rina)
    assert (await desk.desk.close(rina, danger, outcome="relayed", risk="high")).ok
    assert (await desk.desk.close(rina, danger, outcome="relayed", risk="high")).code == "second"
    assert (await desk.hand_off(danger)).state is State.WRAP_UP
    assert (await desk.desk.close(budi, danger, outcome="relayed", risk="danger")).ok
    assert (await desk.hand_off(danger)).state is State.CLOSED


async def test_the_second_look_at_a_danger_is_a_leads(desk: Office) -> None:
    rina, budi = await desk.comes("Rina"), await desk.comes("Budi")
    danger = await wait_here(desk.service, unit=desk.unit, urgency="danger")
    assert (await desk.desk.pull(rina, danger)).ok
    assert (await desk.desk.wrap_up(rina, danger)).ok
    ratna = await desk.comes("Ratna", role="lead")
    assert (await desk.desk.close(rina, danger, outcome="relayed", risk="high")).ok

    async def second(of: Person) -> tuple[str, str]:
        [item] = (await desk.desk.queue(of)).items
        view = await opened(desk, of, danger)
        assert view.item.second == item.second
        return item.second, item.closed_by

    assert (await second(rina), await second(budi), await second(ratna)) == (("lead", "Rina"), ("lead", "Rina"), ("", "Rina"))
    assert (await desk.desk.close(budi, danger, outcome="relayed", risk="none")).code == "second_lead"
    assert (await desk.hand_off(danger)).risk == "high", "and nothing of it is written"
    assert (await desk.desk.close(ratna, danger, outcome="relayed", risk="danger")).ok
    closed = await desk.hand_off(danger)
    assert (closed.state, closed.closing_id, closed.closed_by) == (State.CLOSED, rina.id, ratna.id)


async def test_a_crisis_that_nobody_else_can_look_at_is_closed_by_one(desk: Office) -> None:
    rina = await desk.comes("Rina")
    await desk.comes("Dewi", role="case_worker")  # who does not talk with reporters closes nothing
    other = await add_unit(desk.service, generate_keypair(), name="other")
    await desk.comes("Tono", role="lead", unit=other)
    danger = await wait_here(desk.service, unit=desk.unit, urgency="danger")
    assert (await desk.desk.pull(rina, danger)).ok
    assert (await desk.desk.wrap_up(rina, danger)).ok
    assert (await opened(desk, rina, danger)).item.second == "nobody"
    assert (await desk.desk.close(rina, danger, outcome="relayed", risk="high")).ok
    closed = await desk.hand_off(danger)
    assert (closed.state, closed.closing_id, closed.closed_by) == (State.CLOSED, rina.id, rina.id)


# Somebody is gone


async def test_a_dead_console_brings_it_back_within_two_minutes_and_the_reporter_hears_of_it(desk: Office) -> None:
    rina = await desk.comes("Rina")
    hand_off_id = await talking(desk, rina)
    budi = await desk.comes("Budi")
    before = len(desk.heard("100"))
    await desk.passes(100, budi)
    assert (await desk.hand_off(hand_off_id)).owner_id == rina.id, "a line that drops for a moment costs nothing"
    await desk.passes(20, budi)
    lost = await desk.hand_off(hand_off_id)
    assert (lost.state, lost.offered_to, lost.owner_id) == (State.OFFERED, budi.id, None)
    assert len(desk.heard("100")) > before
    assert (await desk.desk.queue(budi)).items[0].lost
    assert (await desk.replies(rina, hand_off_id, "aku kembali")).code == "not_now"
    assert (await desk.desk.accept(budi, hand_off_id)).ok


async def test_who_was_asked_and_is_gone_is_asked_no_more_and_not_called_away(desk: Office) -> None:
    rina, budi = await desk.comes("Rina", capacity=9), await desk.comes("Budi", capacity=9)
    hand_off_id = await wait_here(desk.service, unit=desk.unit)
    await desk.tick()
    asked = (await desk.hand_off(hand_off_id)).offered_to
    stays = budi if asked == rina.id else rina
    await desk.passes(50, stays)
    assert (await desk.hand_off(hand_off_id)).offered_to == stays.id


async def test_signing_out_gives_everything_back_at_once(desk: Office) -> None:
    rina = await desk.comes("Rina")
    hand_off_id = await talking(desk, rina)
    await desk.desk.gone(rina.id)
    await desk.service.settle()
    assert (await desk.hand_off(hand_off_id)).state is State.WAITING and not desk.desk.staffed


async def test_a_reporter_who_leaves_waits_no_more(desk: Office) -> None:
    rina = await desk.comes("Rina")
    hand_off_id = await desk.asks("100")
    await desk.tick()
    await desk.say("100", "mtk")
    await desk.tick()
    left = await desk.hand_off(hand_off_id)
    assert (left.state, left.conversation_id) == (State.CLOSED, None)
    assert not (await desk.desk.accept(rina, hand_off_id)).ok


async def test_a_conversation_that_is_gone_is_not_waited_for_and_a_crisis_is(desk: Office) -> None:
    asked = await wait_here(desk.service, unit=desk.unit, conversation_id=b"g" * 16)
    danger = await wait_here(desk.service, unit=desk.unit, urgency="danger", conversation_id=b"h" * 16)
    await desk.tick()
    assert (await desk.hand_off(asked)).state is State.CLOSED
    kept = await desk.hand_off(danger)
    assert (kept.state, kept.ended, kept.conversation_id) == (State.WAITING, "erased", None)


async def test_a_call_back_waits_until_its_time(desk: Office) -> None:
    rina = await desk.comes("Rina")
    hand_off_id = await wait_here(desk.service, unit=desk.unit, state="callback", callback_at=desk.now + 3600, due_at=desk.now + 3600)
    await desk.tick()
    assert (await desk.desk.pull(rina, hand_off_id)).code == "too_soon"
    await desk.passes(3600, rina)
    assert (await desk.hand_off(hand_off_id)).offered_to == rina.id


async def test_who_is_called_back_after_more_than_a_day_is_not_taken_for_silent(desk: Office) -> None:
    rina = await desk.comes("Rina")
    hand_off_id = await desk.asks("+62811")
    due = desk.now + 30 * 3600
    await desk.set(hand_off_id, state="callback", callback_at=due, due_at=due, offered_to=None, offered_until=None)
    desk.wait(30 * 3600 - 60)
    await desk.desk.beat(rina, "ready")
    await desk.passes(80, rina)
    assert (await desk.desk.accept(rina, hand_off_id)).ok
    await desk.passes(60, rina)
    assert (await desk.hand_off(hand_off_id)).state is State.ACTIVE
    assert (await desk.replies(rina, hand_off_id, "Halo, ini Rina. Kita sudah janji.")).ok
    assert "Halo, ini Rina. Kita sudah janji." in desk.heard("+62811")


async def test_no_day_of_silence_ends_a_talk_about_danger(desk: Office) -> None:
    """Nothing is said to a telephone that somebody else may hold, whoever comes back after a day is heard, and the counsellor can write."""
    rina = await desk.comes("Rina")
    hand_off_id = await desk.asks("+62811")
    assert (await desk.desk.pull(rina, hand_off_id)).ok
    await desk.say("+62811", "tolong, dia mau bunuh aku")
    before = desk.heard("+62811")
    desk.wait(86_400 - 30)
    await desk.desk.beat(rina, "ready")
    await desk.passes(90, rina)
    assert desk.heard("+62811") == before
    assert (await desk.hand_off(hand_off_id)).state is State.ACTIVE
    await desk.say("+62811", "kak masih di sana?")
    assert desk.heard("+62811") == before, "a person has the conversation: no menu answers"
    assert (await desk.replies(rina, hand_off_id, "Masih, aku di sini.")).ok
    assert desk.heard("+62811")[-1] == "Masih, aku di sini."


async def test_whoever_waits_in_danger_over_an_empty_weekend_can_still_be_answered_in_the_chat(desk: Office) -> None:
    await desk.talk("+62811", "/start", "tolong, dia mau bunuh aku")
    (hand_off,) = await desk.store.open_hand_offs()
    desk.wait(2 * 86_400)
    await desk.tick()
    await desk.say("+62811", "masih ada orang?")
    rina = await desk.comes("Rina")
    assert (await desk.desk.pull(rina, hand_off.id)).ok
    assert (await desk.replies(rina, hand_off.id, "Aku Rina. Kamu aman sekarang?")).ok
    assert desk.heard("+62811")[-1] == "Aku Rina. Kamu aman sekarang?"


# What is said of the wait


async def test_the_wait_that_is_told_counts_talks_and_not_how_late_they_were_closed(desk: Office) -> None:
    rina = await desk.comes("Rina", capacity=1)

    async def talk(minutes: int, **about: Any) -> None:
        given = {"state": "closed", "taken_at": NOW - minutes * 60, "ended_at": NOW, "outcome": "helped", "owner_id": rina.id, **about}
        await wait_here(desk.service, unit=desk.unit, since=NOW - minutes * 60 - 5, **given)

    for minutes in (4, 5, 5):
        await talk(minutes)
    await talk(9 * 60)  # wound up at noon, closed in the evening
    await talk(24 * 60, outcome=None)  # nobody said what became of it
    for urgency in ("danger", "self_harm"):
        await talk(12 * 60, urgency=urgency)  # closed once a second person had looked
    assert sorted(await desk.store.handled_since(NOW - 3600)) == [240, 300, 300, 9 * 3600]
    await desk.asks("1")
    told = [text for text in desk.heard("1") if "menit lagi" in text]
    assert len(told) == 1 and "Kira-kira 5 menit lagi" in told[0]


async def test_the_wait_is_what_the_last_hour_was_or_not_known(desk: Office) -> None:
    rina = await desk.comes("Rina", capacity=1)
    await desk.asks("100")
    assert not any("menit" in text for text in desk.heard("100")), "nothing is known yet"
    for _ in range(3):
        await wait_here(
            desk.service, unit=desk.unit, state="closed", taken_at=desk.now - 1500, ended_at=desk.now - 300, since=desk.now - 2000,
            outcome="helped",
        )  # fmt: skip
    await desk.asks("101")
    assert any("40 menit" in text for text in desk.heard("101")), desk.heard("101")
    await desk.passes(100, rina)


async def test_consoles_hear_which_hand_off_changed_and_no_word(desk: Office) -> None:
    rina = await desk.comes("Rina")
    async with desk.desk.events.subscribe() as news:
        hand_off_id = await desk.asks("100")
        heard = [await asyncio.wait_for(anext(news), 1) for _ in range(1)]
        assert {each.what for each in heard} <= {"hand_off", "queue", "staff"} and hand_off_id in {each.id for each in heard}
        await desk.tick()
        assert (await desk.desk.accept(rina, hand_off_id)).ok
        version = (await desk.hand_off(hand_off_id)).version
        while (latest := await asyncio.wait_for(anext(news), 1)).what != "hand_off" or latest.version < version:
            pass
        assert latest.id == hand_off_id


async def asked(news: AsyncIterator[Changed]) -> list[bytes]:
    """Who was told since the last time that they are asked."""
    heard: list[Changed] = []
    with suppress(TimeoutError):
        while True:
            heard.append(await asyncio.wait_for(anext(news), 0.1))
    assert all(each.to == b"" for each in heard if each.what != "asked")
    return [each.to for each in heard if each.what == "asked"]


async def test_whoever_is_asked_hears_it_once_and_is_meant_alone(desk: Office) -> None:
    rina, budi = await desk.comes("Rina"), await desk.comes("Budi", state="away")
    async with desk.desk.events.subscribe() as news:
        hand_off_id = await desk.asks("100")
        await desk.tick()
        assert await asked(news) == [rina.id]
        assert (await desk.desk.accept(rina, hand_off_id)).ok
        assert await asked(news) == []
        assert (await desk.desk.invite(rina, hand_off_id, colleague=budi.id)).ok
        assert await asked(news) == [budi.id]
        assert (await desk.desk.transfer(rina, hand_off_id, to=budi.id)).ok
        assert await asked(news) == [budi.id]
        assert (await desk.desk.take_back(rina, hand_off_id)).ok
        await desk.tick()
        assert await asked(news) == []


# What it costs


async def test_whoever_only_writes_a_report_costs_the_desk_nothing(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every message of everybody passes here: looking the whole desk up each time took half of a turn."""
    looked = 0
    real = DeskStore.staff

    async def counted(self: DeskStore) -> Any:
        nonlocal looked
        looked += 1
        return await real(self)

    monkeypatch.setattr(DeskStore, "staff", counted)
    for line in ("/start", "report", "yes", "self_13_17", "lewati"):
        await desk.say("200", line)
    assert looked == 0, "nobody is there"
    await desk.comes("Rina")
    looked = 0
    for line in ("menu", "report", "menu", "counsellor"):
        await desk.say("201", line)
    assert looked == 1, "once for all who write within two seconds"


async def test_the_second_who_asks_hears_of_the_first(desk: Office) -> None:
    """What is remembered of the desk for two seconds is forgotten as soon as somebody waits there."""
    await desk.comes("Rina", capacity=1)
    await desk.asks("100")
    await desk.asks("101")
    assert "Kamu yang berikutnya" in " ".join(desk.heard("100"))
    assert "Kamu yang berikutnya" not in " ".join(desk.heard("101"))


# What was left to be read


LEFT = {"ended": "message"}


async def test_a_child_in_the_morning_comes_before_all_that_was_left_overnight(desk: Office) -> None:
    night = [await wait_here(desk.service, unit=desk.unit, since=desk.now - 36_000 + n, **LEFT) for n in range(10)]
    rina = await desk.comes("Rina", capacity=3)
    await desk.tick()
    assert (await desk.hand_off(night[0])).offered_to == rina.id, "nobody waits, and she is there"
    assert (await desk.desk.accept(rina, night[0])).ok
    await desk.tick()
    assert (await desk.hand_off(night[1])).offered_to == rina.id
    child = await desk.asks("100")
    await desk.tick()
    assert (await desk.hand_off(night[1])).state is State.WAITING, "that can wait now"
    heard = " ".join(desk.heard("100"))
    assert "Kamu yang berikutnya" in heard and "Di depanmu" not in heard
    assert (await desk.hand_off(child)).offered_to == rina.id, "what she reads keeps her from nobody"
    states = {each: (await desk.hand_off(each)).state for each in night[2:]}
    assert set(states.values()) == {State.WAITING}
    view = await desk.desk.queue(rina)
    assert view.oldest is not None and view.oldest < 60 and [item.hand_off.id for item in view.items if item.hand_off.waits] == [child]
    assert (await desk.desk.refuse(rina, child)).ok
    await desk.tick()
    assert {(await desk.hand_off(each)).state for each in night[1:]} == {State.WAITING}, "nobody is asked to read while the child waits"
    assert (await desk.desk.pull(rina, child)).ok
    await desk.tick()
    assert (await desk.hand_off(night[1])).offered_to == rina.id and (await desk.desk.accept(rina, night[1])).ok
    await desk.tick()
    assert {(await desk.hand_off(each)).state for each in night[2:]} == {State.WAITING}, "two messages and a talk are enough"
    assert (await desk.desk.pull(rina, night[2])).code == "full"


async def test_a_message_is_put_before_each_once_and_sends_nobody_away(desk: Office) -> None:
    rina, budi = await desk.comes("Rina"), await desk.comes("Budi")
    message = await wait_here(desk.service, unit=desk.unit, **LEFT)
    await desk.tick()
    first = (await desk.hand_off(message)).offered_to
    await desk.passes(70, rina, budi)
    second = (await desk.hand_off(message)).offered_to
    assert {first, second} == {rina.id, budi.id}
    await desk.passes(70, rina, budi)
    assert (await desk.hand_off(message)).offered_to is None
    assert [(await desk.desk.beat(person))[0] for person in (rina, budi)] == ["ready", "ready"]
    await desk.passes(1800, rina, budi)
    assert (await desk.hand_off(message)).passed is not None, "it was offered again"


async def test_who_stops_waiting_and_leaves_the_message_waits_no_more(desk: Office) -> None:
    rina = await desk.comes("Rina")
    message = await desk.asks("100")
    await desk.desk.beat(rina, "away")
    assert (await desk.hand_off(message)).waits
    await desk.say("100", "message")
    kept = await desk.hand_off(message)
    assert kept.message and kept.state is State.WAITING and kept.conversation_id is None


async def test_the_board_tells_people_from_messages(desk: Office) -> None:
    board, since = Board(desk.service.engine), desk.now - 100
    people: list[dict[str, Any]] = [{"taken_at": since + 40, "ended": "handled"}, {"taken_at": since + 60}, {"ended": "left"}, {}]
    kept_crisis = {**LEFT, "urgency": "danger", "taken_at": since + 60}
    for fields in (*people, kept_crisis, LEFT, {**LEFT, "taken_at": since + 90}):
        await wait_here(desk.service, unit=desk.unit, since=since, **fields)
    span = await board.span(desk.unit, since)
    assert span == Span(answered=3, abandoned=1, median=60, messages=2, taken=1) and span.over == 4, "who waits just now is neither"


# Who rests


async def test_who_hands_a_danger_on_after_talking_rests_and_who_only_looked_does_not(desk: Office) -> None:
    rina, budi, sari = [await desk.comes(name) for name in ("Rina", "Budi", "Sari")]
    danger = await desk.asks("100")
    await desk.set(danger, urgency="danger")
    assert (await desk.desk.pull(rina, danger)).ok
    await desk.service.settle()
    assert (await desk.desk.let_go(rina, danger)).ok
    assert await desk.desk.beat(rina) == ("ready", None)
    assert (await desk.desk.pull(budi, danger)).ok
    await desk.service.settle()
    assert (await desk.replies(budi, danger, "Aku di sini.")).ok
    assert (await desk.desk.transfer(budi, danger, to=sari.id)).ok
    assert await desk.desk.beat(budi) == ("ready", None)
    assert (await desk.desk.accept(sari, danger)).ok
    assert await desk.desk.beat(budi) == ("pause", desk.now + 900)


async def test_after_a_false_alarm_there_is_room_and_no_pause(desk: Office) -> None:
    rina = await desk.comes("Rina")
    danger = await wait_here(desk.service, unit=desk.unit, urgency="danger")
    assert (await desk.desk.pull(rina, danger)).ok
    await desk.set(danger, false_alarm=1)
    other = await wait_here(desk.service, unit=desk.unit)
    await desk.tick()
    assert (await desk.hand_off(other)).offered_to == rina.id
    assert (await desk.desk.wrap_up(rina, danger)).ok
    assert await desk.desk.beat(rina) == ("ready", None)


# Nobody is there


async def test_who_waits_hears_once_that_nobody_is_there_any_more(desk: Office) -> None:
    rina = await desk.comes("Rina")
    hand_off_id = await desk.asks("100")
    danger = await wait_here(desk.service, unit=desk.unit, urgency="danger")
    await desk.desk.beat(rina, "away")
    before = len(desk.heard("100"))
    await desk.passes(110, rina)
    assert len(desk.heard("100")) == before, "somebody may come back at once"
    await desk.passes(30, rina)
    (told,) = desk.heard("100")[before:]
    assert "Sekarang tidak ada konselor yang berjaga" in told and "belum bisa bilang" in told and "112" in told
    assert desk.phones.options("100").keys() >= {"message", "stop"} and "callback" not in desk.phones.options("100")
    await desk.passes(600, rina)
    assert len(desk.heard("100")) == before + 1
    assert not (await desk.hand_off(danger)).deserted, "a crisis rings"
    await desk.desk.beat(rina, "ready")
    await desk.tick()
    assert (await desk.desk.pull(rina, hand_off_id)).ok
    await desk.service.settle()
    assert any("Sekarang yang menjawab Rina" in text for text in desk.heard("100")[before + 1 :])


async def test_a_colleague_who_cannot_read_it_is_nobody_who_is_there(desk: Office) -> None:
    rina = await desk.comes("Rina")
    other = await add_unit(desk.service, generate_keypair(), name="school", kind="school", lead=False)
    tono = await desk.comes("Tono", unit=other)
    await desk.asks("100")
    assert await desk.all(select(tables.case_key).where(tables.case_key.c.recipient_id == other)) == []
    await desk.desk.beat(rina, "away")
    await desk.passes(140, rina, tono)
    assert any("Sekarang tidak ada konselor" in text for text in desk.heard("100"))


async def test_from_when_somebody_is_there_again_is_said_as_leads_planned_it_and_one_can_be_called_back_then(desk: Office) -> None:
    await desk.say("100", "/start")
    await desk.say("100", "counsellor")
    assert "belum bisa bilang kapan konselor ada lagi" in desk.heard("100")[-1] and "callback" not in desk.phones.options("100")
    hours = json.dumps({"wed": [["09:00", "16:00"]], "thu": [["09:00", "16:00"]]})
    await desk.service.writer.write([Insert(table="desk_setting", row={"name": "hours", "version": 1, "value": hours})])
    desk.wait(10)
    await desk.tick()
    for line in ("/start", "counsellor"):
        await desk.say("101", line)
    assert any("konselor ada lagi" in text and "jam 09.00" in text for text in desk.heard("101")), desk.heard("101")
    assert desk.phones.options("101").keys() >= {"message", "callback"}
    for line in ("callback", "aku takut di rumah", "own"):
        await desk.say("101", line)
    assert desk.phones.options("101").keys() == {"tomorrow", "wait"}
    for line in ("tomorrow", "noon", "yes"):
        await desk.say("101", line)
    (booked,) = [each for each in await desk.store.open_hand_offs() if each.state is State.CALLBACK]
    assert booked.callback_at is not None and datetime.fromtimestamp(booked.callback_at, desk.desk.zone).hour == 12
