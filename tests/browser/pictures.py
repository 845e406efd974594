"""Makes the pictures of chat, console and demo in docs/pictures anew: real conversations with the real service, on a computer and a phone.

    .venv/bin/python -m tests.browser.pictures

Nobody's words are in them but the service's own and examples; receipts open cases in folders that are gone when this ends.
"""

from __future__ import annotations

import base64
import re
import signal
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.desk import Desk, sign_in
from tests.browser.office import Office
from tests.browser.pages import CHROMIUM, PHONE
from tests.browser.service import ROOT, RealService
from tests.browser.test_demo import Demo, frame

PICTURE = ROOT / "docs" / "pictures" / "chat.png"
LIMIT = 250_000  # bytes: a README is read on phones too

_SHEET = """
<style>
  body { margin: 0; }
  #sheet { display: flex; align-items: center; gap: 36px; width: max-content; padding: 36px; background: #c9d8d4; }
  img { display: block; border-radius: 14px; box-shadow: 0 6px 24px rgb(0 0 0 / 22%); }
  .phone { padding: 10px; border-radius: 30px; background: #20272a; box-shadow: 0 6px 24px rgb(0 0 0 / 30%); }
  .phone img { border-radius: 20px; box-shadow: none; }
</style>
<div id="sheet"><img src="COMPUTER"><div class="phone"><img src="PHONE"></div></div>
"""


def _tap(page: Page, label: str, then: str) -> None:
    page.locator(".choices:not(.past)").get_by_text(label, exact=True).click()
    expect(page.locator(".theirs").last).to_contain_text(then)


def _picture(page: Page) -> str:
    page.evaluate("document.activeElement?.blur()")
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)
    return "data:image/png;base64," + base64.b64encode(page.screenshot()).decode()


def _computer(browser: Browser, url: str) -> str:
    page = browser.new_page(viewport={"width": 900, "height": 880})
    page.goto(url + "/chat")
    expect(page.locator(".theirs").last).to_contain_text("Mau apa sekarang?")
    return _picture(page)


def _phone(browser: Browser, url: str) -> str:
    page = browser.new_context(**{**PHONE, "viewport": {"width": 390, "height": 760}}).new_page()
    page.goto(url + "/chat")
    _tap(page, "Lapor", "aman untuk mengetik?")
    _tap(page, "Ya", "Siapa yang menulis")
    _tap(page, "Aku, 13 sampai 17 tahun", "Ceritakan")
    page.get_by_label("Tulis pesan").fill("Aku mau tanya soal temanku di sekolah.")
    page.get_by_role("button", name="Kirim", exact=True).click()
    _tap(page, "Boleh", "Di daerah mana?")
    _tap(page, "Balikpapan Utara", "dipakai bersama")
    _tap(page, "Tidak", "Ini yang akan dikirim")
    _tap(page, "Kirim", "Ini kodemu")
    return _picture(page)


def _talking(page: Page, desk: Desk, address: str) -> None:
    """A conversation that somebody has just taken."""
    sign_in(page, desk.office.url, desk.sari.name)
    page.locator("[data-do=presence][data-state=ready]").click()
    desk.office.says(address, "/start", "counsellor", "talk", "Temanku sering diejek di sekolah. Aku bingung harus bagaimana.", "own")
    page.locator("#queue .offered [data-do=accept]").first.click()
    expect(page.locator("#summary")).to_contain_text("Temanku", timeout=20_000)
    page.locator("#reply").fill("Halo, aku Sari. Terima kasih sudah memikirkan temanmu.")
    page.locator("#compose button[type=submit]").click()
    expect(page.locator("#log .tick")).to_have_text("terkirim", timeout=20_000)
    desk.office.says(address, "Dia sudah dua hari tidak masuk.")
    expect(page.locator("#log .message.theirs")).to_have_count(1, timeout=20_000)


def _console(browser: Browser, folder: Path) -> None:
    """The console: somebody in danger stands above everything; a conversation on a phone; the same in the dark."""
    office = Office(folder)
    office.start()
    try:
        desk = Desk(office)
        for name, options in (
            ("console-phone", PHONE),
            ("console-dark", {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"}),
            ("console", {"viewport": {"width": 1280, "height": 800}}),
        ):
            page = browser.new_context(**options).new_page()
            _talking(page, desk, f"+62811{name}")
            if name == "console":
                office.says("+62811danger", "/start", "tolong dia mau bunuh aku sekarang")
                expect(page.locator("#queue .crisis .entry")).to_have_count(1, timeout=20_000)
            page.evaluate("document.activeElement?.blur()")
            page.wait_for_timeout(7_000)  # until what was said at the edge has gone
            _write(PICTURE.parent / f"{name}.png", page.screenshot(caret="initial"), limit=200_000)
            page.locator("[data-do=sign-out]").click()
            expect(page.locator("#sign")).to_be_visible(timeout=20_000)
            office.says(f"+62811{name}", "mtk")
            page.context.close()
    finally:
        office.stop()


def _both(browser: Browser, folder: Path) -> None:
    """The demo's page: a child in the web chat, and who answers."""
    folder.mkdir()
    demo = Demo(folder, play=False)
    try:
        demo.ready()
        page = browser.new_page(viewport={"width": 1700, "height": 1000})
        page.goto(demo.printed("Both side by side"))
        chat, console = frame(page, "/chat"), frame(page, "/console")
        [passphrase] = re.findall(r"with the passphrase: (.+)$", demo.said, re.MULTILINE)
        console.locator("#sign input[name=name]").fill("dewi")
        console.locator("#sign-passphrase").fill(passphrase)
        console.locator("#sign button.main").click()
        console.locator("[data-do=compare-same]").click()
        console.locator("[data-do=presence][data-state=ready]").click()

        def taps(label: str, then: str) -> None:
            chat.locator(".choices:not(.past)").get_by_text(label, exact=True).click()
            expect(chat.locator(".theirs").last).to_contain_text(then, timeout=20_000)

        def says(words: str) -> None:
            chat.get_by_label("Tulis pesan").fill(words)
            chat.get_by_role("button", name="Kirim", exact=True).click()

        taps("Bicara dengan konselor", "Sekarang ada konselor yang berjaga")
        taps("Bicara sekarang", "Ceritakan sedikit")
        says("aku takut pulang, kakakku sering marah dan lempar barang")
        expect(chat.locator(".theirs").last).to_contain_text("cuma kamu yang pakai?", timeout=20_000)
        taps("Ya, cuma aku", "Tunggu di sini ya.")
        console.locator("#queue .offered [data-do=accept]").click()
        expect(console.locator("#summary")).to_contain_text("aku takut pulang", timeout=20_000)
        console.locator("#reply").fill("Halo, aku Dewi. Terima kasih sudah cerita. Kamu di tempat yang aman sekarang?")
        console.locator("#compose button[type=submit]").click()
        expect(chat.locator(".theirs").last).to_contain_text("aku Dewi", timeout=20_000)
        says("iya kak, di rumah nenek")
        expect(console.locator("#log .message.theirs")).to_have_count(1, timeout=20_000)
        page.wait_for_timeout(7_000)  # until what was said at the edge has gone
        _write(PICTURE.parent / "desk.png", page.screenshot(caret="initial"), limit=LIMIT)
    finally:
        demo.process.send_signal(signal.SIGINT)
        demo.process.wait(30)


def _write(path: Path, picture: bytes, *, limit: int) -> None:
    if len(picture) > limit:
        raise ValueError(f"{path.name} has {len(picture)} bytes, more than {limit}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
    print(f"{path.relative_to(ROOT)}: {len(picture)} bytes")


def main() -> None:
    """Writes the pictures. Raises ValueError if one has become too large."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        service = RealService(Path(folder))
        service.start()
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            sheet = _SHEET.replace("COMPUTER", _computer(browser, service.url)).replace("PHONE", _phone(browser, service.url))
            page = browser.new_page(viewport={"width": 1500, "height": 900})
            page.set_content(sheet)
            picture = page.locator("#sheet").screenshot()
            _write(PICTURE, picture, limit=LIMIT)
            _console(browser, Path(folder) / "console")
            _both(browser, Path(folder) / "demo")
            browser.close()
        finally:
            service.stop()


if __name__ == "__main__":
    main()
