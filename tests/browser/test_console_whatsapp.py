"""A conversation on WhatsApp at the console: Twilio calls the real webhook with its signature, and a day after the last message only the
approved template goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from actions.rows import Update
from tests.browser.desk import PATIENCE, Desk, accept, finish, ready, shot, sound
from tests.browser.office import Office
from tests.browser.pages import until
from tests.contracts.twilio_peer import TEMPLATE, Twilio

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]
DAY = 24 * 3600
CLOSING = 60  # seconds before its end in which nothing is tried any more


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    office = Office(tmp_path_factory.mktemp("office"), twilio=Twilio())
    office.start()
    yield Desk(office)
    office.stop()
    assert office.twilio is not None and office.twilio.problems == []


def test_the_day_runs_out_before_ones_eyes_and_what_is_sent_then_waits_for_the_reporter(desk: Desk, console: Any) -> None:
    office, twilio = desk.office, desk.office.twilio
    assert twilio is not None
    page = console(desk.sari)
    ready(page)
    office.whatsapp("halo", "Bicara dengan konselor", "Bicara sekarang", "Aku mau dihubungi nanti malam.", "Ya, cuma aku")
    accept(page)
    expect(page.locator("#talk-head .window")).to_have_text("Batas WhatsApp: 23 jam lagi", timeout=PATIENCE)
    page.keyboard.type("Halo, aku Sari.")
    page.keyboard.press("Enter")
    until(page, lambda: twilio.screen()[-1].body == "Halo, aku Sari.")
    expect(page.locator("#log .message.ours .tick").last).to_have_text("terkirim", timeout=PATIENCE)
    said = twilio.screen()[-1]
    for status, shown in (("delivered", "diterima"), ("read", "dibaca")):
        query, form = twilio.report(said, status)
        assert office.twilio_posts(form, "/webhooks/whatsapp/status", query) == 200
        expect(page.locator("#log .message.ours .tick").last).to_have_text(shown, timeout=20_000)
    # The reporter wrote nearly a day ago.
    [talk] = office.rows("select conversation_id, id from hand_off")
    office.write(
        Update(table="conversation", key={"id": talk["conversation_id"]}, values={"last_at": int(time.time()) - DAY + CLOSING + 8})
    )
    page.locator(f"#row-{talk['id'].hex()}").click()
    expect(page.locator("#talk-head .window time")).to_have_text("Batas WhatsApp: 5 dtk lagi", timeout=PATIENCE)
    expect(page.locator("#talk-head .window .late")).to_have_count(1)
    expect(page.locator("#talk-notice")).to_be_hidden()
    expect(page.locator("#talk-head .window time")).to_have_text("Batas WhatsApp sudah lewat", timeout=PATIENCE)
    expect(page.locator("#talk-notice")).to_contain_text("sampai begitu pelapor menulis lagi")  # by itself
    expect(page.locator("#to-mail")).to_be_visible()
    sound(page, "the day is over")
    for words in ("Kami masih di sini.", "Tulis saja kalau sudah bisa."):
        page.locator("#reply").fill(words)
        page.keyboard.press("Enter")
        expect(page.locator("#log .message.ours .tick").last).to_have_text("menunggu pelapor menulis lagi", timeout=PATIENCE)
    shot(page, "whatsapp-over")
    assert [one.content for one in twilio.screen()].count(TEMPLATE) == 1, "the approved message, once for both"
    assert not any("Kami masih di sini." in one.body for one in twilio.screen())
    # What must not wait goes into the mailbox, which the reporter opens with the code.
    page.locator("#to-mail button").click()
    expect(page.locator("#records")).to_contain_text("Aku mau dihubungi nanti malam.", timeout=PATIENCE)
    both = page.locator("#records .message.ours .words-said")
    expect(both).to_have_text(["Halo, aku Sari.", "Kami masih di sini.", "Tulis saja kalau sudah bisa."])
    page.locator("#mail").fill("Kami tetap ada untukmu.")
    page.locator("#mail-form button").click()
    expect(page.locator("#timeline .reply .tick")).to_have_text("Belum dibaca pelapor", timeout=PATIENCE)
    page.locator("[data-view=queue]").click()
    page.locator(f"#row-{talk['id'].hex()}").click()
    office.whatsapp("aku sudah bisa")
    until(page, lambda: [one.body for one in twilio.screen()][-2:] == ["Kami masih di sini.", "Tulis saja kalau sudah bisa."])
    expect(page.locator("#log .message.ours .tick").last).to_have_text("terkirim", timeout=20_000)
    expect(page.locator("#talk-notice")).to_be_hidden()
    expect(page.locator("#talk-head .window")).to_have_text("Batas WhatsApp: 23 jam lagi", timeout=PATIENCE)
    finish(page)
    until(page, lambda: "membantumu?" in twilio.screen()[-1].body)
