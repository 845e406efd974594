"""Colleagues at the console: what they speak and are trained for, the words that are compared, the trail of who opened what, an
administrator with the unit's key, a passphrase of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from actions.rows import Delete, Insert
from bot.vault.certificate import fingerprint
from tests.browser.desk import PATIENCE, Desk, ready, shot, sign_in, sound
from tests.browser.office import PASSPHRASE, Colleague
from tests.browser.pages import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True}


@pytest.fixture(autouse=True)
def whole(desk: Desk) -> Iterator[None]:
    """What a test did to the chain is undone for the next."""
    rows = desk.office.rows("SELECT number, action FROM audit")
    yield
    found = {row["number"]: row["action"] for row in desk.office.rows("SELECT number, action FROM audit")}
    assert all(found.get(row["number"]) == row["action"] for row in rows), "a test has to put back what it took"


def words_of(who: Colleague) -> str:
    """The six words that somebody reads out."""
    joining = who.born.joining
    return " ".join(fingerprint(who.id, sealing_public=joining.sealing_public, signing_public=joining.signing_public))


def goes_to(page: Page, name: str) -> None:
    page.locator(f"[data-view={name}]").click()
    expect(page.locator(f"#{name}-heading")).to_be_focused(timeout=PATIENCE)


def signs_in_again(page: Page, name: str, passphrase: str = PASSPHRASE) -> None:
    """On the page that asks for it."""
    page.locator("#sign input[name=name]").fill(name)
    page.locator("#sign-passphrase").fill(passphrase)
    page.keyboard.press("Enter")


def test_a_lead_sets_what_colleagues_are_trained_for_and_they_say_what_they_speak(desk: Desk, console: Any) -> None:
    lead, sari, andi = console(desk.lead), console(desk.sari), console(desk.andi)
    goes_to(lead, "staff")
    row = lead.locator("#members tr", has_text="sari")
    expect(row).to_contain_text("bahasa id, en · sampai 3 percakapan")
    row.locator("[data-do=set-member]").click()
    expect(lead.locator("#set-heading")).to_have_text("Tugas Sari")
    lead.locator("#set select").select_option("5")
    lead.locator("#set").get_by_label("Anak menulis sendiri").check()
    sound(lead, "what somebody is trained for")
    shot(lead, "set-member")
    lead.locator("#set button[type=submit]").click()
    expect(row).to_contain_text("bahasa id, en · sampai 5 percakapan · Anak menulis sendiri", timeout=PATIENCE)
    expect(row.locator("[data-do=set-member]")).to_be_focused()
    goes_to(sari, "me")
    form = sari.locator("#languages-form")
    expect(form.get_by_label("English")).to_be_checked()
    form.get_by_label("English").uncheck()
    form.get_by_label("Bahasa Indonesia").uncheck()
    form.locator("button").click()
    expect(form.locator(".wrong")).to_have_text("Pilih paling sedikit satu bahasa.")
    form.get_by_label("Bahasa Indonesia").check()
    sound(sari, "languages")
    shot(sari, "languages")
    form.locator("button").click()
    expect(sari.locator("#toasts")).to_contain_text("Tersimpan.", timeout=PATIENCE)
    expect(row).to_contain_text("bahasa id · sampai 5 percakapan", timeout=PATIENCE)
    # Where one is chosen to take over, it stands beside the name.
    for page in (sari, andi):
        goes_to(page, "queue")
        ready(page)
    desk.asks()
    offered = "#queue .offered [data-do=accept]"
    until(andi, lambda: bool(andi.locator(offered).count() + sari.locator(offered).count()))  # one of them is asked
    taker, other = (andi, "Sari") if andi.locator(offered).count() else (sari, "Andi")
    taker.keyboard.press("a")
    expect(taker.locator("#reply")).to_be_focused(timeout=PATIENCE)
    taker.locator("#talk-head [data-do=transfer]").click()
    spoken = "id" if other == "Sari" else "en, id"
    expect(taker.locator("#transfer .choices")).to_contain_text(f"{other} Konselor · Siap · {spoken}", timeout=PATIENCE)
    shot(taker, "transfer-languages")


def test_the_units_words_are_compared_once_in_each_browser(desk: Desk, console: Any) -> None:
    page = console(None, **PHONE)
    sign_in(page, desk.office.url, "andi", compares=False)
    expect(page.locator("#compare")).to_be_visible()
    unit = desk.lead.born.joining
    expected = " ".join(fingerprint(desk.unit, sealing_public=unit.sealing_public, signing_public=unit.signing_public))
    expect(page.locator("#compare-words")).to_have_text(expected)
    sound(page, "the unit's words, on a telephone")
    shot(page, "compare-phone")
    page.set_viewport_size({"width": 1280, "height": 800})
    shot(page, "compare")
    # Other words: out at once, and the root that was believed is forgotten.
    page.locator("[data-do=compare-differ]").click()
    expect(page.locator("#sign-intro")).to_contain_text("tidak sama dengan kata ketuamu", timeout=PATIENCE)
    assert page.evaluate("Object.keys(localStorage).filter((name) => /root|compared/.test(name))") == []
    signs_in_again(page, "andi")
    expect(page.locator("#compare")).to_be_visible(timeout=PATIENCE)
    page.locator("[data-do=compare-later]").click()
    expect(page.locator("#queue-heading")).to_be_focused()
    page.reload()
    signs_in_again(page, "andi")
    expect(page.locator("#compare")).to_be_visible(timeout=PATIENCE)
    page.locator("[data-do=compare-same]").click()
    expect(page.locator("#compare")).to_be_hidden()
    expect(page.locator("#queue-heading")).to_be_focused()
    page.reload()
    signs_in_again(page, "andi")
    expect(page.locator("#queue-heading")).to_be_focused(timeout=PATIENCE)
    expect(page.locator("#compare")).to_be_hidden()
    lead = console(None)
    sign_in(lead, desk.office.url, "ratna", compares=False)
    expect(lead.locator("#compare")).to_be_hidden()  # they are her own


def test_a_lead_reads_the_trail_and_a_chain_that_was_cut_is_refused_loudly(desk: Desk, console: Any) -> None:
    office = desk.office
    auditor = office.colleague(desk.unit, "auditor", name="amir", shown="Pak Amir", lead=desk.lead)
    lead, watching = console(desk.lead), console(auditor)
    for page in (lead, watching):
        goes_to(page, "audit")
        expect(page.locator("#audit-whole")).to_contain_text("Utuh: menyambung dengan yang diingat browser ini", timeout=PATIENCE)
        expect(page.locator(".trail")).to_contain_text("Bu Ratna memberi kunci unit kepada Sari")
    sound(lead, "the trail")
    shot(lead, "trail")
    lead.set_viewport_size({"width": 320, "height": 640})
    sound(lead, "the trail, on a telephone")
    shot(lead, "trail-phone")
    lead.set_viewport_size({"width": 1280, "height": 800})
    head = remembered(lead)
    lead.reload()
    signs_in_again(lead, "ratna")
    expect(lead.locator("#desk")).to_be_visible(timeout=PATIENCE)
    # Somebody who can write to the database cuts off what he did.
    number = int(remembered(lead).split(":")[0])
    kept = office.rows(f"SELECT * FROM audit WHERE number >= {number}")
    office.write(*(Delete(table="audit", key={"number": row["number"]}) for row in kept))
    goes_to(lead, "board")
    goes_to(lead, "audit")
    expect(lead.locator("#audit-whole")).to_contain_text("dipotong atau dibuat ulang", timeout=PATIENCE)
    shot(lead, "trail-cut")
    lead.reload()
    signs_in_again(lead, "ratna")
    expect(lead.locator("#sign-wrong")).to_contain_text("sudah dipotong atau dibuat ulang", timeout=PATIENCE)
    expect(lead.locator("#sign-heads")).to_contain_text(f"Diingat di sini: {number}:")
    expect(lead.locator("#desk")).to_be_hidden()
    sound(lead, "a trail that was cut")
    shot(lead, "sign-trail-cut")
    # The operator has said why: from here on it is remembered anew.
    lead.locator("[data-do=chain-anew]").click()
    expect(lead.locator("#sign-intro")).to_contain_text("Jejak diingat lagi", timeout=PATIENCE)
    signs_in_again(lead, "ratna")
    expect(lead.locator("#desk")).to_be_visible(timeout=PATIENCE)
    assert number >= int(head.split(":")[0])
    put_back(desk, kept)


def remembered(page: Page) -> str:
    """Number and hash of the trail's end, as a browser keeps them."""
    return str(page.evaluate("localStorage[Object.keys(localStorage).find((name) => name.startsWith('ruang-aman.audit-head.'))]"))


def put_back(desk: Desk, kept: list[dict[str, Any]]) -> None:
    """The rows of the chain as they were."""

    async def put() -> None:
        async with desk.office.service.engine.begin() as connection:
            await connection.exec_driver_sql(f"DELETE FROM audit WHERE number >= {kept[0]['number']}")
        for row in kept:
            await desk.office.service.writer.write([Insert(table="audit", row=row)])

    desk.office.run(put())


def test_a_lead_gives_an_administrator_the_units_key(desk: Desk, console: Any) -> None:
    office = desk.office
    admin = office.colleague(desk.unit, "administrator", name="dodi", shown="Dodi")
    ready(console(desk.sari))
    desk.asks()
    lead = console(desk.lead)
    goes_to(lead, "staff")
    row = lead.locator("#members tr", has_text="dodi")
    row.locator("[data-do=admit]").click()
    expect(lead.locator("#admit-key")).to_be_visible()
    lead.locator("#admit-form input[name=words]").fill(words_of(admin))
    sound(lead, "admitting an administrator")
    shot(lead, "admit-administrator")
    lead.keyboard.press("Enter")
    expect(lead.locator("#toasts")).to_contain_text("Orang itu tidak memegang kunci unit.", timeout=PATIENCE)
    page = console(admin)
    expect(page.locator("[data-view=cases]")).to_be_hidden()
    row.locator("[data-do=give-key]").click()
    expect(lead.locator("#admit-heading")).to_have_text("Beri kunci unit kepada Dodi?")
    lead.locator("#admit-form input[name=words]").fill(words_of(admin))
    lead.keyboard.press("Enter")
    expect(row).to_contain_text("memegang kunci unit", timeout=PATIENCE)
    expect(row.locator("[data-do=give-key]")).to_have_count(0)
    shot(lead, "staff-key-holder")
    page.reload()
    signs_in_again(page, "dodi")
    goes_to(page, "cases")
    page.locator("#case-rows .row").first.click()
    expect(page.locator("#records")).to_contain_text("Kakak sepupuku", timeout=PATIENCE)
    for hidden in ("#mail-form", "#note-form", "#status-form", "#duty-form"):
        assert page.locator(hidden).filter(visible=True).count() == 0, hidden
    expect(page.locator("[data-view=queue]")).to_be_hidden()
    sound(page, "a case, read only")
    shot(page, "case-read-only")
    goes_to(lead, "audit")
    expect(lead.locator(".trail li").first).to_contain_text("Dodi membuka kasus", timeout=PATIENCE)
    expect(lead.locator(".trail")).to_contain_text("Bu Ratna memberi kunci unit kepada Dodi")
    # Removing changes the unit's key, as for everybody who had it.
    versions = office.rows("SELECT version FROM unit_key")
    goes_to(lead, "staff")
    row.locator("[data-do=remove]").click()
    lead.locator("#remove-form button[type=submit]").click()
    expect(lead.locator("#members tr.removed")).to_contain_text("Dodi", timeout=PATIENCE)
    assert len(office.rows("SELECT version FROM unit_key")) == len(versions) + 1
    page.locator("[data-view=board]").click()
    expect(page.locator("#sign")).to_be_visible(timeout=PATIENCE)


def test_somebody_joins_with_a_passphrase_and_languages_of_their_own(desk: Desk, console: Any) -> None:
    page = console(None)
    page.goto(f"{desk.office.url}/console#join={desk.office.invited(desk.unit, 'counsellor')}")
    form = page.locator("#join")
    expect(form.locator("#join-words")).not_to_be_empty(timeout=PATIENCE)  # six words are offered first
    form.locator("input[name=name]").fill("wati")
    form.locator("input[name=shown]").fill("Wati")
    form.get_by_role("button", name="Pakai frasa sandi sendiri").click()
    own, again = form.locator("#join-own-words"), form.locator("input[name=typed]")
    expect(own).to_be_focused()
    expect(form.locator("#join-words")).to_be_hidden()
    sound(page, "a passphrase of one's own")
    shot(page, "join-own")
    for weak in ("pendek", "satu dua tiga empat", "aaaaaaaaaaaaaaaaaaaaaaaa", "lima lima lima lima lima"):
        own.fill(weak)
        again.fill(weak)
        form.locator("button.main").click()
        expect(form.locator("#join-wrong")).to_contain_text("terlalu mudah ditebak")
        form.locator("#join-wrong").evaluate("(one) => { one.textContent = ''; }")
    chosen = "kucing oren makan lemper dingin"
    own.fill(chosen)
    again.fill(chosen + "x")
    form.locator("button.main").click()
    expect(form.locator("#join-wrong")).to_have_text("Kedua ketikan itu tidak sama.")
    again.fill(chosen)
    form.get_by_label("Bahasa Indonesia").uncheck()
    form.locator("button.main").click()
    expect(form.locator("#join-wrong")).to_have_text("Pilih paling sedikit satu bahasa.")
    form.get_by_label("English").check()
    form.locator("button.main").click()
    expect(page.locator("#joined-heading")).to_be_focused(timeout=PATIENCE)
    (row,) = desk.office.rows("SELECT languages, state FROM staff WHERE name = 'wati'")
    assert row == {"languages": "en", "state": "new"}
    page.get_by_role("button", name="Masuk sekarang").click()
    signs_in_again(page, "wati", chosen)
    expect(page.locator("#sign-wrong")).to_contain_text("belum diterima", timeout=PATIENCE)  # the passphrase is right
    assert json.dumps(page.evaluate("({...localStorage})")).find("kucing") < 0
