"""A console that nobody touches any more locks; one at which somebody else sits down has nothing left of whoever was there before."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from bot.desk.session import IDLE
from tests.browser.desk import PATIENCE, Desk, accept, finish, ready
from tests.browser.office import PASSPHRASE
from tests.browser.pages import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]
LATER = "seconds => { const real = Date.now.bind(Date); Date.now = () => real() + 1000 * seconds; }"


def talks(desk: Desk, console: Any) -> tuple[Page, str]:
    """Sari talks with a reporter; gives her page and the reporter's address."""
    page: Page = console(desk.sari)
    ready(page)
    address = desk.asks()
    accept(page)
    return page, address


def signs_in(page: Page, name: str) -> None:
    """At the door of a page that stands there already."""
    page.locator("#sign input[name=name]").fill(name)
    page.locator("#sign-passphrase").fill(PASSPHRASE)
    page.keyboard.press("Enter")
    expect(page.locator("#desk")).to_be_visible(timeout=PATIENCE)


def test_a_console_that_nobody_touches_locks_though_a_reporter_goes_on_writing(desk: Desk, console: Any) -> None:
    page, address = talks(desk, console)
    asked: list[Request] = []
    page.evaluate(LATER, 90)  # a minute and a half without a key
    page.wait_for_timeout(3000)  # what was asked for before is on its way
    page.on("request", lambda request: asked.append(request) if "/console/" in request.url else None)
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


def session_ends(desk: Desk, page: Page) -> None:
    """Of whoever sits at the page: it hears of it with the next thing that is asked for."""
    desk.office.run(desk.office.people.sessions.end(desk.sari.id, None))
    page.evaluate("() => document.querySelector('[data-view=queue]').click()")
    expect(page.locator("#sign")).to_be_visible(timeout=PATIENCE)


def test_what_had_not_gone_is_nobody_elses(desk: Desk, console: Any) -> None:
    page, address = talks(desk, console)
    page.route("**/console/j/hand-off/*/reply", lambda route: route.abort())
    page.keyboard.type("Ini dari Sari.")
    page.keyboard.press("Enter")
    page.keyboard.type("Belum selesai")
    expect(page.locator(".message.ours.pending .words-said")).to_have_text("Ini dari Sari.")
    session_ends(desk, page)
    page.unroute_all()
    desk.office.later(130)  # nobody has seen Sari for two minutes
    signs_in(page, desk.andi.name)
    expect(page.locator("[data-do=presence][data-state=away]")).to_have_attribute("aria-pressed", "true")  # ready was Sari, not he
    ready(page)
    accept(page)
    expect(page.locator("#talk-heading")).to_be_visible()
    page.wait_for_timeout(6000)  # what waits is tried again every five seconds
    expect(page.locator("#reply")).to_have_value("")
    expect(page.locator("#log")).not_to_contain_text("Ini dari Sari.")
    assert "Ini dari Sari." not in desk.office.heard(address)
    finish(page)


def test_what_had_not_gone_is_in_the_box_again_for_whoever_wrote_it(desk: Desk, console: Any) -> None:
    page, address = talks(desk, console)
    tried: list[str] = []

    def broken(route: Route) -> None:
        tried.append(route.request.url)
        if len(tried) == 1:
            route.fetch()  # it arrives, and the answer is lost
        route.abort()

    page.route("**/console/j/hand-off/*/reply", broken)
    for words in ("Pertama.", "Kedua."):
        page.keyboard.type(words)
        page.keyboard.press("Enter")
    page.keyboard.type("Ketiga")
    until(page, lambda: "Pertama." in desk.office.heard(address))
    session_ends(desk, page)
    page.unroute_all()
    signs_in(page, desk.sari.name)
    expect(page.locator("#reply")).to_have_value("Kedua.\nKetiga", timeout=PATIENCE)
    page.wait_for_timeout(6000)
    assert [text for text in desk.office.heard(address) if text in ("Pertama.", "Kedua.")] == ["Pertama."]
    page.locator("#compose button[type=submit]").click()
    until(page, lambda: desk.office.heard(address)[-1] == "Kedua.\nKetiga")
    finish(page)
