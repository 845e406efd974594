"""What somebody put into the database, or took out of it, is not believed by the console in a real browser."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import pytest
from playwright.sync_api import expect

from actions.rows import Delete, Insert, Update
from bot.vault.mailbox import seal_reply
from bot.vault.seal import seal
from tests.browser.desk import PATIENCE, shot, sign_in, sound
from tests.browser.unit import REPLY, Unit, newest_case

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]

def test_what_somebody_put_into_the_database_is_not_believed(unit: Unit, page_of: Any) -> None:
    unit.reports("+62811003")
    page = page_of(unit.worker)
    case_id = bytes.fromhex(newest_case(page))
    page.locator("#case-note").fill("Catatan yang benar.")
    page.locator("#case-note-form button").click()
    expect(page.locator("#timeline .note")).to_have_count(1, timeout=PATIENCE)
    page.keyboard.press("Escape")
    [case] = unit.rows("cases", f"hex(id) = '{case_id.hex().upper()}'")
    [receipt] = unit.rows("receipt", f"hex(case_id) = '{case_id.hex().upper()}'")
    [true] = unit.rows("case_record", f"hex(case_id) = '{case_id.hex().upper()}' and kind = 'note'")

    def record(body: dict[str, Any], kind: str, **columns: Any) -> Insert:
        record_id = secrets.token_bytes(16)
        content = json.dumps({"format": 1, "kind": kind, "language": "id", **body}).encode()
        sealed = seal(content, public_key=case["public_key"], case_id=case_id, record_id=record_id, version=1)
        row = {"id": record_id, "case_id": case_id, "version": 1, "kind": kind, "created_at": true["created_at"] + 1, "sealed": sealed}
        return Insert(table="case_record", row={**row, **columns})

    message_id = secrets.token_bytes(16)
    forged_mail = seal_reply(
        json.dumps({"text": "Datang sendirian ke alamat ini."}).encode(), mailbox_public=receipt["mailbox_public"],
        mailbox_id=receipt["mailbox_id"], message_id=message_id,
    )  # fmt: skip
    unit.write(
        record({"from": "staff", "text": "Tutup saja kasus ini."}, "note"),
        record(
            {"from": "staff", "text": "Ketua setuju."}, "note", author_id=unit.lead.id, signature=true["signature"],
            previous=true["previous"],
        ),
        record({"duty": "told", "text": "Polisi sudah tahu."}, "duty"),
        Insert(table="mailbox_message", row={
            "id": message_id, "mailbox_id": receipt["mailbox_id"], "created_at": true["created_at"] + 1, "sealed": forged_mail,
        }),
    )  # fmt: skip
    newest_case(page)
    expect(page.locator("#timeline .card.bad .wrong")).to_have_count(3, timeout=PATIENCE)
    expect(page.locator("#timeline .note:not(.bad)")).to_contain_text("Catatan yang benar.")
    expect(page.locator("#mail-forged")).to_contain_text("bukan dari petugas")
    sound(page, "forged")
    shot(page, "forged")
    # A signed entry that was taken out breaks the chain, and a flipped bit does not open.
    flipped = bytes([*true["sealed"][:-1], true["sealed"][-1] ^ 1])
    unit.write(Update(table="case_record", key={"id": true["id"]}, values={"sealed": flipped}))
    page.reload()
    sign_in(page, unit.office.url, unit.worker.name)
    newest_case(page)
    expect(page.locator("#case-notice")).to_contain_text("hilang atau berpindah", timeout=PATIENCE)
    expect(page.locator("#timeline")).not_to_contain_text("Catatan yang benar.")


def test_what_a_reporter_never_told_is_not_believed(unit: Unit, page_of: Any) -> None:
    """Whoever can write to the database lets a child say something, takes something out, changes the time: each is seen in the page."""
    code = next(line for line in unit.reports("+62811013", how="own_here").splitlines() if len(line.split()) == 5)
    for words in ("Dia datang lagi tadi.", "Adikku sekarang di rumah nenek."):
        unit.office.says("+62811014", "/start", "check", code, "add", words)
    page = page_of(unit.worker)
    case_id = bytes.fromhex(newest_case(page))
    expect(page.locator("#timeline .record")).to_have_count(3, timeout=PATIENCE)
    told = page.locator("#timeline .record").all_inner_texts()
    assert ["Dia datang lagi tadi." in told[1], "Adikku sekarang di rumah nenek." in told[2]] == [True, True], told  # as it came
    assert page.locator("#timeline .wrong").count() == 0
    expect(page.locator("#case-notice")).to_be_hidden()
    [case] = unit.rows("cases", f"hex(id) = '{case_id.hex().upper()}'")
    records = unit.rows("case_record", f"hex(case_id) = '{case_id.hex().upper()}' order by number")
    assert [(row["kind"], row["number"]) for row in records] == [
        ("return_address", None), ("hand_off", 1), ("message", 2), ("message", 3)
    ] and case["told"] == 3  # fmt: skip

    def again() -> None:
        page.reload()
        sign_in(page, unit.office.url, unit.worker.name)
        newest_case(page)
        expect(page.locator("#timeline .record").first).to_be_visible(timeout=PATIENCE)

    lie = secrets.token_bytes(16)
    content = json.dumps({"format": 1, "kind": "message", "language": "id", "added": "Jemput aku di gudang, datang sendirian."}).encode()
    sealed = seal(content, public_key=case["public_key"], case_id=case_id, record_id=lie, version=1)
    row = {"id": lie, "case_id": case_id, "version": 1, "kind": "message", "created_at": int(time.time()), "sealed": sealed}
    unit.write(Insert(table="case_record", row={**row, "number": 4, "signature": records[3]["signature"]}))
    again()
    expect(page.locator("#timeline .record .wrong")).to_contain_text("Ini tidak masuk lewat bot", timeout=PATIENCE)
    expect(page.locator("#timeline")).not_to_contain_text("gudang")
    sound(page, "an invented message")
    shot(page, "invented")
    unit.write(Delete(table="case_record", key={"id": lie}), Delete(table="case_record", key={"id": records[2]["id"]}))
    again()
    expect(page.locator("#case-notice")).to_contain_text("hilang atau berpindah", timeout=PATIENCE)
    back = {name: value for name, value in records[2].items() if value is not None}
    unit.write(Insert(table="case_record", row=back))
    again()
    expect(page.locator("#timeline .record")).to_have_count(3, timeout=PATIENCE)
    expect(page.locator("#case-notice")).to_be_hidden()
    unit.write(Update(table="case_record", key={"id": records[3]["id"]}, values={"created_at": records[3]["created_at"] - 86_400}))
    again()
    expect(page.locator("#timeline .record .wrong")).to_contain_text("diubah sesudahnya", timeout=PATIENCE)
    # An address that somebody else left is not used for saying that an answer waits.
    unit.write(Update(table="case_record", key={"id": records[0]["id"]}, values={"signature": records[3]["signature"]}))
    again()
    expect(page.locator("#timeline .notice.wrong")).to_contain_text("Ini tidak masuk lewat bot", timeout=PATIENCE)
    before = unit.office.heard("+62811013")
    page.locator("#mail").fill(REPLY)
    page.locator("#mail-form button[type=submit]").click()
    expect(page.locator("#toasts")).to_contain_text("Sudah di kotak surat. Belum dibaca.", timeout=PATIENCE)
    assert unit.office.heard("+62811013") == before
