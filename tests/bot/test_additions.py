"""What is added with the five words comes whole with every opening of the case: so there is a measure of it, which danger does not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions import follow_up
from actions.rows import Update
from bot.storage.case_file import CaseFile
from bot.vault.receipt_reader import looks_like_receipt
from tests.bot.house import House, house

HOUR = 3600


async def reported(here: House) -> str:
    """Somebody reports; gives the code."""
    told = await here.talk("7", "/start", "report", "yes", "self_13_17", "Ada yang memukulku.", "yes", "lewati", "own_code", "send")
    return next(line for bubble in told for line in bubble.text.splitlines() if looks_like_receipt(line))


async def held(here: House) -> int:
    """How many records come with an opening of the case."""
    case = (await here.service.reads.all_cases())[-1]
    return len((await CaseFile(here.service.reading).records.newest(case.id)).records)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_up, "MOST", 2)


async def add(here: House, address: str, times: int) -> None:
    for number in range(times):
        shown = await here.talk(address, "add", f"Tambahan {number}")
        assert "sudah tersimpan" in shown[0].text


@pytest.mark.usefixtures("few")
async def test_a_case_takes_so_many_additions_a_day_and_says_kindly_that_it_has_many(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        code = await reported(here)
        await here.talk("8", "/start", "check", code)
        await add(here, "8", 2)
        for address in ("8", "9"):  # another chat with the same code hears the same
            if address == "9":
                await here.talk("9", "/start", "check", code)
            said = " ".join(bubble.text for bubble in await here.say(address, "add"))
            assert "semuanya tersimpan" in said and "112" in said and "129" in said
            assert list(here.phones.options(address)) == ["erase", "menu", "done"]
        assert await held(here) == 3
        here.wait(24 * HOUR)
        await here.talk("10", "/start", "check", code)
        assert "semuanya tersimpan" in (await here.say("10", "add"))[0].text, "nobody has read the others yet"
        (case,) = await here.service.reads.all_cases()
        await here.service.writer.write([Update(table="cases", key={"id": case.id}, values={"added_at": None, "added_due": None})])
        await here.talk("10", "menu", "check", code)
        await add(here, "10", 2)
        assert await held(here) == 5


@pytest.mark.usefixtures("few")
async def test_danger_is_heard_where_no_more_is_taken_and_has_no_measure_itself(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        code = await reported(here)
        await here.talk("8", "/start", "check", code)
        await add(here, "8", 2)
        await here.say("8", "add")
        cried = await here.say("8", "tolong, bapak lagi mukulin adek")
        assert cried[0].text.startswith("Telepon 112") and await here.rows("hand_off") == 1
        told = await here.talk("8", "di rumah nenek")
        alert = next(line for bubble in told for line in bubble.text.splitlines() if looks_like_receipt(line))
        await here.talk("9", "/start", "check", alert)
        await add(here, "9", 5)


@pytest.mark.usefixtures("few")
async def test_many_chats_that_asked_before_are_no_way_around(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        code = await reported(here)
        chats = [f"c{number}" for number in range(5)]
        for chat in chats:
            await here.talk(chat, "/start", "check", code, "add")
        said = [(await here.say(chat, "Satu lagi."))[0].text for chat in chats]
        assert sum("sudah tersimpan" in text for text in said) == 4
        assert "belum bisa disimpan" in said[-1] and "112" in said[-1] and await held(here) == 5
