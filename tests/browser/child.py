"""A child with the web chat open, who asks for a person and talks with her."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.pages import say

PATIENCE = 15_000  # ms


class Child:
    """What somebody does in the chat, and what they see."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.goto(url + "/chat")
        self.hears("Mau apa sekarang?")

    def hears(self, words: str) -> None:
        """The newest bubble says so."""
        expect(self.page.locator(".theirs").last).to_contain_text(words, timeout=PATIENCE)

    def read(self, words: str) -> bool:
        """Whether any bubble says so, just now."""
        return self.page.locator(".theirs", has_text=words).count() > 0

    def taps(self, label: str, then: str = "") -> None:
        """Taps an option of the newest question."""
        self.page.locator(".choices:not(.past) button", has=self.page.get_by_text(label, exact=True)).last.click()
        if then:
            self.hears(then)

    def says(self, words: str, then: str = "") -> None:
        """Types and sends."""
        say(self.page, words)
        if then:
            self.hears(then)

    def asks_for_a_person(self, story: str, *, word: str = "") -> None:
        """Up to the place in the queue. With a word: on a telephone that others see."""
        self.taps("Bicara dengan konselor", "Sekarang ada konselor yang berjaga")
        self.taps("Bicara sekarang", "Ceritakan sedikit")
        self.says(story, "cuma kamu yang pakai?")
        if word:
            self.taps("Dipakai bersama", "pilih satu kata aman")
            self.says(word, "Tunggu di sini ya.")
        else:
            self.taps("Ya, cuma aku", "Tunggu di sini ya.")
