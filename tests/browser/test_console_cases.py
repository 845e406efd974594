"""Cases at the console in a real browser: read, answered, late, and gone from the page with whoever read them."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from playwright.sync_api import Response, Route, expect

from actions.rows import Update
from tests.browser.desk import PATIENCE, shot, sign_in, sound
from tests.browser.office import PASSPHRASE
from tests.browser.unit import REPLY, STORY, Unit, newest_case

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]

def test_a_case_is_read_answered_and_the_reporter_reads_it_with_the_code(unit: Unit, page_of: Any) -> None:
    told = unit.reports("+62811001", how="own_here")
    code = next(line for line in told.splitlines() if len(line.split()) == 5)
    page = page_of(unit.worker)
    seen: list[str] = []

    def note(answer: Response) -> None:
        if answer.request.resource_type in ("fetch", "xhr"):
            seen.append(answer.text())
            seen.append(answer.request.post_data or "")

    page.on("response", note)
    newest_case(page)
    expect(page.locator("#records")).to_contain_text(STORY, timeout=PATIENCE)
    expect(page.locator("#case-status")).to_have_text("Sudah dibaca")
    sound(page, "case")
    page.keyboard.press("r")
    expect(page.locator("#mail")).to_be_focused()
    page.keyboard.type(REPLY)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#timeline .reply")).to_contain_text(REPLY, timeout=PATIENCE)
    expect(page.locator("#timeline .reply .tick")).to_have_text("Belum dibaca pelapor")
    expect(page.locator("#toasts")).to_contain_text("pelapor dikabari di chat", timeout=PATIENCE)
    assert unit.office.heard("+62811001")[-1].startswith("Halo, ada kabar baru di sini."), "and no word of what it says"
    shot(page, "mailbox")
    assert not [text for text in seen if STORY in text or REPLY in text]  # nothing of it came or went in clear
    unit.office.says("+62811002", "/start", code)
    assert any(REPLY in text for text in unit.office.heard("+62811002"))
    page.keyboard.press("g")
    page.keyboard.press("c")
    newest_case(page)
    expect(page.locator("#timeline .reply .tick")).to_have_text("Sudah dibaca pelapor", timeout=PATIENCE)


@pytest.mark.parametrize("heard", [True, False])
def test_a_reply_whose_answer_was_lost_is_sent_once(unit: Unit, page_of: Any, heard: bool) -> None:
    """`heard`: by the time it is sent again the page has found the reply in the case."""
    unit.reports("+62811004" if heard else "+62811005")
    page = page_of(unit.worker)
    case = newest_case(page)
    page.locator("#mail").fill(REPLY)

    def lost(route: Route) -> None:
        if not heard:
            page.route("**/console/j/case/*", lambda look: look.abort())
        route.fetch()
        route.abort()

    page.route("**/console/j/case/*/reply", lost)
    page.locator("#mail-form button").click()
    expect(page.locator("#toasts")).to_contain_text("sambungan", ignore_case=True, timeout=PATIENCE)
    expect(page.locator("#mail")).to_have_value(REPLY)
    if heard:
        expect(page.locator("#timeline .reply")).to_contain_text(REPLY, timeout=PATIENCE)
    else:
        page.wait_for_timeout(1000)  # what the page looks for by itself it has not found
    page.unroute_all()
    page.locator("#mail-form button").click()
    expect(page.locator("#mail")).to_have_value("", timeout=PATIENCE)
    expect(page.locator("#timeline .reply")).to_have_count(1)
    assert len(unit.rows("case_record", f"hex(case_id) = '{case.upper()}' and kind = 'reply'")) == 1
    boxes = f"mailbox_id in (select mailbox_id from receipt where hex(case_id) = '{case.upper()}')"
    assert len(unit.rows("mailbox_message", boxes)) == 1


def test_whoever_writes_while_the_rest_comes_loses_no_letter(unit: Unit, page_of: Any) -> None:
    """What belongs to a case is looked up last, and may take a while: the focus stays where somebody types by then."""
    unit.reports("+62811033", how="own_here")
    page = page_of(unit.worker)

    def late(route: Route) -> None:
        time.sleep(1.2)
        route.continue_()

    page.route("**/near", late)
    with page.expect_response(lambda answer: "/console/f/cases" in answer.url):
        page.keyboard.press("g")
        page.keyboard.press("c")
    expect(page.locator("#case-rows .row").first).to_be_visible(timeout=PATIENCE)
    with page.expect_response(lambda answer: answer.url.endswith("/near")):
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("#mail-form")).to_be_visible(timeout=PATIENCE)
        page.keyboard.press("r")
        expect(page.locator("#mail")).to_be_focused()
        page.keyboard.type("Terima kasih, ")
    page.wait_for_timeout(300)
    page.keyboard.type("kami datang.")
    expect(page.locator("#mail")).to_have_value("Terima kasih, kami datang.")
    page.locator("#mail").fill("")


SLOW_FRAME = """
const fetched = window.fetch;
window.fetch = async (path, options) => {
  if (options.method === "GET" && path.startsWith("/console/f/cases")) await new Promise((next) => setTimeout(next, 700));
  return fetched(path, options);
};
"""


def test_whoever_asks_for_the_list_while_it_comes_gets_it(unit: Unit, page_of: Any) -> None:
    """On a slow line somebody presses G C before the list is there, which comes by itself to whoever has no queue."""
    unit.reports("+62811007")
    page = page_of(None)
    page.add_init_script(SLOW_FRAME)
    sign_in(page, unit.office.url, unit.worker.name)
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.locator("#case-rows .row").first).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(1_500)  # what would come too late has come
    expect(page.locator("#case-rows .row").first).to_be_visible()


def test_passphrase_and_what_was_opened_are_nowhere_once_somebody_is_out(unit: Unit, page_of: Any) -> None:
    unit.reports("+62811006")
    page = page_of(unit.worker)
    newest_case(page)
    expect(page.locator("#records")).to_contain_text(STORY, timeout=PATIENCE)
    page.locator("[data-do=sign-out]").click()
    expect(page.locator("#sign")).to_be_visible(timeout=PATIENCE)
    assert STORY not in page.content()
    assert page.locator("#sign-passphrase").input_value() == ""
    kept = page.evaluate(
        """async () => JSON.stringify([{...localStorage}, {...sessionStorage}, await indexedDB.databases(), await caches.keys(),
            location.href, history.length, document.cookie])"""
    )
    assert STORY not in kept
    assert PASSPHRASE.split()[0] not in kept
    assert base64.b64encode(PASSPHRASE.encode()).decode()[:12] not in kept
    page.go_back()
    assert STORY not in page.content()


def test_what_is_late_calls_the_lead_and_the_three_days_are_answered(unit: Unit, page_of: Any) -> None:
    page = page_of(unit.lead)
    unit.reports("+62811009")
    newest = max(unit.rows("cases"), key=lambda row: (row["created_at"], row["status"] == "stored"))
    now = int(time.time())
    unit.write(Update(table="cases", key={"id": newest["id"]}, values={"created_at": now - 30 * 3600, "due_at": now}))
    expect(page.locator("#late")).to_have_text("1 lewat batas", timeout=PATIENCE)
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.locator("[data-do=which][data-which=unread]")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)
    row = page.locator(f"#case-{newest['id'].hex()}")
    expect(row).to_contain_text("lewat batas baca 6 jam")
    sound(page, "late cases")
    shot(page, "late")
    row.click()
    expect(page.locator("#records")).to_contain_text(STORY, timeout=PATIENCE)
    expect(page.locator("#late")).to_have_text("", timeout=PATIENCE)
    expect(page.locator("#duty time")).to_have_text("3×24 jam: sisa 41 jam")
    sound(page, "duty")
    shot(page, "duty")
    page.locator("#duty-form").get_by_label("Ada, dan polisi sudah diberi tahu").check()
    page.locator("#duty-text").fill("Polresta, pukul 10.00, laporan 123")
    page.locator("#duty-form button").click()
    expect(page.locator("#duty")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("#timeline .duty")).to_contain_text("Wajib lapor 3×24 jam: Ada, dan polisi sudah diberi tahu")
    [case] = unit.rows("cases", f"hex(id) = '{newest['id'].hex().upper()}'")
    assert case["due_at"] is None
