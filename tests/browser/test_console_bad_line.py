"""One request that does not come: nobody is called a forger for it, nothing becomes unreadable or is overwritten, and what failed is asked
for again. And a page whose session is over locks, whoever sits at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.desk import PATIENCE, Desk, accept, opened_desk, ready, sign_in, sound
from tests.browser.office import PASSPHRASE
from tests.browser.pages import held, until
from tests.browser.test_console_somebody_goes import case_of, removed, writes

LOCKS = 30_000  # ms: the line gives a sign every 15 s

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
def desk(tmp_path: Any) -> Iterator[Desk]:
    with opened_desk(tmp_path) as made:
        yield made


class Failing:
    """A page's requests that do not come: the first so many of an address."""

    def __init__(self, page: Page, address: str, times: int) -> None:
        self.left, self.failed = times, 0
        page.route(address, self._fails)

    def _fails(self, route: Route) -> None:
        if self.left <= 0:
            route.fallback()
            return
        self.left, self.failed = self.left - 1, self.failed + 1
        route.abort()


def noted(page: Page, text: str) -> None:
    page.locator("#note").fill(text)
    page.locator("#note-form button").click()
    expect(page.locator("#notes")).to_contain_text(text, timeout=PATIENCE)


def test_whoever_could_not_be_asked_about_is_no_forger(desk: Desk, console: Any) -> None:
    andi = console(desk.andi)
    ready(andi)
    desk.asks()
    accept(andi)
    writes(andi, "Halo, aku Andi.")
    noted(andi, "Anak ini tinggal di rumah bibinya")
    [case] = desk.office.rows("select id from cases")
    lead = console(desk.lead)
    failing = Failing(lead, "**/console/j/signers", 2)
    case_of(lead, case["id"].hex())
    until(lead, lambda: failing.failed > 0)
    expect(lead.locator("#timeline")).to_contain_text("Kakak sepupuku", timeout=PATIENCE)
    assert lead.locator("#timeline .bad").count() == 0
    expect(lead.locator("#case-notice")).to_be_hidden()
    # It is asked again by itself, and then all of it is there, with what proves it.
    expect(lead.locator("#timeline")).to_contain_text("Anak ini tinggal di rumah bibinya", timeout=PATIENCE)
    expect(lead.locator("#timeline")).to_contain_text("Halo, aku Andi.")
    assert failing.failed == 2
    assert lead.locator("#timeline .bad").count() == 0
    expect(lead.locator("#case-notice")).to_be_hidden()
    expect(lead.locator("#timeline .note .name")).to_have_text("Andi")
    # Who is there and who is not changes nothing about who somebody is: it is not asked again.
    asked: list[str] = []
    lead.on("request", lambda request: asked.append(request.url) if request.url.endswith("/signers") else None)
    andi.locator("[data-do=presence][data-state=away]").click()
    lead.wait_for_timeout(1500)
    noted(andi, "Bibinya bernama Wati")
    expect(lead.locator("#timeline")).to_contain_text("Bibinya bernama Wati", timeout=PATIENCE)
    assert asked == []


def test_a_talk_goes_on_though_the_new_key_could_not_be_fetched_at_once(desk: Desk, console: Any) -> None:
    """A lead removes somebody; of the pages of those who stay one does not get the unit's new key at the first try."""
    office = desk.office
    lead, andi = console(desk.lead), console(desk.andi)
    ready(andi)
    address = desk.asks()
    accept(andi)
    writes(andi, "Halo, aku Andi.")
    failing = Failing(andi, "**/console/j/members", 1)
    removed(lead, "Sari")
    expect(lead.locator("#toasts")).to_contain_text("1 kasus terbuka sekarang memakai kunci baru.", timeout=PATIENCE)
    office.says(address, "Dia pukul aku pakai sapu")
    expect(andi.locator("#toasts")).to_contain_text("Dicoba lagi sendiri", timeout=PATIENCE)
    expect(andi.locator("#log")).to_contain_text("Dia pukul aku pakai sapu", timeout=PATIENCE)
    assert failing.failed == 1
    writes(andi, "Kamu aman sekarang?")
    until(andi, lambda: office.heard(address)[-1].endswith("Kamu aman sekarang?"))
    expect(andi.locator("#talk-notice")).to_be_hidden()
    expect(andi.locator("#talk")).not_to_contain_text("tidak dibagikan ke unitmu")


@pytest.mark.parametrize("role", ["case_worker", "auditor", "administrator"])
def test_a_page_locks_when_its_session_is_ended_elsewhere(desk: Desk, console: Any, role: str) -> None:
    """Who has no queue sends no sign of life: the line says that it is over."""
    somebody = desk.colleague(role, "dewi", "Dewi")
    page = console(somebody)
    expect(page.locator("#link[data-state=online]")).to_be_visible(timeout=PATIENCE)
    desk.office.run(desk.office.people.sessions.end(somebody.id, None))
    expect(page.locator("#sign")).to_be_visible(timeout=LOCKS)
    expect(page.locator("#desk")).to_be_hidden()


def test_ending_all_sessions_leaves_at_once_and_so_do_the_others(desk: Desk, console: Any) -> None:
    dewi = desk.colleague("case_worker", "dewi", "Dewi")
    here, there = console(dewi), console(dewi)
    for page in (here, there):
        expect(page.locator("#link[data-state=online]")).to_be_visible(timeout=PATIENCE)
    here.locator("[data-view=me]").click()
    here.locator("[data-do=end-all]").click()
    expect(here.locator("#sign")).to_be_visible(timeout=3000)
    expect(there.locator("#sign")).to_be_visible(timeout=LOCKS)


def test_signing_out_clears_the_screen_before_the_server_has_answered(desk: Desk, console: Any) -> None:
    page = console(desk.andi)
    held: list[Route] = []
    page.route("**/console/j/sign-out", lambda route: held.append(route))
    page.locator("[data-do=sign-out]").click()
    expect(page.locator("#sign")).to_be_visible(timeout=2000)
    expect(page.locator("#desk")).to_be_hidden()
    until(page, lambda: len(held) == 1)
    assert held[0].request.headers["x-csrf"]
    # Who comes next waits for that: their session is not the one that ends.
    page.locator("#sign input[name=name]").fill(desk.sari.name)
    page.locator("#sign-passphrase").fill("bunga pasir tenang kapal langit roti")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    held[0].continue_()
    expect(page.locator("#desk")).to_be_visible(timeout=PATIENCE)
    page.locator("[data-view=me]").click()
    expect(page.locator("#sessions li")).to_have_count(1, timeout=PATIENCE)
    expect(page.locator("#my-name")).to_have_text("Sari")


def test_prepared_replies_that_did_not_come_are_not_overwritten(desk: Desk, console: Any) -> None:
    lead = console(desk.lead)
    failing = Failing(lead, "**/console/j/canned", 1)
    lead.locator("[data-view=hours]").click()
    until(lead, lambda: failing.failed == 1)
    expect(lead.locator("#canned-missing")).to_be_visible(timeout=PATIENCE)
    expect(lead.locator("#canned-form button[type=submit]")).to_be_hidden()
    lead.locator("#canned-form").evaluate("form => form.requestSubmit()")
    lead.wait_for_timeout(500)  # nothing is to happen
    assert desk.office.rows("select * from desk_setting") == []
    lead.locator("#canned-form [data-do=canned-again]").click()
    expect(lead.locator("#canned-edit li").nth(5)).to_be_visible(timeout=PATIENCE)
    expect(lead.locator("#canned-missing")).to_be_hidden()
    expect(lead.locator("#canned-form button[type=submit]")).to_be_visible()
    assert lead.locator(":focus").evaluate("e => e.closest('#canned-edit') !== null")


def test_a_look_at_the_queue_that_failed_is_repeated(desk: Desk, console: Any, wrong: list[str]) -> None:
    andi = console(desk.andi)
    ready(andi)
    failing = Failing(andi, re.compile(r"/console/f/queue$"), 1)  # type: ignore[arg-type]
    desk.asks()
    until(andi, lambda: failing.failed == 1)
    accept(andi)
    wrong[:] = [one for one in wrong if not one.startswith("htmx:") and one != "undefined"]  # htmx says that it did not come


def test_the_focus_stays_where_it_is_when_somebody_comes_or_goes(desk: Desk, console: Any) -> None:
    lead, andi = console(desk.lead), console(desk.andi)
    lead.locator("[data-view=staff]").click()
    expect(lead.locator("#staff-heading")).to_be_focused(timeout=PATIENCE)
    button = lead.locator("#members tr", has_text="Sari").locator("[data-do=set-member]")
    button.focus()
    looked: list[str] = []
    lead.on("requestfinished", lambda request: looked.append(request.url) if request.url.endswith("/console/j/members") else None)
    andi.keyboard.press("p")
    until(lead, lambda: len(looked) > 0)
    lead.wait_for_timeout(500)  # so that it is drawn
    expect(button).to_be_focused()
    # Somebody more in the list: it is drawn anew, and the focus is where it was; in a dialog as well, once that is closed.
    desk.colleague("counsellor", "dewi", "Dewi")
    andi.keyboard.press("p")
    expect(lead.locator("#members")).to_contain_text("Dewi", timeout=PATIENCE)
    expect(button).to_be_focused()
    lead.keyboard.press("Enter")
    expect(lead.locator("#set")).to_be_visible()
    desk.colleague("counsellor", "eko", "Eko")
    andi.keyboard.press("p")
    expect(lead.locator("#members")).to_contain_text("Eko", timeout=PATIENCE)
    lead.keyboard.press("Escape")
    expect(lead.locator("#set")).to_be_hidden()
    expect(button).to_be_focused()


def test_the_board_is_drawn_anew_once_for_many_changes(desk: Desk, console: Any) -> None:
    lead, andi = console(desk.lead), console(desk.andi)
    ready(andi)
    lead.locator("[data-view=board]").click()
    expect(lead.locator("#board-heading")).to_be_visible(timeout=PATIENCE)
    drawn: list[str] = []
    lead.on("request", lambda request: drawn.append(request.url) if request.url.endswith("/console/f/board") else None)
    for _ in range(6):
        desk.asks()
    until(lead, lambda: len(drawn) >= 1)
    lead.wait_for_timeout(4000)
    assert 1 <= len(drawn) <= 4, drawn
    # Somewhere else by now: what was still to be drawn is not drawn over it.
    desk.asks()
    lead.locator("[data-view=hours]").click()
    expect(lead.locator("#hours-heading")).to_be_visible(timeout=PATIENCE)
    lead.wait_for_timeout(4000)
    expect(lead.locator("#hours-heading")).to_be_visible()


def test_another_language_is_that_of_the_case_that_is_open_too(desk: Desk, console: Any) -> None:
    lead, andi = console(desk.lead), console(desk.andi)
    ready(andi)
    desk.asks()
    [case] = desk.office.rows("select id from cases")
    case_of(lead, case["id"].hex())
    expect(lead.locator("#case-note-form button[type=submit]")).to_be_visible()
    before = lead.locator("#case-note-form button[type=submit]").inner_text()
    lead.locator("#case-note").fill("Belum selesai")
    lead.locator("[data-view=me]").click()
    lead.locator("#view-page [data-do=language][data-language=en]").click()
    expect(lead.locator("#me-heading")).to_have_text("My account", timeout=PATIENCE)
    lead.locator("[data-view=cases]").click()
    expect(lead.locator("#case-note-form button[type=submit]")).not_to_have_text(before, timeout=PATIENCE)
    expect(lead.locator("#case-note")).to_have_value("Belum selesai")
    expect(lead.locator("#timeline")).to_contain_text("Kakak sepupuku")


def test_what_was_ordered_and_did_not_come_is_not_said_to_be_tried_again(desk: Desk, console: Any) -> None:
    andi = console(desk.andi)
    ready(andi)
    desk.asks()
    expect(andi.locator("#queue .offered [data-do=accept]")).to_be_visible(timeout=PATIENCE)
    failing = Failing(andi, "**/j/hand-off/*/{accept,pull}", 1)
    andi.keyboard.press("a")
    toast = andi.locator("#toasts .toast", has_text="Tidak ada sambungan")
    expect(toast).to_contain_text("coba lagi", timeout=PATIENCE)
    expect(toast).not_to_contain_text("sendiri")
    andi.wait_for_timeout(6000)
    assert failing.failed == 1, "and it is not"
    accept(andi)


def test_a_page_whose_session_was_replaced_in_another_tab_says_so_and_locks(desk: Desk, console: Any) -> None:
    """The stream of ids takes the cookie alone: the page looked connected, and nothing in it worked."""
    andi = console(desk.andi)
    ready(andi)
    desk.asks()
    accept(andi)
    andi.locator("#reply").fill("Kamu di mana sekarang?")
    other = andi.context.new_page()
    sign_in(other, desk.office.url, desk.sari.name)
    expect(andi.locator("#sign")).to_be_visible(timeout=LOCKS)
    expect(andi.locator("#sign-intro")).to_contain_text("di tab lain")
    assert andi.locator("#talk .talk").count() == 0
    other.close()
    andi.locator("#sign-passphrase").fill(PASSPHRASE)
    andi.keyboard.press("Enter")
    expect(andi.locator("#reply")).to_have_value("Kamu di mana sekarang?", timeout=PATIENCE)
    andi.locator("#reply").fill("")


def test_a_reply_whose_answer_breaks_off_is_there_once(desk: Desk, console: Any) -> None:
    andi = console(desk.andi)
    ready(andi)
    address = desk.asks()
    accept(andi)
    broken: list[int] = []

    def breaks_off(route: Route) -> None:
        broken.append(route.fetch().status)
        route.fulfill(status=200, content_type="application/json", body="{")

    andi.route("**/j/hand-off/*/reply", breaks_off, times=1)
    andi.locator("#reply").fill("Kamu di mana sekarang?")
    andi.keyboard.press("Enter")
    until(andi, lambda: "Kamu di mana sekarang?" in desk.office.heard(address))
    expect(andi.locator("#log .message.ours:not(.pending) .tick")).to_have_text("terkirim", timeout=PATIENCE)
    expect(andi.locator("#reply")).to_have_value("")
    assert broken == [200]
    assert desk.office.heard(address).count("Kamu di mana sekarang?") == 1
    assert andi.locator("#toasts", has_text="berubah").count() == 0


def test_a_page_without_its_words_says_that_it_waits_and_comes(desk: Desk, console: Any) -> None:
    page = console(None)
    failing = Failing(page, "**/console/words/*", 1)
    page.goto(desk.office.url + "/console")
    expect(page.locator("#loading p")).to_have_text("Tidak ada sambungan. Dicoba lagi sendiri.")
    sound(page, "a page without its words")
    expect(page.locator("#sign")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#loading")).to_be_hidden()
    assert failing.failed == 1


def test_of_a_reply_that_is_refused_in_another_conversation_it_is_said_whose(desk: Desk, console: Any) -> None:
    andi = console(desk.andi)
    ready(andi)
    first = desk.asks("Ini cerita 1.")
    accept(andi)
    one = str(andi.locator("#talk-head").get_attribute("data-id"))
    andi.keyboard.press("Escape")
    desk.asks("Ini cerita 2.")
    accept(andi)
    other = str(andi.locator("#talk-head").get_attribute("data-id"))
    andi.locator(f"#row-{one}").click()
    expect(andi.locator("#summary")).to_contain_text("Ini cerita 1.", timeout=PATIENCE)
    with held(andi, f"**/j/hand-off/{one}/reply") as asked:
        for words in ("Kamu di mana?", "Sama siapa?"):
            andi.locator("#reply").fill(words)
            andi.locator("#reply").press("Enter")
        until(andi, lambda: asked() == 1)
        # Nor is the talk ended over what is on its way.
        andi.keyboard.press("Escape")
        andi.keyboard.press("w")
        for name in ("outcome", "risk", "duty"):
            andi.locator(f"#wrap input[name={name}]").first.check()
        andi.locator("#wrap-form button[type=submit]").click()
        expect(andi.locator("#wrap-wrong")).to_contain_text("masih dikirim")
        andi.keyboard.press("Escape")
        andi.locator(f"#row-{other}").click()
        expect(andi.locator("#summary")).to_contain_text("Ini cerita 2.", timeout=PATIENCE)
        desk.office.says(first, "mtk")
    expect(andi.locator("#toasts")).to_contain_text("di percakapan lain tidak terkirim", timeout=PATIENCE)
    assert andi.locator("#toasts", has_text="Pelapor sudah meninggalkan").count() == 0
    expect(andi.locator("#reply")).to_have_value("")
    expect(andi.locator(f"#row-{one} .dot")).to_be_visible()
    andi.locator(f"#row-{one}").click()
    expect(andi.locator("#summary")).to_contain_text("Ini cerita 1.", timeout=PATIENCE)
    expect(andi.locator("#reply")).to_have_value("Kamu di mana?\nSama siapa?")
    assert not any("Kamu di mana?" in text for text in desk.office.heard(first))
    andi.locator("#reply").evaluate("e => { e.value = ''; e.dispatchEvent(new Event('input', {bubbles: true})); }")


def test_that_an_answer_waits_is_told_in_the_chat_once_the_line_is_back(desk: Desk, console: Any) -> None:
    address = "+628117001"
    desk.office.says(address, "/start", "counsellor", "Om tetangga suka memaksa adikku.", "own_here")
    lead = console(desk.lead)
    [case] = desk.office.rows("select id from cases")
    case_of(lead, case["id"].hex())
    expect(lead.locator("#timeline li").first).to_be_visible(timeout=PATIENCE)
    failing = Failing(lead, "**/tell", 1)
    lead.locator("#mail").fill("Kami datang hari Senin.")
    lead.locator("#mail-form button").click()
    expect(lead.locator("#toasts")).to_contain_text("menunggu sambungan", timeout=PATIENCE)
    expect(lead.locator("#toasts")).to_contain_text("pelapor dikabari di chat", timeout=PATIENCE)
    assert failing.failed == 1
    until(lead, lambda: desk.office.heard(address)[-1].startswith("Halo, ada kabar baru di sini."))


def test_what_is_typed_while_a_saved_case_is_drawn_anew_stays(desk: Desk, console: Any) -> None:
    desk.office.says("+628117002", "/start", "counsellor", "Om tetangga suka memaksa adikku.", "own_here")
    lead = console(desk.lead)
    [case] = desk.office.rows("select id from cases")
    case_of(lead, case["id"].hex())
    expect(lead.locator("#timeline li").first).to_be_visible(timeout=PATIENCE)
    lead.locator("#mail").fill("Kami ")
    with held(lead, f"**/j/case/{case['id'].hex()}") as asked:
        lead.locator("#status-form button").focus()
        lead.keyboard.press("Enter")
        until(lead, lambda: asked() == 1)
        expect(lead.locator("#toasts")).to_contain_text("Tersimpan", timeout=PATIENCE)
        lead.wait_for_timeout(500)  # the frame is there by now, and what is in it is on its way
        expect(lead.locator("#case-heading")).to_be_focused()
        lead.locator("#mail").focus()
        lead.keyboard.press("End")
        lead.keyboard.type("datang hari Senin.")
    expect(lead.locator("#timeline")).to_contain_text("Status:", timeout=PATIENCE)
    lead.wait_for_timeout(500)
    expect(lead.locator("#mail")).to_have_value("Kami datang hari Senin.")
    expect(lead.locator("#mail")).to_be_focused()
    lead.locator("#mail").fill("")
