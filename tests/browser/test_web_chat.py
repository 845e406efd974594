"""The public web chat in a real browser: by keyboard, leaving quickly, through a restart, for a screen reader, at every size."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from bot.channels.web_throttle import Throttle
from flows.message import InboundKind, Outbound
from tests.browser.pages import DESKTOP, PHONE, SIZES, Opener, log_of, say, sound, until
from tests.browser.site import Site

pytestmark = pytest.mark.browser

STORY = "Ini ceritaku yang rahasia."


def traces(page: Page) -> dict[str, Any]:
    """Everything that a page can leave in a browser."""
    found: dict[str, Any] = page.evaluate(
        """async () => ({
            local: {...localStorage}, session: {...sessionStorage}, cookie: document.cookie,
            databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
            workers: (await navigator.serviceWorker.getRegistrations()).length,
        })"""
    )
    return {**found, "cookies": page.context.cookies()}


NOTHING = {"local": {}, "session": {}, "cookie": "", "databases": 0, "caches": 0, "workers": 0, "cookies": []}


def test_a_conversation_by_keyboard_alone(opened: Opener, site: Site) -> None:
    page = opened()
    keys = page.keyboard
    box = page.get_by_label("Tulis pesan")
    focused = page.locator(":focus")
    expect(box).to_be_focused()
    keys.press("Shift+Tab")
    expect(focused).to_have_accessible_name("3 Layanan & nomor")
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    expect(focused).to_have_accessible_name("1 Lapor")
    assert focused.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    keys.press("Enter")
    expect(page.get_by_text("Terima kasih sudah menulis.")).to_be_visible()
    expect(box).to_be_focused()
    keys.type("Baris satu")
    keys.press("Shift+Enter")
    keys.type("baris dua")
    keys.press("Enter")
    expect(page.get_by_text("Boleh pilih beberapa.")).to_be_visible()
    keys.press("Shift+Tab")
    expect(focused).to_have_accessible_name("Lewati")
    keys.press("Shift+Tab")
    expect(focused).to_have_accessible_name("Kembali")
    keys.press("Shift+Tab")
    expect(focused).to_have_accessible_name("4 Selesai")
    keys.press("Shift+Tab")
    expect(focused).to_have_accessible_name("3 Ditinggalkan")
    keys.press("Space")
    expect(focused).to_be_checked()
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    keys.press("Space")
    for _ in range(3):
        keys.press("Tab")
    keys.press("Enter")
    expect(page.get_by_text("Kamu di mana?")).to_be_visible()
    keys.type("1")
    keys.press("Enter")
    expect(page.get_by_text("Yang kami terima:")).to_have_text("Yang kami terima: menu.tell | Baris satu\nbaris dua | 1,3 | 1")
    assert site.kinds() == ["start", "tap", "text", "text", "text"]


def test_the_first_stop_of_the_keyboard_leads_to_the_message_box(opened: Opener) -> None:
    page = opened()
    page.get_by_role("button", name="switch to English").focus()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("link", name="Ke kotak pesan")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Tulis pesan")).to_be_focused()


@pytest.mark.parametrize("way", ["click", "escape", "space"])
def test_leaving_quickly_leaves_nothing(opened: Opener, site: Site, way: str) -> None:
    page = opened()
    before = page.evaluate("history.length")
    assert list(traces(page)["session"]) == ["t"]
    page.get_by_role("button", name="1 Lapor").click()
    say(page, STORY)
    expect(page.get_by_text("Boleh pilih beberapa.")).to_be_visible()
    page.get_by_label("Tulis pesan").fill("belum dikirim")
    if way == "click":
        page.get_by_role("link", name="Keluar cepat").click()
    elif way == "space":
        page.get_by_role("link", name="Keluar cepat").focus()
        page.keyboard.press("Space")
    else:
        page.keyboard.press("Escape")
        expect(page).to_have_url(site.url + "/chat")
        page.keyboard.press("Escape")
    expect(page).to_have_url(site.url + "/chat/pr")
    expect(page).to_have_title("Latihan Perkalian")
    expect(page.get_by_role("heading", name="Latihan Perkalian")).to_be_visible()
    assert traces(page) == NOTHING
    assert page.evaluate("history.length") == before
    for words in (STORY, "belum dikirim", "Halo"):
        assert words not in page.content()
    until(page, lambda: site.kinds()[-1] == "leave")
    assert len(site.addresses()) == 1
    page.go_back()
    assert page.url == "about:blank"
    page.goto(site.url + "/chat")
    expect(page.get_by_role("button", name="1 Lapor")).to_be_visible()
    assert STORY not in page.content()
    assert len(site.addresses()) == 2


def test_leaving_quickly_hides_everything_at_once_even_without_a_connection(opened: Opener, site: Site) -> None:
    page = opened()
    say(page, STORY)
    expect(page.get_by_text(STORY, exact=True)).to_be_visible()
    seen = page.evaluate(
        """() => {
            const stop = (event) => event.preventDefault();
            navigation.addEventListener("navigate", stop, { once: true }); // holds the page where it is, as a slow network does
            document.getElementById("leave").click();
            return { title: document.title, text: document.body.innerText, stored: sessionStorage.length };
        }"""
    )
    assert seen["title"] == "Latihan Perkalian"
    assert seen["text"].startswith("Latihan Perkalian")
    assert STORY not in seen["text"] and seen["stored"] == 0
    assert STORY not in page.content()
    page.wait_for_timeout(300)
    site.mailroom.put("web", site.addresses()[0], Outbound(text="balasan terlambat"))
    page.wait_for_timeout(300)
    assert "balasan terlambat" not in page.content()


def test_slow_escapes_do_not_leave(opened: Opener, site: Site) -> None:
    page = opened()
    page.keyboard.press("Escape")
    page.wait_for_timeout(1_200)
    page.keyboard.press("Escape")
    page.wait_for_timeout(200)
    assert page.url == site.url + "/chat"


def test_going_away_and_back_shows_nothing_that_was_written(opened: Opener, site: Site) -> None:
    page = opened()
    page.get_by_role("button", name="1 Lapor").click()
    say(page, STORY)
    expect(page.get_by_text("Boleh pilih beberapa.")).to_be_visible()
    page.get_by_label("Tulis pesan").fill("konsep")
    page.goto(site.url + "/chat/pr")
    page.go_back()
    expect(page.get_by_text("Boleh pilih beberapa.")).to_be_visible()  # the pending question, and nothing else
    assert STORY not in page.content()
    assert page.get_by_label("Tulis pesan").input_value() == ""
    assert len(site.addresses()) == 1
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert log_of(page) == ""


def test_a_message_typed_during_a_restart_arrives_once(opened: Opener, site: Site) -> None:
    page = opened()
    page.get_by_role("button", name="1 Lapor").click()
    expect(page.get_by_text("Terima kasih sudah menulis.")).to_be_visible()
    site.stop()
    expect(page.get_by_text("menyambung…")).to_be_visible()
    say(page, STORY)
    say(page, "1")
    expect(page.get_by_text("menunggu terkirim").first).to_be_visible()
    alarm = page.get_by_role("status").filter(has_text="Sambungan sedang terganggu")
    expect(alarm).to_be_visible(timeout=8_000)
    for number in ("112", "110", "119"):
        expect(alarm.get_by_role("link", name=number)).to_have_attribute("href", "tel:" + number)
    site.start()
    expect(page.get_by_text("Kamu di mana?")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("tersambung", exact=True)).to_be_visible()
    expect(alarm).to_be_hidden()
    expect(page.get_by_text("menunggu terkirim")).to_have_count(0)
    assert site.texts() == [STORY, "1"]
    assert log_of(page).count("Boleh pilih beberapa.") == 1
    assert log_of(page).count("Kamu di mana?") == 1


def test_lost_answers_double_nothing(opened: Opener, site: Site) -> None:
    page = opened()
    lost = {"messages": 2, "confirm": 2}

    def lose(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[1]
        route.fetch()  # the service has it
        if lost[name] > 0:
            lost[name] -= 1
            route.abort()
        else:
            route.continue_()

    page.route(re.compile(r"/chat/(messages|confirm)$"), lose)
    page.get_by_role("button", name="1 Lapor").click()
    expect(page.get_by_text("Terima kasih sudah menulis.")).to_be_visible()
    expect(page.locator(".status.sent")).to_have_count(1, timeout=10_000)
    say(page, STORY)
    expect(page.get_by_text("Boleh pilih beberapa.")).to_be_visible(timeout=10_000)
    assert site.kinds() == ["start", "tap", "text"]
    assert site.mailroom.redelivered >= 2
    assert log_of(page).count("Terima kasih sudah menulis.") == 1


def test_a_bubble_that_comes_again_is_shown_once(opened: Opener, site: Site) -> None:
    page = opened()
    page.route("**/chat/confirm", lambda route: route.abort())
    site.mailroom.put("web", site.addresses()[0], Outbound(text="sekali saja"))
    expect(page.get_by_text("sekali saja")).to_be_visible()
    site.stop()
    site.start()
    expect(page.get_by_text("menyambung…")).to_be_visible()
    expect(page.get_by_text("tersambung", exact=True)).to_be_visible(timeout=15_000)
    site.mailroom.put("web", site.addresses()[0], Outbound(text="yang baru"))
    expect(page.get_by_text("yang baru")).to_be_visible()
    expect(page.get_by_text("sekali saja")).to_have_count(1)
    page.unroute("**/chat/confirm")
    until(page, lambda: not site.mailroom.waiting("web", site.addresses()[0]))


def test_who_is_too_fast_waits_and_loses_nothing(browser: Browser) -> None:
    site = Site(throttle=Throttle(burst=3, per_second=1))
    site.start()
    try:
        context = browser.new_context(**DESKTOP)
        page = context.new_page()
        page.goto(site.url + "/chat")
        expect(page.get_by_role("button", name="1 Lapor")).to_be_visible()
        for n in range(5):
            say(page, f"pesan {n}")
        expect(page.get_by_text("menunggu terkirim").first).to_be_visible()
        expect(page.locator(".status.sent")).to_have_count(5, timeout=20_000)
        assert site.texts() == [f"pesan {n}" for n in range(5)]
        context.close()
    finally:
        site.stop()


def test_who_cannot_get_in_yet_sees_the_numbers(browser: Browser) -> None:
    site = Site(throttle=Throttle(new_per_minute=1))
    site.start()
    try:
        context = browser.new_context(**PHONE)
        first, second = context.new_page(), context.new_page()
        first.goto(site.url + "/chat")
        expect(first.get_by_role("button", name="1 Lapor")).to_be_visible()
        second.goto(site.url + "/chat")
        expect(second.get_by_role("link", name="Darurat 112")).to_be_visible(timeout=8_000)
        expect(first.get_by_role("link", name="Darurat 112")).to_be_hidden()
        context.close()
    finally:
        site.stop()


def test_tabs_are_strangers_to_each_other(opened: Opener, site: Site) -> None:
    first = opened()
    first.get_by_role("button", name="1 Lapor").click()
    expect(first.get_by_text("Terima kasih sudah menulis.")).to_be_visible()
    second = first.context.new_page()
    second.goto(site.url + "/chat")
    expect(second.get_by_role("button", name="1 Lapor")).to_be_visible()
    with first.context.expect_page() as popup:
        first.evaluate("open('/chat')")  # copies sessionStorage, as "duplicate tab" does
    third = popup.value
    expect(third.get_by_role("button", name="1 Lapor")).to_be_visible()
    assert len(site.addresses()) == 3
    say(first, STORY)
    expect(first.get_by_text("Boleh pilih beberapa.")).to_be_visible()
    for other in (second, third):
        assert "Terima kasih" not in log_of(other) and STORY not in log_of(other)
    second.get_by_role("link", name="Keluar cepat").click()
    expect(second).to_have_url(site.url + "/chat/pr")
    say(first, "masih di sini")
    expect(first.get_by_text("Kamu di mana?")).to_be_visible()


def test_a_reload_asks_the_pending_question_and_an_old_tab_starts_anew(opened: Opener, site: Site) -> None:
    page = opened()
    page.get_by_role("button", name="1 Lapor").click()
    say(page, STORY)
    expect(page.get_by_text("Boleh pilih beberapa.")).to_be_visible()
    [stored] = traces(page)["session"].values()
    assert re.fullmatch(r"[A-Za-z0-9_-]{43} \d{13}", stored)  # the token and when it was last used: no word of anybody's
    page.reload()
    expect(page.get_by_text("Boleh pilih beberapa.")).to_be_visible()
    assert STORY not in page.content()
    assert len(site.addresses()) == 1
    page.evaluate("sessionStorage.setItem('t', sessionStorage.getItem('t').split(' ')[0] + ' ' + (Date.now() - 61 * 60 * 1000))")
    page.reload()
    expect(page.get_by_role("button", name="1 Lapor")).to_be_visible()
    assert len(site.addresses()) == 2


def test_it_works_where_storage_is_switched_off(browser: Browser, site: Site) -> None:
    context = browser.new_context(**DESKTOP)
    page = context.new_page()
    page.add_init_script("Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError') } })")
    page.goto(site.url + "/chat")
    page.get_by_role("button", name="1 Lapor").click()
    expect(page.get_by_text("Terima kasih sudah menulis.")).to_be_visible()
    page.get_by_role("link", name="Keluar cepat").click()
    expect(page).to_have_url(site.url + "/chat/pr")
    until(page, lambda: site.kinds() == ["start", "tap", "leave"])
    context.close()


def test_numbers_can_be_tapped_and_words_are_never_markup(opened: Opener) -> None:
    page = opened()
    page.get_by_role("button", name="1 Lapor").click()
    bubble = page.locator(".theirs").filter(has_text="Terima kasih")
    expect(bubble).to_contain_text("<b onclick=alert(1)>Polisi</b> 110.")
    links = bubble.get_by_role("link")
    expect(links).to_have_text(["112", "110"])
    assert [link.get_attribute("href") for link in links.all()] == ["tel:112", "tel:110"]
    say(page, "<img src=x onerror=alert(1)>")
    expect(page.locator(".ours").last).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("img")).to_have_count(0)


def test_a_double_tap_is_one_answer_and_an_old_question_can_be_tapped(opened: Opener, site: Site) -> None:
    page = opened()
    page.get_by_role("button", name="1 Lapor").dblclick()
    expect(page.get_by_text("Terima kasih sudah menulis.")).to_be_visible()
    say(page, STORY)
    expect(page.get_by_text("Boleh pilih beberapa.")).to_be_visible()
    page.get_by_role("button", name="2 Bicara dengan konselor").click()
    expect(page.get_by_text("Jawabanmu yang tadi sudah kami ganti.")).to_be_visible()
    assert site.bot.heard[site.addresses()[0]] == ["menu.tell", STORY, "menu.talk"]


def test_several_are_ticked_and_sent_as_one_answer(opened: Opener, site: Site) -> None:
    page = opened(**PHONE)
    page.get_by_role("button", name="1 Lapor").tap()
    say(page, STORY)
    page.get_by_role("checkbox", name="2 Diancam").tap()
    page.get_by_role("checkbox", name="1 Dipukul").tap()
    page.get_by_role("checkbox", name="3 Ditinggalkan").tap()
    page.get_by_role("checkbox", name="2 Diancam").tap()
    page.get_by_role("button", name="4 Selesai").tap()
    expect(page.get_by_text("Dipukul, Ditinggalkan")).to_be_visible()
    expect(page.get_by_text("Kamu di mana?")).to_be_visible()
    assert site.texts()[-1] == "1,3"
    page.get_by_role("checkbox", name="2 Diancam").tap(force=True)  # its question has passed: numbers would answer another one
    expect(page.get_by_text("Pertanyaan ini sudah lewat.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="2 Diancam")).not_to_be_checked()
    assert site.kinds() == ["start", "tap", "text", "text"]


def test_none_ticked_is_for_the_bot_to_judge(opened: Opener, site: Site) -> None:
    page = opened()
    say(page, "1")
    say(page, STORY)
    page.get_by_role("button", name="4 Selesai").click()
    expect(page.get_by_text("Kamu di mana?")).to_be_visible()
    assert site.mailroom.received[-1].inbound.tap == "what.done"


def test_a_place_is_sent_on_one_tap_only_and_a_refusal_is_explained(opened: Opener, site: Site) -> None:
    page = opened(geolocation={"latitude": -1.2379, "longitude": 116.8529}, permissions=["geolocation"])
    for words in ("1", STORY, "1"):
        say(page, words)
    button = page.get_by_role("button", name="Kirim lokasi")
    expect(button).to_be_visible()
    assert "location" not in site.kinds()
    button.click()
    expect(page.get_by_text("Yang kami terima:")).to_be_visible()
    assert site.mailroom.received[-1].inbound.location == (-1.2379, 116.8529)
    page.context.clear_permissions()
    page.get_by_role("button", name="Kirim lokasi").click()
    expect(page.get_by_text("Lokasi tidak bisa dibaca. Tulis saja patokannya.")).to_be_visible()
    expect(page.get_by_label("Tulis pesan")).to_be_focused()


def test_too_long_is_said_before_it_is_sent_and_nothing_is_cut(opened: Opener, site: Site) -> None:
    page = opened()
    box, send = page.get_by_label("Tulis pesan"), page.get_by_role("button", name="Kirim", exact=True)
    box.fill("🙏" * 3_700)
    expect(page.get_by_text("Sisa 300 huruf")).to_be_visible()
    box.fill("a" * 4_003)
    expect(page.get_by_text("Kelebihan 3 huruf")).to_be_visible()
    expect(page.get_by_text("Terlalu panjang. Kirim sebagian dulu")).to_be_visible()
    expect(send).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Enter")
    assert len(box.input_value()) == 4_003
    box.fill("a" * 4_000)
    send.click()
    expect(page.get_by_text("Terima kasih sudah menulis.")).to_be_visible()
    assert site.texts() == ["a" * 4_000]


def test_a_refused_message_stays_and_can_be_sent_again(opened: Opener, site: Site) -> None:
    page = opened()
    page.route("**/chat/messages", lambda route: route.fulfill(status=413, json={"code": "too_long"}))
    say(page, STORY)
    expect(page.get_by_text("belum terkirim")).to_be_visible()
    expect(page.get_by_text("Pesan ini terlalu panjang.")).to_be_visible()
    page.unroute("**/chat/messages")
    page.get_by_role("button", name="Coba lagi").click()
    expect(page.get_by_text("Terima kasih sudah menulis.")).to_be_visible()
    assert site.texts() == [STORY]


@pytest.fixture
def files(opened: Opener, site: Site) -> Page:
    """A chat at a question that takes voice."""
    page = opened()
    [address] = site.addresses()
    site.mailroom.put("web", address, Outbound(text="Kirim rekamanmu.", accept=("voice",)))
    expect(page.locator(".attach")).to_be_visible()
    return page


def attach(page: Page) -> None:
    page.locator("#file").set_input_files({"name": "a.ogg", "mimeType": "audio/ogg", "buffer": b"OggS" + bytes(5_000)})


@pytest.mark.parametrize("trouble", ["busy", "gone", "silent"])
def test_words_do_not_wait_for_a_file_that_cannot_go(files: Page, site: Site, trouble: str) -> None:
    page = files
    held: list[Route] = []

    def stop(route: Route) -> None:
        if trouble == "busy":
            route.fulfill(status=503)
        elif trouble == "gone":
            route.abort()
        else:
            held.append(route)  # no answer comes

    if trouble == "silent":
        page.clock.install()
    page.route("**/chat/files", stop)
    attach(page)
    say(page, "tolong")
    say(page, "aku takut")
    if trouble == "silent":
        until(page, lambda: bool(held))
        page.wait_for_timeout(500)
        assert site.texts() == []  # while it moves, what is said after it comes after it
        page.clock.fast_forward(21_000)
    until(page, lambda: site.texts() == ["tolong", "aku takut"])
    assert site.mailroom.files == []
    page.unroute("**/chat/files")  # what is held goes on, too
    until(page, lambda: len(site.mailroom.files) == 1)  # it goes as soon as it can, once
    expect(page.locator(".ours .status.waiting, .ours .status.sending")).to_have_count(0)
    assert site.mailroom.redelivered == 0


def test_words_come_after_the_file_that_was_sent_before_them(files: Page, site: Site) -> None:
    page = files

    def slowly(route: Route) -> None:
        time.sleep(1)
        route.continue_()

    page.route("**/chat/files", slowly)
    attach(page)
    say(page, "itu suaraku")
    until(page, lambda: site.texts() == ["itu suaraku"])
    assert site.kinds()[-2:] == ["media", "text"]


def test_enter_on_a_phone_starts_a_new_line(opened: Opener, site: Site) -> None:
    page = opened(**PHONE)
    page.get_by_label("Tulis pesan").tap()
    page.keyboard.type("satu")
    page.keyboard.press("Enter")
    page.keyboard.type("dua")
    assert page.get_by_label("Tulis pesan").input_value() == "satu\ndua"
    page.get_by_role("button", name="Kirim", exact=True).tap()
    expect(page.get_by_text("Terima kasih sudah menulis.")).to_be_visible()
    assert site.texts() == ["satu\ndua"]


def test_the_toggle_changes_the_pages_own_words_only(opened: Opener, site: Site) -> None:
    page = opened()
    say(page, STORY)
    expect(page.get_by_text("Terima kasih sudah menulis.")).to_be_visible()
    words = page.locator(".theirs .words").all_inner_texts()
    page.get_by_role("button", name="switch to English").click()
    expect(page.get_by_role("link", name="Leave quickly")).to_be_visible()
    expect(page.get_by_label("Write a message")).to_have_attribute("placeholder", "Write a message")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_text("stays in the browser's history")).to_be_visible()
    assert page.locator(".theirs .words").all_inner_texts() == words
    own = page.evaluate(
        """() => [...document.querySelectorAll('[data-t],[data-t-label],[data-t-placeholder]')].filter((e) =>
            /\\b(Kirim|pesan|Tulis|Keluar|halaman|undefined)\\b/.test(e.textContent + e.ariaLabel + e.placeholder)
            && !e.querySelector('[data-t]') && e.role !== 'log').map((e) => e.outerHTML)"""
    )
    assert own == []
    page.get_by_label("Write a message").fill("hello")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Boleh pilih beberapa.")).to_be_visible()
    assert [r.inbound.language for r in site.mailroom.received] == ["id", "id", "en"]
    page.get_by_role("button", name="ganti ke bahasa").click()
    expect(page.get_by_role("link", name="Keluar cepat")).to_be_visible()
    assert list(traces(page)["session"]) == ["t"]


def test_a_screen_reader_hears_what_comes_and_knows_what_is_asked(opened: Opener) -> None:
    page = opened()
    log = page.get_by_role("log", name="Pesan")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(page.get_by_role("group", name="Mau mulai dari mana?", exact=True)).to_be_visible()  # not the whole greeting at every option
    expect(log).to_contain_text("Balasan")
    say(page, STORY)
    expect(log.get_by_text("terkirim", exact=True)).to_be_visible()
    expect(log).to_contain_text("Kamu")


def test_without_javascript_the_numbers_are_there(opened: Opener) -> None:
    page = opened(java_script_enabled=False)
    for number in ("112", "110", "119"):
        expect(page.get_by_role("link", name=number)).to_have_count(1)
        expect(page.get_by_role("link", name=number)).to_have_attribute("href", "tel:" + number)
        expect(page.get_by_role("link", name=number)).to_be_visible()
    page.get_by_role("link", name="Keluar cepat").click()
    expect(page).to_have_title("Latihan Perkalian")


def test_if_the_scripts_never_come_the_numbers_do(context: BrowserContext, site: Site) -> None:
    page = context.new_page()
    page.route("**/*.js", lambda route: route.abort())
    page.goto(site.url + "/chat")
    page.wait_for_timeout(500)
    assert not page.get_by_role("link", name="112").is_visible()
    expect(page.get_by_role("link", name="112")).to_be_visible(timeout=10_000)


def converse(page: Page) -> None:
    page.get_by_role("button", name="1 Lapor").click()
    say(page, "Aku mau cerita soal kakakku. Jangan telepon rumah, ya.")
    page.get_by_role("checkbox", name="2 Diancam").click()
    expect(page.locator(".status.sent")).to_have_count(2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_axe_finds_nothing_serious_and_everything_fits(
    opened: Opener, site: Site, size: str, scheme: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page = opened(**SIZES[size], color_scheme=scheme)
    shots = Path(os.environ.get("RUANG_AMAN_SCREENSHOTS") or tmp_path_factory.mktemp("shots"))

    def check(state: str) -> None:
        page.screenshot(path=shots / f"{size}-{scheme}-{state}.png")
        sound(page, state)

    check("start")
    converse(page)
    check("talk")
    site.stop()
    expect(page.get_by_role("link", name="Darurat 112")).to_be_in_viewport(ratio=1, timeout=8_000)
    say(page, "Masih ada orang?")
    expect(page.get_by_label("Tulis pesan")).to_be_in_viewport(ratio=1)
    check("lost")


def test_the_cover_passes_axe(context: BrowserContext, site: Site) -> None:
    page = context.new_page()
    page.goto(site.url + "/chat/pr")
    assert [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")] == []


def test_nothing_moves_for_those_who_asked(opened: Opener, site: Site) -> None:
    page = opened(reduced_motion="reduce")
    site.bot.step[site.addresses()[0]] = 0
    site.mailroom.answer = lambda received: ()
    say(page, STORY)
    expect(page.locator(".typing")).to_be_visible()
    assert page.evaluate("document.getAnimations().filter((a) => a.playState === 'running').length") == 0


def test_a_late_reply_does_not_pull_the_reader_away(opened: Opener, site: Site) -> None:
    page = opened(**SIZES["small"])
    for n in range(6):
        site.mailroom.put("web", site.addresses()[0], Outbound(text=f"Bagian {n}. " + "kata " * 40))
    expect(page.get_by_text("Bagian 5.")).to_be_attached()
    scroll = page.get_by_role("region", name="Percakapan")
    scroll.evaluate("e => e.scrollTop = 0")
    page.wait_for_timeout(100)
    site.mailroom.put("web", site.addresses()[0], Outbound(text="Balasan konselor"))
    newer = page.get_by_role("button", name="Pesan baru di bawah")
    expect(newer).to_be_visible()
    assert scroll.evaluate("e => e.scrollTop") == 0
    newer.click()
    expect(page.get_by_text("Balasan konselor")).to_be_in_viewport()
    expect(newer).to_be_hidden()


def test_leaving_is_a_leave_for_the_service(opened: Opener, site: Site) -> None:
    page = opened()
    page.get_by_role("link", name="Keluar cepat").click()
    expect(page).to_have_url(site.url + "/chat/pr")
    until(page, lambda: site.mailroom.received[-1].inbound.kind is InboundKind.LEAVE)
    last = site.mailroom.received[-1]
    assert last.address == site.mailroom.received[0].address
