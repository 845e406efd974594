"""Two processes of the program on one PostgreSQL: a counsellor's console at one of them, the child at the other. Nothing is loaded anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.child import Child
from tests.browser.desk import PATIENCE, STORY, accept, finish, join, ready, sign_in_again
from tests.browser.pages import DESKTOP, PHONE, watch
from tests.browser.service import RealService
from tests.postgres import binaries
from tests.stores import on_postgres

pytestmark = [
    pytest.mark.browser,
    pytest.mark.own_store,
    pytest.mark.timeout(240),
    pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed: apt install postgresql"),
]


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[tuple[RealService, RealService]]:
    first = RealService(tmp_path, stores=on_postgres(tmp_path / "data"))
    (tmp_path / "other").mkdir()
    second = RealService(tmp_path / "other", beside=first)
    for each in (first, second):
        each.start()
    yield first, second
    for each in (first, second):
        each.stop()
        assert "Traceback" not in each.log()


def test_a_console_at_one_process_and_the_child_at_the_other(
    browser: Browser, replicas: tuple[RealService, RealService], wrong: list[str]
) -> None:
    desk, chat = replicas
    page = browser.new_context(**DESKTOP).new_page()
    watch(page, desk.url, wrong)
    ratna = join(page, desk.invited("lead"), "ratna", key_file=desk.key_file)
    page.get_by_role("button", name="Masuk sekarang").click()
    sign_in_again(page, ratna)
    expect(page.locator("#queue-heading")).to_be_focused(timeout=PATIENCE)
    ready(page)
    loads = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))

    other = browser.new_context(**PHONE).new_page()
    watch(other, chat.url, wrong)
    child = Child(other, chat.url)
    child.asks_for_a_person(STORY)
    accept(page)
    child.hears("Mau mengakhiri? Tulis \"selesai bicara\".")
    assert child.read("Sekarang kamu bicara dengan Ratna, konselor kami.")
    page.keyboard.type("Halo, aku Ratna.")
    page.keyboard.press("Enter")
    child.hears("Halo, aku Ratna.")
    expect(page.locator("#log .message.ours .tick")).to_have_text("terkirim", timeout=PATIENCE)
    for number in range(3):
        child.says(f"Kata ke-{number}")
        expect(page.locator("#log .message.theirs .words-said").last).to_have_text(f"Kata ke-{number}", timeout=PATIENCE)
    page.locator("#compose [data-do=safe]").click()
    child.hears("Aman menulis sekarang?")
    child.taps("Ya, aman", "Konselor boleh menulis lagi.")
    expect(page.locator("#log .sign.yes")).to_be_visible(timeout=PATIENCE)
    # Danger at the other process rings here.
    third = browser.new_context(**PHONE).new_page()
    Child(third, chat.url).says("tolong dia mau bunuh aku sekarang", "112")
    expect(page.locator("#alarm")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#queue .entry").first).to_have_class("entry danger offered")
    third.context.close()
    finish(page)
    child.hears("Apa percakapan tadi membantumu?")
    assert loads == []
    for each in (page, other):
        each.context.close()
    assert wrong == []
    for process in replicas:
        assert STORY.split()[0] not in process.log()
