"""A thief who writes to the database, has a chat of his own and no key: he puts himself into a talk that is going on. Nothing that a
counsellor writes goes to him, and nothing that he writes is the reporter's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from actions.rows import Insert
from bot.cli.backup import back_up, put_back
from bot.desk.replies import GONE
from bot.metrics import FORGED
from bot.settings import load_settings
from bot.storage import tables
from bot.storage.pins import BOUND
from bot.stored_session import Talk, locked_session, opened_session, talk_in
from tests.bot.desk.sitting import Office, Person, office
from tests.bot.desk.test_blocking import DANGER, block, talked
from tests.stores import given

CHILD, THIEF = "1", "2"
WORDS, LURE = "Kamu masih di rumah bibi di Jalan Mawar?", "ya kak, alamat lengkapnya apa ya?"
_HAND_OFF, _CONVERSATION = tables.hand_off.c, tables.conversation.c


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


async def _write(it: Office, *statements: Any) -> None:
    """The thief's hands."""
    async with it.service.engine.begin() as connection:
        for statement in statements:
            await connection.execute(statement)


async def _chat(it: Office, address: str) -> bytes:
    found = await it.service.intake.conversation(it.phones.name, address)
    assert found is not None
    return found


async def _taken_over(it: Office, hand_off_id: bytes) -> bytes:
    """The thief's chat stands in the place of the child's, in both rows."""
    await it.say(THIEF, "/start")
    mine = await _chat(it, THIEF)
    await _write(
        it, update(tables.hand_off).where(_HAND_OFF.id == hand_off_id).values(conversation_id=mine, version=_HAND_OFF.version + 1),
        update(tables.conversation).where(_CONVERSATION.hand_off_id == hand_off_id).values(hand_off_id=None),
        update(tables.conversation).where(_CONVERSATION.id == mine).values(hand_off_id=hand_off_id),
    )  # fmt: skip
    return mine


async def _told(it: Office, case_id: bytes) -> list[Any]:
    """What is in a case of a reporter's."""
    record = tables.case_record.c
    return await it.all(select(tables.case_record).where(record.case_id == case_id, record.author_id.is_(None)).order_by(record.number))


def _forged() -> float:
    return FORGED.labels("talk")._value.get()


async def test_a_talk_is_not_taken_over_by_writing_two_ids(it: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the counsellor's words, nor her question whether it is safe, nor that she is writing goes to him; his own are not put into
    the child's case as the child's. It is said loudly, and with the ids put right the talk goes on."""
    monkeypatch.setattr("bot.desk.typing.EVERY", 0.0)
    rina, hand_off_id = await talked(it, CHILD)
    child, case_id = await _chat(it, CHILD), (await it.hand_off(hand_off_id)).case_id
    mine = await _taken_over(it, hand_off_id)
    heard, told, before = len(it.heard(THIEF)), await _told(it, case_id), _forged()
    assert (await it.replies(rina, hand_off_id, WORDS)).code == GONE
    assert (await it.desk.safe(rina, hand_off_id)).code == GONE
    assert not await it.service.typing.counsellor(rina.id, hand_off_id)
    assert it.heard(THIEF)[heard:] == [] and _forged() > before
    await it.say(THIEF, LURE)
    await it.say(THIEF, DANGER)
    assert await _told(it, case_id) == told
    assert "Rina" not in " ".join(it.heard(THIEF)), "he is not told that he speaks with her"
    await _write(
        it, update(tables.conversation).where(_CONVERSATION.id == mine).values(hand_off_id=None),
        update(tables.conversation).where(_CONVERSATION.id == child).values(hand_off_id=hand_off_id),
        update(tables.hand_off).where(_HAND_OFF.id == hand_off_id).values(conversation_id=child, version=_HAND_OFF.version + 1),
    )  # fmt: skip
    assert (await it.replies(rina, hand_off_id, WORDS)).ok and it.heard(CHILD)[-1].startswith(WORDS)
    await it.say(CHILD, "Iya, aku masih di sana.")
    assert len(await _told(it, case_id)) == len(told) + 1


@pytest.mark.parametrize("own_talk", [False, True])
async def test_one_id_is_not_enough_either(it: Office, own_talk: bool) -> None:
    """His chat is pointed at the child's talk, which stays the child's: as somebody who has no talk, and as one who waits for his own."""
    rina, hand_off_id = await talked(it, CHILD)
    case_id = (await it.hand_off(hand_off_id)).case_id
    await (it.asks(THIEF) if own_talk else it.say(THIEF, "/start"))
    mine = await _chat(it, THIEF)
    await _write(it, update(tables.conversation).where(_CONVERSATION.id == mine).values(hand_off_id=hand_off_id))
    told = await _told(it, case_id)
    for line in (LURE, "selesai", DANGER, "hapus", "yes"):
        await it.say(THIEF, line)
    assert await _told(it, case_id) == told
    assert (await it.hand_off(hand_off_id)).ended is None, "he ends nobody's talk"
    assert (await it.replies(rina, hand_off_id, WORDS)).ok and it.heard(CHILD)[-1].startswith(WORDS)


async def test_a_talk_is_not_led_into_another_case(it: Office) -> None:
    """What the child says is vouched for in no case but the one that the talk began with, and nothing of the other is answered there."""
    rina, hand_off_id = await talked(it, CHILD)
    true = (await it.hand_off(hand_off_id)).case_id
    other = (await it.hand_off(await it.asks("3"))).case_id
    there = await _told(it, other)
    values = {"case_id": other, "version": _HAND_OFF.version + 1}
    await _write(it, update(tables.hand_off).where(_HAND_OFF.id == hand_off_id).values(**values))
    await it.say(CHILD, "Aku di rumah bibi.")
    assert await _told(it, other) == there
    assert (await it.replies(rina, hand_off_id, WORDS)).code == GONE
    await _write(it, update(tables.hand_off).where(_HAND_OFF.id == hand_off_id).values(case_id=true, version=_HAND_OFF.version + 1))
    before = len(await _told(it, true))
    await it.say(CHILD, "Aku masih di sini.")
    assert len(await _told(it, true)) == before + 1 and (await it.replies(rina, hand_off_id, WORDS)).ok


async def test_what_names_the_talk_cannot_be_moved_and_goes_with_it(it: Office) -> None:
    """The child's locked session does not open in another row; who leaves carries no talk in it any more, nor does a talk that is over."""
    rina, hand_off_id = await talked(it, CHILD)
    hand_off, child = await it.hand_off(hand_off_id), await _chat(it, CHILD)
    assert await _named(it, CHILD) == Talk(hand_off_id=hand_off_id, case_id=hand_off.case_id)
    mine = await _taken_over(it, hand_off_id)
    row: Any = await it.service.reads.conversation(child)
    await _write(it, update(tables.conversation).where(_CONVERSATION.id == mine).values(session=row.session))
    assert await _named(it, THIEF) is None
    assert (await it.replies(rina, hand_off_id, WORDS)).code == GONE
    budi, other = await _another(it, "4")
    assert await _named(it, "4") is not None
    await _write(it, update(tables.conversation).where(_CONVERSATION.id == await _chat(it, "4")).values(hand_off_id=hand_off_id))
    await it.say("4", "mtk")  # even where the row says that it is in another talk
    assert await _named(it, "4") is None
    budi, other = await _another(it, "5", budi)
    assert (await it.desk.wrap_up(budi, other)).ok
    for _ in range(3):  # the reporter hears of it, the two are untied, and the conversation gets another key
        await it.tick()
        await it.service.jobs.timers()
        await it.service.settle()
    assert await _named(it, "5") is None


async def _another(it: Office, address: str, who: Person | None = None) -> tuple[Person, bytes]:
    who = who or await it.comes("Budi")
    hand_off_id = await it.asks(address)
    assert (await it.desk.pull(who, hand_off_id)).ok
    await it.service.settle()
    return who, hand_off_id


async def _named(it: Office, address: str) -> Talk | None:
    row: Any = await it.service.reads.conversation(await _chat(it, address))
    key = await it.service.keys.key(row.key_id)
    return talk_in(row, key) if key is not None else None


async def _as_before(it: Office, address: str) -> None:
    """The session as an older program wrote it."""
    row: Any = await it.service.reads.conversation(await _chat(it, address))
    key = await it.service.keys.key(row.key_id)
    assert key is not None
    session = locked_session(row.id, key, opened_session(row, key), None)
    await _write(it, update(tables.conversation).where(_CONVERSATION.id == row.id).values(session=session))


async def test_a_talk_from_before_goes_on_and_is_vouched_for_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever talks while the service is upgraded is not cut off. Later, a session without its talk is somebody's work."""
    async with office(tmp_path) as it:
        rina, hand_off_id = await talked(it, CHILD)
        await _as_before(it, CHILD)
        async with it.service.keys._engine.begin() as connection:
            await connection.execute(tables.pin.delete().where(tables.pin.c.what == BOUND))
        started = it.clock[0]
    async with office(tmp_path) as it:
        assert "readers_vouched_for" in caplog.text
        it.clock[0] = started
        await it.desk.beat(rina, "ready")
        before = await _told(it, (await it.hand_off(hand_off_id)).case_id)
        await it.say(CHILD, "Aku masih di sini.")
        assert len(await _told(it, (await it.hand_off(hand_off_id)).case_id)) == len(before) + 1
        await _as_before(it, CHILD)
    caplog.clear()
    async with office(tmp_path) as it:
        assert "readers_vouched_for" not in caplog.text
        assert await _named(it, CHILD) is None
        it.clock[0] = started
        assert (await it.replies(rina, hand_off_id, WORDS)).code != "ok"


async def test_what_changes_the_key_or_takes_messages_away_leaves_the_talk(it: Office) -> None:
    """The daily change of the key, and the wipe that was asked for long before: the two go on talking."""
    rina, hand_off_id = await talked(it, CHILD)
    for name in ("rekey", "wipe"):
        row = {"conversation_id": await _chat(it, CHILD), "name": name, "due_at": it.now}
        await it.service.writer.write([Insert(table="timer", row=row, replace=True)])
        before: Any = await it.service.reads.conversation(await _chat(it, CHILD))
        await it.service.jobs.timers()
        await it.service.settle()
        after: Any = await it.service.reads.conversation(await _chat(it, CHILD))
        assert after.key_id != before.key_id and await _named(it, CHILD) is not None, name
        assert (await it.replies(rina, hand_off_id, f"{WORDS} {name}")).ok and it.heard(CHILD)[-1].startswith(f"{WORDS} {name}")


async def test_a_restored_talk_is_the_same_talk(tmp_path: Path) -> None:
    settings = load_settings(from_environment=False, given=given(tmp_path / "data"))
    async with office(tmp_path / "data") as it:
        _, hand_off_id = await talked(it, CHILD)
        now, case_id = it.now, (await it.hand_off(hand_off_id)).case_id
    await back_up(settings, tmp_path / "backup", now=now)
    await put_back(settings, tmp_path / "backup", now=now + 60, replace=True)
    async with office(tmp_path / "data") as it:
        assert await _named(it, CHILD) == Talk(hand_off_id=hand_off_id, case_id=case_id)


async def test_nobody_is_blocked_because_the_database_says_that_a_talk_is_in_their_chat(it: Office) -> None:
    """Whoever was rude points his own hand-off at the child's chat, so that she is sent away in his place."""
    rina, hand_off_id = await talked(it, THIEF)
    await it.say(CHILD, "/start")
    hers = await _chat(it, CHILD)
    await _write(
        it, update(tables.hand_off).where(_HAND_OFF.id == hand_off_id).values(conversation_id=hers, version=_HAND_OFF.version + 1),
        update(tables.conversation).where(_CONVERSATION.id == hers).values(hand_off_id=hand_off_id),
    )  # fmt: skip
    assert (await block(it, rina, hand_off_id)).code == GONE
    assert await it.rows("block") == 0
    assert await it.service.blocks.of(it.phones.name, CHILD) is None
