"""What a day of silence, and the other timers, must never take from anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Received
from flows.message import Inbound, InboundKind
from tests.bot.house import House, house
from tests.bot.test_keys_and_timers import HOUR, REPORT, _opened


async def _silence(here: House) -> None:
    await here.service.jobs.timers()
    await here.service.settle()


async def test_what_may_be_read_is_sealed_even_while_an_alert_is_open(tmp_path: Path) -> None:
    """The talk about danger goes on, but what was told and may be read must not die unread after three days."""
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT, "yes", "tolong skrg bapak lagi mukulin adek")
        for _ in range(2):
            here.wait(25 * HOUR)
            await _silence(here)
        sealed = [record for record in await _opened(here) if record["case"] == "unfinished"]
        assert [record["answers"]["story"] for record in sealed] == ["didorong kakak kelas sampai jatuh"], "once, and whole"
        said = len(here.phones.seen["7"])
        await here.say("7", "masih di kamar")
        assert [r for r in await _opened(here) if r.get("answer") == {"text": "masih di kamar"}], "it still goes to the alert's case"
        assert len(here.phones.seen["7"]) > said


async def test_answers_that_are_being_changed_are_sealed_with_the_rest(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT, "yes", "64.71.02", "own_code", "edit", "safe", "mtk")
        assert [record["answers"]["story"] for record in await _opened(here)] == ["didorong kakak kelas sampai jatuh"]


async def test_a_fault_in_sealing_at_silence_erases_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT, "yes")
        here.wait(25 * HOUR)
        with monkeypatch.context() as patch:
            patch.setattr("actions.erase.seal_unfinished", _fails)
            await _silence(here)
        assert here.phones.deleted["7"] == []
        here.wait(25 * HOUR)
        await _silence(here)
        assert [record["answers"]["story"] for record in await _opened(here)] == ["didorong kakak kelas sampai jatuh"]


async def _fails(*_: object) -> Any:
    raise RuntimeError("a fault of ours")


async def test_somebody_who_writes_at_the_moment_of_the_timer_is_not_silenced(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT, "no")
        here.wait(25 * HOUR)
        back = Inbound(kind=InboundKind.TEXT, text="kembali")
        await here.service.receive(Received(channel="telegram", message_id="again", address="7", inbound=back))  # its turn is not done yet
        await here.service.jobs.timers()
        await here.service.settle()
        shown = " ".join(bubble.text for bubble in await here.talk("7", "yes", "64.71.02", "own_code"))
        assert "didorong" in shown, "what was told is still there"


async def test_what_was_erased_by_hand_is_not_erased_again_by_the_clock(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT, "yes", "64.71.02", "own_code", "send", "erase_later", "hapus", "yes")
        assert await here.rows("timer where name = 'wipe'") == 0


async def test_deleting_later_takes_the_messages_away_but_ends_no_talk_about_danger(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT, "yes", "64.71.02", "own_code", "send", "erase_later", "tolong skrg bapak lagi mukulin adek")
        here.wait(47 * HOUR + 60)
        await _silence(here)
        assert here.phones.deleted["7"]
        await here.say("7", "masih di kamar")
        assert [r for r in await _opened(here) if r.get("answer") == {"text": "masih di kamar"}], "it still goes to the alert's case"


async def test_deleting_later_leaves_time_to_write_the_code_down_however_long_the_talk_has_been(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.say("7", "/start")
        for _ in range(3):
            here.wait(20 * HOUR)
            await here.say("7", "menu")
        await here.talk("7", *REPORT[1:], "yes", "64.71.02", "own_code", "send", "erase_later")
        (code,) = [f"out{number}" for number, bubble in enumerate(here.phones.seen["7"], start=1) if bubble.code]
        here.wait(0.9 * HOUR)
        await _silence(here)
        assert code not in here.phones.deleted["7"]
        here.wait(0.2 * HOUR)
        await _silence(here)
        assert code in here.phones.deleted["7"]
