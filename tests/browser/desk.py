"""What a colleague does at the console, for the browser tests: signing in, getting ready, opening; and whether the page is sound."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.desk import totp
from tests.browser.office import PASSPHRASE, Colleague, Office
from tests.browser.pages import watch

PATIENCE = 15_000  # ms: keys are opened with Argon2id, on a machine that may be busy
SHOTS = Path(os.environ.get("RUANG_AMAN_SCREENSHOTS", "")) if os.environ.get("RUANG_AMAN_SCREENSHOTS") else None

STORY = "Kakak sepupuku sering memukul aku kalau mama kerja. Aku takut pulang."
_numbers = iter(range(100, 1000))


class Desk:
    """An office with one unit: a lead, two counsellors, a case worker."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.unit = office.unit("UPTD PPA")
        self.lead = office.colleague(self.unit, "lead", name="ratna", shown="Bu Ratna")
        self.sari = self.colleague("counsellor", "sari", "Sari")
        self.andi = self.colleague("counsellor", "andi", "Andi")

    def colleague(self, role: str, name: str, shown: str) -> Colleague:
        return self.office.colleague(self.unit, role, name=name, shown=shown, lead=self.lead)

    def asks(self, story: str = STORY, *, device: str = "own", word: str = "") -> str:
        """Somebody asks for a person; gives the address of their phone."""
        address = f"+62811{next(_numbers)}"
        self.office.says(address, "/start", "counsellor", "talk", story, device, *([word] if word else []))
        return address


@contextmanager
def opened_desk(folder: Path, **given: Any) -> Iterator[Desk]:
    """A desk with colleagues, over an office on a data directory (`given`: what else that is made with)."""
    office = Office(folder, **given)
    office.start()
    yield Desk(office)
    office.stop()


def sign_in(page: Page, url: str, name: str, *, passphrase: str = PASSPHRASE, compares: bool = True) -> None:
    """Opens the console and signs in, with the keyboard. `compares`: says, if asked, that the unit's words are the lead's."""
    page.goto(url + "/console")
    expect(page.locator("#sign").get_by_label("Nama masuk")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(passphrase)
    page.keyboard.press("Enter")
    expect(page.locator("#desk")).to_be_visible(timeout=PATIENCE)
    if compares and page.locator("#compare").is_visible():
        page.locator("[data-do=compare-same]").click()
        expect(page.locator("#compare")).to_be_hidden()


@dataclass
class Joined:
    """Somebody who has just joined: what is in their head, on their paper, and in their telephone."""

    name: str
    words: str
    fingerprint: str
    seed: bytes
    used: int = 0

    def code(self) -> str:
        """What the authenticator shows; what comes next in it, if that has been used."""
        self.used = max(int(time.time()) // totp.STEP, self.used + 1)
        return self.code_again()

    def code_again(self) -> str:
        """The code that was used last."""
        return totp.code(self.seed, self.used)


def join(page: Page, link: str, name: str, *, key_file: Path | None = None) -> Joined:
    """Joins by a link ("": it is open already), with a second factor; a name is typed only where the link does not have one."""
    if link:
        page.goto(link)
    form = page.locator("#join")
    expect(form.locator("#join-words")).not_to_be_empty(timeout=PATIENCE)
    expect(form.locator("#join-secret")).not_to_be_empty()
    words = form.locator("#join-words").inner_text()
    seed = base64.b32decode(form.locator("#join-secret").inner_text().replace(" ", ""))
    joined = Joined(name=name, words=words, fingerprint="", seed=seed)
    if form.locator("input[name=name]").is_editable():
        form.locator("input[name=name]").fill(name)
    form.locator("input[name=shown]").fill(name.title())
    form.locator("input[name=typed]").fill(words)
    form.locator("input[name=code]").fill(joined.code())
    if key_file is not None:
        form.locator("input[name=key]").set_input_files(key_file)
    form.locator("button.main").click()
    expect(page.locator("#joined-heading")).to_be_focused(timeout=PATIENCE)
    joined.fingerprint = page.locator("#joined-words").inner_text()
    return joined


def sign_in_again(page: Page, who: Joined, *, code: str = "") -> None:
    """On the page that asks for it. Without a code: this browser has a session."""
    form = page.locator("#sign")
    form.locator("input[name=name]").fill(who.name)
    form.locator("#sign-passphrase").fill(who.words)
    form.locator("input[name=code]").fill(code)
    form.locator("button.main").click()


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
                # Not `expect`: it describes the page for its message first, which takes half a minute where 2,000 messages stand.
                page.locator("#sign").wait_for(state="visible", timeout=PATIENCE)
        context.close()
    assert [one for one in wrong if "Error Code 401" not in one] == []  # htmx says that it was refused


def ready(page: Page) -> None:
    """Says that conversations may be offered."""
    # Who has just signed in is told that nothing is offered yet; who was ready before, elsewhere, may be so still.
    button = "[data-do=presence][data-state=ready]"
    expect(page.locator(f"#not-ready:visible, {button}[aria-pressed=true]").first).to_be_visible(timeout=PATIENCE)
    if page.locator("#not-ready").is_visible():
        # The button is pressed before the desk knows of it.
        with page.expect_response(lambda answer: answer.url.endswith("/j/presence") and "ready" in (answer.request.post_data or "")):
            page.keyboard.press("p")
    expect(page.locator(button)).to_have_attribute("aria-pressed", "true")
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
    """Nothing for axe (WCAG 2.2 AA), nothing wider than the window, or longer (lists scroll, the page does not), every control large enough
    to be tapped."""
    # What is just coming into sight is pale for a fifth of a second.
    page.evaluate(
        "() => Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations !== Infinity)"
        ".map((one) => one.finished.catch(() => {})))"
    )
    options: dict[str, Any] = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = Axe().run(page, options=options).response["violations"]
    violations = [(v["id"], v["impact"], [n["html"][:200] for n in v["nodes"]][:3]) for v in found]
    assert violations == [], (state, violations)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state
    # On a telephone the page goes on below the six words that are to be compared.
    if page.locator("#desk:visible").count() and not page.locator("#compare:visible").count():
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), state
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, a, input, select, textarea, summary')].filter((e) => {
            const box = e.getBoundingClientRect();
            return e.checkVisibility({checkVisibilityCSS: true}) && box.width && !e.closest('.radio, .check, .skip')
              && (box.width < 24 || box.height < 24 || (matchMedia('(pointer: coarse)').matches && box.height < 38));
        }).map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert small == [], (state, small)


def accept(page: Page) -> None:
    """Takes what is offered, by its key; the reply box is open then."""
    offer = page.locator("#queue .offered [data-do=accept]").first
    taken, gone = page.locator("#reply:focus"), page.locator("#toasts .toast", has_text="sudah berakhir")
    for last in (False, True):
        expect(offer).to_be_visible(timeout=PATIENCE)
        asked = offer.get_attribute("data-id")
        page.keyboard.press("a")
        try:
            expect(taken if last else taken.or_(gone).first).to_be_visible(timeout=PATIENCE)
        except AssertionError:
            seen = page.evaluate("['#toasts', '#queue', '#talk'].map((one) => document.querySelector(one).innerText.slice(0, 400))")
            raise AssertionError([*seen, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")]) from None
        if taken.count():
            assert page.locator(f"#queue [data-do=accept][data-id='{asked}']").count() == 0, "nothing asks for what has been done"
            return  # else it was another offer by then: the page says so, and draws the queue anew


def finish(page: Page, outcome: str = "Sudah dibantu", risk: str = "Tidak terlihat") -> None:
    """Ends the conversation that is open."""
    page.locator("#talk-head [data-do=wrap], #talk-head [data-do=close]").first.click()
    page.locator("#wrap").get_by_label(outcome, exact=True).check()
    page.locator("#wrap").get_by_label(risk, exact=True).check()
    page.locator("#wrap input[name=duty][value=none]").check()
    page.locator("#wrap-form button[type=submit]").click()
    expect(page.locator("#wrap")).to_be_hidden(timeout=PATIENCE)
