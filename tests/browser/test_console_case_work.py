"""What is done with a case at the console: its form, cases that belong together, one timeline of all of it; no typed word is lost."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from actions.rows import Insert, Update
from bot.vault.keys import generate_keypair
from bot.vault.seal import seal, seal_key
from tests.browser.desk import PATIENCE, Desk, accept, finish, ready, shot, sound
from tests.browser.office import PASSPHRASE
from tests.browser.pages import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
TOLD = "Anak tetangga saya sering dipukul ayahnya."
REPORT = {
    "reader": "adult",
    "answers": {
        "story": TOLD, "types": ["physical"], "area": {"kecamatan": "", "kelurahan": "Sepinggan", "text": ""}, "landmark": "dekat masjid",
    },
    "recording": {
        "form_of_violence": [{"value": "fisik"}], "victim_sex": [{"value": "perempuan"}], "victim_age": [{"value": "6-12"}],
        "perpetrator_relation": [{"value": "orang_tua"}],
    },
}  # fmt: skip
VIEWS: dict[str, dict[str, Any]] = {"desktop": {}, "phone": PHONE, "dark": {"color_scheme": "dark"}}


def reported(desk: Desk) -> str:
    """A report that came by itself; gives the case's id."""
    office, pair = desk.office, generate_keypair()
    case_id, record_id, now = secrets.token_bytes(16), secrets.token_bytes(16), int(time.time())
    unit = desk.lead.born.unit
    assert unit is not None
    content = json.dumps({"format": 1, "kind": "report", "language": "id", **REPORT}).encode()
    case = {
        "id": case_id, "kind": "report", "urgency": "other", "status": "stored", "language": "id", "public_key": pair.public,
        "created_at": now, "due_at": now + 3600, "tag": office.service.tags.case(case_id, pair.public),
    }  # fmt: skip
    sealed = seal_key(pair.private, recipient_public=unit.public, case_id=case_id, recipient_id=desk.unit)
    record = {
        "id": record_id, "case_id": case_id, "version": 1, "kind": "report", "created_at": now,
        "sealed": seal(content, public_key=pair.public, case_id=case_id, record_id=record_id, version=1),
    }  # fmt: skip
    office.told(
        Insert(table="cases", row=case),
        Insert(table="case_key", row={
            "case_id": case_id, "recipient_id": desk.unit, "sealed": sealed, "version": 1,
            "tag": office.service.tags.reader(case_id, desk.unit),
        }),
        Insert(table="case_record", row=record),
    )  # fmt: skip
    return case_id.hex()


def opens(page: Page, case_id: str) -> None:
    """Opens a case from the list."""
    if page.locator("#case [data-do=leave-pane]").is_visible():
        page.locator("#case [data-do=leave-pane]").click()
    with page.expect_response(lambda answer: "/console/f/cases" in answer.url):
        page.locator("[data-view=cases]").click()
    page.locator(f"#case-{case_id}").click()
    expect(page.locator(f".case[data-case='{case_id}']")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#timeline")).to_contain_text(TOLD, timeout=PATIENCE)


def number_of(case_id: str) -> str:
    return case_id[:6].upper()


@pytest.mark.parametrize("view", VIEWS)
def test_the_form_begins_with_what_was_told_and_is_corrected_and_signed(desk: Desk, console: Any, view: str) -> None:
    case = reported(desk)
    page = console(desk.sari, **VIEWS[view])
    opens(page, case)
    expect(page.locator("#form-state")).to_have_text("isi awal dari laporan, belum disimpan")
    page.locator("#case-form summary").click()
    form = page.locator("#form-form")
    expect(form.get_by_label("Tempat", exact=True)).to_have_value("Sepinggan, dekat masjid")
    for label in ("Fisik", "Perempuan", "6–12 tahun", "Orang tua"):
        expect(form.get_by_label(label, exact=True)).to_be_checked()
    assert form.locator("input:checked").count() == 4
    form.get_by_label("Jumlah anak").fill("2")
    form.get_by_label("Inisial anak").fill("R., D.")
    form.get_by_label("Laki-laki", exact=True).check()
    sound(page, f"{view} form")
    shot(page, f"{view}-form")
    form.locator("button[type=submit]").click()
    expect(page.locator("#form-state")).to_contain_text("Kamu,", timeout=PATIENCE)
    saved = page.locator("#timeline .form")
    expect(saved).to_contain_text("R., D.")
    expect(saved).to_contain_text("Perempuan; Laki-laki")
    expect(saved.locator(".proof.signed")).to_have_count(1)
    shot(page, f"{view}-saved")
    if view != "desktop":
        return
    # A colleague corrects it: the newest counts, and whoever just writes keeps what they write.
    page.keyboard.press("Enter")
    form.get_by_label("Umur anak").fill("7")
    other = console(desk.andi)
    opens(other, case)
    other.locator("#case-form summary").click()
    expect(other.get_by_label("Jumlah anak")).to_have_value("2")
    other.get_by_label("Jumlah anak").fill("3")
    other.locator("#form-form button[type=submit]").click()
    expect(page.locator("#timeline .form")).to_have_count(2, timeout=PATIENCE)
    expect(page.locator("#form-news")).to_be_visible()
    expect(form.get_by_label("Umur anak")).to_have_value("7")
    # For the server all of it is notes.
    kinds = desk.office.rows(f"select kind from case_record where hex(case_id) = '{case.upper()}' order by created_at")
    assert [row["kind"] for row in kinds] == ["report", "note", "note"]
    # What somebody signed as a note does not become a status because a row says so, and what nobody signed is no form.
    [first, _] = desk.office.rows(f"select id from case_record where hex(case_id) = '{case.upper()}' and kind = 'note' order by created_at")
    desk.office.write(Update(table="case_record", key={"id": first["id"]}, values={"kind": "status"}))
    page.locator("[data-do=sign-out]").click()
    again = console(desk.sari)
    opens(again, case)
    expect(again.locator("#timeline .status.bad .wrong")).to_contain_text("Tanda tangan tidak cocok", timeout=PATIENCE)
    expect(again.get_by_label("Jumlah anak")).to_have_value("3")


@pytest.mark.parametrize("view", ["desktop", "phone"])
def test_cases_that_belong_together_lead_to_each_other_and_the_server_knows_of_none(desk: Desk, console: Any, view: str) -> None:
    first, second = reported(desk), reported(desk)
    page = console(desk.sari, **VIEWS[view])
    opens(page, first)
    expect(page.locator("#near-list")).to_contain_text(f"Kasus {number_of(second)}", timeout=PATIENCE)
    assert number_of(first) not in page.locator("#near-list").inner_text()
    number = page.locator("#related-number")
    for wrong, words in (("xyz1", "0 sampai 9"), ("0" * 32, "Tidak ada kasus"), (number_of(first), "ini sendiri")):
        number.fill(wrong)
        page.locator("#related-form button").click()
        expect(page.locator("#related-wrong")).to_contain_text(words, timeout=PATIENCE)
    number.fill(number_of(second).lower())
    page.locator("#related-how").select_option("duplicate")
    page.locator("#related-form button").click()
    expect(page.locator("#related-list")).to_contain_text(f"Kasus {number_of(second)}", timeout=PATIENCE)
    related = page.locator("#timeline .related")
    expect(related).to_contain_text("Mungkin laporan yang sama")
    expect(related.locator(".proof.signed")).to_have_count(1)
    sound(page, f"{view} related")
    related.scroll_into_view_if_needed()
    shot(page, f"{view}-related")
    related.get_by_role("button").click()
    # There, this page knows of it, and it can be written down there as well.
    expect(page.locator(f".case[data-case='{second}']")).to_be_visible(timeout=PATIENCE)
    back = page.locator("#related-list").get_by_role("button", name=f"Kasus {number_of(first)}")
    expect(back).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#related-list")).to_contain_text("belum di sini")
    page.locator("[data-do=relate-back]").click()
    expect(page.locator("#timeline .related")).to_contain_text(f"Kasus {number_of(first)}", timeout=PATIENCE)
    expect(page.locator("#related-list")).not_to_contain_text("belum di sini")
    for one, other in ((first, second), (second, first)):
        rows = desk.office.rows(f"select kind, sealed from case_record where hex(case_id) = '{one.upper()}'")
        assert sorted(row["kind"] for row in rows) == ["note", "report"]
        assert not any(bytes.fromhex(other) in row["sealed"] or other.encode() in row["sealed"] for row in rows)


def test_a_case_is_read_from_top_to_bottom(desk: Desk, console: Any) -> None:
    page = console(desk.sari)
    ready(page)
    address = desk.asks()
    accept(page)
    page.keyboard.type("Terima kasih sudah cerita.")
    page.keyboard.press("Enter")
    expect(page.locator(".message.ours .tick")).to_have_text("terkirim", timeout=PATIENCE)
    desk.office.says(address, "aku di kamar kak")
    expect(page.locator(".message.theirs")).to_have_count(1, timeout=PATIENCE)
    page.locator("#note").fill("Tampak tenang.")
    page.locator("#note-form button").click()
    expect(page.locator("#notes li")).to_have_count(1, timeout=PATIENCE)
    case = str(page.locator("#talk-head").get_attribute("data-case"))
    other = reported(desk)
    page.locator("#talk-head [data-do=wrap]").click()
    page.locator("#wrap input[name=related]").fill(number_of(other))
    page.keyboard.press("Escape")
    finish(page, "Menjadi kasus", "Sedang")
    page.locator("[data-view=cases]").click()
    page.locator(f"#case-{case}").click()
    expect(page.locator("#timeline .closed")).to_contain_text("Menjadi kasus · Risiko sekarang: Sedang", timeout=PATIENCE)
    order = page.locator("#timeline > .event").evaluate_all("all => all.map((one) => one.innerText.replaceAll('\\n', ' '))")
    wanted = ["sepupuku", "Kamu menerima percakapan", "Terima kasih sudah cerita.", "aku di kamar kak", "Tampak tenang.", "Menjadi kasus",
              "Wajib lapor", f"Kasus {number_of(other)}", "Percakapan ditutup"]  # fmt: skip
    assert len(order) == len(wanted), order
    assert [words for words, one in zip(wanted, order, strict=True) if words not in one] == [], order
    proofs = page.locator("#timeline > .event .proof").evaluate_all("all => all.map((one) => one.classList[1])")
    assert proofs == ["reporter", "server", "signed", "reporter", "signed", "signed", "signed", "signed", "signed"]
    desk.office.says(address, "5")  # the reporter's stars come later
    [row] = desk.office.rows(f"select id, version from hand_off where hex(case_id) = '{case.upper()}'")
    desk.office.write(Update(table="hand_off", key={"id": row["id"]}, values={"rating": 4}))
    page.locator("#case-rows .row").last.click()
    page.locator(f"#case-{case}").click()
    expect(page.get_by_role("img", name="Penilaian pelapor: 4 dari 5")).to_be_visible(timeout=PATIENCE)
    sound(page, "timeline")
    page.locator("#timeline .closed").scroll_into_view_if_needed()
    shot(page, "timeline")


def test_no_typed_word_is_lost_over_a_redraw_and_the_lock(desk: Desk, console: Any) -> None:
    page = console(desk.sari)
    ready(page)
    desk.asks()
    accept(page)
    hand_off = str(page.locator("#talk-head").get_attribute("data-id"))
    page.locator("#talk-tools [data-do=relayed]").click()
    page.locator("#relayed input[name=answered]").fill("Petugas Dwi")
    page.keyboard.press("Escape")
    page.locator("#talk-head [data-do=wrap]").click()
    page.locator("#wrap input[value=referred]").check()
    page.locator("#wrap textarea").fill("Sudah dirujuk ke psikolog.")
    page.keyboard.press("Escape")
    page.locator("#note").fill("Catatan percakapan.")
    case = reported(desk)
    opens(page, case)
    page.locator("#case-note").fill("Catatan kasus.")
    page.locator("#status-reason").fill("Menunggu sekolah.")
    page.locator("#duty-text").fill("Polresta, 10.00")
    page.locator("#duty-form input[value=told]").check()
    page.locator("#related-number").fill("3FA2")
    page.locator("#case-form summary").click()
    page.locator("#form-names").fill("R., D.")
    page.locator("#form-form").get_by_label("Kesehatan", exact=True).check()

    def stand() -> None:
        expect(page.locator("#case-note")).to_have_value("Catatan kasus.", timeout=PATIENCE)
        expect(page.locator("#status-reason")).to_have_value("Menunggu sekolah.", timeout=PATIENCE)
        expect(page.locator("#duty-text")).to_have_value("Polresta, 10.00")
        expect(page.locator("#duty-form input[value=told]")).to_be_checked()
        expect(page.locator("#related-number")).to_have_value("3FA2")
        expect(page.locator("#form-names")).to_have_value("R., D.", timeout=PATIENCE)
        expect(page.locator("#form-form").get_by_label("Kesehatan", exact=True)).to_be_checked()
        expect(page.locator("#form-form").get_by_label("Fisik", exact=True)).to_be_checked()  # and what it began with

    page.locator("#status").select_option("referred")
    other = reported(desk)
    opens(page, other)
    assert page.locator("#status-reason").input_value() == ""
    opens(page, case)
    stand()
    desk.office.run(desk.office.people.sessions.end(desk.sari.id, None))
    page.locator("[data-do=which][data-which=all]").click()  # the page asks for something, and hears that it is over
    expect(page.locator("#sign-heading")).to_be_visible(timeout=PATIENCE)
    assert "Petugas Dwi" not in page.content()
    page.locator("#sign-passphrase").fill(PASSPHRASE)
    page.keyboard.press("Enter")
    expect(page.locator(f".case[data-case='{case}']")).to_be_visible(timeout=PATIENCE)
    stand()
    expect(page.locator("#status")).to_have_value("referred")
    # One of them is saved and the case is drawn anew: the others stand.
    page.locator("#status-form button").click()
    expect(page.locator("#case-status")).to_have_text("Dirujuk", timeout=PATIENCE)
    expect(page.locator("#duty-text")).to_have_value("Polresta, 10.00", timeout=PATIENCE)
    expect(page.locator("#form-names")).to_have_value("R., D.", timeout=PATIENCE)
    assert page.locator("#status-reason").input_value() == ""
    page.locator("[data-view=queue]").click()
    page.locator(f"#row-{hand_off}").click()
    expect(page.locator("#summary")).to_contain_text("sepupuku", timeout=PATIENCE)
    expect(page.locator("#note")).to_have_value("Catatan percakapan.")  # beside a case's that was open at the same time
    page.locator("#talk-tools [data-do=relayed]").click()
    expect(page.locator("#relayed input[name=answered]")).to_have_value("Petugas Dwi")
    page.keyboard.press("Escape")
    expect(page.locator("#wrap textarea")).to_have_value("Sudah dirujuk ke psikolog.")
    expect(page.locator("#wrap input[value=referred]")).to_be_checked()
    # Whoever else sits down here finds nothing of it.
    page.locator("[data-do=sign-out]").click()
    expect(page.locator("#sign")).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("() => dispatchEvent(new Event('beforeunload', {cancelable: true}))")  # nothing is kept
