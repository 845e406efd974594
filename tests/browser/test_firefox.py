"""The desk and the web chat in Firefox, by keyboard: a key that is born there, a talk, a cut line, the passphrase after loading anew."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.telegram_person import wording
from tests.browser.bidi import ENTER, PROGRAM, Firefox, Tab, firefox
from tests.browser.desk import Joined
from tests.browser.peers import label
from tests.browser.service import RealService, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.skipif(PROGRAM is None, reason="Firefox is not installed: apt install firefox-esr"),
    pytest.mark.timeout(300),
]
STORY = "Aku takut pulang ke rumah."
CHOICE = """(words) => {
    const open = [...document.querySelectorAll(".choices:not(.past) button")];
    const found = open.findLast((e) => e.querySelector(".words")?.textContent === words);
    found?.focus();
    return Boolean(found);
}"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RealService]:
    with serving(RealService(tmp_path, keyed=False)) as service:
        yield service


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Firefox]:
    (tmp_path / "profile").mkdir()
    with firefox(tmp_path / "profile") as found:
        yield found
    # A look at the queue that is on its way while the page is loaded anew is given up: htmx says so.
    assert [one for one in found.wrong if "htmx:" not in one and one != "uncaught exception: undefined"] == []


def joins(page: Tab, link: str) -> Joined:
    page.opens(link)
    words, secret = page.reads("#join-words"), page.reads("#join-secret")
    who = Joined(name="ratna", words=words, fingerprint="", seed=base64.b32decode(secret.replace(" ", "")))
    for name, typed in (("name", "ratna"), ("shown", "Ratna"), ("typed", words), ("code", who.code())):
        page.types(f"#join [name={name}]", typed)
    page.keys(ENTER)
    page.shows("#joined-heading")
    assert len(page.reads("#joined-words").split()) == 6
    return who


def chooses(child: Tab, step: str, option: str, then: str) -> None:
    flow, _, name = step.partition(".")
    child.waits(CHOICE, label(flow, name, option))
    child.keys(ENTER)
    child.shows(".theirs", wording(then, reader="adult"))


def test_a_desk_and_a_chat_in_firefox(service: RealService, browser: Firefox) -> None:
    page, child = browser.tab(), browser.tab(width=390, height=844)
    ratna = joins(page, service.invited("lead"))
    page.to("#joined [data-do=to-sign]")
    page.keys(ENTER)
    page.types("#sign-passphrase", ratna.words + ENTER)
    page.shows("#queue-heading")
    page.waits("() => document.querySelector('#link').dataset.state === 'online'")
    page.keys("p")
    page.waits("() => document.querySelector('[data-do=presence][data-state=ready]').getAttribute('aria-pressed') === 'true'")

    child.opens(service.url + "/chat")
    chooses(child, "start.menu", "counsellor", "counsellor.on_duty")
    chooses(child, "counsellor.on_duty", "talk", "counsellor.first")
    child.types("textarea", STORY + ENTER)
    child.shows(".theirs", wording("counsellor.device", reader="adult"))
    chooses(child, "counsellor.device", "own", "counsellor.code")
    page.shows("#queue .offered [data-do=accept]")
    page.keys("a")
    page.shows("#summary", STORY)
    page.waits("() => document.activeElement?.id === 'reply'")
    page.keys("Halo, aku Ratna." + ENTER)
    child.shows(".theirs", "Halo, aku Ratna.")
    child.types("textarea", "halo kak" + ENTER)
    page.shows("#log .theirs", "halo kak")

    service.stop()
    page.waits("() => document.querySelector('#link').dataset.state === 'offline'")
    page.keys("Aku di sini." + ENTER)
    child.types("textarea", "masih ada?" + ENTER)
    service.start()
    child.shows(".theirs", "Aku di sini.")
    page.shows("#log .theirs", "masih ada?")
    assert child.sees("() => [...document.querySelectorAll('.theirs')].filter((e) => e.innerText.includes('Aku di sini.')).length") == 1

    page.reloads()
    page.shows("#sign-passphrase")
    assert STORY not in page.sees("() => document.documentElement.outerHTML")
    page.types("#sign [name=name]", ratna.name)
    page.types("#sign-passphrase", ratna.words + ENTER)
    page.shows("#queue .mine .row")
    page.keys("j" + ENTER)
    page.shows("#log .theirs", "masih ada?")

    child.to("#leave")
    child.keys(ENTER)
    child.waits("() => !document.documentElement.outerHTML.includes('Ratna')")
    assert child.sees("() => history.length") == 1
