"""`ruang-aman demo` as somebody tries it: a process, what it prints, both sides in one window, and nothing left of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from tests.browser.desk import PATIENCE
from tests.browser.pages import until, watch
from tests.browser.service import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
STORY = "Teman-teman mengejek aku tiap pulang sekolah."
PEOPLE = re.compile(r"^  (\w+) +(.+), (\w+) of the (.+)$", re.MULTILINE)


class Demo:
    """The command in a folder of its own: `temporary` is where it may put what it throws away, `elsewhere` the operator's data."""

    def __init__(self, folder: Path, *, play: bool = True) -> None:
        self.temporary, self.elsewhere = folder / "tmp", folder / "operator"
        self.temporary.mkdir()
        self._out = folder / "out"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RUANG_AMAN_")}
        environment |= {"PYTHONPATH": str(ROOT), "TMPDIR": str(self.temporary), "RUANG_AMAN_DATA_DIR": str(self.elsewhere)}
        command = [sys.executable, "-m", "bot", "demo", "--port", "0", "--nlu", "off", *(["--play"] if play else [])]
        with self._out.open("wb") as out:
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)

    @property
    def said(self) -> str:
        return self._out.read_text("utf-8", "replace")

    def ready(self) -> str:
        """What it has printed once it is ready."""
        deadline = time.monotonic() + 120
        while "budi" not in self.said:
            assert self.process.poll() is None and time.monotonic() < deadline, self.said
            time.sleep(0.05)
        return self.said

    def printed(self, what: str) -> str:
        """An address that it has printed."""
        [found] = re.findall(rf"^  {what} +(http\S+)$", self.said, re.MULTILINE)
        return str(found)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    made = Demo(tmp_path)
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait(20)


def frame(page: Page, path: str) -> Frame:
    [found] = [one for one in page.frames if one.url.endswith(path)]
    return found


def test_who_tries_it_signs_in_as_it_says_and_sees_both_sides_talk(demo: Demo, browser: Browser) -> None:
    said = demo.ready()
    [passphrase] = re.findall(r"with the passphrase: (.+)$", said, re.MULTILINE)
    assert [found[0] for found in PEOPLE.findall(said)] == ["rina", "dewi", "budi"]
    wrong: list[str] = []
    page = browser.new_page(viewport={"width": 1500, "height": 900})
    site = demo.printed("Both side by side").removesuffix("/demo")
    watch(page, site, wrong)
    page.goto(demo.printed("Both side by side"))
    chat, console = frame(page, "/chat"), frame(page, "/console")
    expect(chat.get_by_role("button", name="Bicara dengan konselor")).to_be_visible(timeout=PATIENCE)
    console.locator("#sign input[name=name]").fill("dewi")
    console.locator("#sign-passphrase").fill(passphrase)
    console.locator("#sign button.main").click()
    expect(console.locator("#desk")).to_be_visible(timeout=PATIENCE)
    console.locator("[data-do=compare-same]").click()
    console.locator("[data-do=presence][data-state=ready]").click()
    expect(console.locator("#queue .counts")).to_contain_text("1 petugas siap", timeout=PATIENCE)  # the server knows
    chat.get_by_role("button", name="Bicara dengan konselor").click()
    chat.get_by_role("button", name="Bicara sekarang").click(timeout=PATIENCE)
    expect(chat.get_by_text("Ceritakan sedikit")).to_be_visible(timeout=PATIENCE)
    chat.get_by_label("Tulis pesan").fill(STORY)
    chat.get_by_role("button", name="Kirim", exact=True).click()
    chat.get_by_role("button", name="Ya, cuma aku").click(timeout=PATIENCE)
    offer = console.locator("#queue .offered [data-do=accept]").first
    expect(offer).to_be_visible(timeout=PATIENCE)
    offer.click()
    expect(console.locator("#summary")).to_contain_text(STORY, timeout=PATIENCE)
    console.locator("#reply").fill("Halo, aku Dewi.")
    console.locator("#compose button[type=submit]").click()
    expect(chat.get_by_role("log")).to_contain_text("Halo, aku Dewi.", timeout=PATIENCE)
    until(page, lambda: "[a boy of fourteen] " in demo.said)  # and those who are played have begun
    for what in ("Web chat", "Console", "How it understands", "How it is doing"):
        answer = page.request.get(demo.printed(what))
        assert answer.status == 200, what
    page.close()
    assert wrong == []
    assert [one.name for one in demo.temporary.glob("ruang-aman-demo-*")], "what it keeps is there while it runs"
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(30) == 0, demo.said
    assert list(demo.temporary.glob("ruang-aman-demo-*")) == [], "and nowhere afterwards"
    assert not demo.elsewhere.exists(), "the operator's settings are not the demo's"
    assert "Traceback" not in demo.said
