"""What the browser tests share: sizes of windows, and what a person does on the page."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Error, Page, Route, expect

CHROMIUM = "/usr/bin/chromium"
_SHELL = "/usr/bin/chromium-headless-shell"
QUICK = _SHELL if os.access(_SHELL, os.X_OK) else CHROMIUM
"""The same browser without its own windows, where Debian's chromium-headless-shell is installed: the tests take a third less time."""
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
SIZES = {
    "phone": PHONE,
    "small": {"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True},
    "desktop": DESKTOP,
    "zoomed": {"viewport": {"width": 320, "height": 256}},  # 1280 × 1024 at 400 %
}
Opener = Callable[..., Page]


def watch(page: Page, url: str, wrong: list[str]) -> None:
    """Notes in `wrong` whatever goes wrong in the page, or goes to anybody but `url`."""
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith((url, f"blob:{url}/")) else wrong.append(request.url))
    page.on(
        "console",
        lambda message: (
            wrong.append(message.text) if message.type in ("error", "warning") and "Failed to load resource" not in message.text else None
        ),
    )


def say(page: Page, words: str) -> None:
    """Types and sends."""
    page.get_by_label("Tulis pesan").fill(words)
    page.get_by_role("button", name="Kirim", exact=True).click()


def log_of(page: Page) -> str:
    """All that was said, as it is shown."""
    return page.get_by_role("log").inner_text()


def until(page: Page, there: Callable[[], bool]) -> None:
    """Waits for something on the service's side, 10 s at most."""
    for _ in range(200):
        if there():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen")


def sound(page: Page, state: str) -> None:
    """Nothing serious for axe, nothing wider than the window, the way out in sight, and everything to be tapped at least 44 px large."""
    found = Axe().run(page).response["violations"]
    serious = [(v["id"], [n["html"] for n in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")]
    assert serious == [], state
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state
    expect(page.locator("#leave")).to_be_in_viewport(ratio=1)
    for control in page.locator("button:visible, .leave:visible, textarea:visible, .alarm a:visible, a.call:visible").all():
        box = control.bounding_box()
        assert box and box["height"] >= 44 and box["width"] >= 44, (state, control.inner_text(), box)


@contextmanager
def held(page: Page, path: str) -> Iterator[Callable[[], int]]:
    """What the page asks for there does not come before the end; gives how much has been asked for so far."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route(path, hold)
    yield lambda: len(waiting)
    page.unroute(path, hold)
    for route in waiting:
        with suppress(Error):  # the page has given it up
            route.continue_()


def crowded() -> float:
    """How many others this machine works for just now: 1.0, or how often as long as alone a bit of work takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    while time.process_time() - cpu < 1.0:
        sum(range(10_000))
    return max(1.0, time.perf_counter() - wall)
