"""Cases, colleagues and what leads decide, at the console in a real browser; what somebody put into the database is not believed."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response, Route, expect

from actions.rows import Insert, Update
from bot.vault.mailbox import seal_reply
from bot.vault.seal import seal
from tests.browser.desk import PATIENCE, ready, shot, sign_in, signed_in_pages, sound
from tests.browser.office import PASSPHRASE, Office
from tests.browser.pages import DESKTOP, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]
STORY = "Om tetangga suka memaksa adikku ikut ke rumahnya."
REPLY = "Terima kasih. Kami akan menemui adikmu di sekolah hari Senin."


class Unit:
    """An office with one unit and its lead."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.id = office.unit("UPTD PPA")
        self.lead = office.colleague(self.id, "lead", name="ratna", shown="Bu Ratna")
        self.worker = office.colleague(self.id, "case_worker", name="dewi", shown="Dewi", lead=self.lead)

    def rows(self, table: str, where: str = "1=1") -> list[Any]:
        async def read() -> list[Any]:
            async with self.office.service.engine.connect() as connection:
                return list((await connection.exec_driver_sql(f"select * from {table} where {where}")).mappings())

        found: list[Any] = self.office.run(read())
        return found

    def write(self, *changes: Any) -> None:
        """Somebody who can write to the database does."""
        self.office.run(self.office.service.writer.write(changes))

    def reports(self, address: str, story: str = STORY, *, how: str = "own_code") -> str:
        """A message for staff from somebody on a phone; gives the five words."""
        self.office.says(address, "/start", "counsellor", story, how)
        words = next(text for text in reversed(self.office.heard(address)) if "kode" in text.casefold())
        return words


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unit]:
    office = Office(tmp_path_factory.mktemp("office"))
    office.start()
    yield Unit(office)
    office.stop()


@pytest.fixture
def page_of(browser: Browser, unit: Unit, wrong: list[str]) -> Iterator[Any]:
    with signed_in_pages(browser, unit.office.url, wrong=wrong, **DESKTOP) as open_as:
        yield open_as


def newest_case(page: Page) -> str:
    """Opens the newest case of the list with the keyboard; gives its id."""
    with page.expect_response(lambda answer: "/console/f/cases" in answer.url):
        page.keyboard.press("g")
        page.keyboard.press("c")
    expect(page.locator("#cases-heading")).to_be_focused(timeout=PATIENCE)
    expect(page.locator("#case-rows .row").first).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(200)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#case-heading")).to_be_focused(timeout=PATIENCE)
    case = page.locator("#case .case").get_attribute("data-case")
    assert case is not None
    return case


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
    expect(page.locator("#mail-list li")).to_contain_text(REPLY, timeout=PATIENCE)
    expect(page.locator("#mail-list .tick")).to_have_text("Belum dibaca pelapor")
    expect(page.locator("#toasts")).to_contain_text("pelapor dikabari di chat", timeout=PATIENCE)
    assert unit.office.heard("+62811001")[-1].startswith("Ada jawaban dari petugas untukmu."), "and no word of what it says"
    shot(page, "mailbox")
    assert not [text for text in seen if STORY in text or REPLY in text]  # nothing of it came or went in clear
    unit.office.says("+62811002", "/start", code)
    assert any(REPLY in text for text in unit.office.heard("+62811002"))
    page.keyboard.press("g")
    page.keyboard.press("c")
    newest_case(page)
    expect(page.locator("#mail-list .tick")).to_have_text("Sudah dibaca pelapor", timeout=PATIENCE)


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
        expect(page.locator("#mail-list li")).to_contain_text(REPLY, timeout=PATIENCE)
    else:
        page.wait_for_timeout(1000)  # what the page looks for by itself it has not found
    page.unroute_all()
    page.locator("#mail-form button").click()
    expect(page.locator("#mail")).to_have_value("", timeout=PATIENCE)
    expect(page.locator("#mail-list li")).to_have_count(1)
    assert len(unit.rows("case_record", f"hex(case_id) = '{case.upper()}' and kind = 'reply'")) == 1
    boxes = f"mailbox_id in (select mailbox_id from receipt where hex(case_id) = '{case.upper()}')"
    assert len(unit.rows("mailbox_message", boxes)) == 1


def test_what_somebody_put_into_the_database_is_not_believed(unit: Unit, page_of: Any) -> None:
    unit.reports("+62811003")
    page = page_of(unit.worker)
    case_id = bytes.fromhex(newest_case(page))
    page.locator("#note").fill("Catatan yang benar.")
    page.locator("#note-form button").click()
    expect(page.locator("#notes li")).to_have_count(1, timeout=PATIENCE)
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
    expect(page.locator("#notes li.bad .wrong")).to_have_count(3, timeout=PATIENCE)
    expect(page.locator("#notes li:not(.bad)")).to_contain_text("Catatan yang benar.")
    expect(page.locator("#mail-list .wrong")).to_contain_text("bukan dari petugas")
    sound(page, "forged")
    shot(page, "forged")
    # A signed entry that was taken out breaks the chain, and a flipped bit does not open.
    flipped = bytes([*true["sealed"][:-1], true["sealed"][-1] ^ 1])
    unit.write(Update(table="case_record", key={"id": true["id"]}, values={"sealed": flipped}))
    page.reload()
    sign_in(page, unit.office.url, unit.worker.name)
    newest_case(page)
    expect(page.locator("#case-notice")).to_contain_text("hilang atau berpindah", timeout=PATIENCE)
    expect(page.locator("#notes")).not_to_contain_text("Catatan yang benar.")


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
    expect(lead.locator("#toasts")).to_contain_text("disegel ulang", timeout=PATIENCE)
    assert {row["version"] for row in unit.rows("case_key")} == {2}
    expect(new.locator("#sign")).to_be_visible(timeout=20_000)  # at once, by itself
    assert STORY not in new.content()
    newest_case(lead)
    expect(lead.locator("#records")).to_contain_text(STORY, timeout=PATIENCE)


SLOW_FRAME = """
const {open, send} = XMLHttpRequest.prototype;
XMLHttpRequest.prototype.open = function (method, path, ...more) {
  this.late = method.toUpperCase() === "GET" && path.startsWith("/console/f/cases");
  return open.call(this, method, path, ...more);
};
XMLHttpRequest.prototype.send = function (...given) {
  if (this.late) setTimeout(() => send.apply(this, given), 700);
  else send.apply(this, given);
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


def test_a_crisis_rings_and_two_people_close_it(unit: Unit, page_of: Any) -> None:
    page = page_of(unit.lead)
    ready(page)
    unit.office.says("+62811005", "/start", "aku mau dibunuh bapakku tolong")
    expect(page.locator("#alarm")).to_have_text("Bahaya: ada yang menunggu", timeout=PATIENCE)
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
    page.locator("#wrap input[value=relayed]").check()
    page.locator("#wrap input[value=danger]").check()
    page.locator("#wrap input[name=duty][value=later]").check()
    page.locator("#wrap-form button[type=submit]").click()
    expect(page.locator("#wrap")).to_be_hidden(timeout=PATIENCE)
    [row] = unit.rows("hand_off", "urgency = 'danger'")
    assert (row["state"], row["ended_at"]) == ("wrap_up", None)
    assert row["closing_id"] == unit.lead.id


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
    expect(page.locator("#notes li").first).to_contain_text("Wajib lapor 3×24 jam: Ada, dan polisi sudah diberi tahu")
    [case] = unit.rows("cases", f"hex(id) = '{newest['id'].hex().upper()}'")
    assert case["due_at"] is None
