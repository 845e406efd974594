"""What a counsellor keeps when the service stops for a while, and what a reporter keeps when the counsellor's browser is gone."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import PATIENCE, STORY, Desk, accept, finish, opened_desk, ready, sign_in, signed_in_pages
from tests.browser.pages import CHROMIUM, DESKTOP, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened_desk(tmp_path) as made:
        yield made


def online(page: Page) -> None:
    expect(page.locator("#link")).to_have_attribute("data-state", "online", timeout=30_000)


def test_the_service_is_started_anew_and_every_console_goes_on_without_losing_a_word(browser: Browser, desk: Desk) -> None:
    wrong: list[str] = []
    with signed_in_pages(browser, desk.office.url, wrong=wrong, **DESKTOP) as console:
        sari, andi, lead = console(desk.sari), console(desk.andi), console(desk.lead)
        ready(sari)
        address = desk.asks()
        accept(sari)
        sari.keyboard.type("Aku di sini.")
        sari.keyboard.press("Enter")
        until(sari, lambda: "Aku di sini." in desk.office.heard(address))
        andi.keyboard.press("g")
        andi.keyboard.press("h")
        expect(andi.locator("#hours-heading")).to_be_focused(timeout=PATIENCE)
        assert wrong == []
        desk.office.stop()
        for page in (sari, andi, lead):
            expect(page.locator("#link")).to_have_attribute("data-state", "offline", timeout=PATIENCE)
        # Sent while nobody can take it, and half a sentence more.
        sari.keyboard.type("Kamu masih di sana?")
        sari.keyboard.press("Enter")
        sari.keyboard.type("Pelan-pelan sa")
        expect(sari.locator(".message.ours.pending .words-said")).to_have_text("Kamu masih di sana?")
        desk.office.start()
        for page in (sari, andi, lead):
            online(page)
            expect(page.locator("#desk")).to_be_visible()  # nobody has to sign in again
        wrong.clear()  # a page that asked for the queue just then says on its own log that nobody answered
        until(sari, lambda: "Kamu masih di sana?" in desk.office.heard(address))
        expect(sari.locator(".message.ours.pending")).to_have_count(0, timeout=PATIENCE)
        sari.locator("#reply").press_sequentially("ja.")
        expect(sari.locator("#reply")).to_have_value("Pelan-pelan saja.")
        sari.keyboard.press("Enter")
        until(sari, lambda: "Pelan-pelan saja." in desk.office.heard(address))
        desk.office.says(address, "Masih, Kak.")
        expect(sari.locator(".message.theirs .words-said").last).to_have_text("Masih, Kak.", timeout=PATIENCE)
        said = [text for text in desk.office.heard(address) if text in ("Aku di sini.", "Kamu masih di sana?", "Pelan-pelan saja.")]
        assert said == ["Aku di sini.", "Kamu masih di sana?", "Pelan-pelan saja."], "each once, in its order"
        # What changes now is heard by every console.
        andi.locator("[data-view=queue]").click()
        ready(andi)
        expect(lead.locator("#queue .counts")).to_contain_text("2 petugas siap", timeout=PATIENCE)
        finish(sari)


def hand_off(desk: Desk) -> Any:
    """The only hand-off, as it is stored."""

    async def read() -> Any:
        async with desk.office.service.engine.connect() as connection:
            return (await connection.exec_driver_sql("select * from hand_off")).mappings().one()

    return desk.office.run(read())


def processes(mark: str) -> list[int]:
    """The processes that were started with a word of ours."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue  # it has just ended
    return found


def test_a_killed_browser_gives_its_conversation_back_within_two_minutes(browser: Browser, desk: Desk) -> None:
    """The clock of the service is put on: it is the desk's own, as `Service` takes it."""
    mark = f"ruang-aman-{secrets.token_hex(8)}"
    with signed_in_pages(browser, desk.office.url, wrong=[], **DESKTOP) as console:
        doomed = browser.browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", f"--mark={mark}"])
        page = doomed.new_context(**DESKTOP).new_page()
        sign_in(page, desk.office.url, desk.sari.name)
        ready(page)
        address = desk.asks()
        accept(page)
        page.keyboard.type("Aku di sini.")
        page.keyboard.press("Enter")
        until(page, lambda: "Aku di sini." in desk.office.heard(address))
        andi = console(desk.andi)
        ready(andi)
        killed = processes(mark)
        assert killed
        for process in killed:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue  # it went with its parent
        before = len(desk.office.heard(address))
        desk.office.later(80)  # the last sign of life is 15 seconds old at most
        andi.wait_for_timeout(3000)
        assert hand_off(desk)["state"] == "active", "a browser that is gone for a moment costs nothing"
        desk.office.later(38)  # not two minutes yet
        until(andi, lambda: hand_off(desk)["owner_id"] is None)
        desk.office.run(desk.office.service.settle())
        assert any("konselor tadi tidak bisa melanjutkan" in text for text in desk.office.heard(address)[before:])
        # Whoever is there is asked next: the other console's next sign of life comes within 15 seconds.
        expect(andi.locator("#queue .offered [data-do=accept]")).to_be_visible(timeout=30_000)
        accept(andi)
        expect(andi.locator("#summary")).to_contain_text(STORY, timeout=PATIENCE)
        expect(andi.locator(".message.ours .words-said").last).to_have_text("Aku di sini.")
        andi.keyboard.type("Halo, aku Andi.")
        andi.keyboard.press("Enter")
        until(andi, lambda: "Halo, aku Andi." in desk.office.heard(address))
        finish(andi)
