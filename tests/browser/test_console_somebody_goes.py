"""A counsellor goes, with all that a browser may have kept, while others talk: the cases' keys are others from then on, nobody who stays
loses a word, and who went opens nothing that came since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from actions.rows import Update
from bot.vault.errors import SealError
from bot.vault.keys import generate_keypair
from bot.vault.seal import open_key, open_sealed, seal_key
from tests.browser.desk import PATIENCE, STORY, Desk, accept, opened_desk, ready, shot, sound
from tests.browser.pages import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]


@pytest.fixture
def desk(tmp_path: Any) -> Iterator[Desk]:
    with opened_desk(tmp_path) as made:
        yield made


@dataclass
class Kept:
    """What somebody who goes can have kept: the unit's key, and the keys of the cases."""

    unit_private: bytes
    cases: dict[bytes, bytes]

    def opens(self, row: dict[str, Any]) -> bool:
        """Whether it opens a record of a case."""
        for key in (self.cases[row["case_id"]], self.unit_private):
            try:
                open_sealed(row["sealed"], private_key=key, case_id=row["case_id"], record_id=row["id"], version=row["version"])
                return True
            except SealError:
                continue
        return False


def kept(desk: Desk) -> Kept:
    unit = desk.lead.born.unit
    assert unit is not None
    keys = desk.office.rows(f"select * from case_key where hex(recipient_id) = '{desk.unit.hex().upper()}'")
    found = {
        row["case_id"]: open_key(row["sealed"], private_key=unit.private, case_id=row["case_id"], recipient_id=desk.unit) for row in keys
    }
    return Kept(unit_private=unit.private, cases=found)


def writes(page: Page, text: str) -> None:
    page.locator("#reply").fill(text)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#log")).to_contain_text(text, timeout=PATIENCE)


def removed(lead: Page, name: str) -> None:
    lead.keyboard.press("g")
    lead.keyboard.press("s")
    lead.locator("#members tr", has_text=name).locator("[data-do=remove]").click()
    lead.locator("#remove-form button.grave").click()
    expect(lead.locator("#members tr.removed")).to_contain_text(name, timeout=PATIENCE)


def case_of(page: Page, case: str) -> None:
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.locator(f"#case-{case}").click()
    expect(page.locator("#records-locked")).to_be_hidden(timeout=PATIENCE)


def test_who_went_opens_nothing_that_comes_and_who_stays_opens_all(desk: Desk, console: Any) -> None:
    office = desk.office
    second_unit = office.unit("Dinas DP3AKB")
    dinas = office.colleague(second_unit, "lead", name="wati", shown="Wati")
    lead, andi = console(desk.lead), console(desk.andi)
    ready(andi)
    address = desk.asks()
    accept(andi)
    writes(andi, "Halo, aku Andi.")
    office.says(address, "Makasih kak sudah balas")
    expect(andi.locator("#log")).to_contain_text("Makasih kak sudah balas", timeout=PATIENCE)
    had, before = kept(desk), {row["id"] for row in office.rows("select id from case_record")}
    [case] = [case_id.hex() for case_id in had.cases]
    assert all(had.opens(row) for row in office.rows("select * from case_record where kind != 'return_address'"))

    removed(lead, "Sari")
    expect(lead.locator("#toasts")).to_contain_text("1 kasus terbuka sekarang memakai kunci baru.", timeout=PATIENCE)
    # Both go on in the conversation that is open, as if nothing had been.
    writes(andi, "Apa yang terjadi tadi malam?")
    until(andi, lambda: office.heard(address)[-1].endswith("Apa yang terjadi tadi malam?"))
    office.says(address, "Dia pukul aku pakai sapu")
    expect(andi.locator("#log")).to_contain_text("Dia pukul aku pakai sapu", timeout=PATIENCE)
    expect(andi.locator("#log")).to_contain_text("Halo, aku Andi.")
    expect(andi.locator("#talk-notice")).to_be_hidden()
    expect(andi.locator("#notes")).to_contain_text("Kunci kasus diganti. Yang ditulis mulai sekarang", timeout=PATIENCE)

    # Of all that came since, nothing opens with what Sari may have kept.
    since = [row for row in office.rows("select * from case_record") if row["id"] not in before]
    assert sorted(row["kind"] for row in since) == ["key", "said", "said"]
    assert not any(had.opens(row) for row in since)
    new_keys = office.rows("select * from case_key")
    for row in new_keys:
        with pytest.raises(SealError):
            open_key(row["sealed"], private_key=had.unit_private, case_id=row["case_id"], recipient_id=row["recipient_id"])

    # Who comes anew reads it from the beginning: the lead, and the lead of the other unit to which it is sealed.
    for page in (lead, console(dinas)):
        case_of(page, case)
        for words in (STORY, "Halo, aku Andi.", "Dia pukul aku pakai sapu"):
            expect(page.locator("#timeline")).to_contain_text(words, timeout=PATIENCE)
        change = page.locator("#timeline .key")
        expect(change).to_contain_text("Kunci kasus")
        expect(change.locator(".proof.signed")).to_be_visible()
        expect(page.locator("#case-notice")).to_be_hidden()
        assert page.locator("#timeline .bad").count() == 0
    expect(lead.locator("#timeline .key .name")).to_have_text("Kamu")
    sound(lead, "a case whose key was changed")
    shot(lead, "case-key-changed")


def test_a_key_that_somebody_put_there_or_put_back_is_refused(desk: Desk, console: Any) -> None:
    """Whoever went, and can write to the database: with the former key put back, or another one that leads to it, the others' words would
    open. The console says so and seals nothing."""
    office = desk.office
    office.says("+62811099", "/start", "counsellor", STORY, "own_code")
    had = kept(desk)
    [case_id] = had.cases
    [case_before], [key_before] = office.rows("select * from cases"), office.rows("select * from case_key")
    lead = console(desk.lead)
    removed(lead, "Sari")
    expect(lead.locator("#toasts")).to_contain_text("1 kasus terbuka sekarang memakai kunci baru.", timeout=PATIENCE)
    [case_after], [key_after] = office.rows("select * from cases"), office.rows("select * from case_key")
    assert case_after["public_key"] != case_before["public_key"] and case_after["tag"] != case_before["tag"]

    def stands(case: dict[str, Any], key: dict[str, Any], *more: Any) -> None:
        where = {"case_id": case_id, "recipient_id": desk.unit}
        office.write(
            Update(table="cases", key={"id": case_id}, values={name: case[name] for name in ("public_key", "tag", "head")}),
            Update(table="case_key", key=where, values={"sealed": key["sealed"], "version": key["version"]}), *more,
        )  # fmt: skip

    def says_so(page: Page) -> None:
        case_of(page, case_id.hex())
        expect(page.locator("#case-notice")).to_contain_text("Kunci kasus ini diganti oleh orang yang tidak dikenal", timeout=PATIENCE)
        page.locator("#case-note").fill("Catatan yang tidak boleh terbaca")
        page.locator("#case-note-form button[type=submit]").click()
        expect(page.locator("#toasts")).to_contain_text("Kunci kasus ini tidak bisa dipercaya", timeout=PATIENCE)
        assert [row["kind"] for row in office.rows("select kind from case_record order by created_at, kind")].count("note") == 0

    # The former key, with its tag, is put back: the entry that says that there is another one stays.
    stands({**case_before, "head": case_after["head"]}, key_before)
    says_so(console(desk.andi))
    # Another key of the thief's own, sealed to the unit; the former one lies in the case as it should, but nobody signed that.
    thief = generate_keypair()
    [unit] = office.rows("select public_key from unit where public_key is not null")
    sealed = seal_key(thief.private, recipient_public=unit["public_key"], case_id=case_id, recipient_id=desk.unit)
    stands({**case_after, "public_key": thief.public}, {**key_after, "sealed": sealed})
    page = console(desk.andi)
    says_so(page)
    shot(page, "doubtful-key")
    # The public half alone: it is not the one that the case opens with.
    stands({**case_after, "public_key": thief.public}, key_after)
    says_so(console(desk.andi))
    # All as it was: nothing in the way.
    stands(case_after, key_after)
    page = console(desk.andi)
    case_of(page, case_id.hex())
    expect(page.locator("#timeline .key .proof.signed")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#case-notice")).to_be_hidden()



def test_a_key_that_lies_there_for_a_moment_has_nothing_sealed_to_it(desk: Desk, console: Any) -> None:
    """A case whose key was never changed, and a page that already has it: whoever writes to the database puts a key of his own in its place
    while the page looks, and takes it away again."""
    office = desk.office
    andi = console(desk.andi)
    ready(andi)
    address = desk.asks()
    accept(andi)
    writes(andi, "Halo, aku Andi.")
    had = kept(desk)
    [case], [key] = office.rows("select * from cases"), office.rows("select * from case_key where recipient_id in (select id from unit)")
    where = {"case_id": case["id"], "recipient_id": desk.unit}
    [unit] = office.rows("select public_key from unit where public_key is not null")
    thief = generate_keypair()
    sealed = seal_key(thief.private, recipient_public=unit["public_key"], case_id=case["id"], recipient_id=desk.unit)

    def lies_there(public: bytes, key_sealed: bytes) -> None:
        [off] = office.rows("select id, version from hand_off")
        office.write(
            Update(table="cases", key={"id": case["id"]}, values={"public_key": public}),
            Update(table="case_key", key=where, values={"sealed": key_sealed}),
            Update(table="hand_off", key={"id": off["id"]}, values={"version": off["version"] + 1}),
        )  # fmt: skip

    def noted(text: str) -> None:
        andi.locator("#note").fill(text)
        andi.locator("#note-form button").click()

    def notes() -> list[dict[str, Any]]:
        return [row for row in office.rows("select * from case_record") if row["kind"] == "note"]

    lies_there(thief.public, sealed)
    expect(andi.locator("#talk-notice")).to_contain_text("Kunci kasus ini diganti oleh orang yang tidak dikenal", timeout=PATIENCE)
    expect(andi.locator("#compose")).to_be_hidden()
    lead = console(desk.lead)  # a page that never had the true one
    case_of(lead, case["id"].hex())
    expect(lead.locator("#case-notice")).to_contain_text("Kunci kasus ini diganti oleh orang yang tidak dikenal", timeout=PATIENCE)
    for page, form in ((lead, "#case-note-form"), (andi, "#note-form")):
        page.locator(f"{form} textarea").fill("Catatan yang tidak boleh terbaca")
        page.locator(f"{form} button[type=submit]").click()
        expect(page.locator("#toasts")).to_contain_text("Kunci kasus ini tidak bisa dipercaya", timeout=PATIENCE)
    lies_there(case["public_key"], key["sealed"])
    expect(andi.locator("#talk-notice")).to_be_hidden(timeout=PATIENCE)
    assert notes() == []
    # Put back before the page has looked: it never saw another one, and seals to the true one.
    noted("Anak ini tinggal di rumah bibinya")
    until(andi, lambda: len(notes()) == 1)
    office.says(address, "Makasih kak sudah balas")
    expect(andi.locator("#log")).to_contain_text("Makasih kak sudah balas", timeout=PATIENCE)
    expect(andi.locator("#compose")).to_be_visible()
    rows = office.rows("select * from case_record where kind != 'return_address'")
    assert all(had.opens(row) for row in rows), "nothing is sealed to anybody else"
