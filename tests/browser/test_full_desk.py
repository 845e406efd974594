"""Two hundred wait and twenty counsellors work, one of them in a real browser: how long from "accept" until the first words are there."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median, quantiles
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import PATIENCE, ready, sign_in
from tests.browser.full_desk import BY_HAND, FIRST
from tests.browser.pages import DESKTOP, crowded, watch
from tests.browser.service import ROOT

pytestmark = [
    pytest.mark.long,
    pytest.mark.browser,
    pytest.mark.own_store,
    pytest.mark.timeout(1500),
]
# Half an hour in five minutes: 200 wait; 20 counsellors, one in a real browser, take half of them, and talk for what would be ten minutes.
COUNSELLORS, WAITING, SECONDS, PER_SECOND, BY_HAND_EVERY = 20, 200, 300, 0.28, 20.0
BOUND_MS = 500  # p95, on a machine with nothing else to do
CORE = 0.7  # of one processor core: what the service may take for all of it, on any machine
QUIET = 1.5  # others' work on this machine, as `crowded` finds it, up to which waiting says something about the service


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The service in a process of its own, with everybody who waits; what it said of itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "tests.browser.full_desk", str(tmp_path / "data"), str(port), str(COUNSELLORS), str(WAITING)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, (tmp_path / "log").read_text()[-2000:]
    yield {**json.loads(line), "process": process.pid}
    process.terminate()
    process.wait(20)


def worked(process: int) -> float:
    """Seconds of processor time that a process has taken so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[18]


def accepts(page: Page) -> float | None:
    """Takes what is offered and reads it; gives the milliseconds until the first words stood there. None: the offer was over just then."""
    return cast(
        "float | None",
        page.evaluate(
            """async (first) => {
                const $ = (one) => document.querySelector(one);
                const button = $("#queue .offered [data-do=accept]");
                const {id} = button.dataset;
                const begun = performance.now();
                button.click();
                const says = (text) => document.querySelector("#summary").textContent.includes(text);
                const there = () => document.querySelector("#talk-head")?.dataset.id === id && says(first);
                while (!there()) {
                    if ($("#toasts .toast")?.textContent.includes("berakhir") || performance.now() - begun > 20_000) return null;
                    await new Promise((next) => requestAnimationFrame(next));
                }
                await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
                return performance.now() - begun;
            }""",
            FIRST,
        ),
    )


def ends(page: Page) -> None:
    """Winds the conversation up, again if the reporter has just written."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        expect(page.locator("#talk .empty, #talk-head [data-do=wrap], #talk-head [data-do=close]").first).to_be_visible(timeout=PATIENCE)
        if page.locator("#talk .empty").is_visible():
            return
        page.locator("#talk-head [data-do=wrap], #talk-head [data-do=close]").first.click()
        page.locator("#wrap input[value=helped]").check()
        page.locator("#wrap input[value=some]").check()
        page.locator("#wrap input[name=duty][value=none]").check()
        page.locator("#wrap-form button[type=submit]").click()
        # It is over; or something is wrong; or somebody has written, which is to be read first: the dialog closes then as well.
        over, stopped = page.locator("#talk .empty"), time.monotonic() + 2 * PATIENCE / 1000
        while page.locator("dialog[open]").count() and not page.locator("#wrap-wrong:not(:empty)").count() and time.monotonic() < stopped:
            page.wait_for_timeout(50)
        with suppress(AssertionError):
            expect(over).to_be_visible(timeout=3000)
        if page.locator("#wrap-wrong:not(:empty)").count():
            page.keyboard.press("Escape")  # out of the dialog, not of the conversation
            page.wait_for_timeout(300)
    raise AssertionError("it did not end")


def test_the_first_words_are_there_soon_after_accepting(
    browser: Browser, desk: dict[str, Any], wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    others = crowded()  # everybody waits for their turn then
    page = browser.new_context(**DESKTOP).new_page()
    watch(page, desk["url"], wrong)
    sign_in(page, desk["url"], BY_HAND)
    ready(page)
    assert page.locator("#queue .waiting .row, #queue .offered .row").count() < WAITING / 2  # the first ones; more for who asks
    crowd = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.counsellors", str(SECONDS), str(PER_SECOND)], cwd=ROOT, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert crowd.stdin is not None
    crowd.stdin.write(json.dumps(desk) + "\n")
    crowd.stdin.flush()
    here: list[float] = []
    before, begun = worked(desk["process"]), time.monotonic()
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        offer = page.locator("#queue .offered [data-do=accept]").first
        with suppress(AssertionError):
            expect(offer).to_be_visible(timeout=1000 * max(1.0, until - time.monotonic()))
        if not offer.is_visible():
            break  # the time is over
        took = accepts(page)
        if took is not None:
            here.append(took)
            again = time.monotonic() + BY_HAND_EVERY
            ends(page)
            page.wait_for_timeout(1000 * max(0.0, again - time.monotonic()))
    out, _ = crowd.communicate(timeout=60)
    core = (worked(desk["process"]) - before) / (time.monotonic() - begun)
    told = json.loads(out)
    page.context.close()
    shown, accepted = ([1000 * each for each in told[name]] for name in ("shown", "accepted"))
    looks, weight = [1000 * each for each in told["looks"]], median(told["weights"]) / 1000
    with capsys.disabled():
        print(f"\n{len(shown)} accepted, {told['ended']} ended, {sum(told['replies'].values())} replies, {len(looks)} looks at the queue")
        for what, values in (("accepted", accepted), ("first words", shown), ("in the browser", here), ("the queue", looks)):
            print(f"{what}: median {median(values):.0f} ms, p95 {p95(values):.0f} ms, longest {max(values):.0f} ms")
        print(f"the service took {core:.0%} of a core; a bit of work took {others:.1f} times as long as alone, before anybody sat down")
        print(f"the queue: {weight:.0f} kB; {told['late']} too late, {told['nobody']} times nobody was offered; replies {told['replies']}")
    assert told["broken"] == [] and told["failed"] == 0
    assert wrong == []
    assert len(shown) > SECONDS * PER_SECOND / 2, "the desk was kept busy"
    assert len(here) >= 5
    assert set(told["replies"]) <= {"200", "409"} and told["replies"]["200"] > 0.8 * sum(told["replies"].values())
    assert core < CORE
    if others > QUIET:
        pytest.skip(f"how long people wait here says nothing: this machine works for {others:.1f} at once")
    assert p95(shown) <= BOUND_MS
    assert p95(here) <= BOUND_MS
