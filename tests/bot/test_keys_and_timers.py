"""When keys die, what timers do, and that a kill between two commits changes neither."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.storage.key_store import KeyStore
from bot.vault.seal import open_key, open_sealed
from tests.bot.house import UNIT, House, house

HOUR = 3600
REPORT = ("/start", "report", "yes", "self_13_17", "didorong kakak kelas sampai jatuh")


async def _opened(here: House) -> list[dict[str, Any]]:
    """Every record of every case, read with the unit's key."""
    found = []
    for case in await here.service.reads.all_cases():
        (sealed,) = [key for key in await here.service.reads.case_keys(case.id)]
        private = open_key(sealed.sealed, private_key=UNIT.private, case_id=case.id, recipient_id=sealed.recipient_id)
        for row in await here.service.reads.case_records(case.id):
            clear = open_sealed(row.sealed, private_key=private, case_id=case.id, record_id=row.id, version=row.version)
            found.append({"case": case.kind, "urgency": case.urgency, **json.loads(clear)})
    return found


async def test_a_day_of_silence_seals_what_the_reporter_agreed_to(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT, "yes")
        before = len(here.phones.seen["7"])
        here.wait(23 * HOUR)
        await here.service.jobs.timers()
        await here.service.settle()
        assert await _opened(here) == []
        here.wait(2 * HOUR)
        await here.service.jobs.timers()
        await here.service.settle()
        (record,) = await _opened(here)
        assert (record["case"], record["unfinished"]) == ("unfinished", True)
        assert record["answers"]["story"] == "didorong kakak kelas sampai jatuh"
        assert len(here.phones.seen["7"]) == before, "nobody asked for a reminder"
        bubbles = await here.say("7", "halo")
        assert "laporan" not in bubbles[0].text.lower().split("mau apa sekarang")[0], "nobody is welcomed back about a report"


async def test_a_day_of_silence_erases_what_the_reporter_did_not_agree_to(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT, "no")
        here.wait(25 * HOUR)
        await here.service.jobs.timers()
        await here.service.settle()
        assert await _opened(here) == []
        shown = " ".join(bubble.text for bubble in await here.talk("7", "/start", "report", "yes", "self_13_17"))
        assert "didorong" not in shown


async def test_a_timer_never_ends_a_talk_about_danger(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", "/start", "tolong skrg bapak lagi mukulin adek")
        here.wait(25 * HOUR)
        await here.service.jobs.timers()
        await here.service.settle()
        await here.say("7", "masih di kamar")
        assert [r for r in await _opened(here) if r.get("answer") == {"text": "masih di kamar"}], "it still goes to the same case"


async def test_after_three_days_nothing_of_a_conversation_is_left(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT)
        here.wait(73 * HOUR)
        await here.service.jobs.forget()
        left = {table: await here.rows(table) for table in ("conversation", "address", "inbox", "outbox", "timer")}
        assert left == dict.fromkeys(left, 0)
        assert await here.service.keys.known_ids(before=2**31 - 1) == set()


async def test_delete_later_deletes_both_sides_before_telegrams_limit_and_says_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT, "yes", "64.71.02", "own_code", "send", "erase_later")
        sent = [f"out{number}" for number in range(1, len(here.phones.seen["7"]) + 1)]
        here.wait(46 * HOUR)
        await here.service.jobs.timers()
        await here.service.settle()
        assert here.phones.deleted["7"] == []
        here.wait(1.1 * HOUR)
        await here.service.jobs.timers()
        await here.service.settle()
        deleted = here.phones.deleted["7"]
        assert set(sent) <= set(deleted) and sum(ref.startswith("in") for ref in deleted) == 10
        assert len(here.phones.seen["7"]) == len(sent), "nothing is said"


async def test_a_kill_between_submission_and_key_death_is_made_good_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    async def killed(self: KeyStore, key_ids: object) -> None:
        raise RuntimeError("killed here")

    async with house(tmp_path) as here:
        await here.talk("7", *REPORT, "yes", "64.71.02", "own_code")
        (old,) = await here.service.keys.known_ids(before=2**31 - 1)
        with monkeypatch.context() as patch:
            patch.setattr(KeyStore, "destroy", killed)
            await here.say("7", "send")
        assert old in await here.service.keys.known_ids(before=2**31 - 1)
    async with house(tmp_path, phones=here.phones) as again:
        assert old not in await again.service.keys.known_ids(before=2**31 - 1)
        assert len(await again.service.reads.all_cases()) == 1, "the report was filed once"


async def test_a_redelivered_message_has_one_effect_even_across_a_submission(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT, "yes", "64.71.02", "own_code")
        await here.say("7", "send", message_id="the-one")
        before = len(here.phones.seen["7"])
        assert await here.say("7", "send", message_id="the-one") == []
        assert len(await here.service.reads.all_cases()) == 1 and len(here.phones.seen["7"]) == before


async def test_the_word_help_asks_how_this_works_and_the_word_tolong_alarms(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.say("7", "/start")
        assert "112" in (await here.say("7", "help"))[0].text
        assert await here.rows("hand_off") == 0
        shown = await here.say("7", "tolong")
        assert shown[0].text.startswith("Telepon 112") and await here.rows("hand_off") == 1


async def test_whoever_opens_the_chat_with_lapor_has_chosen_already(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        shown = " ".join(bubble.text for bubble in await here.say("7", "Lapor"))
        assert "program otomatis" in shown and "Sekarang kamu aman untuk mengetik?" in shown and "Mau apa sekarang?" not in shown
        assert "Mau apa sekarang?" in (await here.say("8", "selamat siang"))[-1].text
