"""From the first invitation to the answer that a reporter reads: one desk, three channels, no mock, and no mouse."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.bot.telegram_person import wording
from tests.browser.child import Child
from tests.browser.desk import PATIENCE, Joined, shot, signed_in_pages
from tests.browser.pages import DESKTOP, watch
from tests.browser.peers import Peers, label, peers
from tests.browser.service import RealService, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,  # an offer's minute is a minute
    pytest.mark.timeout(420),
]
STORY = "Kakak sepupu suka memukulku pakai sapu."
REPLY = "Terima kasih sudah bercerita. Kami akan ke sekolahmu hari Senin."
OFFER = 75_000  # ms: a minute, and the round


@pytest.fixture(scope="module")
def outside() -> Iterator[Peers]:
    with peers() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, outside: Peers) -> Iterator[RealService]:
    service = RealService(tmp_path_factory.mktemp("service"), keyed=False)
    service.more = {**outside.settings, "public_url": service.url}
    outside.site = service.url
    with serving(service):
        yield service


@pytest.fixture
def console(browser: Browser, service: RealService, wrong: list[str]) -> Iterator[Any]:
    with signed_in_pages(browser, service.url, wrong=wrong, **DESKTOP) as open_as:
        yield open_as


# What hands do that have no mouse


def to(page: Page, selector: str, *, key: str = "Tab") -> None:
    """Presses Tab until it is there; fails where the keyboard does not reach."""
    for _ in range(120):
        if page.evaluate("wanted => document.activeElement?.matches(wanted) ?? false", selector):
            return
        page.keyboard.press(key)
    raise AssertionError(f"Tab does not reach {selector}")


def press(page: Page, selector: str, *, key: str = "Tab") -> None:
    """Goes to a button, and presses it."""
    to(page, selector, key=key)
    page.keyboard.press("Enter")


def typed(page: Page, selector: str, words: str) -> None:
    """Goes to a field, and writes there."""
    to(page, selector)
    page.keyboard.type(words)


def section(page: Page, letter: str, name: str) -> None:
    """Goes to a section of the console, by its two letters."""
    out_of_the_field(page)
    page.keyboard.press("g")
    page.keyboard.press(letter)
    expect(page.locator(f"#{name}-heading")).to_be_focused(timeout=PATIENCE)


def out_of_the_field(page: Page) -> None:
    """Letters are shortcuts again."""
    if page.evaluate("document.activeElement?.matches('textarea, input, select') ?? false"):
        page.keyboard.press("Escape")


def reach(page: Page, selector: str) -> None:
    """Moves through a list until one stands there: with J as far as it goes, then back with K."""
    out_of_the_field(page)
    for key in ("j", "k"):
        for _ in range(20):
            if page.evaluate("wanted => document.activeElement?.matches(wanted) ?? false", selector):
                return
            page.keyboard.press(key)
    raise AssertionError(f"the list does not lead to {selector}")


def entry(page: Page, hand_off: str, act: str) -> None:
    """Goes through the queue to somebody, and does that; once more if the list was drawn anew just then."""
    wanted = f"#{'row' if act == 'open' else act}-{hand_off}"
    for _ in range(5):
        reach(page, f"#row-{hand_off}")
        for _ in range(3):
            if page.evaluate("wanted => document.activeElement?.matches(wanted) ?? false", wanted):
                page.keyboard.press("Enter")
                return
            page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead from the row to {wanted}")


def joins(page: Page, link: str, name: str) -> Joined:
    """Reads the link's page, and fills it in."""
    page.goto(link)
    expect(page.locator("#join-heading")).to_be_focused(timeout=PATIENCE)
    expect(page.locator("#join-words")).not_to_be_empty(timeout=PATIENCE)
    expect(page.locator("#join-secret")).not_to_be_empty(timeout=PATIENCE)
    words = page.locator("#join-words").inner_text()
    seed = base64.b32decode(page.locator("#join-secret").inner_text().replace(" ", ""))
    joined = Joined(name=name, words=words, fingerprint="", seed=seed)
    typed(page, "#join [name=name]", name)
    typed(page, "#join [name=shown]", name.title())
    typed(page, "#join [name=typed]", words)
    typed(page, "#join [name=code]", joined.code())
    page.keyboard.press("Enter")
    expect(page.locator("#joined-heading")).to_be_focused(timeout=PATIENCE)
    joined.fingerprint = page.locator("#joined-words").inner_text()
    return joined


def signs_in(page: Page, who: Joined) -> None:
    """In the browser in which one joined."""
    press(page, "#joined [data-do=to-sign]")
    expect(page.locator("#sign-passphrase")).to_be_focused()
    page.keyboard.type(who.words)
    page.keyboard.press("Enter")
    expect(page.locator("#queue-heading")).to_be_focused(timeout=PATIENCE)


def presence(page: Page, state: str) -> None:
    """What the console shows of oneself."""
    expect(page.locator(f"[data-do=presence][data-state={state}]")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)


class Web(Child):
    """A reporter on the page, who has no mouse either."""

    def taps(self, words: str, then: str = "") -> None:
        page = self.page
        option = page.locator(".choices:not(.past) button", has=page.get_by_text(words, exact=True)).last
        expect(option).to_be_visible(timeout=PATIENCE)
        for _ in range(60):
            if option.evaluate("e => e === document.activeElement"):
                page.keyboard.press("Enter")
                break
            page.keyboard.press("Shift+Tab")
        else:
            raise AssertionError(f"the keyboard does not reach {words}")
        if then:
            self.hears(then)

    def says(self, words: str, then: str = "") -> None:
        to(self.page, "textarea")
        self.page.keyboard.type(words)
        self.page.keyboard.press("Enter")
        if then:
            self.hears(then)

    def chooses(self, step: str, option: str, then: str) -> None:
        """An option of a step (`flow.step`), by what stands on it; then another step speaks."""
        flow, _, name = step.partition(".")
        self.taps(label(flow, name, option), wording(then, reader="adult"))


def entries(page: Page, state: str = "") -> list[str]:
    """Whose hand-offs the queue shows, in its order."""
    where = f"#queue .entry[data-state={state}]" if state else "#queue .entry"
    found: list[str] = page.locator(where).evaluate_all("all => all.map((e) => e.dataset.handOff)")
    return found


def comes(page: Page, known: list[str]) -> str:
    """Somebody more is in the queue; gives which hand-off it is, and adds it to those that are known."""
    expect(page.locator("#queue .entry")).to_have_count(len(known) + 1, timeout=PATIENCE)
    (new,) = set(entries(page)) - set(known)
    known.append(new)
    return new


def takes(page: Page, hand_off: str, told: str) -> None:
    """Accepts whom one is offered, and reads what was told."""
    expect(page.locator(f"#accept-{hand_off}")).to_be_visible(timeout=PATIENCE)
    entry(page, hand_off, "accept")
    expect(page.locator(f"#talk-head[data-id='{hand_off}']")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#reply")).to_be_focused(timeout=PATIENCE)
    expect(page.locator("#summary")).to_contain_text(told, timeout=PATIENCE)


def speaks(page: Page, words: str) -> None:
    """To the reporter whose conversation is open."""
    typed(page, "#reply", words)
    page.keyboard.press("Enter")
    expect(page.locator("#log .message.ours .words-said").last).to_have_text(words, timeout=PATIENCE)


def hears(page: Page, words: str) -> None:
    """The reporter's newest words are there."""
    expect(page.locator("#log .message.theirs .words-said").last).to_have_text(words, timeout=PATIENCE)


def ends(page: Page) -> None:
    """Says what became of the conversation that is open: the first of each."""
    out_of_the_field(page)
    press(page, "#talk-head [data-do=wrap], #talk-head [data-do=close]", key="Shift+Tab")
    expect(page.locator("#wrap")).to_be_visible()
    for name in page.locator("#wrap-form").evaluate("f => [...new Set([...f.querySelectorAll('[type=radio]')].map((e) => e.name))]"):
        to(page, f"#wrap [name={name}]")
        page.keyboard.press("Space")
    press(page, "#wrap [type=submit]")
    expect(page.locator("#wrap")).to_be_hidden(timeout=PATIENCE)


def test_from_the_first_invitation_to_the_answer_that_is_read(
    browser: Browser, service: RealService, console: Any, outside: Peers, wrong: list[str]
) -> None:  # fmt: skip
    # Two people come to the desk. The first makes the unit's key, the second is admitted by the six words that she hears.
    ratna, sari = console(None), console(None)
    lead = joins(ratna, service.invited("lead"), "ratna")
    signs_in(ratna, lead)
    section(ratna, "s", "staff")
    to(ratna, "#invite-form select")
    while ratna.locator("#invite-form select").input_value() != "counsellor":
        ratna.keyboard.press("ArrowDown")
    press(ratna, "#invite-form [type=submit]")
    expect(ratna.locator("#invite-link")).to_contain_text("#join=", timeout=PATIENCE)
    link = re.sub(r"^https?://[^/]+", service.url, ratna.locator("#invite-link").inner_text())
    colleague = joins(sari, link, "sari")
    expect(ratna.locator("#members [data-do=admit]")).to_be_visible(timeout=PATIENCE)
    press(ratna, "#members [data-do=admit]")
    typed(ratna, "#admit-form [name=words]", colleague.fingerprint)
    ratna.keyboard.press("Enter")
    expect(ratna.locator("#admit")).to_be_hidden(timeout=PATIENCE)
    signs_in(sari, colleague)
    section(ratna, "q", "queue")

    # Three ask for a person while one is ready: the first is offered, the two others wait, the child before the grown-up.
    sari.keyboard.press("p")
    presence(sari, "ready")
    window = browser.new_context(**DESKTOP)
    watch(window.new_page(), service.url, wrong)
    web = Web(window.pages[0], service.url)
    web.chooses("start.menu", "counsellor", "counsellor.on_duty")
    web.chooses("counsellor.on_duty", "talk", "counsellor.first")
    web.says("Aku mau tanya soal tetangga.", wording("counsellor.device", reader="adult"))
    web.chooses("counsellor.device", "own", "counsellor.code")
    known: list[str] = []
    on_web = comes(sari, known)
    expect(sari.locator(f"#queue .entry.offered[data-hand-off='{on_web}']")).to_be_visible(timeout=PATIENCE)
    outside.tg("/start", "counsellor", "talk", "'Aku mau bicara soal anakku.", "own")
    on_telegram = comes(sari, known)
    outside.wa("'halo", "report", "yes", "self_13_17", "'konselor", "talk", "'Aku takut pulang.", "own")
    on_whatsapp = comes(sari, known)
    assert entries(sari, "waiting") == [on_whatsapp, on_telegram]
    shot(sari, "way-queue")
    ratna.keyboard.press("p")
    presence(ratna, "ready")
    takes(ratna, on_whatsapp, "Aku takut pulang.")
    speaks(ratna, "Halo, aku Ratna.")
    outside.wa_reads("Halo, aku Ratna.")
    outside.wa("'makasih kak")
    hears(ratna, "makasih kak")
    takes(ratna, on_telegram, "soal anakku")
    speaks(ratna, "Selamat pagi, aku Ratna.")
    outside.tg_reads("Selamat pagi, aku Ratna.")
    outside.tg("'selamat pagi juga")
    hears(ratna, "selamat pagi juga")

    # The first colleague does not answer: after a minute the offer is another's, and she counts as away, and reads so.
    expect(sari.locator("#not-ready")).to_be_visible(timeout=OFFER)
    presence(sari, "away")
    assert not entries(sari, "offered") or not sari.locator(f"#accept-{on_web}").count()
    shot(sari, "way-away")
    takes(ratna, on_web, "soal tetangga")
    speaks(ratna, "Selamat siang, aku Ratna.")
    web.hears("Selamat siang, aku Ratna.")
    web.says("selamat siang, bu")
    hears(ratna, "selamat siang, bu")

    # The talk on the web is handed on: refused, asked again, accepted.
    out_of_the_field(sari)
    sari.keyboard.press("p")
    presence(sari, "ready")
    for answer in ("refuse", "accept"):
        out_of_the_field(ratna)
        press(ratna, "#talk-head [data-do=transfer]", key="Shift+Tab")
        expect(ratna.locator("#transfer [data-do=transfer-to]").first).to_be_focused(timeout=PATIENCE)
        ratna.keyboard.press("Enter")
        expect(ratna.locator("#talk-head [data-do=take-back]")).to_be_visible(timeout=PATIENCE)
        expect(sari.locator(f"#{answer}-{on_web}")).to_be_visible(timeout=PATIENCE)
        entry(sari, on_web, answer)
        if answer == "refuse":
            expect(ratna.locator("#talk-head [data-do=transfer]")).to_be_visible(timeout=PATIENCE)
    expect(sari.locator("#reply")).to_be_focused(timeout=PATIENCE)
    expect(ratna.locator("#compose")).to_be_hidden(timeout=PATIENCE)
    expect(sari.locator("#log")).to_contain_text("selamat siang, bu", timeout=PATIENCE)
    speaks(sari, "Halo, aku Sari, aku lanjutkan ya.")
    web.hears("Halo, aku Sari, aku lanjutkan ya.")
    shot(sari, "way-handed-on")

    # All three end, and each says what became of it.
    ends(sari)
    web.hears(wording("counsellor.rating", reader="adult"))
    for hand_off in (on_telegram, on_whatsapp):
        entry(ratna, hand_off, "open")
        expect(ratna.locator(f"#talk-head[data-id='{hand_off}']")).to_be_visible(timeout=PATIENCE)
        ends(ratna)
    outside.tg_reads(wording("counsellor.rating", reader="adult"))
    outside.wa_reads(wording("counsellor.rating", reader="child"))
    expect(ratna.locator("#queue .entry")).to_have_count(0, timeout=PATIENCE)

    # A report is made on the page, opened at the desk, answered, and the answer read with the five words, elsewhere.
    web.chooses("counsellor.rating", "later", "counsellor.rating_later")
    before = set(service.cases())
    web.says("menu", wording("start.menu"))
    for step, option, then in (
        ("start.menu", "report", "report.safe"), ("report.safe", "yes", "report.who"), ("report.who", "self_13_17", "report.story"),
    ):  # fmt: skip
        web.chooses(step, option, then)
    web.says(STORY, wording("report.consent", reader="child"))
    web.taps(label("report", "consent", "yes", "child"), wording("report.area", reader="child"))
    web.says("Gunung Bahagia", wording("report.phone_web", reader="child"))
    web.taps(label("report", "phone_web", "own_code", "child"), wording("common.review_title"))
    web.taps(wording("common.review_send"))
    expect(web.page.locator("ol.code")).to_have_count(2, timeout=PATIENCE)  # the first one came before the talk
    code = " ".join(web.page.locator("ol.code").last.locator("li").all_inner_texts())
    section(ratna, "c", "cases")
    expect(ratna.locator("#case-rows .row").first).to_be_visible(timeout=PATIENCE)
    (report,) = set(service.cases()) - before
    reach(ratna, f"#case-rows [data-do=case][data-id='{report}']")
    ratna.keyboard.press("Enter")
    expect(ratna.locator("#records")).to_contain_text(STORY, timeout=PATIENCE)
    ratna.keyboard.press("r")
    expect(ratna.locator("#mail")).to_be_focused()
    ratna.keyboard.type(REPLY)
    press(ratna, "#mail-form [type=submit]")
    expect(ratna.locator("#timeline .reply")).to_contain_text(REPLY, timeout=PATIENCE)
    shot(ratna, "way-case")
    window.close()
    elsewhere = browser.new_context(**DESKTOP)
    watch(elsewhere.new_page(), service.url, wrong)
    again = Web(elsewhere.pages[0], service.url)
    again.says(code, REPLY)
    elsewhere.close()
    for words in (STORY, REPLY, "makasih kak", "Aku takut pulang", code):
        assert words not in service.log()
