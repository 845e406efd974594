"""When no turn can be made of a message, whoever leaves has left, and whoever is in danger has the numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import pytest

from actions.rows import Update
from bot import contexts
from bot import turn as turn_module
from bot.vault.draft import lock
from bot.vault.seal import open_key, open_sealed
from flows.message import Outbound
from tests.bot.house import UNIT, House, add_unit, house
from tests.bot.test_keys_and_timers import REPORT

CRY = "tolong skrg bapak lagi mukulin adek"


@contextmanager
def _broken() -> Iterator[None]:
    """The engine fails at every message, and nobody waits for the pauses between the tries."""

    async def at_once(_: float) -> None:
        return None

    with patch.object(turn_module, "resume", side_effect=KeyError("a fault of ours")), patch.object(turn_module.asyncio, "sleep", at_once):
        yield


async def _damage(here: House, address: str, session: Any) -> None:
    """The stored session becomes something that no turn can be made of."""
    conversation_id = await here.service.intake.conversation("telegram", address)
    assert conversation_id is not None
    row = await here.service.reads.conversation(conversation_id)
    key = await here.service.keys.key(row.key_id) if row is not None else None
    assert row is not None and key is not None
    locked = lock(key, orjson.dumps(session), context=contexts.session(row.id))
    await here.service.writer.write([Update(table="conversation", key={"id": row.id}, values={"session": locked})])


async def _records(here: House) -> list[dict[str, Any]]:
    found = []
    for case in await here.service.reads.all_cases():
        sealed = next(key for key in await here.service.reads.case_keys(case.id) if key.recipient_id == b"unit".ljust(16, b"."))
        private = open_key(sealed.sealed, private_key=UNIT.private, case_id=case.id, recipient_id=sealed.recipient_id)
        for row in await here.service.reads.case_records(case.id):
            clear = open_sealed(row.sealed, private_key=private, case_id=case.id, record_id=row.id, version=row.version)
            found.append({"case": case.kind, "urgency": case.urgency, **json.loads(clear)})
    return found


def _text(bubbles: list[Outbound]) -> str:
    return "\n".join(bubble.text for bubble in bubbles)


async def _conversation(here: House, address: str) -> Any:
    conversation_id = await here.service.intake.conversation("telegram", address)
    return await here.service.reads.conversation(conversation_id) if conversation_id is not None else None


@pytest.mark.parametrize(("consent", "word"), [("yes", "mtk"), ("no", "mtk"), ("yes", "pr sejarah"), ("no", "pr sejarah")])
async def test_who_leaves_has_left(tmp_path: Path, consent: str, word: str) -> None:
    """By the common word and by one's own: the answer is harmless, the key is dead, the messages are taken away; what may be read is
    sealed."""
    async with house(tmp_path) as here:
        await here.talk("7", "/start", "bantuan", "exit_word", "pr sejarah", "menu", *REPORT[1:], consent)
        before = (await _conversation(here, "7")).key_id
        with _broken():
            shown = await here.say("7", word)
        assert "matematika" in _text(shown) and not any(bubble.choices for bubble in shown)
        assert await here.service.keys.key(before) is None
        assert len(here.phones.deleted["7"]) > 8
        sealed = [(record["case"], record["answers"]["story"]) for record in await _records(here)]
        assert sealed == ([("unfinished", REPORT[-1])] if consent == "yes" else [])
        assert "didorong" not in _text(await here.talk("7", "/start", "report", "yes", "self_13_17")), "the talk begins anew"


async def test_who_is_in_danger_has_the_numbers_and_the_alert_is_stored(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT)
        with _broken():
            shown = await here.say("7", CRY)
            assert shown[0].text.startswith("Telepon 112") and "112" in shown[0].numbers
            assert "Belum ada petugas yang berjaga" in _text(shown)
            again = await here.say("7", CRY)
            assert again[0].text.startswith("Telepon 112")
        records = await _records(here)
        assert [(record["case"], record["urgency"], record["words"]) for record in records] == [("alert", "danger", CRY)] * 2
        assert await here.rows("hand_off") == 1, "the second cry joins the first one's case"
        # What was being told is still there, and goes on once the fault is gone.
        assert "boleh petugas membaca" in _text(await here.say("7", "/start"))


async def test_who_speaks_of_suicide_is_answered_too(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", "/start")
        with _broken():
            shown = await here.say("7", "aku mau bunuh diri")
        assert shown[0].text.startswith("Terima kasih sudah bilang") and {"119", "112"} <= set(shown[0].numbers)
        assert [record["urgency"] for record in await _records(here)] == ["self_harm"]


async def test_an_alert_that_cannot_be_stored_is_not_said_to_be(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT)
        with _broken(), patch.object(turn_module.actions, "run", side_effect=OSError("no vault")):
            shown = await here.say("7", CRY)
            assert "tidak ada yang bisa membaca" in _text(shown) and "112" in shown[0].numbers
            left = await here.say("7", "mtk")
        assert "matematika" in _text(left) and await here.rows("cases") == 0


async def test_words_where_a_name_was_asked_go_into_no_alert(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        session = {"v": 1, "l": "id", "x": {"reader": "adult"}, "n": 9, "a": [], "t": "", "m": 0, "w": ""}
        await here.talk("7", "/start")
        frame = ["report", "", "identity_name", {"insider": ["none"]}, [], {}, {}, {"identity": "yes"}]
        await _damage(here, "7", {**session, "f": [frame]})
        with _broken():
            assert (await here.say("7", CRY))[0].text.startswith("Telepon 112")
        (record,) = await _records(here)
        assert record["alert"] == "emergency" and "words" not in record


DAMAGED = (7, [["report"]], [["report", "x", "y", 7, [], {}, {}]], [["report", "x", "y", {"insider": 3}, 4, {}, {}]])


@pytest.mark.parametrize("frames", DAMAGED)
async def test_a_damaged_session_keeps_nobody_in(tmp_path: Path, frames: Any) -> None:
    """Whatever stands in it. Who was named as involved is not known any more then: the lead alone may read the alert."""
    session = {"v": 1, "l": "id", "f": frames, "x": {}, "n": 1, "a": [], "t": "", "m": 0, "w": ""}
    async with house(tmp_path) as here:
        await add_unit(here.service, UNIT, name="school", kind="school", lead=False)
        for address, words, says in (("7", CRY, "Telepon 112"), ("8", "mtk", "matematika")):
            await here.talk(address, *REPORT)
            await _damage(here, address, session)
            with _broken():
                assert says in _text(await here.say(address, words)), address
        (alert,) = await here.service.reads.all_cases()
        readers = {key.recipient_id for key in await here.service.reads.case_keys(alert.id)}
        assert readers == {b"unit".ljust(16, b".")}


async def test_anything_else_waits_for_a_mending(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT)
        with _broken():
            for words in ("bantuan", "boleh", "terus aku pulang", "tap"):
                assert "gangguan di pihak kami" in _text(await here.say("7", words)), words
        assert await here.rows("cases") == 0
        async with here.service.engine.connect() as connection:
            failed = (await connection.exec_driver_sql("SELECT count(*) FROM inbox WHERE state = 'failed'")).scalar_one()
        assert failed == 4, "somebody has to see them"
