"""Whole reports against the real service in a real browser, and what the unit then reads of them with its key."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.pages import DESKTOP, PHONE, log_of, say, sound, until, watch
from tests.browser.service import RealService

pytestmark = pytest.mark.browser
STORY = "Kakak sepupu suka memukulku pakai sapu.\nAku tidak mau pulang 😔"


class Reporter:
    """Somebody with a browser window. `new_cases` are those that came since it was opened."""

    def __init__(self, page: Page, service: RealService) -> None:
        self.page = page
        self.service = service
        self.before = set(service.cases())

    def hears(self, words: str) -> None:
        """The newest bubble says so."""
        expect(self.page.locator(".theirs").last).to_contain_text(words, timeout=15_000)

    def taps(self, *labels: str, then: str = "") -> None:
        """Taps an option of the newest question; several of them are ticked, the last one is "done"."""
        for label in labels:
            option = self.page.locator(".choices:not(.past)").locator("button", has=self.page.get_by_text(label, exact=True))
            option.tap() if self.page.evaluate("navigator.maxTouchPoints") else option.click()
        self.hears(then)

    def says(self, words: str, then: str = "") -> None:
        """Types and sends."""
        say(self.page, words)
        self.hears(then)

    def code(self) -> str:
        """The receipt, as it stands in the page."""
        words = self.page.locator("ol.code").last.locator("li").all_inner_texts()
        assert len(words) == 5
        return " ".join(words)

    def new_cases(self) -> list[str]:
        return [case for case in self.service.cases() if case not in self.before]

    def record(self) -> dict[str, Any]:
        """The only record of the only new case."""
        [case] = self.new_cases()
        [record] = self.service.records(case)
        return record


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealService]:
    service = RealService(tmp_path_factory.mktemp("service"))
    service.start()
    yield service
    service.stop()


@pytest.fixture
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(os.environ.get("RUANG_AMAN_SCREENSHOTS") or tmp_path_factory.mktemp("shots"))


@pytest.fixture
def reporter(browser: Browser, service: RealService) -> Iterator[Any]:
    """Opens the chat as somebody new; at the end nothing may have gone wrong in the page, and no word of it may be in the log."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_chat(**options: Any) -> Reporter:
        context = browser.new_context(**{**DESKTOP, **options})
        contexts.append(context)
        page = context.new_page()
        watch(page, service.url, wrong)
        found = Reporter(page, service)
        page.goto(service.url + "/chat")
        found.hears("Mau apa sekarang?")
        return found

    yield open_chat
    for context in contexts:
        context.close()
    assert wrong == []
    log = service.log()
    for words in ("sepupu", "memukul", "tetangga", "Traceback"):
        assert words not in log


def test_a_child_by_keyboard_alone(reporter: Any, shots: Path) -> None:
    child = reporter()
    page, keys = child.page, child.page.keyboard
    focused = page.locator(":focus")

    def walk_to(name: str) -> None:
        for _ in range(20):
            keys.press("Shift+Tab")
            if name in (focused.get_attribute("aria-label") or focused.inner_text()):
                return
        raise AssertionError(f"the keyboard does not reach {name}")

    sound(page, "greeting")
    walk_to("Lapor")
    keys.press("Enter")
    child.hears("Sekarang kamu aman untuk mengetik?")
    expect(page.get_by_label("Tulis pesan")).to_be_focused()
    keys.type("1")
    keys.press("Enter")
    child.hears("Siapa yang menulis")
    walk_to("Aku, 13 sampai 17 tahun")
    keys.press("Space")
    child.hears("Ceritakan dengan kata-katamu sendiri.")
    first, second = STORY.split("\n")
    keys.type(first)
    keys.press("Shift+Enter")
    keys.type(second)
    keys.press("Enter")
    child.hears("Ini bukan salahmu.")
    sound(page, "consent")
    keys.type("boleh")
    keys.press("Enter")
    child.hears("Di daerah mana?")
    keys.type("gunung bahagya")  # a slip of typing
    keys.press("Enter")
    child.hears("dipakai bersama")
    walk_to("Tidak")
    keys.press("Enter")
    child.hears("Ini yang akan dikirim:")
    child.hears("memukulku pakai sapu")
    walk_to("Kembali")
    keys.press("Enter")
    child.hears("dipakai bersama")
    keys.type("2")
    keys.press("Enter")
    child.hears("Ini yang akan dikirim:")
    sound(page, "review")
    walk_to("Kirim")
    keys.press("Enter")
    child.hears("Ini kodemu:")
    child.code()
    sound(page, "code")
    page.screenshot(path=shots / "real-child-code.png")
    record = child.record()
    assert record["answers"]["story"] == STORY
    assert record["answers"]["who"] == "self_13_17"
    assert record["answers"]["area"]["kelurahan"] == "Gunung Bahagia"
    assert record["answers"]["phone"] == "shared"
    assert (record["kind"], record["reader"], record["language"], record["channel"]) == ("report", "child", "id", "web")
    assert record["unfinished"] is False


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_adult_on_a_phone(reporter: Any, shots: Path, scheme: str) -> None:
    adult = reporter(**PHONE, color_scheme=scheme)
    page = adult.page

    def check(state: str) -> None:
        sound(page, state)
        page.screenshot(path=shots / f"real-adult-{scheme}-{state}.png")

    check("greeting")
    adult.taps("Lapor", then="Sekarang kamu aman untuk mengetik?")
    adult.taps("Ya", then="Siapa yang menulis")
    adult.taps("Aku orang dewasa", then="dalam bahaya sekarang juga?")
    adult.taps("Tidak", then="Apa hubunganmu")
    adult.taps("Tetangga", then="ini tentang apa?")
    check("types")
    adult.taps("Dipukul atau disakiti", "Ditelantarkan", "Selesai", then="Tulis apa yang kamu lihat")
    adult.says("Anak tetangga sering menangis malam-malam.", then="Menulisnya tidak mudah.")
    adult.taps("Boleh", then="Ada foto, dokumen PDF")
    adult.taps("Selesai", then="Kapan terakhir kali")
    adult.taps("Minggu ini", then="Seberapa sering")
    adult.taps("Masih terus terjadi", then="Di tempat seperti apa")
    adult.taps("Rumah", then="Di daerah mana?")
    adult.taps("Balikpapan Selatan", then="Kelurahan mana")
    check("kelurahan")
    adult.taps("Sepinggan Baru", then="Ada patokan")
    page.get_by_role("button", name="Lewati").tap()
    adult.hears("berapa umur anak itu?")
    adult.taps("6 sampai 12 tahun", then="perempuan atau laki-laki?")
    adult.taps("Tidak tahu", then="disabilitas")
    adult.taps("Tidak", then="anak lain")
    adult.taps("Ya", then="Apa hubungan orang yang diduga")
    check("suspect")
    adult.taps("Orang tua (juga tiri)", then="bekerja di salah satu tempat ini?")
    adult.taps("Tidak", "Selesai", then="Apa yang paling membantu")
    adult.taps("Tempat yang aman", "Saran dulu", "Selesai", then="dipakai bersama")
    adult.taps("Ya, bisa dilihat", then="Pilih satu kata aman")
    adult.says("pisang goreng", then="Ini yang akan dikirim:")
    check("review")
    adult.taps("Kirim", then="Ini kodemu:")
    check("code")
    answers = adult.record()["answers"]
    told = {
        "who": "adult", "danger_now": "no", "relation": "neighbour", "types": ["physical", "neglect"],
        "story": "Anak tetangga sering menangis malam-malam.", "unfinished": "yes", "often": "ongoing", "place_kind": "home",
        "child_age": "age_6_12", "child_sex": "unsure", "disability": "no", "others": "yes", "suspect": "parent",
        "insider": ["none"], "help_now": ["safety", "advice"], "phone": "shared", "safe_word": "pisang goreng",
    }  # fmt: skip
    assert {name: answers.get(name) for name in told} == told
    assert answers["area"]["kelurahan"] == "Sepinggan Baru"
    assert answers.get("landmark") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_danger_is_heard_in_the_middle_of_a_story(reporter: Any, shots: Path, scheme: str) -> None:
    child = reporter(**PHONE, color_scheme=scheme, geolocation={"latitude": -1.2379, "longitude": 116.8529}, permissions=["geolocation"])
    child.taps("Lapor", then="aman untuk mengetik?")
    child.taps("Ya", then="Siapa yang menulis")
    child.taps("Aku, 12 tahun ke bawah", then="Ceritakan dengan kata-katamu")
    child.says("tolong dia mau bunuh aku sekarang", then="Kamu di mana?")
    number = child.page.locator(".theirs").last.get_by_role("link", name="112").first
    expect(number).to_have_attribute("href", "tel:112")
    expect(number).to_be_in_viewport(ratio=1)
    sound(child.page, "danger")
    child.page.screenshot(path=shots / f"real-danger-{scheme}.png")
    expect(child.page.locator(".choices").last.get_by_role("button").first).to_have_text("Kirim lokasi")  # not "it is over"
    child.page.get_by_role("button", name="Kirim lokasi").tap()
    child.hears("Kode untuk kembali nanti")
    sound(child.page, "danger code")
    child.says("dia di depan pintu", then="Sudah kami simpan.")
    child.taps("Sekarang sudah aman", then="Kita lanjut ya.")
    [case] = child.new_cases()
    told = str(child.service.records(case))
    for words in ("tolong dia mau bunuh aku sekarang", "-1.2379", "116.8529", "dia di depan pintu"):
        assert words in told


def tell(child: Reporter, *, consent: str) -> None:
    """A story, and what may be done with it if it has to end."""
    child.says("1", then="aman untuk mengetik?")
    child.says("1", then="Siapa yang menulis")
    child.says("2", then="Ceritakan")
    child.says(STORY, then="Ini bukan salahmu.")
    child.says(consent, then="Di daerah mana?")


@pytest.mark.parametrize(("consent", "kept"), [("boleh", 1), ("jangan", 0)])
def test_the_word_for_leaving_wipes_the_page(reporter: Any, consent: str, kept: int) -> None:
    child = reporter()
    tell(child, consent=consent)
    child.says("mtk", then="Latihan matematika")
    expect(child.page.locator(".message")).to_have_count(1)
    for words in ("sepupu", "mtk", "Ceritakan", "Lapor"):
        assert words not in child.page.locator("main").inner_text()
    expect(child.page.get_by_role("button", name="Kembali")).to_be_hidden()
    until(child.page, lambda: len(child.new_cases()) == kept)
    if kept:
        record = child.record()
        assert record["answers"]["story"] == STORY and record["unfinished"] is True
    child.says("halo", then="Mau apa sekarang?")  # as to a stranger
    assert "sepupu" not in log_of(child.page)


def test_the_button_for_leaving_seals_what_may_be_read(reporter: Any) -> None:
    child = reporter(**PHONE)
    tell(child, consent="boleh")
    child.page.get_by_role("link", name="Keluar cepat").tap()
    expect(child.page).to_have_title("Latihan Perkalian")
    assert "sepupu" not in child.page.content()
    until(child.page, lambda: len(child.new_cases()) == 1)
    assert child.record()["answers"]["story"] == STORY


def test_erasing_leaves_nothing_in_the_page_and_no_case(reporter: Any) -> None:
    child = reporter(**PHONE)
    tell(child, consent="boleh")
    child.says("hapus", then="Hapus chat ini sekarang?")
    child.page.get_by_label("Tulis pesan").fill("setengah kalimat")
    child.taps("Ya, hapus", then="Sudah dibersihkan di sini.")
    expect(child.page.locator(".message")).to_have_count(1)
    assert child.page.get_by_label("Tulis pesan").input_value() == ""
    for words in ("sepupu", "setengah", "Hapus chat ini sekarang?"):
        assert words not in child.page.content()
    sound(child.page, "erased")
    child.page.reload()
    child.hears("Mau apa sekarang?")
    assert child.new_cases() == []


def test_coming_back_with_the_code_in_another_browser(reporter: Any) -> None:
    child = reporter()
    tell(child, consent="boleh")
    child.says("8", then="dipakai bersama")
    child.says("1", then="Ini yang akan dikirim:")
    child.taps("Kirim", then="Ini kodemu:")
    code = child.code()
    child.taps("Hapus chat", then="Hapus chat ini sekarang?")
    child.taps("Ya, hapus", then="Sudah dibersihkan")
    assert code.split()[0] not in child.page.content()
    later = reporter(**PHONE)
    later.taps("Cek laporan", then="Tulis kelima kata kodemu")
    later.says(" ".join(reversed(code.split())), then="belum cocok")
    later.says(code.upper(), then="Belum ada jawaban untukmu.")
    sound(later.page, "status")
    later.taps("Tambah tulisan", then="Tulis yang mau kamu tambahkan.")
    later.says("Hari ini terjadi lagi.", then="Tambahanmu sudah tersimpan.")
    [case] = child.new_cases()
    records = child.service.records(case)
    assert records[0]["answers"]["story"] == STORY
    assert "Hari ini terjadi lagi." in str(records[1])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_report_goes_on_after_a_restart(reporter: Any, service: RealService, how: signal.Signals) -> None:
    child = reporter()
    tell(child, consent="boleh")
    service.stop(how)
    expect(child.page.get_by_text("menyambung…")).to_be_visible()
    say(child.page, "Sepinggan")
    expect(child.page.get_by_text("menunggu terkirim")).to_be_visible()
    service.start()
    child.hears("dipakai bersama")
    assert child.page.get_by_text("Di daerah mana?").count() == 1
    child.page.reload()
    child.hears("dipakai bersama")
    assert "sepupu" not in child.page.content()  # the page kept no word; the service has them
    child.taps("Tidak", then="Ini yang akan dikirim:")
    child.taps("Kirim", then="Ini kodemu:")
    answers = child.record()["answers"]
    assert answers["story"] == STORY and answers["area"]["kelurahan"] == "Sepinggan"


def test_in_english(reporter: Any) -> None:
    child = reporter()
    child.page.get_by_role("button", name="switch to English").click()
    child.hears("Which language?")
    child.taps("English", then="What would you like to do?")
    expect(child.page.locator("html")).to_have_attribute("lang", "en")
    expect(child.page.locator(".theirs .words").last).to_have_attribute("lang", "en")
    sound(child.page, "english")
    page = child.page
    for label, then in (("Report", "safe for you to type"), ("Yes", "Who is writing"), ("Me, 13 to 17", "in your own words")):
        child.taps(label, then=then)
    page.get_by_label("Write a message").fill("Somebody at home hits me.")
    page.keyboard.press("Enter")
    child.hears("This is not your fault.")
    child.taps("They may", then="area")
    page.get_by_role("button", name="Skip").click()
    child.hears("shared")
    page.get_by_role("button", name="Back").click()
    child.hears("area")
    page.get_by_role("button", name="Skip").click()
    child.hears("shared")
    child.taps("No", then="This will be sent")
    child.taps("Send", then="your code")
    child.code()
    expect(page.locator("ol.code")).to_have_attribute("lang", "id")
    record = child.record()
    assert record["language"] == "en" and record["answers"]["story"] == "Somebody at home hits me."
