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


def test_what_changes_a_case_at_one_process_is_on_the_page_at_the_other(
    browser: Browser, replicas: tuple[RealService, RealService], wrong: list[str]
) -> None:
    """The same colleague at both: danger comes in at one, and is read and noted there; the other page is touched by nobody."""
    here, there = replicas
    page, other = (browser.new_context(**DESKTOP).new_page() for _ in replicas)
    for each, service in ((page, here), (other, there)):
        watch(each, service.url, wrong)
    ratna = join(page, here.invited("lead"), "ratna", key_file=here.key_file)
    page.get_by_role("button", name="Masuk sekarang").click()
    sign_in_again(page, ratna)
    expect(page.locator("#queue-heading")).to_be_focused(timeout=PATIENCE)
    other.goto(there.url + "/console")
    sign_in_again(other, ratna, code=ratna.code())
    expect(other.locator("#queue-heading")).to_be_focused(timeout=PATIENCE)
    dots = [each.locator("[data-view=cases] .dot") for each in (page, other)]
    for dot in dots:
        expect(dot).to_be_hidden()

    child = browser.new_context(**PHONE).new_page()
    Child(child, here.url).says("tolong dia mau bunuh aku sekarang", "112")
    for dot in dots:
        expect(dot).to_be_visible(timeout=PATIENCE)
    child.context.close()
    for each in (page, other):
        each.locator("[data-view=cases]").click()
        each.locator("[data-do=which][data-which=open]").click()  # what is late, and read at one by now, is not unread at the other
        each.locator("#case-rows .row").first.click()
        expect(each.locator("#case-note")).to_be_visible(timeout=PATIENCE)
        expect(each.locator("#timeline li").first).to_be_visible(timeout=PATIENCE)
    page.locator("#case-note").fill("Sudah ditelepon, dijemput sekarang.")
    page.locator("#case-note-form button").click()
    expect(other.locator("#timeline")).to_contain_text("Sudah ditelepon, dijemput sekarang.", timeout=PATIENCE)
    for each in (page, other):
        each.context.close()
    assert wrong == []


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
    assert child.read("Sekarang yang menjawab Ratna.")
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
