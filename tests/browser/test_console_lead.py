"""Colleagues, and what a lead decides, at the console in a real browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import PATIENCE, ready, shot, sound
from tests.browser.pages import until
from tests.browser.unit import STORY, Unit, newest_case

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]

def test_a_colleague_is_invited_joins_is_admitted_by_six_words_and_reads(unit: Unit, page_of: Any) -> None:
    unit.reports("+62811004")
    lead, new = page_of(unit.lead), page_of(None)
    lead.keyboard.press("g")
    lead.keyboard.press("s")
    expect(lead.locator("#staff-heading")).to_be_focused(timeout=PATIENCE)
    lead.locator("#invite-form select").select_option("counsellor")
    lead.locator("#invite-form button").click()
    expect(lead.locator("#invite-link")).to_contain_text("#join=", timeout=PATIENCE)
    shot(lead, "invite")
    new.goto(lead.locator("#invite-link").inner_text())
    expect(new.locator("#join-heading")).to_be_focused(timeout=PATIENCE)
    assert "#" not in new.url
    words = new.locator("#join-words").inner_text()
    assert len(words.split()) == 6
    sound(new, "join")
    shot(new, "join")
    new.locator("#join").get_by_label("Nama masuk").fill("tono")
    new.get_by_label("Nama yang dilihat rekan").fill("Tono")
    new.get_by_label("Ketik lagi").fill("salah salah salah")
    new.locator("#join button.main").click()
    expect(new.locator("#join-wrong")).to_contain_text("Tidak sama")
    new.get_by_label("Ketik lagi").fill(words)
    new.locator("#join button.main").click()
    expect(new.locator("#joined-heading")).to_be_focused(timeout=PATIENCE)
    fingerprint = new.locator("#joined-words").inner_text()
    sound(new, "joined")
    shot(new, "joined")
    new.get_by_role("button", name="Masuk sekarang").click()
    new.locator("#sign-passphrase").fill(words)
    new.keyboard.press("Enter")
    expect(new.locator("#sign-wrong")).to_contain_text("belum diterima", timeout=PATIENCE)
    expect(lead.locator("#members [data-do=admit]")).to_be_visible(timeout=20_000)  # the page looks by itself
    lead.locator("#members [data-do=admit]").click()
    lead.locator("#admit-form input").fill("kucing " + " ".join(fingerprint.split()[1:]))
    lead.keyboard.press("Enter")
    expect(lead.locator("#admit-wrong")).to_contain_text("tidak cocok", timeout=PATIENCE)
    lead.locator("#admit-form input").fill(fingerprint)
    lead.keyboard.press("Enter")
    expect(lead.locator("#admit")).to_be_hidden(timeout=PATIENCE)
    new.locator("#sign-passphrase").fill(words)
    new.keyboard.press("Enter")
    expect(new.locator("#queue-heading")).to_be_focused(timeout=PATIENCE)
    newest_case(new)
    expect(new.locator("#records")).to_contain_text(STORY, timeout=PATIENCE)
    lead.locator("#members tr", has_text="tono").locator("[data-do=remove]").click()
    lead.locator("#remove-form button.grave").click()
    expect(lead.locator("#members tr.removed")).to_contain_text("tono", timeout=PATIENCE)
    # The lead's page seals the cases' keys to the unit's new key, and goes on reading them.
    expect(lead.locator("#toasts")).to_contain_text("sekarang memakai kunci baru", timeout=PATIENCE)
    assert {row["version"] for row in unit.rows("case_key")} == {2}
    expect(new.locator("#sign")).to_be_visible(timeout=20_000)  # at once, by itself
    assert STORY not in new.content()
    newest_case(lead)
    expect(lead.locator("#records")).to_contain_text(STORY, timeout=PATIENCE)


def test_hours_and_replies_are_the_leads_and_of_two_who_change_them_the_second_is_told(unit: Unit, page_of: Any) -> None:
    first, second, worker = page_of(unit.lead), page_of(unit.lead), page_of(unit.worker)
    for page in (first, second, worker):
        page.locator("[data-view=hours]").click()
        expect(page.locator("#canned-edit li")).not_to_have_count(0, timeout=PATIENCE)
    assert worker.locator("#opening-form button").count() == 0
    first.get_by_label("Senin").fill("08:00-12:00, 13.00 - 16.00")
    first.locator("#opening-form button").click()
    expect(first.locator("#toasts")).to_contain_text("Tersimpan", timeout=PATIENCE)
    second.get_by_label("Selasa").fill("8-9")
    second.locator("#opening-form button").click()
    expect(second.locator("#opening-form .wrong")).to_contain_text("Selasa")
    second.get_by_label("Selasa").fill("08:00-09:00")
    second.locator("#opening-form button").click()
    expect(second.locator("#opening-form .wrong")).to_contain_text("lebih dulu", timeout=PATIENCE)
    first.locator("#holidays").fill("2026-12-25 Natal\n2027-01-01 Tahun Baru")
    first.locator("#holidays-form button").click()
    before = first.locator("#canned-edit li").count()
    first.locator("[data-do=canned-add]").click()
    first.keyboard.type("Aku di sini.")
    first.locator("#canned-form button.main").click()
    expect(first.locator("#toasts .toast")).not_to_have_count(0, timeout=PATIENCE)
    until(first, lambda: len(unit.rows("desk_setting")) == 3)
    stored = {row["name"]: json.loads(row["value"]) for row in unit.rows("desk_setting")}
    assert stored["hours"]["mon"] == [["08:00", "12:00"], ["13:00", "16:00"]]
    assert [day["date"] for day in stored["holidays"]] == ["2026-12-25", "2027-01-01"]
    assert len(stored["canned"]) == before + 1
    assert stored["canned"][-1]["id_text"] == "Aku di sini."


def test_a_crisis_rings_and_is_closed_by_one_where_there_is_nobody_else(unit: Unit, page_of: Any) -> None:
    page = page_of(unit.lead)
    ready(page)
    unit.office.says("+62811005", "/start", "aku mau dibunuh bapakku tolong")
    expect(page.locator("#alarm")).to_have_text("Perlu orang sekarang", timeout=PATIENCE)
    assert page.title().startswith("(")
    sound(page, "danger")
    shot(page, "danger")
    page.keyboard.press("a")
    expect(page.locator("#summary")).to_contain_text("dibunuh", timeout=PATIENCE)
    expect(page.locator("#alarm")).to_be_hidden(timeout=PATIENCE)
    page.keyboard.press("Escape")
    page.locator("#talk-tools [data-do=relayed]").click()
    page.locator("#relayed").get_by_label("Siapa yang menjawab").fill("Petugas Dwi")
    sound(page, "relayed")
    shot(page, "relayed")
    page.keyboard.press("Enter")
    expect(page.locator("#notes li")).to_contain_text("Petugas Dwi", timeout=PATIENCE)
    page.locator("#talk-head [data-do=wrap]").click()
    expect(page.locator("#wrap-second")).to_contain_text("Kamu menutupnya sendiri")
    shot(page, "alone")
    page.locator("#wrap input[value=relayed]").check()
    page.locator("#wrap input[value=danger]").check()
    page.locator("#wrap input[name=duty][value=later]").check()
    page.locator("#wrap-form button[type=submit]").click()
    expect(page.locator("#wrap")).to_be_hidden(timeout=PATIENCE)
    [row] = unit.rows("hand_off", "urgency = 'danger'")
    assert (row["state"], row["closing_id"], row["closed_by"]) == ("closed", unit.lead.id, unit.lead.id)
    page.locator("[data-view=cases]").click()
    page.locator(f"#case-{row['case_id'].hex()}").click()
    expect(page.locator("#timeline .closed .alone")).to_have_text("Ditutup oleh satu orang, karena tidak ada rekan lain.", timeout=PATIENCE)
    page.locator("[data-view=board]").click()
    expect(page.locator("#board-alone")).to_have_text("1", timeout=PATIENCE)
    sound(page, "board")
    shot(page, "board")


def test_a_colleague_links_a_chat_with_a_code_and_unlinks_it(unit: Unit, page_of: Any) -> None:
    page = page_of(unit.worker)
    expect(page.locator("#cases-heading")).to_be_focused(timeout=PATIENCE)  # what is shown first is there
    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page.locator("#telegram-state")).to_have_text("Belum ada chat yang terhubung.", timeout=PATIENCE)
    expect(page.locator("#telephone-state")).to_have_text("Layanan ini belum bisa menelepon.")
    page.locator("[data-do=telegram-code]").click()
    expect(page.locator("#telegram-left")).to_contain_text("berlaku", timeout=PATIENCE)
    sound(page, "contacts")
    shot(page, "contacts")
    unit.office.says("5550100099", page.locator("#telegram-code").inner_text())
    expect(page.locator("#telegram-state")).to_have_text("Satu chat terhubung.", timeout=PATIENCE)
    expect(page.locator("#telegram-made")).to_be_hidden()
    assert unit.office.heard("5550100099") == ["Terhubung. · Connected."]
    page.locator("[data-do=telegram-unlink]").click()
    expect(page.locator("#telegram-state")).to_have_text("Belum ada chat yang terhubung.", timeout=PATIENCE)
