"""Makes docs/pictures/chat.png anew: a real conversation with the real service, on a computer and on a phone.

    .venv/bin/python -m tests.browser.pictures

Nobody's words are in it but the service's own; the receipt opens a case in a folder that is gone when this ends.
"""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.pages import CHROMIUM, PHONE
from tests.browser.service import ROOT, RealService

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


def main() -> None:
    """Writes the picture. Raises ValueError if it has become too large."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        service = RealService(Path(folder))
        service.start()
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            sheet = _SHEET.replace("COMPUTER", _computer(browser, service.url)).replace("PHONE", _phone(browser, service.url))
            page = browser.new_page(viewport={"width": 1500, "height": 900})
            page.set_content(sheet)
            picture = page.locator("#sheet").screenshot()
            browser.close()
        finally:
            service.stop()
    if len(picture) > LIMIT:
        raise ValueError(f"the picture has {len(picture)} bytes, more than {LIMIT}")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_bytes(picture)
    print(f"{PICTURE.relative_to(ROOT)}: {len(picture)} bytes")


if __name__ == "__main__":
    main()
