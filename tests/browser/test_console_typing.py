"""Hands that go on typing: what was meant for a box that has just gone is no order, and Ctrl+Enter sends what one writes in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import PATIENCE, Desk, accept, opened_desk, ready, sign_in, sound
from tests.browser.office import PASSPHRASE
from tests.browser.pages import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
# Notes how the log is said to be read aloud, whenever something changes in the conversation.
READ_ALOUD = """() => {
    window.live = [];
    const noted = () => window.live.push(document.querySelector("#log")?.getAttribute("aria-live") ?? "");
    new MutationObserver(noted).observe(document.querySelector("#talk"), { childList: true, subtree: true });
}"""
# Every letter that is an order by itself is in it.
GOES_ON = "apa kabar? pulang sama bibi, panggil nenek juga, warung sebelah ramai"


@pytest.fixture
def desk(tmp_path: Any) -> Iterator[Desk]:
    with opened_desk(tmp_path) as made:
        yield made


@pytest.fixture
def andi(desk: Desk, console: Any) -> Iterator[tuple[Page, str]]:
    """His page with a conversation; and the reporter's address."""
    page = console(desk.andi)
    ready(page)
    address = desk.asks()
    accept(page)
    yield page, address


def nothing_was_ordered(page: Page) -> None:
    expect(page.locator("[data-do=presence][data-state=ready]")).to_have_attribute("aria-pressed", "true")
    assert page.locator("dialog[open]").count() == 0
    assert page.locator("#queue .offered [data-do=accept]").count() == 1


def test_who_goes_on_typing_when_the_reporter_has_gone_takes_nobody_and_closes_nothing(desk: Desk, andi: Any) -> None:
    page, address = andi
    desk.asks("Ini cerita anak lain.")
    expect(page.locator("#queue .offered [data-do=accept]")).to_be_visible(timeout=PATIENCE)
    page.locator("#reply").focus()
    page.keyboard.type("Kamu mau ")
    desk.office.says(address, "mtk")
    for letter in GOES_ON:
        page.keyboard.type(letter, delay=60)
    expect(page.locator("#compose")).to_be_hidden()
    nothing_was_ordered(page)
    expect(page.locator("#log")).to_be_focused()
    # Who has stopped, and looked, is understood again.
    page.wait_for_timeout(1600)
    page.keyboard.press("a")
    expect(page.locator("#summary")).to_contain_text("Ini cerita anak lain.", timeout=PATIENCE)
    expect(page.locator("#reply")).to_be_focused()
    expect(page.locator("#reply")).to_have_value("")


def test_who_leaves_the_box_by_a_key_or_a_click_is_understood_at_once(andi: Any) -> None:
    page, _ = andi
    for leave in (lambda: page.keyboard.press("Escape"), lambda: page.locator("#talk-heading").click()):
        page.locator("#reply").focus()
        page.keyboard.type("Halo")
        leave()
        page.keyboard.press("w")
        expect(page.locator("#wrap")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#wrap")).to_be_hidden()


def test_ctrl_enter_sends_what_one_writes_in_and_nothing_that_lies_under_a_sheet(desk: Desk, andi: Any) -> None:
    page, address = andi
    half = "Kalau begitu kamu bisa"
    page.locator("#reply").fill(half)
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    page.locator("#wrap textarea[name=note]").fill("Dijemput bibinya.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#wrap")).to_be_visible()  # what is asked for in it is not chosen yet
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("Tinggal bersama bibi.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#notes")).to_contain_text("Tinggal bersama bibi.", timeout=PATIENCE)
    page.keyboard.press("Shift+H") if page.locator("#note:focus").count() == 0 else page.locator("#desk > header [data-do=hide]").click()
    expect(page.locator("#veil")).to_be_visible()
    page.keyboard.press("Control+Enter")
    page.locator("[data-do=unhide]").click()
    assert not any(half in text for text in desk.office.heard(address))
    expect(page.locator("#reply")).to_have_value(half)
    page.locator("#log").focus()
    page.keyboard.press("Control+Enter")
    until(page, lambda: any(half in text for text in desk.office.heard(address)))


def test_the_screen_is_hidden_with_a_sheet_on_it(andi: Any) -> None:
    page, _ = andi
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    expect(page.locator("#wrap")).to_be_visible()
    sound(page, "a sheet with its button that hides the screen")
    page.locator("#wrap > [data-do=hide]").click()
    expect(page.locator("#veil")).to_be_visible()
    assert page.locator("#wrap").evaluate("e => getComputedStyle(e).visibility") == "hidden"
    page.locator("[data-do=unhide]").click()
    page.locator("#wrap input[name=outcome]").first.focus()
    page.keyboard.press("Shift+H")
    expect(page.locator("#veil")).to_be_visible()
    page.locator("[data-do=unhide]").click()
    expect(page.locator("#wrap")).to_be_visible()
    page.keyboard.press("Escape")


def test_whoever_comes_next_types_their_passphrase_behind_dots(desk: Desk, console: Any) -> None:
    page = console(None)
    page.goto(desk.office.url + "/console")
    button = page.locator("#sign [data-do=reveal]")
    page.locator("#sign-passphrase").fill(PASSPHRASE)
    button.click()
    expect(page.locator("#sign-passphrase")).to_have_attribute("type", "text")
    page.locator("#sign input[name=name]").fill(desk.andi.name)
    page.locator("#sign button.main").click()
    expect(page.locator("#desk")).to_be_visible(timeout=PATIENCE)
    page.locator("[data-do=compare-same]").click()
    page.locator("[data-do=sign-out]").click()
    expect(page.locator("#sign")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#sign-passphrase")).to_have_attribute("type", "password")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(button).to_have_text("Perlihatkan")
    sign_in(page, desk.office.url, desk.andi.name)


def test_a_screen_reader_is_told_what_comes_and_not_all_that_was(desk: Desk, andi: Any) -> None:
    page, address = andi
    log = page.locator("#log")
    expect(log).to_have_attribute("aria-live", "polite", timeout=PATIENCE)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.evaluate(READ_ALOUD)
    for number in range(3):
        desk.office.says(address, f"Kata ke-{number}")
    page.locator("#queue .mine .row").first.click()
    expect(log).to_contain_text("Kata ke-2", timeout=PATIENCE)
    filled = page.evaluate("() => window.live.splice(0)")
    assert set(filled) <= {"", "off"}, filled
    expect(log).to_have_attribute("aria-live", "polite", timeout=PATIENCE)
    desk.office.says(address, "Masih di sana?")
    expect(log).to_contain_text("Masih di sana?", timeout=PATIENCE)
    assert "polite" in page.evaluate("() => window.live")
