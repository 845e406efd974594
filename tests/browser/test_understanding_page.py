"""The demo's page on how a sentence is understood, in a real browser: typed, tapped, in both languages, at every size."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette

from bot.channels.web_page import page_routes
from bot.demo.understanding_page import PATH
from tests.bot.demo.scripted import HIT, PHOTO, UNSURE, Scripted
from tests.browser.pages import DESKTOP, PHONE, SIZES, Opener, watch
from tests.browser.site import NUMBERS

pytestmark = pytest.mark.browser


class Demo:
    """The page on loopback, with the web chat's files beside it."""

    def __init__(self) -> None:
        self.model = Scripted()
        chat = page_routes(numbers=NUMBERS, service_name="Ruang Aman", cover="/chat/pr", text_limit=4_000)
        config = uvicorn.Config(
            Starlette(routes=[*chat, *self.model.routes()]), log_config=None, access_log=False, lifespan="off"
        )  # fmt: skip
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listening]}, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 15
        while not self._server.started:
            assert time.monotonic() < deadline and self._thread.is_alive(), "the page is not served"
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends it."""
        self._server.should_exit = True
        self._thread.join(15)
        self._listening.close()


@pytest.fixture
def demo() -> Iterator[Demo]:
    demo = Demo()
    yield demo
    demo.stop()


@pytest.fixture
def shown(demo: Demo, browser: Browser) -> Iterator[Opener]:
    """Opens the page; at the end nothing may have gone wrong in it or gone to anybody else."""
    contexts, wrong = [], list[str]()

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**{**DESKTOP, **options})
        contexts.append(context)
        page = context.new_page()
        watch(page, demo.url, wrong)
        page.goto(demo.url + PATH)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def ask(page: Page, words: str) -> None:
    page.get_by_label("Tulis satu kalimat").fill(words)
    page.get_by_role("button", name="Pahami").click()


def card(page: Page, title: str) -> Any:
    return page.locator(".card").filter(has=page.get_by_role("heading", name=title, exact=True))


def test_a_question_is_named_with_its_confidence_and_its_neighbours(shown: Opener) -> None:
    page = shown()
    expect(page.get_by_text("Rasa siap")).to_be_visible()
    expect(page.get_by_label("Tulis satu kalimat")).to_be_focused()
    page.keyboard.type(PHOTO)
    page.keyboard.press("Enter")
    expect(card(page, "Maksud")).to_contain_text("Foto disebar")
    expect(card(page, "Maksud")).to_contain_text("faq/sextortion")
    expect(card(page, "Maksud")).to_contain_text("Yakin 83%, batasnya 45%. Menurut Rasa.")
    expect(card(page, "Bahaya")).to_contain_text("Tidak ada tanda bahaya")
    guesses = card(page, "Tiga yang terdekat").get_by_role("listitem")
    expect(guesses).to_have_count(3)
    expect(guesses.nth(0)).to_contain_text("Foto disebar")
    expect(guesses.nth(2)).to_contain_text("Bercerita tentang kekerasan")
    width, whole = (guesses.nth(0).locator(part).bounding_box() for part in (".bar-of i", ".bar-of"))
    assert width and whole and abs(width["width"] / whole["width"] - 0.83) < 0.01
    expect(page.get_by_role("status").last).to_have_text("Tidak ada tanda bahaya. Foto disebar.")


def test_danger_entities_and_what_rasa_was_sent(shown: Opener) -> None:
    page = shown()
    ask(page, HIT)
    expect(card(page, "Bahaya")).to_contain_text("Darurat: bahaya saat ini")
    expect(card(page, "Bahaya")).to_contain_text("Didengar oleh Rasa, bukan oleh frasa bahaya.")
    expect(card(page, "Bahaya")).to_contain_text("ada, tetapi tidak dihitung: perlu ")
    assert card(page, "Kalimat").locator("mark").all_inner_texts() == ["bapak", "mukulin", "rumah"]
    expect(card(page, "Kalimat")).to_contain_text("jenis kekerasan")
    expect(card(page, "Kalimat")).to_contain_text("mukulin → physical")
    sent = card(page, "Yang dikirim ke Rasa")
    expect(sent).to_contain_text("wa ku 0")
    expect(sent).not_to_contain_text("0812")
    expect(sent).to_contain_text("Nomor, tautan, dan alamat e-mail sudah diganti.")
    expect(sent).to_contain_text(" ms")


def test_a_danger_phrase_is_named_with_its_line_and_marked_in_the_sentence(shown: Opener) -> None:
    page = shown()
    page.get_by_role("button", name="tolong skrg bapak mukulin adek").click()
    danger = card(page, "Bahaya")
    expect(danger).to_contain_text("Didengar oleh frasa bahaya")
    expect(danger).to_contain_text("data/id/danger.yml, baris ")
    expect(page.locator("mark.alarms").first).to_be_visible()
    page.get_by_role("button", name="mati gaya gw wkwk").click()
    expect(danger).to_contain_text("Tidak ada tanda bahaya")
    expect(page.locator("mark.alarms")).to_have_count(0)


def test_unclear_is_called_unclear(shown: Opener) -> None:
    page = shown()
    ask(page, UNSURE)
    expect(card(page, "Maksud")).to_contain_text("Belum jelas: bot menawarkan topik terdekat, tidak menebak")
    expect(card(page, "Maksud")).to_contain_text("Yakin 21%, batasnya 45%.")


def test_without_rasa_it_says_so_and_works(shown: Opener, demo: Demo) -> None:
    demo.model.state = "training"
    page = shown()
    expect(page.get_by_text("Rasa sedang dilatih: sementara frasa bahaya dan pencarian kata")).to_be_visible()
    ask(page, "berapa biaya lapor")
    expect(card(page, "Maksud")).to_contain_text("Menurut pencarian kata")
    expect(card(page, "Yang dikirim ke Rasa")).to_contain_text("Tidak ada yang dikirim: Rasa tidak ada.")
    ask(page, "berapa biaya lapor diejek teman terus")
    expect(card(page, "Maksud")).to_contain_text("Yang kedua terlalu dekat. Menurut pencarian kata")
    demo.model.state = "ready"
    expect(page.get_by_text("Rasa siap")).to_be_visible(timeout=8_000)


def test_the_toggle_changes_every_word_of_the_page(shown: Opener) -> None:
    page = shown()
    ask(page, HIT)
    expect(card(page, "Bahaya")).to_be_visible()
    page.get_by_role("button", name="switch to English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_title("How a message is understood")
    expect(card(page, "Danger")).to_contain_text("Emergency: danger at this moment")
    expect(card(page, "The three nearest")).to_contain_text("Teased")
    expect(page.get_by_role("group", name="Examples")).to_be_visible()
    left = page.evaluate(
        """() => [...document.querySelectorAll('h1,h2,label,.aside,.plain,.verdict,dt,#state,#send,.to-chat')]
            .map((e) => e.textContent).filter((w) => /\\b(yang|Pahami|Rasa siap|Bahaya|Kalimat|Waktu|undefined)\\b/.test(w))"""
    )
    assert left == []
    page.get_by_label("Write one sentence").fill(PHOTO)
    page.keyboard.press("Enter")
    expect(card(page, "Meaning")).to_contain_text("Photos spread")


def test_words_are_never_markup_and_nothing_stays_in_the_browser(shown: Opener, demo: Demo) -> None:
    page = shown()
    ask(page, "<img src=x onerror=alert(1)> rahasia")
    expect(card(page, "Kalimat")).to_contain_text("<img src=x onerror=alert(1)> rahasia")
    expect(page.locator("img")).to_have_count(0)
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    assert page.url == demo.url + PATH, "no word in the address"


def test_a_service_that_fails_or_is_gone_is_said(shown: Opener, demo: Demo) -> None:
    page = shown()
    demo.model.broken = True
    ask(page, PHOTO)
    expect(page.get_by_role("alert")).to_have_text("Tidak bisa dipahami sekarang. Coba lagi.")
    demo.model.broken = False
    page.get_by_role("button", name="Pahami").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(card(page, "Maksud")).to_contain_text("Foto disebar")


def test_only_the_last_sentence_is_shown(shown: Opener, demo: Demo) -> None:
    page = shown()
    demo.model.slow = 0.6
    ask(page, PHOTO)
    page.wait_for_timeout(100)
    demo.model.slow = 0.0
    ask(page, UNSURE)
    expect(card(page, "Maksud")).to_contain_text("Belum jelas")
    page.wait_for_timeout(800)
    expect(card(page, "Maksud")).to_contain_text("Belum jelas")


def test_enter_on_a_phone_starts_a_new_line(shown: Opener, demo: Demo) -> None:
    page = shown(**PHONE)
    page.get_by_label("Tulis satu kalimat").tap()
    page.keyboard.type("satu")
    page.keyboard.press("Enter")
    page.keyboard.type("dua")
    assert page.get_by_label("Tulis satu kalimat").input_value() == "satu\ndua"
    assert demo.model.asked == []
    page.get_by_role("button", name="Pahami").tap()
    expect(card(page, "Kalimat")).to_contain_text("satu")
    page.get_by_label("Tulis satu kalimat").fill("kata " * 20)
    assert page.get_by_label("Tulis satu kalimat").evaluate("e => e.clientHeight >= e.scrollHeight"), "no line is cut"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_axe_finds_nothing_serious_and_everything_fits(
    shown: Opener, size: str, scheme: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page = shown(**SIZES[size], color_scheme=scheme)
    shots = Path(os.environ.get("RUANG_AMAN_SCREENSHOTS") or tmp_path_factory.mktemp("shots"))
    expect(page.get_by_text("Rasa siap")).to_be_visible()
    sound(page, "empty")
    for name, words in (("danger", "tolong skrg bapak mukulin adek"), ("entities", HIT), ("question", PHOTO)):
        ask(page, words)
        expect(card(page, "Kalimat")).to_contain_text(words)
        page.screenshot(path=shots / f"understanding-{size}-{scheme}-{name}.png", full_page=True)
        sound(page, name)


def sound(page: Page, state: str) -> None:
    """Nothing serious for axe, nothing wider than the window, and everything to be tapped at least 44 px large."""
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical", "moderate")] == [], state
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state
    for control in page.locator("button:visible, .to-chat:visible, textarea:visible").all():
        box = control.bounding_box()
        assert box and box["height"] >= 44 and box["width"] >= 44, (state, control.inner_text(), box)


def test_it_can_be_used_by_keyboard_alone(shown: Opener) -> None:
    page = shown()
    page.get_by_label("Tulis satu kalimat").focus()
    for name in ("Pahami", "kalo dia nyebar foto gw gmn"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name=name)).to_be_focused()
    page.keyboard.press("Enter")
    expect(card(page, "Maksud")).to_contain_text("Foto disebar")
