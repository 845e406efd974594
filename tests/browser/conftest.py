"""A browser, a web chat with a scripted bot, and pages in which nothing may go wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.bot.filed import FilingPhones
from tests.browser.desk import Desk, opened_desk, signed_in_pages
from tests.browser.office import Office
from tests.browser.pages import DESKTOP, QUICK, Opener, watch
from tests.browser.site import Site
from tests.browser.unit import Unit


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """For one module: while Playwright's synchronous side lives, no other test of this process can run a loop. With RUANG_AMAN_NO_BROWSER=1
    what needs a browser is left out, but never on a build machine."""
    if os.environ.get("RUANG_AMAN_NO_BROWSER") == "1" and not os.environ.get("CI"):
        pytest.skip("RUANG_AMAN_NO_BROWSER=1")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's chromium, without its own windows where that is installed."""
    browser = playwright.chromium.launch(executable_path=QUICK, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def site() -> Iterator[Site]:
    """A web chat with the scripted bot."""
    site = Site()
    site.start()
    yield site
    site.stop()


@pytest.fixture
def wrong() -> list[str]:
    """What went wrong in any page."""
    return []


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A window of a stranger."""
    context = browser.new_context(**DESKTOP)
    yield context
    context.close()


@pytest.fixture
def opened(site: Site, browser: Browser) -> Iterator[Opener]:
    """Opens the chat in a context of its own; at the end nothing may have gone wrong in the page or gone to anybody else."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**{**DESKTOP, **options})
        contexts.append(context)
        page = context.new_page()
        watch(page, site.url, wrong)
        page.goto(site.url + "/chat")
        if options.get("java_script_enabled", True):
            expect(page.get_by_role("button", name="1 Lapor")).to_be_visible()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with colleagues, for one module."""
    with opened_desk(tmp_path_factory.mktemp("office"), phones=FilingPhones()) as made:
        yield made


@pytest.fixture
def console(browser: Browser, desk: Desk, wrong: list[str]) -> Iterator[Any]:
    """Opens the console as somebody of the desk, signed in."""
    with signed_in_pages(browser, desk.office.url, wrong=wrong, **DESKTOP) as open_as:
        yield open_as


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unit]:
    """A unit with its lead and a case worker, for one module."""
    office = Office(tmp_path_factory.mktemp("office"))
    office.start()
    yield Unit(office)
    office.stop()


@pytest.fixture
def page_of(browser: Browser, unit: Unit, wrong: list[str]) -> Iterator[Any]:
    """Opens the console as somebody of the unit, signed in."""
    with signed_in_pages(browser, unit.office.url, wrong=wrong, **DESKTOP) as open_as:
        yield open_as
