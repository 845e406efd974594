"""A console that nobody touches any more locks; one at which somebody else sits down has nothing left of whoever was there before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from bot.desk.session import IDLE
from tests.browser.desk import PATIENCE, Desk, accept, finish, ready, signed_in_pages
from tests.browser.office import PASSPHRASE, Office
from tests.browser.pages import DESKTOP

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]
LATER = "seconds => { const real = Date.now.bind(Date); Date.now = () => real() + 1000 * seconds; }"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    office = Office(tmp_path_factory.mktemp("office"))
    office.start()
    yield Desk(office)
    office.stop()


@pytest.fixture
def console(browser: Browser, desk: Desk, wrong: list[str]) -> Iterator[Any]:
    with signed_in_pages(browser, desk.office.url, wrong=wrong, **DESKTOP) as open_as:
        yield open_as


def signs_in(page: Page, name: str) -> None:
    """At the door of a page that stands there already."""
    page.locator("#sign input[name=name]").fill(name)
    page.locator("#sign-passphrase").fill(PASSPHRASE)
    page.keyboard.press("Enter")
    expect(page.locator("#desk")).to_be_visible(timeout=PATIENCE)


def test_a_console_that_nobody_touches_locks_though_a_reporter_goes_on_writing(desk: Desk, console: Any) -> None:
    page = console(desk.sari)
    ready(page)
    address = desk.asks()
    accept(page)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "/console/" in request.url else None)
    page.evaluate(LATER, 90)  # a minute and a half without a key
    for words in ("Halo?", "Kakak masih di sana?"):
        desk.office.later(IDLE * 0.6)
        desk.office.says(address, words)
        if words == "Halo?":
            expect(page.locator(".message.theirs .words-said").last).to_have_text(words, timeout=PATIENCE)
    expect(page.locator("#sign")).to_be_visible(timeout=PATIENCE)
    fetched = [request for request in asked if "/console/j/hand-off/" in request.url or "/console/f/" in request.url]
    assert fetched
    assert all(request.headers.get("x-by-itself") == "1" for request in fetched)
    signs_in(page, desk.sari.name)
    page.locator("[data-view=staff]").click()  # by a hand
    expect(page.locator("#members th")).not_to_have_count(0, timeout=PATIENCE)
    assert "x-by-itself" not in asked[-1].headers
    page.locator("[data-view=queue]").click()
    ready(page)
    accept(page)
    finish(page)
