"""A conversation that comes back from a backup is older than what its person saw last, and than what they agreed to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.cli.backup import back_up, put_back
from flows.message import Outbound
from tests.bot.house import Phones, house
from tests.bot.test_backup import DAY, NOW, SEND, settings
from tests.bot.test_keys_and_timers import HOUR, REPORT, _opened
from tests.stores import lost, run

AGREED = (*REPORT, "yes", "64.71.02")  # as far as the question after the place


async def yesterday(folder: Path, **told: tuple[str, ...]) -> Path:
    """A data directory with yesterday's backup put back: what each of these people had told by then. Nobody was heard of since."""
    data = folder / "data"
    async with house(data, clock=[float(NOW)]) as here:
        for person, lines in told.items():
            await here.talk(person, *lines)
    await back_up(settings(data), folder / "backup", now=NOW)
    lost(data)
    await put_back(settings(data), folder / "backup", now=NOW + HOUR)
    return data


def words(bubbles: list[Outbound]) -> str:
    return "\n".join(bubble.text for bubble in bubbles)


async def test_what_was_agreed_to_is_withdrawn_and_asked_again(tmp_path: Path) -> None:
    data = await yesterday(tmp_path, asked=AGREED, silent=AGREED, never=(*REPORT, "no", "64.71.02"))
    async with house(data, clock=[float(NOW + HOUR)]) as here:
        assert here.phones.seen == {}, "nobody is written to"
        shown = await here.say("asked", "punya temanku")  # the answer to a question that the backup does not know
        assert "belum kami simpan" in words(shown) and "boleh petugas membaca" in words(shown)
        assert {"yes", "no"} <= here.phones.options("asked").keys()
        await here.talk("asked", "no")
        assert "own_code" in here.phones.options("asked"), "the place was told before, and is not asked again"
        shown = await here.say("never", "punya temanku")
        assert "belum kami simpan" in words(shown) and "boleh petugas membaca" not in words(shown)
        assert "own_code" in here.phones.options("never")
        here.wait(25 * HOUR)
        await here.service.jobs.timers()
        await here.service.settle()
        assert await _opened(here) == [], "who has not agreed anew is not read"


async def test_who_agrees_again_is_read_and_can_send(tmp_path: Path) -> None:
    data = await yesterday(tmp_path, stops=AGREED, sends=AGREED)
    async with house(data, clock=[float(NOW + HOUR)]) as here:
        await here.talk("stops", "halo", "yes", "mtk")
        await here.talk("sends", "/start", "yes", "own_code", "send")
        found = {record["case"]: record["answers"] for record in await _opened(here)}
        assert found.keys() == {"unfinished", "report"}
        assert {(answers["story"], answers["area"]["kecamatan"]) for answers in found.values()} == {(REPORT[-1], "64.71.02")}


async def test_after_a_command_the_question_that_comes_back_is_the_one_about_it(tmp_path: Path) -> None:
    data = await yesterday(tmp_path, person=AGREED)
    async with house(data, clock=[float(NOW + HOUR)]) as here:
        await here.say("person", "bantuan")
        assert "boleh petugas membaca" in words(await here.talk("person", "go_on"))


@pytest.mark.parametrize("cry", ["tolong bapak lagi mukul aku", "mtk", "menu", "hapus"])
async def test_danger_leaving_and_commands_are_heard_as_ever(tmp_path: Path, cry: str) -> None:
    data = await yesterday(tmp_path, person=AGREED)
    async with house(data, clock=[float(NOW + HOUR)]) as here:
        shown = await here.say("person", cry)
        assert "belum kami simpan" not in words(shown)
        assert [record["case"] for record in await _opened(here)] == (["alert"] if cry.startswith("tolong") else [])


async def test_words_in_a_talk_about_danger_go_where_they_went(tmp_path: Path) -> None:
    data = await yesterday(tmp_path, person=("/start", "tolong aku dikejar bapak bawa parang"))
    async with house(data, clock=[float(NOW + HOUR)]) as here:
        await here.say("person", "gudang belakang pasar")
        assert "gudang belakang pasar" in str(await _opened(here))


async def test_a_button_from_after_the_backup_answers_nothing(tmp_path: Path) -> None:
    """Its number may be that of a question of today."""
    data = tmp_path / "data"
    phones = Phones()
    async with house(data, clock=[float(NOW)], phones=phones) as here:
        await here.talk("7", *AGREED)
        await back_up(settings(data), tmp_path / "backup", now=NOW)
        await here.talk("7", "own_code")  # the review: "send" is a button by now
    lost(data)
    await put_back(settings(data), tmp_path / "backup", now=NOW + HOUR)
    async with house(data, clock=[float(NOW + HOUR)], phones=phones) as here:
        old = phones.options("7")["send"]
        assert "belum kami simpan" in words(await here.say("7", "send"))
        assert int(phones.options("7")["yes"].partition(".")[0]) > int(old.partition(".")[0]) + 100
        assert await _opened(here) == []


async def test_that_it_is_safe_to_write_is_asked_again_and_that_it_is_not_holds(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with house(data, clock=[float(NOW)]) as here:
        await asyncio.gather(*(here.talk(person, "/start", "tolong aku dikejar bapak bawa parang") for person in ("1", "2", "3")))
    cases = [row["id"] for row in run(data / "ruang-aman.db", "select id from hand_off order by id")]
    for case, safe in zip(cases, ("yes", "no", "asked"), strict=True):
        run(data / "ruang-aman.db", "update hand_off set safe = ? where id = ?", safe, case)
    await back_up(settings(data), tmp_path / "backup", now=NOW)
    await put_back(settings(data), tmp_path / "backup", now=NOW + DAY, replace=True)
    assert [row["safe"] for row in run(data / "ruang-aman.db", "select safe from hand_off order by id")] == [None, "no", "asked"]


async def test_a_session_that_cannot_be_read_stops_no_restore(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with house(data, clock=[float(NOW)]) as here:
        await here.talk("7", *SEND)
        await here.talk("8", *REPORT)
    run(data / "ruang-aman.db", "update conversation set session = ?", b"damaged")
    await back_up(settings(data), tmp_path / "backup", now=NOW)
    report, _, _ = await put_back(settings(data), tmp_path / "backup", now=NOW, replace=True)
    assert report.rows["conversation"] == 2
