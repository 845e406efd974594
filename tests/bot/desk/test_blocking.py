"""An address that a counsellor blocked: nothing of it reaches the desk, it is answered, and danger goes through as ever."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from actions import audit, registry
from actions.hand_off import State, Urgency
from actions.ports import Request
from bot.channels.base import Received
from bot.desk.views import Entry, Result
from bot.storage import tables
from bot.storage.audit import AuditChain
from flows.message import Danger, Inbound, InboundKind, Media, Understanding
from tests.bot.desk.sitting import Office, Person, office

HOUR, DAY = 3600, 86_400
CHANNELS = ("telegram", "whatsapp")
DANGER, SELF_HARM = "tolong, dia mau bunuh aku", "aku mau bunuh diri"
RUDE = "kalian semua bodoh sekali"
SAID = "konselor tidak membalas di chat ini"


@pytest.fixture(params=CHANNELS)
async def it(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path, channel=request.param) as made:
        yield made


async def block(it: Office, person: Person, hand_off_id: bytes, *, hours: int = 24, told: int | None = None) -> Result:
    """What a console posts: after a look at all that was told, or at so many records of it."""
    hand_off = await it.hand_off(hand_off_id)
    case = await it.store.case(hand_off.case_id)
    entry = Entry(**person.entry(hand_off, case, "kata-kata kotor"))
    told = (case.told or 0) if told is None else told
    result = await it.desk.blocking.block(person, hand_off_id, entry, hours=hours, told=told)
    await it.service.settle()
    return result


async def talked(it: Office, address: str = "1") -> tuple[Person, bytes]:
    """Somebody has the conversation of an address."""
    rina = await it.comes("Rina")
    hand_off_id = await it.asks(address)
    assert (await it.desk.pull(rina, hand_off_id)).ok
    await it.service.settle()
    return rina, hand_off_id


async def blocked(it: Office, address: str = "1", *, hours: int = 24) -> tuple[Person, bytes]:
    """An address that was blocked in a talk."""
    rina, hand_off_id = await talked(it, address)
    assert (await block(it, rina, hand_off_id, hours=hours)).ok
    return rina, hand_off_id


async def lift(it: Office, hand_off_id: bytes) -> None:
    await it.service.writer.write(it.service.blocks.lifted((await it.hand_off(hand_off_id)).case_id))


async def counts(it: Office) -> tuple[int, int]:
    """How many cases and hand-offs there are: what fills the desk."""
    return await it.rows("cases"), await it.rows("hand_off")


def words(bubbles: list[Any]) -> str:
    return "\n".join(bubble.text for bubble in bubbles)


async def test_the_talk_ends_kindly_and_says_until_when_and_where_help_is(it: Office) -> None:
    _, hand_off_id = await blocked(it)
    last = it.heard("1")[-1]
    assert "Percakapan dengan konselor kami akhiri di sini" in last and SAID in last
    assert "Sampai besok jam 22.00" in last or "Sampai besok jam" in last
    for number in ("112", "110", "119", "129"):
        assert number in last
    assert "membantumu" not in last, "nobody who was blocked is asked how it was"
    choices = it.phones.options("1")
    assert "learn" in choices and "services" in choices and not {"report", "counsellor"} & choices.keys()
    hand_off = await it.hand_off(hand_off_id)
    assert (hand_off.state, hand_off.ended) == (State.WRAP_UP, "handled")


async def test_nothing_of_it_reaches_the_desk_and_everything_is_answered(it: Office) -> None:
    await blocked(it)
    before = await counts(it)
    for line in (RUDE, "konselor", "lapor", "aku mau lapor guru", "/start", "counsellor", "bantuan", "menu"):
        it.wait(700)
        assert words(await it.say("1", line)), line
    for line in ("talk", "aku mau cerita panjang sekali tentang hal ini", "own"):
        it.wait(700)
        await it.say("1", line)
    assert await counts(it) == before
    assert not await it.all(select(tables.hand_off.c.id).where(tables.hand_off.c.state == "waiting"))


async def test_an_old_definition_cannot_bring_anything_to_the_desk(it: Office) -> None:
    """A report that stood at its end when the block came: the action itself refuses, whatever the session's definition says."""
    _, hand_off_id = await blocked(it)
    turn = it.service.turns.turn
    hand_off = await it.hand_off(hand_off_id)
    row = await it.service.reads.conversation(hand_off.conversation_id or b"")
    now = datetime.fromtimestamp(it.now, UTC)
    asked = Request(
        arguments={}, answers={"story": "x"}, last="", drafts={}, facts={}, language="id", channel="telegram",
        conversation_id=row.id if row is not None else b"", address="1", now=now, started=now, blocked=True,
    )  # fmt: skip
    for name in ("submit_report", "hand_off", "add_to_case"):
        outcome = await registry.run(name, asked, turn._ports)
        assert (outcome.code, outcome.rows) == ("closed", ()), name


@pytest.mark.parametrize(("cry", "urgency"), [(DANGER, "danger"), (SELF_HARM, "self_harm")])
async def test_danger_does_what_it_would_do_unblocked(it: Office, cry: str, urgency: str) -> None:
    rina, _ = await blocked(it)
    unblocked = words(await it.talk("2", "/start", cry))
    shown = words(await it.say("1", cry))
    assert shown == unblocked and "112" in shown and SAID not in shown
    rings = await it.all(select(tables.hand_off).where(tables.hand_off.c.state.in_(("waiting", "offered"))))
    assert [row.urgency for row in rings] == [urgency, urgency]
    here = await it.service.intake.conversation(it.phones.name, "1")
    (mine,) = [row for row in rings if row.conversation_id == here]
    assert (await it.desk.pull(rina, mine.id)).ok
    await it.service.settle()
    assert await it.say("1", "di belakang pasar") == [], "a person has it: the bot is silent"
    records = await it.records.newest(mine.case_id)
    assert "said" in [record.kind for record in records.records]
    assert (await it.replies(rina, mine.id, "Aku di sini.")).ok
    assert it.heard("1")[-1] == "Aku di sini."
    assert (await it.desk.wrap_up(rina, mine.id)).ok
    await it.service.settle()
    assert SAID in it.heard("1")[-1], "the block rests while the desk has a conversation with them, and goes on after it"


async def test_danger_again_after_the_desk_ended_that_talk_rings_again(it: Office) -> None:
    """Also without a block: whoever cries once more is not added to what people have ended, where nobody would hear it."""
    rina, lead = await it.comes("Rina"), await it.comes("Budi", role="lead")
    await it.say("1", "/start")
    await it.say("1", DANGER)
    (first,) = [row.id for row in await it.all(select(tables.hand_off.c.id))]
    assert (await it.desk.pull(rina, first)).ok
    await it.service.settle()
    assert (await block(it, rina, first)).ok
    assert (await it.hand_off(first)).state is State.WRAP_UP, "two people still close it"
    assert (await it.desk.close(rina, first, outcome="false_alarm", risk="none")).ok
    assert (await it.desk.close(lead, first, outcome="false_alarm", risk="none")).ok
    assert "112" in words(await it.say("1", DANGER))
    (again,) = [row for row in await it.all(select(tables.hand_off)) if row.id != first]
    assert (again.urgency, again.false_alarm) == ("danger", 0) and again.state in ("waiting", "offered")
    assert again.conversation_id == await it.service.intake.conversation(it.phones.name, "1")


async def test_it_is_over_after_its_time_and_when_it_is_lifted(it: Office) -> None:
    rina, hand_off_id = await blocked(it, hours=1)
    it.wait(HOUR - 120)
    assert SAID in words(await it.say("1", RUDE))
    it.wait(121)
    await it.say("1", "menu")
    assert {"report", "counsellor"} <= it.phones.options("1").keys()
    assert (await it.desk.close(rina, hand_off_id, outcome="other", risk="none")).ok
    await it.desk.beat(rina, "ready")
    again = await it.asks("1")
    assert (await it.desk.pull(rina, again)).ok
    await it.service.settle()
    assert (await block(it, rina, again, hours=72)).ok
    await lift(it, again)
    await it.say("1", "menu")
    assert {"report", "counsellor"} <= it.phones.options("1").keys()


async def test_a_flood_gets_few_answers_and_none_of_it_is_left_without_one(it: Office) -> None:
    await blocked(it)
    told = len(it.heard("1"))
    for _ in range(50):
        assert await it.say("1", RUDE) == []
    assert len(it.heard("1")) == told, "it was said a moment ago, and is said again for all of them"
    it.wait(31)
    await it.service.jobs.timers()
    await it.service.settle()
    assert len(it.heard("1")) == told + 1 and SAID in it.heard("1")[-1]
    for _ in range(5):
        await it.say("1", RUDE)
    it.wait(31)
    await it.service.jobs.timers()
    await it.service.settle()
    assert len(it.heard("1")) == told + 1, "the second time it takes twice as long"
    it.wait(30)
    await it.service.jobs.timers()
    await it.service.settle()
    assert len(it.heard("1")) == told + 2
    assert "112" in words(await it.say("1", DANGER)), "danger never waits"


async def test_questions_and_numbers_are_answered(it: Office) -> None:
    await blocked(it)
    assert "112" in words(await it.talk("1", "services", "danger"))
    await it.say("1", "menu")
    assert "learn" not in it.phones.options("1") or words(await it.say("1", "learn"))


class Model:
    """A model that means what it is told, and danger phrases that hear nothing."""

    def __init__(self, intent: str) -> None:
        self.intent = intent

    def danger(self, text: str) -> Danger | None:
        return None

    def in_care(self, text: str) -> bool:
        return False

    async def understand(self, text: str, language: str) -> Understanding:
        return Understanding(text=text, intent=self.intent, confidence=0.9, ranking=((self.intent, 0.9),))


@pytest.mark.parametrize("first", ["menu", "mtk"])
async def test_what_a_model_hears_is_followed_danger_above_all(tmp_path: Path, first: str) -> None:
    """With the menu open, and with nothing open."""
    model = Model("insult")
    async with office(tmp_path, understands=model) as it:
        await blocked(it)
        before = await counts(it)
        await it.say("1", first)
        told = len(it.heard("1"))
        for intent in ("insult", "disclosure", "start_report", "talk_to_counsellor", "unclear", "greet"):
            model.intent = intent
            await it.say("1", "bla bla bla bla")
        assert await counts(it) == before
        assert [SAID in text for text in it.heard("1")[told:]].count(True) <= 1
        model.intent = "faq/bullying"
        shown = words(await it.say("1", "apa itu perundungan ya kak"))
        assert shown and SAID not in shown, "a question is answered"
        await it.say("1", first)
        for intent, reason in (("emergency", "danger"), ("self_harm", "self_harm")):
            model.intent = intent
            shown = words(await it.say("1", "entahlah pokoknya begitu"))
            assert "112" in shown and SAID not in shown
            (row,) = await it.all(select(tables.hand_off).where(tables.hand_off.c.state.in_(("waiting", "offered"))))
            assert row.urgency == reason
            await it.set(row.id, state="closed", ended="handled", ended_at=it.now, conversation_id=None)
            async with it.service.engine.begin() as connection:
                await connection.execute(update(tables.conversation).values(hand_off_id=None))
            await it.say("1", first)


async def test_a_file_is_not_taken_and_goes_from_where_it_waited(it: Office) -> None:
    await blocked(it)
    it.wait(700)
    media = Media(kind="voice", handle="h", size=10)
    sent = Inbound(kind=InboundKind.MEDIA, text="", media=media)
    told = len(it.heard("1"))
    await it.service.receive(Received(channel=it.phones.name, message_id="file", address="1", inbound=sent, ref="f"))
    await it.service.settle()
    assert SAID in it.heard("1")[-1] and len(it.heard("1")) == told + 1
    assert await it.rows("evidence") == 0


async def test_leaving_and_erasing_work_and_lift_nothing(it: Office) -> None:
    await blocked(it)
    assert SAID not in words(await it.say("1", "mtk"))
    assert SAID in words(await it.say("1", RUDE))
    await it.talk("1", "hapus", "yes")
    it.wait(700)
    assert SAID in words(await it.say("1", RUDE))


@pytest.mark.parametrize("lifted", [False, True])
@pytest.mark.parametrize("way", [("mtk",), ("hapus", "yes")])
async def test_whoever_left_is_written_nothing_although_an_answer_was_due(it: Office, way: tuple[str, ...], lifted: bool) -> None:
    """Somebody else may hold the telephone by then, on which there is nothing but homework."""
    _, hand_off_id = await blocked(it)
    await it.say("1", RUDE)
    await it.say("1", "kok gitu")  # a moment later: it is answered later
    await it.talk("1", *way)
    before = it.heard("1")
    if lifted:
        await lift(it, hand_off_id)
    it.wait(700)
    await it.service.jobs.timers()
    await it.service.settle()
    assert it.heard("1") == before


async def test_nobody_is_hung_up_on_who_cried_for_help_while_the_reason_was_typed(it: Office) -> None:
    rina, hand_off_id = await talked(it)
    seen = (await it.store.case((await it.hand_off(hand_off_id)).case_id)).told
    await it.say("1", DANGER)
    assert (await block(it, rina, hand_off_id, told=seen)).code == "stale"
    now = await it.hand_off(hand_off_id)
    assert (now.state, now.urgency) == (State.ACTIVE, Urgency.DANGER)
    assert SAID not in it.heard("1")[-1]
    assert await it.rows("block") == 0


async def test_another_address_is_not_blocked(it: Office) -> None:
    await blocked(it)
    await it.say("2", "/start")
    assert {"report", "counsellor"} <= it.phones.options("2").keys()


async def test_who_writes_each_day_is_blocked_to_the_end_although_day_keys_die(it: Office) -> None:
    await blocked(it, hours=72)
    made = it.now
    for _ in range(5):
        it.wait(14 * HOUR)
        await it.service.jobs.forget()
        assert SAID in words(await it.say("1", RUDE))
    (row,) = await it.all(select(tables.block))
    assert row.day == it.now // DAY, "it is under today's key by now"
    it.clock[0] = made + 72 * HOUR
    await it.say("1", "menu")
    assert "counsellor" in it.phones.options("1")
    await it.service.jobs.forget()
    assert await it.rows("block") == 0


async def test_the_key_of_its_day_takes_it_along(it: Office) -> None:
    """Whoever is silent for three days is free, and the row that is left finds nobody; then it goes."""
    _, hand_off_id = await blocked(it, hours=72)
    day = it.now // DAY
    case_id = (await it.hand_off(hand_off_id)).case_id
    it.clock[0] = (day + 3) * DAY + 1
    assert it.now < (await it.all(select(tables.block.c.until)))[0].until, "by the row's own word it would still hold"
    assert await it.service.blocks.of(it.phones.name, "1") is None
    assert await it.service.blocks.of_case(case_id) is None
    await it.service.jobs.forget()
    assert await it.rows("block") == 0


async def test_keys_that_are_changed_do_not_lift_it(it: Office) -> None:
    await blocked(it)
    await it.service.keys.change_day(it.now // DAY)
    it.wait(60)
    assert SAID in words(await it.say("1", RUDE))
    assert SAID in words(await it.talk("1", "mtk", RUDE))


async def test_only_who_has_a_live_conversation_blocks_and_only_for_so_long(it: Office) -> None:
    rina, hand_off_id = await talked(it)
    budi = await it.comes("Budi")
    assert (await block(it, budi, hand_off_id)).code == "not_yours"
    worker = await it.comes("Wati", role="case_worker", state=None)
    assert (await block(it, worker, hand_off_id)).code == "unknown"
    for hours in (0, 2, 73, 10_000):
        with pytest.raises(ValueError, match="no such length"):
            await block(it, rina, hand_off_id, hours=hours)
    waiting = await it.asks("2")
    assert (await block(it, rina, waiting)).code == "not_now"
    assert await it.rows("block") == 0
    assert (await block(it, rina, hand_off_id)).ok
    assert (await block(it, rina, hand_off_id)).code == "not_now", "it is over"


async def test_a_reason_that_is_not_signed_by_its_author_blocks_nobody(it: Office) -> None:
    rina, hand_off_id = await talked(it)
    budi = await it.comes("Budi")
    hand_off = await it.hand_off(hand_off_id)
    case = await it.store.case(hand_off.case_id)
    entry = Entry(**budi.entry(hand_off, case, "bukan aku"))
    assert (await it.desk.blocking.block(rina, hand_off_id, entry, hours=1, told=case.told or 0)).code == "forged"
    assert await it.rows("block") == 0 and (await it.hand_off(hand_off_id)).state is State.ACTIVE


async def test_it_stands_in_the_case_and_on_the_audit_chain(it: Office) -> None:
    rina, hand_off_id = await blocked(it)
    hand_off = await it.hand_off(hand_off_id)
    records = [record for record in (await it.records.newest(hand_off.case_id)).records if record.author_id == rina.id]
    assert [record.kind for record in records] == ["note"]
    links = await AuditChain(it.service.engine, it.service.writer).links()
    assert [(link.entry.action, link.entry.subject, link.entry.actors) for link in links] == [
        (audit.ADDRESS_BLOCKED, hand_off.case_id, (rina.id,))
    ]
    block_row = await it.service.blocks.of_case(hand_off.case_id)
    assert block_row is not None and block_row.staff_id == rina.id and block_row.until == (it.now + DAY) // 60 * 60


async def test_while_it_is_not_safe_nothing_is_said_before_the_word(it: Office) -> None:
    rina, hand_off_id = await talked(it)
    assert (await it.desk.safe(rina, hand_off_id)).ok
    await it.service.settle()
    await it.say("1", "Belum aman")
    told = len(it.heard("1"))
    assert (await block(it, rina, hand_off_id)).ok
    assert len(it.heard("1")) == told
    assert await it.say("1", "siapa di sana") == []
    assert SAID in words(await it.say("1", "sudah aman"))


async def test_a_report_that_was_begun_is_paused_and_goes_on_after_it(it: Office) -> None:
    rina = await it.comes("Rina")
    await it.talk("1", "/start", "report", "yes", "self_13_17", "aku dipukul paman minggu lalu", "no")
    await it.talk("1", "konselor", "talk", "halo kak", "own")
    (hand_off_id,) = [row.id for row in await it.all(select(tables.hand_off.c.id))]
    assert (await it.desk.pull(rina, hand_off_id)).ok
    await it.service.settle()
    assert (await block(it, rina, hand_off_id, hours=1)).ok
    assert SAID in it.heard("1")[-1] and "kecamatan" not in it.heard("1")[-1].lower()
    assert "report" not in it.phones.options("1")
    for line in (RUDE, "learn", "menu", RUDE, "services", "menu"):  # whatever is done meanwhile leads back to the menu, not into it
        await it.say("1", line)
    assert "learn" in it.phones.options("1") and "report" not in it.phones.options("1")
    assert await it.rows("cases") == 1
    it.wait(HOUR + 60)
    await it.say("1", "menu")
    shown = words(await it.say("1", "report"))
    assert "Kita lanjut dari yang tadi" in shown


async def test_who_writes_to_the_database_lengthens_and_moves_nothing(it: Office) -> None:
    _, hand_off_id = await blocked(it, hours=1)
    block_of = tables.block.c
    (row,) = await it.all(select(tables.block))
    changed: list[dict[str, Any]] = [
        {"until": row.until + 60 * DAY}, {"until": row.until + HOUR}, {"staff_id": b"m" * 16}, {"day": row.day - 1}
    ]  # fmt: skip
    for values in changed:
        async with it.service.engine.begin() as connection:
            await connection.execute(update(tables.block).where(block_of.row_key == row.row_key).values(**values))
        if "day" not in values:
            assert await it.service.blocks.of(it.phones.name, "1") is None, values
        assert await it.service.blocks.of_case((await it.hand_off(hand_off_id)).case_id) is None, values
        async with it.service.engine.begin() as connection:
            await connection.execute(update(tables.block).where(block_of.row_key == row.row_key).values(**row._asdict()))
    assert await it.service.blocks.of(it.phones.name, "1") is not None
