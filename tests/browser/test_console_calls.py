"""What calls somebody back to the screen and what hides it, and what each sets for themselves under My account."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from actions.rows import Update
from tests.bot.desk.sitting import Telephone
from tests.browser.desk import PATIENCE, Desk, accept, finish, opened_desk, ready, shot, sign_in, sound
from tests.browser.pages import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
LEARNS = 25_000  # ms: a page whose session was ended elsewhere asks every 15 seconds whether it still has one
CRY = "aku mau dibunuh bapakku tolong"
TITLE, CALLS = "Meja petugas", "Perlu orang sekarang"
DANGER = 6  # notes of the sound of a danger
# Counts the notes of the sounds that a page makes.
NOTES = """
    window.notes = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) { window.notes += 1; return start.apply(this, when); };
"""
_addresses = count(1)


@pytest.fixture(scope="module")
def telephone() -> Telephone:
    return Telephone()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, telephone: Telephone) -> Iterator[Desk]:
    with opened_desk(tmp_path_factory.mktemp("office"), caller=telephone) as made:
        yield made


def heard(page: Page) -> int:
    """How many notes the page has made since it was asked last."""
    notes: int = page.evaluate("() => { const before = window.asked ?? 0; window.asked = window.notes; return window.notes - before; }")
    return notes


def looks_away(page: Page, away: bool) -> None:
    """The page is behind another one, or in front again."""
    if away:
        page.evaluate("Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })")
    else:
        page.evaluate("delete document.visibilityState")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def titles(page: Page, *, times: int = 4, enough: frozenset[str] = frozenset()) -> set[str]:
    """What stands in the tab during some seconds; until that is `enough`."""
    seen: set[str] = set()
    for _ in range(times):
        page.clock.run_for(800)
        seen.add(page.title())
        if enough and seen >= enough:
            break
    return seen


def cries(desk: Desk) -> str:
    """Somebody is in danger."""
    address = f"+6281188{next(_addresses):03}"
    desk.office.says(address, "/start", CRY)
    return address


def account(page: Page) -> None:
    """My account."""
    page.locator("[data-view=me]").click()
    expect(page.locator("#me-heading")).to_be_focused(timeout=PATIENCE)


def test_a_danger_sounds_at_once_and_every_minute_until_somebody_takes_it(desk: Desk, console: Any) -> None:
    page = console(None)
    page.add_init_script(NOTES)
    page.clock.install()
    sign_in(page, desk.office.url, desk.sari.name)
    ready(page)
    assert page.title() == TITLE
    heard(page)
    cries(desk)
    expect(page.locator("#alarm")).to_have_text(CALLS, timeout=PATIENCE)
    page.wait_for_timeout(1500)  # the queue tells of it, and the server: that is one sound
    assert heard(page) == DANGER
    for _ in range(2):
        page.clock.fast_forward(45_000)
        assert heard(page) == 0
        page.clock.fast_forward(20_000)
        assert heard(page) == DANGER
    assert titles(page) == {f"(1) {TITLE}"}, "who looks at the page needs no flashing"
    looks_away(page, True)
    flashing = frozenset({f"(1) {TITLE}", CALLS})
    assert titles(page, times=20, enough=flashing) == flashing
    assert page.locator("#desk").evaluate("e => getComputedStyle(e).filter") == "blur(14px)", "nobody reads it from afar"
    looks_away(page, False)
    assert page.locator("#desk").evaluate("e => getComputedStyle(e).filter") == "none"
    accept(page)
    expect(page.locator("#alarm")).to_be_hidden(timeout=PATIENCE)
    heard(page)
    for _ in range(2):
        page.clock.fast_forward(65_000)
        assert heard(page) == 0
    looks_away(page, True)
    assert titles(page) == {TITLE}
    looks_away(page, False)
    finish(page, "Bukan bahaya")


def test_danger_that_a_colleague_does_not_answer_calls_and_is_taken(desk: Desk, console: Any) -> None:
    """Her page stands open, and nobody sits before it."""
    sari, andi = console(desk.sari), console(desk.andi)
    ready(sari)
    address = desk.asks("Ini cerita anak yang sendirian.")
    accept(sari)
    sari.keyboard.type("Aku di sini.")
    sari.keyboard.press("Enter")
    ready(andi)
    until(andi, lambda: "Aku di sini." in desk.office.heard(address))
    desk.office.says(address, CRY)
    expect(andi.locator("#alarm")).to_be_hidden()
    for _ in range(3):
        desk.office.later(65)
        for page in (sari, andi):  # both are here: what their pages say every 15 seconds
            page.locator("[data-do=presence][data-state=ready]").click()
            page.wait_for_timeout(300)
    expect(andi.locator("#alarm")).to_be_visible(timeout=PATIENCE)
    entry = andi.locator("#queue .crisis .entry")
    expect(entry).to_contain_text("bersama Sari")
    expect(entry).to_contain_text("Ada kata bahaya, belum dijawab")
    sound(andi, "danger that a colleague does not answer")
    shot(andi, "unanswered")
    andi.locator("#queue-heading").focus()
    andi.keyboard.press("a")
    expect(andi.locator("#reply")).to_be_focused(timeout=PATIENCE)
    expect(andi.locator("#log")).to_contain_text(CRY)
    until(andi, lambda: any("Andi" in text for text in desk.office.heard(address)))
    expect(sari.locator("#compose")).to_be_hidden(timeout=PATIENCE)
    for page in (sari, andi):
        expect(page.locator("#alarm")).to_be_hidden(timeout=PATIENCE)
    finish(andi, "Bukan bahaya")


def test_a_message_that_came_by_the_second_look_is_heard(desk: Desk, console: Any) -> None:
    """On a bad line the look that the change brought may fail; by which one the message comes is nothing to who sits elsewhere."""
    page = console(None)
    page.add_init_script(NOTES)
    sign_in(page, desk.office.url, desk.sari.name)
    ready(page)
    address = desk.asks()
    accept(page)
    page.wait_for_timeout(500)
    looks_away(page, True)
    heard(page)
    failed: list[str] = []

    def fails(route: Route) -> None:
        failed.append(route.request.url)
        route.abort()

    page.route("**/j/hand-off/*?since=*", fails, times=1)
    desk.office.says(address, "Dia sudah pulang, aku takut")
    expect(page.locator("#log")).to_contain_text("Dia sudah pulang, aku takut", timeout=PATIENCE)
    assert len(failed) == 1
    assert heard(page) > 0
    assert page.title().startswith("(1)")
    looks_away(page, False)
    desk.office.says(address, "mtk")


def test_sound_and_letter_keys_are_off_for_who_wants_that_and_stay_off(desk: Desk, console: Any) -> None:
    page = console(None)
    page.add_init_script(NOTES)
    sign_in(page, desk.office.url, desk.andi.name)
    ready(page)
    account(page)
    heard(page)
    page.locator("[data-do=try-sound]").click()
    page.wait_for_timeout(200)
    assert heard(page) == DANGER
    page.locator("#sound-on").uncheck()
    page.locator("#letters-on").uncheck()
    page.reload()  # this browser remembers
    sign_in(page, desk.office.url, desk.andi.name)
    heard(page)
    page.locator("#queue-heading").focus()
    for key in ("p", "g", "m", "?", "Shift+H"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    expect(page.locator("#queue-heading")).to_be_focused()
    expect(page.locator("[data-do=presence][data-state=ready]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#keys, #veil").filter(visible=True)).to_have_count(0)
    address = cries(desk)
    expect(page.locator("#alarm")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(1000)
    assert heard(page) == 0
    page.locator("#queue [data-do=accept]").first.press("Enter")  # all of it goes without letters
    expect(page.locator("#reply")).to_be_focused(timeout=PATIENCE)
    page.keyboard.press("Escape")
    before = len(desk.office.heard(address))
    page.keyboard.press("s")
    page.wait_for_timeout(500)
    assert len(desk.office.heard(address)) == before
    account(page)
    page.locator("#letters-on").check()
    page.locator("#sound-on").check()
    page.keyboard.press("g")
    page.keyboard.press("q")
    expect(page.locator("#queue-heading")).to_be_focused(timeout=PATIENCE)
    page.locator("#queue .mine .row").first.press("Enter")
    expect(page.locator("#compose")).to_be_visible(timeout=PATIENCE)
    page.locator("#talk-heading").focus()
    page.keyboard.press("s")
    until(page, lambda: any("Aman menulis sekarang?" in text for text in desk.office.heard(address)[before:]))
    expect(page.locator("#talk-tools [data-do=safe], [data-do=safe]").first).to_be_disabled(timeout=PATIENCE)
    desk.office.says(address, "yes")
    finish(page, "Bukan bahaya")


def test_a_session_elsewhere_is_ended_and_all_at_once(desk: Desk, console: Any) -> None:
    here, there = console(desk.sari), console(desk.sari)
    account(here)
    expect(here.locator("#sessions li")).to_have_count(2, timeout=PATIENCE)
    expect(here.locator("#sessions li", has_text="sesi ini")).to_have_count(1)
    shot(here, "sessions")
    here.locator("#sessions [data-do=end-session]").click()
    expect(here.locator("#sessions li")).to_have_count(1, timeout=PATIENCE)
    expect(there.locator("#sign")).to_be_visible(timeout=LEARNS)  # nobody touches it
    expect(here.locator("#me-heading")).to_be_visible()
    sign_in(there, desk.office.url, desk.sari.name)
    here.locator("[data-do=end-all]").click()
    expect(here.locator("#sign")).to_be_visible(timeout=PATIENCE)
    expect(there.locator("#sign")).to_be_visible(timeout=LEARNS)
    for page in (here, there):
        expect(page.locator("#desk")).to_be_hidden()
    assert desk.office.rows("select * from staff_session") == []


def test_a_telephone_rings_says_a_code_and_is_on_call(desk: Desk, console: Any, telephone: Telephone) -> None:
    page = console(desk.andi)
    account(page)
    expect(page.locator("#telephone-state")).to_have_text("Belum ada nomor.", timeout=PATIENCE)
    expect(page.locator("#telephone-confirm")).to_be_hidden()
    page.locator("#telephone-form input").fill("0812")
    page.locator("#telephone-form button").click()
    expect(page.locator("#telephone-wrong")).to_contain_text("Nomor ini belum benar.", timeout=PATIENCE)
    page.locator("#telephone-form input").fill("08115550107")
    page.locator("#telephone-form button").click()
    expect(page.locator("#telephone-confirm input")).to_be_focused(timeout=PATIENCE)
    sound(page, "the code of a telephone")
    shot(page, "telephone")
    until(page, lambda: telephone.heard != [])
    assert telephone.rang == ["+628115550107"]
    code = telephone.heard[0]
    page.keyboard.type("0" * len(code) if code != "0" * len(code) else "1" * len(code))
    page.keyboard.press("Enter")
    expect(page.locator("#telephone-heard")).to_contain_text("Kode itu tidak cocok", timeout=PATIENCE)
    page.locator("#telephone-confirm input").fill(code)
    page.locator("#telephone-confirm select").select_option("2")
    page.locator("#telephone-confirm button").click()
    expect(page.locator("#telephone-heading")).to_be_focused(timeout=PATIENCE)
    expect(page.locator("#telephone-state")).to_have_text("Nomor berakhiran 107. Urutan jaga ke-2")
    [row] = desk.office.rows(f"select telephone, on_call from staff where name = '{desk.andi.name}'")
    assert row["on_call"] == 2
    assert row["telephone"] and b"115550107" not in row["telephone"]
    page.locator("[data-do=telephone-forget]").click()
    expect(page.locator("#telephone-state")).to_have_text("Belum ada nomor.", timeout=PATIENCE)
    [row] = desk.office.rows(f"select telephone, on_call from staff where name = '{desk.andi.name}'")
    assert row == {"telephone": None, "on_call": None}


def test_the_board_says_who_is_on_duty_with_how_much_and_who_waits_longest(desk: Desk, console: Any) -> None:
    office = desk.office
    office.write(Update(table="staff", key={"id": desk.sari.id}, values={"capacity": 1}))
    page, lead = console(desk.sari), console(desk.lead)
    ready(page)
    desk.asks()
    accept(page)
    gone = desk.asks()
    [row] = office.rows("select id, version from hand_off where state = 'waiting'")
    since = int(time.time()) - 1530
    office.write(Update(table="hand_off", key={"id": row["id"]}, values={"waiting_since": since, "version": row["version"] + 1}))
    lead.locator("[data-view=board]").click()
    expect(lead.locator("#board-heading")).to_be_focused(timeout=PATIENCE)
    figures = lead.locator("[data-page=board] .figures > div")
    expect(figures.filter(has_text="Menunggu sekarang").locator("dd")).to_have_text("1")
    expect(figures.filter(has_text="Menunggu terlama").locator("dd")).to_have_text("25 mnt")
    people = lead.get_by_role("region", name="Petugas", exact=True).locator("tbody tr")
    cells = [row.locator("th, td").all_inner_texts() for row in people.all()]
    assert sorted(cells) == [
        ["Andi", "Konselor", "Tidak di tempat", "0 / 3"],
        ["Bu Ratna", "Ketua", "Tidak di tempat", "0 / 3"],
        ["Sari", "Konselor", "Siap", "1 / 1"],
    ]  # fmt: skip
    # Who stops waiting is not on it any more, without anybody's touching the page.
    office.says(gone, "stop")
    expect(figures.filter(has_text="Menunggu terlama").locator("dd")).to_have_text("–", timeout=PATIENCE)
    finish(page)
    expect(people.filter(has_text="Sari")).to_contain_text("0 / 1", timeout=PATIENCE)
