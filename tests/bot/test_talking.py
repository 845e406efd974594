"""A person of the desk in a conversation, over the real database: one of the two speaks, whoever was quicker; nothing of it stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from sqlalchemy import select

from actions.queue import State, Urgency
from bot import contexts
from bot import turn as turn_module
from bot.heads_up import TALKS, TOLD
from bot.storage import tables
from bot.storage.faults import Moved
from bot.vault.delivery import wrap_for_delivery
from bot.vault.draft import unlock
from flows.session import Session
from tests.bot.house import House, house
from tests.bot.test_last_resort import _records
from tests.desk_by_hand import DeskByHand, LiveDesk, NotYours

CANARY = "kucing bersayap ungu"
TO_TALK = ("/start", "counsellor", "talk", f"aku mau cerita, {CANARY}", "own")
DAY = 86_400


class Desk(LiveDesk):
    """A desk with a house. `before_commit` is done once, right after the next turn has looked at the world: the desk is quicker."""

    here: House
    changed: list[tuple[bytes, int]]

    async def does(self, verb: str, words: str = "", **about: Any) -> None:
        """An act, and all that comes of it."""
        await self.act(verb, words, now=int(self.here._clock[0]), **about)
        await self.service.settle()


@asynccontextmanager
async def desk(folder: Path, *, quicker: list[Any] | None = None) -> AsyncIterator[Desk]:
    """A house with somebody on duty. An act in `quicker` is done between a turn's look at the world and its commit."""
    hand = DeskByHand(staffed=True)
    running: list[Any] = []
    changed: list[tuple[bytes, int]] = []
    options = LiveDesk.options(hand, running)
    world = options["desk"]

    async def looked(row: Any) -> Mapping[str, Any]:
        about: Mapping[str, Any] = await world(row)
        if quicker:
            await quicker.pop()()
        return about

    async with house(folder, desk=looked, staffed=options["staffed"], desk_changed=lambda *told: changed.append(told)) as here:
        running.append(here.service)
        made = Desk(hand, here.service)
        made.here, made.changed = here, changed
        yield made


async def _conversation(here: House, address: str) -> Any:
    found = await here.service.intake.conversation("telegram", address)
    return await here.service.reads.conversation(found) if found is not None else None


async def _session(here: House, address: str) -> Session:
    row = await _conversation(here, address)
    key = await here.service.keys.key(row.key_id)
    assert key is not None
    return Session.from_json(orjson.loads(unlock(key, row.session, context=contexts.session(row.id))))


async def _said(here: House) -> list[dict[str, Any]]:
    return [record for record in await _records(here) if record["kind"] == "said"]


async def _all(here: House) -> list[Any]:
    async with here.service.engine.connect() as connection:
        return list(await connection.execute(select(tables.hand_off).order_by(tables.hand_off.c.created_at)))


async def test_asking_for_a_person_ties_the_two_and_tells_the_desk(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.here.talk("1", *TO_TALK)
        hand_off = await it.hand_off()
        row = await _conversation(it.here, "1")
        assert (hand_off.state, hand_off.conversation_id, row.hand_off_id) == (State.WAITING, row.id, hand_off.id)
        assert it.changed == [(hand_off.id, 0)]
        await it.here.say("1", "masih di sini")
        await it.does("accept", "Rina")
        await it.here.say("1", "halo kak")
        assert [version for _, version in it.changed] == [0, 1, 3], "each word is a change that a console can hear of"
        said = sorted(await _said(it.here), key=lambda record: record["n"])
        assert [(record["n"], record["text"]) for record in said] == [(1, "masih di sini"), (3, "halo kak")]


async def test_the_session_holds_no_word_while_a_person_has_the_conversation(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.here.talk("1", *TO_TALK, f"lagi, {CANARY}")
        await it.does("accept", "Rina")
        await it.here.say("1", f"dan lagi, {CANARY}")
        kept = orjson.dumps((await _session(it.here, "1")).to_json()).decode()
        assert CANARY not in kept and "cerita" not in kept
        records = await _records(it.here)
        assert sum(CANARY in str(record) for record in records) == 3


async def test_the_bot_never_speaks_over_a_person_who_was_quicker(tmp_path: Path) -> None:
    quicker: list[Any] = []
    async with desk(tmp_path, quicker=quicker) as it:
        await it.here.talk("1", *TO_TALK)
        # The turn has looked: somebody waits, so the bot would answer. Then Rina takes it, before the turn is written.
        quicker.append(lambda: it.act("accept", "Rina", tell=False))
        shown = await it.here.say("1", "kapan ada orang")
        text = "\n".join(bubble.text for bubble in shown)
        assert "Rina" in text and "tersimpan untuk konselor" not in text, "it began anew, and saw her"
        assert [record["text"] for record in await _said(it.here)] == ["kapan ada orang"], "once"
        # The other way round: the reporter leaves while the console believes that the talk goes on.
        seen = await it.hand_off()
        await it.here.say("1", "mtk")
        with pytest.raises(Moved):
            await it.act("reply", "Halo?", seen=seen)


async def test_a_desk_that_never_rests_cannot_keep_a_turn_from_being_written(tmp_path: Path) -> None:
    quicker: list[Any] = []
    async with desk(tmp_path, quicker=quicker) as it:
        await it.here.talk("1", *TO_TALK)
        for verb, words in (("transfer", "Budi"), ("ask_safe", ""), ("transfer", "Rina"), ("transfer", "Sari"), ("accept", "Rina")):
            quicker.append(lambda verb=verb, words=words: it.act(verb, words, tell=False))
        await it.here.say("1", "halo")
        assert [record["text"] for record in await _said(it.here)] == ["halo"]


async def test_two_messages_and_two_acts_at_once_are_all_heard_in_their_order(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.here.talk("1", *TO_TALK)
        await it.does("accept", "Rina")
        said = [f"kata {number}" for number in range(8)]

        async def writes() -> None:
            for words in said:
                await it.here.say("1", words)

        async def acts() -> None:
            for name in ("Budi", "Rina", "Budi", "Rina"):
                for _ in range(20):
                    try:
                        await it.act("transfer", name)
                    except Moved:
                        await asyncio.sleep(0.002)
                    else:
                        break
                else:
                    raise AssertionError("a console never got its turn")
                await asyncio.sleep(0.01)

        await asyncio.gather(writes(), acts())
        await it.service.settle()
        records = sorted(await _said(it.here), key=lambda record: record["n"])
        assert [record["text"] for record in records] == said
        handed = [bubble.text for bubble in it.here.phones.seen["1"] if "yang melanjutkan" in bubble.text]
        assert (await it.hand_off()).owner_id == it.hand.owner("Rina")
        # The bot looks, and tells what is other than it told: of a desk that was quicker there may be nothing to tell.
        assert all("Rina" in last for last in handed[-1:]), "the last one who was announced is the one who has it"


async def test_the_key_of_a_talk_is_a_day_old_at_most(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.here.talk("1", *TO_TALK)
        await it.does("accept", "Rina")
        for _ in range(3):
            before = (await _conversation(it.here, "1")).key_id
            it.here.wait(DAY - 60)
            await it.here.say("1", "masih di sini")
            it.here.wait(61)
            await it.service.jobs.timers()
            await it.service.settle()
            assert (await _conversation(it.here, "1")).key_id != before
            assert await it.service.keys.key(before) is None, "the old one is dead"
        assert await it.here.say("1", "dan sekarang") == [], "the talk goes on"
        await it.does("reply", "Ya, aku di sini.")
        assert it.here.phones.seen["1"][-1].text == "Ya, aku di sini."


async def test_a_day_of_silence_ends_it_on_both_sides_but_not_in_a_crisis(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.here.talk("1", *TO_TALK)
        await it.does("accept", "Rina")
        it.here.wait(DAY + 60)
        await it.service.jobs.timers()
        await it.service.settle()
        (row,) = await _all(it.here)
        assert (row.state, row.ended, row.conversation_id) == ("wrap_up", "silent", None)
        assert (await _conversation(it.here, "1")).hand_off_id is None

        await it.here.talk("2", *TO_TALK)
        await it.does("accept", "Budi")
        shown = await it.here.say("2", "tolong dia mau bunuh aku sekarang")
        assert shown[0].text.startswith("Telepon 112")
        it.here.wait(DAY + 60)
        await it.service.jobs.timers()
        await it.service.settle()
        hand_off = await it.hand_off()
        assert (hand_off.state, hand_off.urgency) == (State.ACTIVE, Urgency.DANGER)


@pytest.mark.parametrize(("word", "why"), [("mtk", "left"), ("hapus", "erased")])
async def test_whoever_leaves_or_erases_has_left_the_desk(word: str, why: str, tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.here.talk("1", *TO_TALK)
        await it.does("accept", "Rina")
        old = await it.hand_off()
        await it.here.say("1", word)
        if word == "hapus":
            await it.here.say("1", "yes")
        (row,) = await _all(it.here)
        assert (row.state, row.ended, row.conversation_id) == ("wrap_up", why, None)
        assert (await _conversation(it.here, "1")).hand_off_id is None
        timers = await it.here.rows("timer")
        assert timers == 1, "only the silence is left to wait for"
        with pytest.raises((Moved, NotYours)):
            await it.act("reply", "Halo?", seen=old)
        assert (await it.here.say("1", "menu"))[0].choices, "the bot answers again"


async def test_leaving_needs_no_engine(tmp_path: Path) -> None:
    async def at_once(_: float) -> None:
        return None

    async with desk(tmp_path) as it:
        await it.here.talk("1", *TO_TALK)
        await it.does("accept", "Rina")
        with patch.object(turn_module, "resume", side_effect=KeyError("a fault of ours")), patch.object(asyncio, "sleep", at_once):
            await it.here.say("1", "mtk")
        (row,) = await _all(it.here)
        assert (row.state, row.ended, row.conversation_id) == ("wrap_up", "left", None)


async def test_an_alert_while_waiting_makes_that_urgent_and_is_no_second_one(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.here.talk("1", *TO_TALK)
        await it.here.talk("1", "tolong dia mau bunuh aku sekarang", "kos belakang pasar")
        hand_off = await it.hand_off()
        assert (hand_off.reason, hand_off.urgency) == ("asked", Urgency.DANGER)
        assert await it.here.rows("hand_off") == 1 and await it.here.rows("cases") == 1
        assert "kos belakang pasar" in str(await _records(it.here))
        await it.here.say("1", "false_alarm")
        hand_off = await it.hand_off()
        assert (hand_off.false_alarm, hand_off.urgency) == (1, Urgency.DANGER), "the risk is never called low"


async def test_how_it_was_is_kept_once_and_never_after_a_crisis(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.here.talk("1", *TO_TALK)
        await it.does("accept", "Rina")
        await it.does("close")
        assert (await _conversation(it.here, "1")).hand_off_id is None, "nothing links the two while it is asked"
        await it.here.say("1", "so_so")
        (row,) = await _all(it.here)
        assert row.rating == 3
        await it.here.say("1", "very_good")
        (row,) = await _all(it.here)
        assert row.rating == 3, "a tap that comes twice changes nothing"
        assert "hand_off" not in orjson.dumps((await _session(it.here, "1")).to_json()).decode()


async def test_whoever_is_in_danger_and_silent_for_days_waits_on_without_the_chat(tmp_path: Path) -> None:
    """A crisis ends by people alone; the conversation and whatever points at it go after 72 hours as every other."""
    async with desk(tmp_path) as it:
        await it.here.talk("1", "/start", "tolong aku dikejar bapak bawa parang")
        before = await it.hand_off()
        assert before.conversation_id is not None
        it.here.wait(3 * DAY + 60)
        await it.service.jobs.forget()
        after = await it.service.reads.hand_off(before.id)
        assert after is not None and (after.state, after.conversation_id) == (State.WAITING, None) and after.version > before.version
        assert await it.here.rows("conversation") == 0


async def test_after_not_safe_no_answer_is_announced_before_the_word_though_the_talk_is_over(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.here.talk("1", *TO_TALK)
        await it.does("accept", "Rina")
        await it.does("ask_safe")
        await it.here.say("1", "safe_no")
        case_id = (await it.hand_off()).case_id
        await it.does("close")
        left = orjson.dumps({"channel": "telegram", "address": "1"})
        inner = wrap_for_delivery(left, delivery_public=it.service.keys.delivery.public, case_id=case_id)
        before = len(it.here.phones.seen["1"])
        row = await _conversation(it.here, "1")
        assert row.hand_off_id is None
        assert await it.service.heads_up.tell(case_id, b"r" * 16, inner, "id") == TALKS
        await it.service.settle()
        assert len(it.here.phones.seen["1"]) == before
        await it.here.say("1", "sudah aman")
        assert await it.service.heads_up.tell(case_id, b"r" * 16, inner, "id") == TOLD
