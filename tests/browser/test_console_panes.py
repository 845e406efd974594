"""One writes to who is on the screen: when two are opened one after the other, when an answer comes late, when the line breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Error, Page, Route, expect

from bot.vault.seal import open_key, open_sealed
from tests.browser.desk import PATIENCE, Desk, accept, ready, sound
from tests.browser.pages import held, until
from tests.browser.unit import Unit, newest_case

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
ASKS = "() => { const gone = new Event('beforeunload', {cancelable: true}); dispatchEvent(gone); return gone.defaultPrevented; }"
LOST = "sambungan"  # what is said if the line broke
_numbers = iter(range(100, 1000))


@contextmanager
def answer_lost(page: Page, path: str) -> Iterator[None]:
    """What the page sends there arrives, and nobody hears the answer."""

    def lost(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(path, lost)
    yield
    page.unroute(path, lost)


@pytest.fixture
def sari(desk: Desk, console: Any) -> Iterator[tuple[Page, list[str], list[str]]]:
    """Her page with two conversations, the second one open: page, ids, addresses. At the end both reporters go."""
    page = console(desk.sari)
    ready(page)
    addresses = []
    for number in (1, 2):
        addresses.append(desk.asks(f"Ini cerita {number}."))
        accept(page)
        expect(page.locator("#summary")).to_contain_text(f"Ini cerita {number}.", timeout=PATIENCE)
        page.keyboard.press("Escape")
    second = str(page.locator("#talk-head").get_attribute("data-id"))
    mine = [str(row.get_attribute("data-id")) for row in page.locator("#queue .mine .row").all()]
    [first] = [one for one in mine if one != second]
    yield page, [first, second], addresses
    page.unroute_all()
    for address in addresses:
        desk.office.says(address, "mtk")


def opened(page: Page, talk: str, story: str) -> None:
    """A conversation of one's own is opened, and is there."""
    page.locator(f"#row-{talk}").click()
    expect(page.locator(f"#talk .talk[data-hand-off='{talk}']")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#summary")).to_contain_text(story, timeout=PATIENCE)


def test_of_two_that_are_opened_one_after_the_other_the_second_goes_on_hearing(desk: Desk, sari: Any) -> None:
    page, (first, second), addresses = sari
    page.keyboard.press("Escape")
    with held(page, f"**/console/f/hand-off/{first}") as asked:
        page.locator(f"#row-{first}").click()
        until(page, lambda: asked() == 1)
        page.locator(f"#row-{second}").click()
        page.wait_for_timeout(500)
    expect(page.locator(f"#talk .talk[data-hand-off='{second}']")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#summary")).to_contain_text("Ini cerita 2.", timeout=PATIENCE)
    desk.office.says(addresses[1], "Kakak masih di sana?")
    expect(page.locator("#log .theirs .words-said").last).to_have_text("Kakak masih di sana?", timeout=PATIENCE)
    assert page.locator("#queue-rows .row[aria-current]").get_attribute("data-id") == second
    page.locator("#reply").fill("Masih.")
    page.keyboard.press("Enter")
    until(page, lambda: "Masih." in desk.office.heard(addresses[1]))
    assert "Masih." not in desk.office.heard(addresses[0])


def test_nobody_writes_on_to_one_while_another_is_on_its_way(desk: Desk, sari: Any) -> None:
    """Nor to the other: their box is there only with their words."""
    page, (first, second), addresses = sari
    page.locator("#reply").fill("Untuk yang kedua: jangan pulang dulu.")
    page.route(f"**/console/f/hand-off/{first}", lambda route: route.abort())
    page.locator(f"#row-{first}").click()
    expect(page.locator("#toasts")).to_contain_text(LOST, ignore_case=True, timeout=PATIENCE)
    assert page.locator("#talk :is(input, textarea, button)").count() == 0
    sound(page, "a conversation that does not come")
    page.unroute_all()
    # It is asked for once more by itself.
    expect(page.locator(f"#talk .talk[data-hand-off='{first}']")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#summary")).to_contain_text("Ini cerita 1.", timeout=PATIENCE)
    expect(page.locator("#reply")).to_have_value("")
    opened(page, second, "Ini cerita 2.")
    expect(page.locator("#reply")).to_have_value("Untuk yang kedua: jangan pulang dulu.")
    page.locator("#reply").focus()
    page.keyboard.press("Enter")
    until(page, lambda: any("jangan pulang" in text for text in desk.office.heard(addresses[1])))
    assert not any("jangan pulang" in text for text in desk.office.heard(addresses[0]))


def test_what_was_closed_does_not_come_after_all(sari: Any) -> None:
    page, (first, _), _ = sari
    with held(page, f"**/console/f/hand-off/{first}") as asked:
        page.locator(f"#row-{first}").click()
        until(page, lambda: asked() == 1)
        page.keyboard.press("Escape")
        expect(page.locator("#talk .empty")).to_contain_text("Pilih", timeout=PATIENCE)
    page.wait_for_timeout(700)
    assert page.locator("#talk .talk").count() == 0


def test_what_comes_after_signing_out_is_put_nowhere(sari: Any) -> None:
    """The server had answered already: names and hours would stand in a page that nobody is signed in at."""
    page, _, _ = sari
    answers: list[tuple[Route, APIResponse]] = []
    page.route("**/console/f/staff", lambda route: answers.append((route, route.fetch())))
    page.locator("[data-view=staff]").click()
    until(page, lambda: len(answers) == 1)
    page.locator("[data-do=sign-out]").click()
    expect(page.locator("#sign")).to_be_visible(timeout=PATIENCE)
    for route, answer in answers:
        assert answer.status == 200
        with suppress(Error):  # the page has given it up
            route.fulfill(response=answer)
    page.wait_for_timeout(700)
    assert page.locator("#view-page").inner_html().strip() == ""


def test_whoever_writes_by_then_is_not_called_to_whom_they_accepted(desk: Desk, sari: Any) -> None:
    page, (_, second), addresses = sari
    addresses.append(desk.asks("Ini cerita 3."))
    expect(page.locator("#queue .offered [data-do=accept]").first).to_be_visible(timeout=PATIENCE)
    with held(page, "**/console/j/hand-off/*/accept") as asked:
        page.keyboard.press("a")
        until(page, lambda: asked() == 1)
        page.locator("#reply").focus()
        page.keyboard.type("Tunggu ")
    expect(page.locator("#toasts")).to_contain_text("sekarang kamu pegang", timeout=PATIENCE)
    page.keyboard.type("sebentar.")
    assert page.locator("#talk .talk").get_attribute("data-hand-off") == second
    expect(page.locator("#reply")).to_have_value("Tunggu sebentar.")
    expect(page.locator("#queue .mine .row")).to_have_count(3, timeout=PATIENCE)
    page.locator("#reply").fill("")


def test_a_sheet_of_colleagues_lies_over_no_other_conversation(sari: Any) -> None:
    page, (first, second), _ = sari
    path = f"**/console/j/hand-off/{second}?since=*"
    with held(page, path) as asked:
        page.locator("#talk-head [data-do=transfer]").click()
        until(page, lambda: asked() > 0)
        opened(page, first, "Ini cerita 1.")
    page.wait_for_timeout(1000)
    assert page.locator("#transfer").is_hidden()


def test_a_page_with_a_reply_that_has_not_gone_asks_before_it_closes(desk: Desk, sari: Any) -> None:
    page, _, addresses = sari
    assert page.evaluate(ASKS) is False
    with held(page, "**/console/j/hand-off/*/reply") as asked:
        page.locator("#reply").fill("Ini belum terkirim.")
        page.keyboard.press("Enter")
        until(page, lambda: asked() == 1)
        expect(page.locator("#reply")).to_have_value("")
        assert page.evaluate(ASKS) is True
    until(page, lambda: "Ini belum terkirim." in desk.office.heard(addresses[1]))
    expect(page.locator(".message.ours.pending")).to_have_count(0, timeout=PATIENCE)
    assert page.evaluate(ASKS) is False


def test_what_is_typed_while_a_note_is_on_its_way_stays(sari: Any) -> None:
    page, *_ = sari
    for second, left in ((" Dan yang kedua, yang penting.", "Dan yang kedua, yang penting."), ("", "")):
        with held(page, "**/console/j/hand-off/*/note") as asked:
            page.locator("#note").fill("Catatan satu.")
            page.locator("#note-form button").click()
            until(page, lambda: asked() == 1)
            page.locator("#note").focus()
            page.keyboard.press("End")
            page.keyboard.type(second)
        expect(page.locator("#toasts .toast", has_text="Tersimpan").last).to_be_visible(timeout=PATIENCE)
        expect(page.locator("#note-form:not([data-busy])")).to_be_visible(timeout=PATIENCE)  # what it looked up once it was saved is here
        expect(page.locator("#note")).to_have_value(left)
        assert page.evaluate(ASKS) is (left != "")
    expect(page.locator("#notes li")).to_have_count(2)


def numbers_said(desk: Desk, talk: str) -> list[int]:
    """By what the replies of staff in a conversation are ordered within a second, as it was signed."""
    [row] = desk.office.rows(f"select case_id from hand_off where hex(id) = '{talk.upper()}'")
    case_id, unit = row["case_id"], desk.lead.born.unit
    assert unit is not None
    where = f"hex(case_id) = '{case_id.hex().upper()}'"
    [sealed] = desk.office.rows(f"select sealed from case_key where {where}")
    key = open_key(sealed["sealed"], private_key=unit.private, case_id=case_id, recipient_id=desk.unit)
    records = desk.office.rows(f"select * from case_record where {where} and kind = 'said' and author_id is not null order by created_at")
    return [
        int(json.loads(open_sealed(each["sealed"], private_key=key, case_id=case_id, record_id=each["id"], version=each["version"]))["n"])
        for each in records
    ]


def test_a_reply_after_the_conversation_was_opened_anew_comes_after_what_was_said_since(desk: Desk, sari: Any) -> None:
    page, (first, second), addresses = sari

    def replies(words: str) -> None:
        page.locator("#reply").fill(words)
        page.keyboard.press("Enter")
        until(page, lambda: words in desk.office.heard(addresses[1]))

    replies("Satu.")
    opened(page, first, "Ini cerita 1.")
    desk.office.says(addresses[1], "Halo?", "Aku takut.", "Kakak?")
    opened(page, second, "Ini cerita 2.")
    expect(page.locator("#log .theirs .words-said").last).to_have_text("Kakak?", timeout=PATIENCE)
    replies("Dua.")
    before, after = numbers_said(desk, second)
    assert after > before + 3, "the three that the reporter wrote stand between"


TALK_ENTRIES = {
    "note": ("#note-form", {"#note": "Ibunya di Samarinda."}, "note"),
    "relayed": ("#relayed-form", {"#relayed-form [name=answered]": "Bripka Yudi"}, "relayed"),
}


@pytest.mark.parametrize("name", TALK_ENTRIES)
def test_an_entry_of_a_conversation_whose_answer_was_lost_stands_there_once(desk: Desk, sari: Any, name: str) -> None:
    page, (_, second), _ = sari
    form, fields, kind = TALK_ENTRIES[name]
    if name == "relayed":
        page.locator("#talk-tools [data-do=relayed]").click()
    for field, words in fields.items():
        page.locator(field).fill(words)
    with held(page, "**/console/j/hand-off/*?since=*"), answer_lost(page, f"**/console/j/hand-off/*/{name}"):
        page.locator(f"{form} button[type=submit]").click()
        expect(page.locator("#toasts")).to_contain_text(LOST, ignore_case=True, timeout=PATIENCE)
    page.locator(f"{form} button[type=submit]").click()
    expect(page.locator("#toasts")).to_contain_text("Tersimpan", timeout=PATIENCE)
    [row] = desk.office.rows(f"select case_id from hand_off where hex(id) = '{second.upper()}'")
    of_staff = f"select id from case_record where hex(case_id) = '{row['case_id'].hex().upper()}' and kind = '{kind}'"
    assert len(desk.office.rows(of_staff)) == 1


@pytest.fixture
def cases(unit: Unit, page_of: Any) -> Iterator[tuple[Page, str, str]]:
    """The lead's page with two cases that somebody reported: page, the one that is open, the other."""
    for _ in range(2):
        unit.reports(f"+62811{next(_numbers)}")
    page: Page = page_of(unit.lead)
    newest = newest_case(page)
    ids = [str(row.get_attribute("data-id")) for row in page.locator("#case-rows .row").all()]
    expect(page.locator("#timeline li").first).to_be_visible(timeout=PATIENCE)
    yield page, newest, next(one for one in ids if one != newest)
    page.unroute_all()


@pytest.mark.parametrize("name", ["status", "duty"])
def test_what_was_saved_in_one_case_leads_nobody_back_from_another(cases: Any, name: str) -> None:
    """What is typed by then would go into the mailbox of the wrong reporter."""
    page, one, other = cases
    with held(page, f"**/console/j/case/{one}/{name}") as asked:
        if name == "duty":
            page.locator("#duty-form input").first.check()
        page.locator(f"#{name}-form button").click()
        until(page, lambda: asked() == 1)
        page.locator(f"#case-{other}").click()
        expect(page.locator(f".case[data-case='{other}'] #timeline li").first).to_be_visible(timeout=PATIENCE)
        page.locator("#mail").focus()
        page.keyboard.type("Untuk yang kedua: ")
    expect(page.locator("#toasts")).to_contain_text("Tersimpan", timeout=PATIENCE)
    page.wait_for_timeout(1500)
    page.keyboard.type("kami datang besok.")
    assert page.locator("#case .case").get_attribute("data-case") == other
    expect(page.locator("#mail")).to_have_value("Untuk yang kedua: kami datang besok.")
    page.locator("#mail").fill("")


def test_nobody_writes_on_to_a_mailbox_while_another_case_is_on_its_way(cases: Any) -> None:
    page, one, other = cases
    page.locator("#mail").fill("Untuk yang pertama.")
    page.route(f"**/console/f/case/{other}", lambda route: route.abort())
    page.locator(f"#case-{other}").click()
    expect(page.locator("#toasts")).to_contain_text(LOST, ignore_case=True, timeout=PATIENCE)
    assert page.locator("#case :is(input, textarea, button)").count() == 0
    page.unroute_all()
    expect(page.locator(f".case[data-case='{other}'] #timeline li").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#mail")).to_have_value("")
    page.locator(f"#case-{one}").click()
    expect(page.locator(f".case[data-case='{one}'] #mail")).to_have_value("Untuk yang pertama.", timeout=PATIENCE)
    page.locator("#mail").fill("")


def test_what_is_typed_while_an_answer_is_on_its_way_stays(cases: Any) -> None:
    page, one, _ = cases
    for field, path in (("#mail", "reply"), ("#case-note", "note")):
        with held(page, f"**/console/j/case/{one}/{path}") as asked:
            page.locator(field).fill("Kami datang hari Senin.")
            page.locator(f"{field} + button").click()
            until(page, lambda asked=asked: asked() == 1)
            page.locator(field).focus()
            page.keyboard.press("End")
            page.keyboard.type(" Bawa adikmu.")
        expect(page.locator("#timeline")).to_contain_text("Kami datang hari Senin.", timeout=PATIENCE)
        expect(page.locator(field)).to_have_value("Bawa adikmu.")
        page.locator(field).fill("")


@pytest.mark.parametrize("name", ["note", "status", "duty", "form", "related"])
def test_an_entry_of_a_case_whose_answer_was_lost_stands_there_once(unit: Unit, cases: Any, name: str) -> None:
    page, one, other = cases
    path, kind, form = name, name, f"#{name}-form"
    if name == "note":
        form = "#case-note-form"
        page.locator("#case-note").fill("Sekolahnya sudah tahu.")
    elif name == "duty":
        page.locator("#duty-form input").first.check()
    elif name == "form":
        path, kind = "note", "note"
        page.locator("#case-form summary").click()
        page.get_by_label("Jumlah anak").fill("2")
    elif name == "related":
        path, kind = "note", "note"
        page.locator("#related-number").fill(other[:8])
    with held(page, f"**/console/j/case/{one}?since=*"), answer_lost(page, f"**/console/j/case/{one}/{path}"):
        page.locator(f"{form} button[type=submit]").click()
        expect(page.locator("#toasts")).to_contain_text(LOST, ignore_case=True, timeout=PATIENCE)
    page.locator(f"{form} button[type=submit]").click()
    expect(page.locator("#toasts")).to_contain_text("Tersimpan", timeout=PATIENCE)
    assert len(unit.rows("case_record", f"hex(case_id) = '{one.upper()}' and kind = '{kind}'")) == 1
