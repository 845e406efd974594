"""Cases that come while a page stands open: the list shows them, the rail says so to whoever looks elsewhere, and many are few looks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.desk import PATIENCE, accept, ready
from tests.browser.unit import Unit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]
DANGER = "tolong dia mau bunuh aku sekarang"


def cases_shown(page: Page) -> None:
    page.locator("[data-view=cases]").click()
    expect(page.locator("#cases-heading")).to_be_focused(timeout=PATIENCE)
    expect(page.locator("#case-list .tabs")).to_be_visible(timeout=PATIENCE)


def test_a_report_comes_into_the_list_that_is_open_and_more_of_it_too(unit: Unit, page_of: Any) -> None:
    """Nobody touches the page, and nobody of staff does anything."""
    page = page_of(unit.worker)
    cases_shown(page)
    rows = page.locator("#case-rows .row")
    before = rows.count()
    told = unit.reports("+62811201", how="own_here")
    expect(rows).to_have_count(before + 1, timeout=PATIENCE)
    rows.first.click()
    expect(page.locator("#case-heading")).to_be_focused(timeout=PATIENCE)
    code = next(line for line in told.splitlines() if len(line.split()) == 5)
    unit.office.says("+62811202", "/start", "check", code, "add", "Aku lupa: namanya Om Joko.")
    expect(page.locator("#records")).to_contain_text("Aku lupa: namanya Om Joko.", timeout=PATIENCE)


def test_who_looks_at_the_queue_sees_that_a_case_is_unread_until_somebody_read_it(unit: Unit, page_of: Any) -> None:
    counsellor = unit.office.colleague(unit.id, "counsellor", name="sinta", shown="Sinta", lead=unit.lead)
    lead = page_of(unit.lead)
    cases_shown(lead)
    unread = lead.locator("#case-rows .unread .row")
    for left in reversed(range(unread.count())):  # what other tests left is read first
        unread.first.click()
        expect(unread).to_have_count(left, timeout=PATIENCE)
    page = page_of(counsellor)
    expect(page.locator("#queue-heading")).to_be_focused(timeout=PATIENCE)
    dot = page.locator("[data-view=cases] .dot")
    expect(dot).to_be_hidden()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/console/f/cases" in request.url else None)
    unit.office.says("+62811203", DANGER)
    expect(dot).to_be_visible(timeout=PATIENCE)
    # Another page that opens now says so from the beginning.
    again = page_of(counsellor)
    expect(again.locator("[data-view=cases] .dot")).to_be_visible(timeout=PATIENCE)
    ready(page)
    accept(page)  # who takes it, reads it
    expect(dot).to_be_hidden(timeout=PATIENCE)
    expect(again.locator("[data-view=cases] .dot")).to_be_hidden(timeout=PATIENCE)
    assert asked == [], "the list is fetched where it is shown, and nowhere else"


def test_many_that_come_at_once_are_few_looks(unit: Unit, page_of: Any) -> None:
    page = page_of(unit.worker)
    cases_shown(page)
    page.wait_for_timeout(2500)  # what the page looks for when it opens is behind it
    looks: list[Request] = []
    page.on("request", lambda request: looks.append(request) if re.search("/console/f/cases$", request.url) else None)
    before = page.locator("#case-rows .row").count()
    for number in range(12):
        unit.reports(f"+628113{number:02}")
    expect(page.locator("#case-rows .row")).to_have_count(before + 12, timeout=PATIENCE)
    page.wait_for_timeout(2500)
    assert len(looks) <= 8
