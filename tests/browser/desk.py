"""What a colleague does at the console, for the browser tests: signing in, getting ready, opening; and whether the page is sound."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.office import PASSPHRASE, Colleague
from tests.browser.pages import watch

PATIENCE = 15_000  # ms: keys are opened with Argon2id, on a machine that may be busy
SHOTS = Path(os.environ.get("RUANG_AMAN_SCREENSHOTS", "")) if os.environ.get("RUANG_AMAN_SCREENSHOTS") else None


def sign_in(page: Page, url: str, name: str, *, passphrase: str = PASSPHRASE) -> None:
    """Opens the console and signs in, with the keyboard."""
    page.goto(url + "/console")
    expect(page.locator("#sign").get_by_label("Nama masuk")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(passphrase)
    page.keyboard.press("Enter")
    expect(page.locator("#desk")).to_be_visible(timeout=PATIENCE)


@contextmanager
def signed_in_pages(browser: Browser, url: str, *, wrong: list[str], **usual: Any) -> Iterator[Callable[..., Page]]:
    """Opens the console as a colleague, or for nobody; at the end nothing may have gone wrong in any page (`wrong`), and nothing gone to
    anybody else."""
    contexts: list[BrowserContext] = []

    def open_as(who: Colleague | None, **options: Any) -> Page:
        context = browser.new_context(**{**usual, **options})
        contexts.append(context)
        page = context.new_page()
        watch(page, url, wrong)
        if who is not None:
            sign_in(page, url, who.name)
        return page

    yield open_as
    for context in contexts:
        for page in context.pages:
            if page.locator("#desk:visible").count():
                # Signed out, not merely gone: what one has goes back at once, and nobody is asked who is not there.
                page.evaluate("() => document.querySelector('[data-do=sign-out]').click()")
                expect(page.locator("#sign")).to_be_visible(timeout=PATIENCE)
        context.close()
    assert [one for one in wrong if "Error Code 401" not in one] == []  # htmx says that it was refused


def ready(page: Page) -> None:
    """Says that conversations may be offered."""
    if page.locator("[data-do=presence][data-state=ready][aria-pressed=false]").count():
        expect(page.locator("#not-ready")).to_be_visible(timeout=PATIENCE)  # who has just signed in is told that nothing is offered yet
        page.keyboard.press("p")
    expect(page.locator("[data-do=presence][data-state=ready]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#not-ready")).to_be_hidden()


def heading(page: Page) -> str:
    """What has the focus, as a reader of screens says it."""
    return page.locator(":focus").inner_text()


def shot(page: Page, name: str) -> None:
    """A picture, where somebody wants them."""
    if SHOTS is not None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(250)
        page.screenshot(path=SHOTS / f"console-{name}.png", caret="initial")  # hiding it would be a style that the policy refuses


def sound(page: Page, state: str) -> None:
    """Nothing for axe (WCAG 2.2 AA), nothing wider than the window, every control large enough to be tapped."""
    options: dict[str, Any] = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = Axe().run(page, options=options).response["violations"]
    violations = [(v["id"], v["impact"], [n["html"][:200] for n in v["nodes"]][:3]) for v in found]
    assert violations == [], (state, violations)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, a, input, select, textarea, summary')].filter((e) => {
            const box = e.getBoundingClientRect();
            return e.checkVisibility({checkVisibilityCSS: true}) && box.width && !e.closest('.radio, .check, .skip')
              && (box.width < 24 || box.height < 24 || (matchMedia('(pointer: coarse)').matches && box.height < 38));
        }).map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert small == [], (state, small)
