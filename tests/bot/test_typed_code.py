"""A code is not a sentence: it is not listened to for danger, and not kept with what somebody told."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters import TRIES_PER_CONVERSATION
from bot.running import understander
from bot.vault.receipt import new_receipt
from bot.vault.receipt_reader import looks_like_receipt, read_receipt
from tests.bot.house import house
from tests.nlu.danger_corpus import sentences

# Real codes that the danger phrases hear as a cry (found among random ones).
ALARMING = (
    "jamak produk tifa lobi selera", "bundar kuintet anggrek kimono kadar",
    "kodeku jamak, produk, tifa, lobi, selera", "darax pesut planet nampan umpama",
    "riang esai kunjung hidang tambak", "juragan darat republik patung edisi",
)  # fmt: skip


def test_the_danger_phrases_do_hear_these_codes() -> None:
    heard = understander()
    assert all(heard.danger(code) for code in ALARMING), "without that the tests below would show nothing"


@pytest.mark.long
def test_no_code_is_taken_for_a_sentence() -> None:
    """Every code that can be handed out is heard as one, and as itself."""
    for _ in range(100_000):
        code = new_receipt()
        assert looks_like_receipt(code) and read_receipt(code) == code, code


async def test_a_code_never_alarms_where_it_is_asked_for(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", "/start", "check")
        for number, code in enumerate(ALARMING):
            if number % TRIES_PER_CONVERSATION == 0:
                here.wait(3600)  # another hour, another budget of tries
            assert "belum cocok" in (await here.say("7", code))[0].text, code
        assert await here.rows("hand_off") == 0
        assert (await here.say("7", "tolong skrg bapak lagi mukulin adek"))[0].text.startswith("Telepon 112"), "a cry there still alarms"


async def test_a_code_at_the_menu_opens_the_report_and_is_not_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        sent = await here.talk("7", "/start", "report", "yes", "self_13_17", "didorong kakak kelas", "yes", "64.71.02", "own_code", "send")
        code = next(line for bubble in sent for line in bubble.text.splitlines() if looks_like_receipt(line))
        for lines in ((code,), ("/start", code.upper()), ("/start", "1. " + code.replace(" ", "\n"))):
            shown = await here.talk(f"8{len(lines)}{lines[-1][:3]}", *lines)
            assert "Kodenya cocok" in " ".join(bubble.text for bubble in shown), lines
        assert "belum cocok" in (await here.say("9", new_receipt()))[-1].text


def test_no_dangerous_sentence_looks_like_a_code() -> None:
    bodies = [sentences(name) for name in ("danger_sentences.yml", "danger_holdout.yml")]
    texts = [text for body in bodies for kind in ("emergency", "self_harm") for text in body[kind]]
    assert len(texts) > 500
    assert not [text for text in texts if looks_like_receipt(text)]
    assert not looks_like_receipt("tolong skrg bapak mukulin adek") and all(looks_like_receipt(new_receipt()) for _ in range(200))
