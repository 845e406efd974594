"""A voice message, a photo and what is no file for us, sent through the real page to the real service, and opened by the unit."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect

from bot.cli.files import write_files
from tests.bot.filed import sample
from tests.browser.pages import PHONE, say, sound, watch
from tests.browser.service import RealService

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealService]:
    service = RealService(tmp_path_factory.mktemp("service"))
    service.start()
    yield service
    service.stop()


def hears(page: Page, words: str) -> None:
    expect(page.locator(".theirs").last).to_contain_text(words, timeout=20_000)


def taps(page: Page, label: str, then: str) -> None:
    page.locator(".choices:not(.past) button", has=page.get_by_text(label, exact=True)).tap()
    hears(page, then)


def attach(page: Page, button: str, name: str, kind: str, content: bytes) -> None:
    """By keyboard: the button is reached and pressed like any other."""
    control = page.get_by_role("button", name=button)
    expect(control).to_have_count(1)
    for left in (2, 1, 0):  # an answer that comes just then takes the focus to itself
        control.focus()
        expect(control).to_be_focused()
        try:
            with page.expect_file_chooser(timeout=8_000) as chosen:
                page.keyboard.press("Enter")
            break
        except TimeoutError:
            if not left:
                raise
    chosen.value.set_files({"name": name, "mimeType": kind, "buffer": content})


def test_files_through_the_page(browser: Browser, service: RealService, tmp_path: Path) -> None:
    wrong: list[str] = []
    context = browser.new_context(**PHONE)
    page = context.new_page()
    watch(page, service.url, wrong)
    # Choosers are taken as long as somebody listens. Taken only while one is expected, a press may come a moment before the browser knows
    # of it: then its own chooser opens where nobody sees it, and no other one does.
    page.on("filechooser", lambda chooser: None)
    page.goto(service.url + "/chat")
    taps(page, "Lapor", "aman untuk mengetik")
    expect(page.locator(".attach")).to_have_count(0)
    taps(page, "Ya", "Siapa")
    page.locator(".choices:not(.past) button").nth(1).tap()
    hears(page, "Boleh menulis, boleh juga kirim pesan suara")

    attach(page, "Kirim pesan suara", "bukti bu sari.docx", "application/msword", b"PK\x03\x04" + b"x" * 5000)
    expect(page.locator("#hint")).to_contain_text("belum bisa kami terima")
    attach(page, "Kirim pesan suara", "film.ogg", "audio/ogg", b"OggS" + bytes(17 * 1024 * 1024))
    expect(page.locator("#hint")).to_contain_text("Paling besar 16 MB")
    attach(page, "Kirim pesan suara", "luka rara.jpg", "image/jpeg", sample("photo.jpg"))
    hears(page, "Fotonya belum kami ambil")
    shots = Path(os.environ.get("RUANG_AMAN_SCREENSHOTS") or tmp_path)
    page.screenshot(path=shots / "file-warning.png")
    taps(page, "Jangan dikirim", "tidak kami ambil")
    page.screenshot(path=shots / "file-question.png")
    sound(page, "a question that takes files")

    attach(page, "Kirim pesan suara", "rekaman rara.ogg", "audio/ogg", sample("voice.ogg"))
    hears(page, "Sudah kami terima")
    taps(page, "Boleh", "daerah")
    for label in ("Tidak tahu",):
        page.locator(".choices:not(.past) button", has=page.get_by_text(label, exact=True)).last.tap()
    page.wait_for_timeout(500)
    say(page, "lewati")
    hears(page, "(pesan suara)")
    taps(page, "Kirim", "Ini kodemu")
    context.close()
    assert [line for line in wrong if "415" not in line] == []

    [case] = service.cases()
    [record] = service.records(case)
    [told] = record["files"]
    assert told["kind"] == "voice"
    with ThreadPoolExecutor(1) as thread:  # Playwright's loop runs in this one
        [path] = thread.submit(asyncio.run, write_files(service.settings, [record], tmp_path / "files")).result()
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    assert path.read_bytes().startswith(b"OggS")
    names = ("bu sari", "luka rara", "rekaman rara")
    stored = b"".join(found.read_bytes() for found in service.folder.rglob("*") if found.is_file())
    assert not any(name.encode() in stored or name in service.log() for name in names)
