"""Whoever looks over the shoulder after somebody left, and what an unconfirmed answer leaves behind."""

from __future__ import annotations

import time
from pathlib import Path

from bot.cli.unit import add_unit
from tests.attackers.canaries import found_in
from tests.attackers.haul import conversation_keys, opened
from tests.attackers.town import OnTelegram, OnWeb, Town, configured, town, web_token
from tests.stores import copied

WORDS = "menara pasir runtuh di pantai senja 7714"


async def _city(folder: Path) -> None:
    settings = configured(folder / "data", "http://localhost/bot")
    await add_unit(settings, name="UPTD PPA", kind="service", lead=True, key_file=folder / "unit.key", passphrase=None)


def _readable(here: Town, folder: Path) -> bool:
    """Whether database and key store, taken together now, show the words."""
    data = folder / f"copy-{time.monotonic_ns()}"
    copied(here.settings.data_dir, data)
    plain = b"\n".join(opened(data / "ruang-aman.db", conversation_keys(data / "keys" / "keys.db")).values())
    return bool(found_in(plain, [WORDS]))


async def test_what_could_not_be_delivered_is_not_delivered_after_leaving(tmp_path: Path) -> None:
    """Telegram cannot be reached while the summary of a report waits; the child leaves; Telegram comes back. The phone, perhaps in other
    hands now, shows the harmless answer and nothing of before."""
    await _city(tmp_path)
    async with town(tmp_path / "data", now=time.time()) as here:
        child = OnTelegram(here, 5550103001, name="Dara", username="dara_3")
        await child.does("/start", "report", "yes", "self_13_17", WORDS, "yes", "lewati")
        here.platform.garbage = (502, b"")
        await child.taps(child.offered["own_code"])
        await here.service.turns.settle()
        waiting = _readable(here, tmp_path)
        await child.says("mtk")
        await here.service.turns.settle()
        since = len(here.platform.calls)
        here.platform.garbage = None
        await here.service.settle()
        shown = " ".join(bubble.text for bubble in here.platform.shown(child.chat, since))
        assert waiting, "the summary should have been waiting: the test would prove nothing"
        assert "matematika" in shown
        assert found_in(shown.encode(), [WORDS]) == {}
        assert not _readable(here, tmp_path)


async def test_a_summary_that_no_page_confirmed_dies_with_the_report(tmp_path: Path) -> None:
    """The page's confirmation was lost, the report is sent: the summary is not kept readable for three days. The code still comes."""
    await _city(tmp_path)
    async with town(tmp_path / "data", now=time.time()) as here:
        child = OnWeb(here, web_token("lossy"))
        await child.does("halo", "report", "yes", "self_13_17", WORDS, "yes", "lewati", "own_code")
        send = child.offered["send"]
        await child.taps(child.offered["edit"])  # the list of questions, and after it the summary once more: nobody fetches either
        await here.service.settle()
        await child.says("kembali")
        await here.service.settle()
        assert _readable(here, tmp_path)
        assert send
        summary = (await here.service.pending("web", child.address))[-1].message
        await child.taps(next(choice.id for choice in summary.choices if choice.id.endswith(".send")))
        await here.service.settle()
        assert not _readable(here, tmp_path)
        await child.fetch()
        assert "5 kata" in child.last[0].text


async def test_a_second_addition_goes_to_the_same_case(tmp_path: Path) -> None:
    """What the code opened stays open for this part of the talk, and ends with it."""
    await _city(tmp_path)
    async with town(tmp_path / "data", now=time.time()) as here:
        child = OnWeb(here, web_token("adds"))
        sent = await child.does("halo", "report", "yes", "self_13_17", WORDS, "yes", "lewati", "own_code", "send")
        code = next(line for line in sent.splitlines() if len(line.split()) == 5 and line.islower())
        await child.does("menu", "check", code)
        for words in ("satu lagi soal sekolah itu", "dan satu lagi soal pagar itu"):
            assert "sudah tersimpan" in await child.does("add", words)
        cases = await here.service.reads.all_cases()
        records = await here.service.reads.case_records(cases[0].id)
        assert [record.kind for record in records].count("message") == 2
