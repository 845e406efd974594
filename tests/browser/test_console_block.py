"""Blocking the address of a conversation, and lifting it from its case: by keyboard alone, on a screen and on a telephone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.child import Child
from tests.browser.desk import PATIENCE, Desk, accept, ready, shot, sound
from tests.browser.pages import PHONE, held, until, watch
from tests.browser.pages import sound as page_sound

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
REASON = "Menghina terus, sudah diingatkan tiga kali."
SAID = "konselor tidak membalas di chat ini"
VIEWS: dict[str, dict[str, Any]] = {"desktop": {}, "phone": PHONE}


def tab_to(page: Page, selector: str) -> None:
    """With Tab alone."""
    for _ in range(60):
        if page.locator(f"{selector}:focus").count():
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached")


def blocks(page: Page, view: str) -> None:
    """The dialog, from the tools beside the conversation to its end."""
    page.keyboard.press("Escape")  # out of the reply box
    side = page.locator("#talk-head [data-do=side]")
    if side.is_visible():
        tab_to(page, "#talk-head [data-do=side]")
        page.keyboard.press("Enter")
    tab_to(page, "#talk-tools [data-do=block]")
    page.keyboard.press("Enter")
    expect(page.locator("#block")).to_be_visible()
    expect(page.locator("#block-crisis")).to_be_hidden()
    sound(page, "about to block")
    shot(page, f"block-{view}")
    tab_to(page, "#block input[name=hours]")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#block input[value='24']")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type(REASON)
    tab_to(page, "#block-form button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Pengirim diblokir", timeout=PATIENCE)


@pytest.mark.parametrize("view", VIEWS)
def test_an_address_is_blocked_and_lifted_by_keyboard(desk: Desk, console: Any, view: str) -> None:
    page = console(desk.sari, **VIEWS[view])
    ready(page)
    address = desk.asks("Kalian semua payah.")
    accept(page)
    blocks(page, view)
    until(page, lambda: any(SAID in text for text in desk.office.heard(address)))
    # What became of it is asked as after every talk.
    expect(page.locator("#wrap")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("Escape")
    expect(page.locator("#compose")).to_be_hidden()
    expect(page.locator("#talk-tools [data-do=block]")).to_be_hidden()
    expect(page.locator("#notes")).to_contain_text("Diblokir 24 jam")
    expect(page.locator("#notes")).to_contain_text(REASON)
    tab_to(page, "#talk-tools [data-do=case]")
    page.keyboard.press("Enter")
    line = page.locator("#case-block")
    expect(line).to_contain_text(re.compile(r"diblokir sampai .*\d\d:\d\d"), timeout=PATIENCE)
    entry = page.locator("#timeline .block")
    expect(entry).to_contain_text("Diblokir 24 jam")
    expect(entry.locator(".proof.signed")).to_be_visible()
    sound(page, "a case that is blocked")
    shot(page, f"blocked-case-{view}")
    assert address not in page.content()
    # Whatever is written there reaches nobody.
    hand_offs = len(desk.office.rows("select id from hand_off"))
    desk.office.says(address, "konselor", "talk", "payah kalian semua ya")
    assert len(desk.office.rows("select id from hand_off")) == hand_offs
    tab_to(page, "#case-block [data-do=unblock]")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Blokir dibuka", timeout=PATIENCE)
    expect(line).to_be_hidden()
    expect(page.locator("#case-heading")).to_be_focused()
    expect(page.locator("#timeline .unblock .proof.signed")).to_be_visible()
    expect(page.locator("#toasts .toast")).to_have_count(0, timeout=PATIENCE)  # it fades
    sound(page, "a case that is not blocked any more")
    assert desk.office.rows("select id from block") == []


def test_a_lead_lifts_what_somebody_else_set_and_a_colleague_cannot(desk: Desk, console: Any) -> None:
    page = console(desk.sari)
    ready(page)
    desk.asks("Kalian semua payah sekali.")
    accept(page)
    blocks(page, "lead")
    case_id = page.locator("#talk-head").get_attribute("data-case")
    for who, may in ((desk.andi, False), (desk.lead, True)):
        other = console(who)
        other.keyboard.press("g")
        other.keyboard.press("c")
        other.locator(f"#case-{case_id}").click()
        expect(other.locator("#case-block")).to_be_visible(timeout=PATIENCE)
        assert other.locator("#case-block [data-do=unblock]").is_visible() is may
    other.locator("#case-block [data-do=unblock]").click()
    expect(other.locator("#timeline .unblock")).to_contain_text("Kamu", timeout=PATIENCE)
    other.keyboard.press("g")
    other.keyboard.press("a")
    expect(other.locator("#view-page")).to_contain_text("memblokir pengirim kasus", timeout=PATIENCE)
    expect(other.locator("#view-page")).to_contain_text("membuka blokir pengirim kasus")


@pytest.mark.parametrize("seen", [True, False])
def test_nobody_is_hung_up_on_who_cried_for_help_while_the_reason_was_typed(desk: Desk, console: Any, seen: bool) -> None:
    """`seen`: it stood behind the dialog by then. Else only the service knows of it, and what it refuses is not tried again."""
    page = console(desk.sari)
    ready(page)
    address = desk.asks("Kalian semua payah, dengar?")
    accept(page)
    page.locator("#talk-tools [data-do=block]").click()
    page.locator("#block input[value='24']").check()
    page.locator("#block textarea").fill(REASON)
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/block") else None)
    cry, press = "tolong, dia mau bunuh aku", page.locator("#block-form button[type=submit]")
    if seen:
        desk.office.says(address, cry)
        expect(page.locator("#log .theirs .words-said").last).to_have_text(cry, timeout=PATIENCE)
        press.click()
    else:
        with held(page, "**/console/j/hand-off/*?since=*"):
            desk.office.says(address, cry)
            press.click()
            expect(page.locator("#block")).to_be_hidden(timeout=PATIENCE)
    expect(page.locator("#block")).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("Percakapan ini berubah di tempat lain")
    expect(page.locator("#log .theirs .words-said").last).to_have_text(cry, timeout=PATIENCE)
    expect(page.locator("#log")).to_be_focused()
    page.wait_for_timeout(500)
    assert len(sent) == (0 if seen else 1)
    talk = str(page.locator("#talk-head").get_attribute("data-id")).upper()
    [row] = desk.office.rows(f"select state, case_id from hand_off where hex(id) = '{talk}'")
    assert row["state"] == "active"
    assert desk.office.rows(f"select id from case_record where hex(case_id) = '{row['case_id'].hex().upper()}' and kind = 'note'") == []
    assert not any(SAID in text for text in desk.office.heard(address))
    page.locator("#talk-tools [data-do=block]").click()
    expect(page.locator("#block textarea")).to_have_value(REASON)  # what was typed is still there
    page.keyboard.press("Escape")
    page.locator("#talk-heading").focus()
    desk.office.says(address, "mtk")


def test_what_a_child_on_the_page_sees(desk: Desk, console: Any, browser: Browser, wrong: list[str]) -> None:
    """Until when, the numbers, and what still works; nothing of a report or a counsellor; danger as ever."""
    page = console(desk.sari)
    ready(page)
    context = browser.new_context(**PHONE)
    try:
        phone = context.new_page()
        watch(phone, desk.office.url, wrong)
        child = Child(phone, desk.office.url)
        child.asks_for_a_person("Kamu semua bodoh.")
        accept(page)
        blocks(page, "web")
        child.hears(SAID)
        expect(phone.locator(".theirs", has_text=SAID).last.locator("a[href='tel:112']")).to_be_visible()
        last = phone.locator(".choices:not(.past)").last
        expect(last).to_contain_text("Belajar")
        expect(last).not_to_contain_text("Lapor")
        expect(last).not_to_contain_text("konselor")
        page_sound(phone, "blocked")
        shot(phone, "block-child")
        child.says("tolong, dia mau bunuh aku", "112")
        expect(page.locator("#alarm")).to_be_visible(timeout=PATIENCE)
    finally:
        context.close()


def test_in_a_danger_it_is_said_that_two_people_close_it(desk: Desk, console: Any) -> None:
    page = console(desk.sari)
    ready(page)
    desk.office.says("+6281199001", "/start", "tolong, dia mau bunuh aku")
    expect(page.locator("#queue [data-do=accept]").first).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("a")
    expect(page.locator("#reply")).to_be_focused(timeout=PATIENCE)
    page.locator("#talk-tools [data-do=block]").click()
    expect(page.locator("#block-crisis")).to_be_visible()
    sound(page, "about to block in a danger")
    shot(page, "block-danger")
