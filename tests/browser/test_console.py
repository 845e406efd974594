"""The console in a real browser, over the real service: what counsellors do, by keyboard; what is sealed opens here and nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from actions.rows import Insert, Update
from bot.storage.desk import DeskStore
from tests.browser.desk import PATIENCE, STORY, Desk, accept, finish, ready, shot, sound
from tests.browser.pages import PHONE, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]
# Counts the notes of the sounds that a page makes from now on.
HEARD = """() => {
    window.notes = 0;
    const make = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () { window.notes += 1; return make.call(this); };
}"""
HOSTILE = '<img src=x onerror="document.title=`OWNED`"><script>document.title="OWNED"</script> {{7*7}} javascript:alert(1)'


def test_a_conversation_from_the_offer_to_the_end_by_keyboard_alone(desk: Desk, console: Any) -> None:
    page = console(desk.sari)
    keys = page.keyboard
    expect(page.locator("#queue-heading")).to_be_focused()
    ready(page)
    sound(page, "empty queue")
    address = desk.asks()
    expect(page.locator("#queue .offered .row")).to_be_visible(timeout=PATIENCE)
    sound(page, "offered")
    accept(page)
    expect(page.locator("#summary")).to_contain_text(STORY)
    sound(page, "conversation")
    keys.type("Halo, aku Sari.")
    keys.press("Shift+Enter")
    keys.type("Aku percaya kamu.")
    keys.press("Enter")
    until(page, lambda: "Halo, aku Sari.\nAku percaya kamu." in desk.office.heard(address))
    expect(page.locator(".message.ours .tick")).to_have_text("terkirim", timeout=PATIENCE)
    desk.office.says(address, "Terima kasih sudah mau dengar.")
    expect(page.locator(".message.theirs .words-said").last).to_have_text("Terima kasih sudah mau dengar.", timeout=PATIENCE)
    expect(page.locator("#reply")).to_be_focused()  # what comes in takes the focus from nobody
    keys.press("Escape")
    keys.press("n")
    expect(page.locator("#note")).to_be_focused()
    keys.type("Tampak tenang.")
    keys.press("Tab")
    keys.press("Enter")
    expect(page.locator("#notes li")).to_contain_text("Tampak tenang.", timeout=PATIENCE)
    assert not any("Tampak tenang" in text for text in desk.office.heard(address))
    page.locator("#talk-heading").focus()
    keys.press("c")
    expect(page.locator("#canned-search")).to_be_focused()
    keys.type("bukan salah")
    keys.press("ArrowDown")
    sound(page, "prepared replies")
    shot(page, "canned")
    keys.press("Enter")
    expect(page.locator("#reply")).to_be_focused()
    expect(page.locator("#reply")).to_have_value("Ini bukan salahmu. Tidak ada yang boleh memperlakukanmu seperti itu.")
    keys.press("Control+Enter")
    until(page, lambda: desk.office.heard(address)[-1].startswith("Ini bukan salahmu."))
    shot(page, "conversation")
    keys.press("Escape")
    keys.press("w")
    expect(page.locator("#wrap")).to_be_visible()
    sound(page, "wrap-up")
    keys.press("Space")  # the first outcome
    keys.press("Tab")
    keys.press("Space")
    keys.press("ArrowUp")  # round to the last risk
    keys.press("Tab")
    keys.press("Space")  # no sign of sexual violence
    assert page.evaluate("[...document.querySelectorAll('#wrap input:checked')].map((e) => e.value)") == ["helped", "none", "none"]
    keys.press("Enter")
    expect(page.locator("#talk .empty")).to_be_visible(timeout=PATIENCE)
    until(page, lambda: any("sudah selesai" in text for text in desk.office.heard(address)[-2:]))


def test_what_a_reporter_writes_is_text_and_nothing_else(desk: Desk, console: Any) -> None:
    page = console(desk.sari)
    ready(page)
    address = desk.asks(HOSTILE)
    accept(page)
    expect(page.locator("#summary")).to_contain_text(HOSTILE)
    desk.office.says(address, HOSTILE)
    expect(page.locator(".message.theirs .words-said").last).to_have_text(HOSTILE, timeout=PATIENCE)
    assert page.locator("#talk img, #talk script").count() == 0
    assert "OWNED" not in page.title()
    finish(page)


def test_a_transfer_is_refused_then_accepted_and_the_first_may_not_write_any_more(desk: Desk, console: Any) -> None:
    first, second = console(desk.sari), console(desk.andi)
    ready(first)
    address = desk.asks()
    accept(first)
    ready(second)
    expect(first.locator("#queue .counts")).to_contain_text("2 petugas siap", timeout=PATIENCE)
    first.evaluate(HEARD)
    for answer in ("refuse", "accept"):
        expect(first.locator("#talk-head [data-do=transfer]")).to_be_visible(timeout=PATIENCE)
        first.locator("#talk .pane-title h1").click()
        first.locator("[data-hand-off] [data-do=leave-pane]").is_hidden()
        first.evaluate("id => document.querySelector(`#row-${id}`).click()", first.locator("#talk-head").get_attribute("data-id"))
        first.locator("#talk-head [data-do=transfer]").click()
        first.locator("#transfer").get_by_role("button", name="Andi").click()
        expect(first.locator("#talk-head")).to_contain_text("Menunggu Andi menerima.", timeout=PATIENCE)
        expect(second.locator(f"#queue .offered [data-do={answer}]")).to_be_visible(timeout=PATIENCE)
        if answer == "accept":
            shot(first, "transfer")
        second.locator(f"#queue .offered [data-do={answer}]").click()
        if answer == "refuse":
            expect(first.locator("#toasts")).to_contain_text("Andi tidak mengambil alih", timeout=PATIENCE)
            assert first.evaluate("window.notes") == 2, "the soft sound, once"
            expect(first.locator("#talk-head")).not_to_contain_text("Menunggu Andi", timeout=PATIENCE)
            expect(second.locator("#toasts")).to_contain_text("Kamu tetap tercatat Siap")
            expect(second.locator("#not-ready")).to_be_hidden()
            expect(first.locator("#queue .counts")).to_contain_text("2 petugas siap", timeout=PATIENCE)
    expect(second.locator("#reply")).to_be_focused(timeout=PATIENCE)
    expect(second.locator("#summary")).to_contain_text(STORY)
    expect(first.locator("#compose")).to_be_hidden(timeout=PATIENCE)
    expect(first.locator("#talk-notice")).to_contain_text("bukan kamu yang pegang")
    second.keyboard.type("Halo, aku Andi.")
    second.keyboard.press("Enter")
    until(second, lambda: "Halo, aku Andi." in desk.office.heard(address))
    expect(first.locator(".message.ours .words-said").last).to_have_text("Halo, aku Andi.", timeout=PATIENCE)
    expect(first.locator(".message.ours .name").last).to_have_text("Andi")
    finish(second)


def test_a_call_back_is_shown_with_when_and_who_writes_first(desk: Desk, console: Any) -> None:
    office = desk.office
    week = json.dumps({day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")})
    hours = Insert(table="desk_setting", row={"name": "hours", "version": 1, "value": week})
    office.run(office.service.writer.write([hours]))
    office.run(office.service.desk.tick())
    page = console(desk.sari)
    ready(page)
    address = desk.asks()
    office.says(address, "callback", "tomorrow", "noon", "no")
    row = page.locator("#queue .callback .row")
    expect(row).to_contain_text("12:00", timeout=PATIENCE)
    row.click()
    expect(page.locator("#talk-head")).to_contain_text("12:00; pelapor menulis lebih dulu")
    expect(page.locator("#log .sign")).to_contain_text("Pelapor mau menulis lebih dulu", timeout=PATIENCE)
    shot(page, "callback")
    (waits,) = [each for each in office.run(DeskStore(office.service.engine).open_hand_offs()) if each.state == "callback"]
    now = int(office.service._clock())
    due = Update(table="hand_off", key={"id": waits.id}, values={"callback_at": now, "due_at": now, "version": waits.version + 1})
    office.run(office.service.writer.write([due]))
    office.run(office.service.desk.tick())
    expect(page.locator("#queue .offered [data-do=accept]").first).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("a")
    expect(page.locator("#talk-notice")).to_contain_text("Pelapor mau menulis lebih dulu. Jangan kirim apa pun", timeout=PATIENCE)
    office.says(address, "aku di sini")
    expect(page.locator("#talk-notice")).to_be_hidden(timeout=PATIENCE)
    finish(page)


def test_a_word_that_was_typed_survives_a_dropped_line_and_is_sent_once(desk: Desk, console: Any) -> None:
    page = console(desk.sari)
    ready(page)
    address = desk.asks()
    accept(page)
    page.context.set_offline(True)
    page.keyboard.type("Aku di sini.")
    page.keyboard.press("Enter")
    page.keyboard.type("Ini belum kukirim")
    expect(page.locator(".message.ours.pending .words-said")).to_have_text("Aku di sini.")
    expect(page.locator("#link")).to_have_attribute("data-state", "offline", timeout=PATIENCE)
    shot(page, "offline")
    page.context.set_offline(False)
    until(page, lambda: desk.office.heard(address).count("Aku di sini.") == 1)
    expect(page.locator("#link")).to_have_attribute("data-state", "online", timeout=PATIENCE)
    expect(page.locator(".message.ours.pending")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("#reply")).to_have_value("Ini belum kukirim")
    page.wait_for_timeout(1500)
    assert desk.office.heard(address).count("Aku di sini.") == 1
    # The session ends: after the passphrase one is where one was, and what was being written is still there.
    desk.office.run(desk.office.people.sessions.end(desk.sari.id, None))
    page.keyboard.press("Escape")
    page.evaluate("() => document.querySelector('[data-view=queue]').click()")
    expect(page.locator("#sign")).to_be_visible(timeout=PATIENCE)
    assert STORY not in page.content()
    page.locator("#sign-passphrase").fill("bunga pasir tenang kapal langit roti")
    page.keyboard.press("Enter")
    expect(page.locator("#reply")).to_have_value("Ini belum kukirim", timeout=PATIENCE)
    page.locator("#reply").fill("")
    finish(page)


def test_the_screen_hides_and_shows_by_key_and_esc_does_not_show_it(desk: Desk, console: Any) -> None:
    page = console(desk.sari)
    page.keyboard.press("Shift+H")
    expect(page.locator("#veil")).to_be_visible()
    assert page.locator("#desk").evaluate("e => getComputedStyle(e).visibility") == "hidden"
    page.keyboard.press("Escape")
    expect(page.locator("#veil")).to_be_visible()
    shot(page, "hidden")
    page.keyboard.press("Enter")
    expect(page.locator("#veil")).to_be_hidden()


@pytest.mark.parametrize(
    "view", ["desktop", "phone-dark", "english", *(pytest.param(view, marks=pytest.mark.long) for view in ("phone", "dark"))]
)
def test_every_section_is_sound_and_legible(desk: Desk, console: Any, view: str) -> None:
    options: dict[str, Any] = {**(PHONE if "phone" in view else {}), "color_scheme": "dark" if "dark" in view else "light"}
    page = console(None, **options)
    page.goto(desk.office.url + "/console")
    expect(page.locator("#sign")).to_be_visible()
    sound(page, f"{view} door")
    shot(page, f"{view}-door")
    if view == "english":
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.locator("#sign input[name=name]").fill(desk.lead.name)
    page.locator("#sign-passphrase").fill("bunga pasir tenang kapal langit roti")
    page.locator("#sign button.main").click()
    expect(page.locator("#queue-heading")).to_be_visible(timeout=PATIENCE)
    page.locator("[data-do=presence][data-state=ready]").click()
    address = desk.asks()
    expect(page.locator("#queue .offered .row")).to_be_visible(timeout=PATIENCE)
    sound(page, f"{view} queue")
    shot(page, f"{view}-queue")
    page.locator("#queue .offered [data-do=accept]").click()
    expect(page.locator("#summary")).to_contain_text(STORY, timeout=PATIENCE)
    desk.office.says(address, "Sekarang aku di kamar, pintunya bisa dikunci.")
    expect(page.locator(".message.theirs")).to_have_count(1, timeout=PATIENCE)
    page.locator("#reply").fill("Bagus. Aku tetap di sini bersamamu.")
    page.locator("#compose button[type=submit]").click()
    expect(page.locator(".message.ours .tick")).to_have_text("sent" if view == "english" else "terkirim", timeout=PATIENCE)
    sound(page, f"{view} conversation")
    shot(page, f"{view}-talk")
    if "phone" in view:
        page.locator("#talk-head [data-do=side]").click()
        sound(page, f"{view} notes and tools")
        shot(page, f"{view}-side")
    page.locator("#talk-tools [data-do=case]").click()
    expect(page.locator("#records")).to_contain_text(STORY, timeout=PATIENCE)
    sound(page, f"{view} case")
    shot(page, f"{view}-case")
    if "phone" in view:
        page.locator("#case [data-do=leave-pane]").click()
    for name in ("board", "staff", "hours", "me"):
        page.locator(f"[data-view={name}]").click()
        expect(page.locator(f"#{name}-heading")).to_be_visible(timeout=PATIENCE)
        if name == "staff":
            expect(page.locator("#members th")).not_to_have_count(0, timeout=PATIENCE)
        sound(page, f"{view} {name}")
        shot(page, f"{view}-{name}")
    page.locator("[data-view=queue]").click()
    if "phone" not in view:
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_be_visible()
        sound(page, f"{view} keys")
        shot(page, f"{view}-keys")
        page.keyboard.press("Escape")
    page.locator("#queue .mine .row").first.click()
    expect(page.locator("#talk-head [data-do=wrap]")).to_be_visible(timeout=PATIENCE)
    page.locator("#talk-head [data-do=wrap]").click()
    page.locator("#wrap input[value=helped]").check()
    page.locator("#wrap input[name=risk][value=none]").check()
    page.locator("#wrap input[name=duty][value=later]").check()
    page.locator("#wrap-form button[type=submit]").click()
    expect(page.locator("#wrap")).to_be_hidden(timeout=PATIENCE)


def test_each_sees_that_the_other_is_writing(desk: Desk, console: Any) -> None:
    page = console(desk.sari)
    ready(page)
    address = desk.asks()
    accept(page)
    page.keyboard.type("Halo, aku")
    until(page, lambda: address in desk.office.phones.typed)
    hand_off = bytes.fromhex(page.locator("#talk-head").get_attribute("data-id") or "")
    talked = desk.office.run(DeskStore(desk.office.service.engine).hand_off(hand_off))
    expect(page.locator("#talk-typing")).to_be_hidden()
    desk.office.run(desk.office.service.typing.reporter(talked.conversation_id))
    expect(page.locator("#talk-typing")).to_have_text("Pelapor sedang menulis …", timeout=PATIENCE)
    expect(page.locator("#talk-typing")).to_be_visible()
    desk.office.says(address, "ini aku")
    expect(page.locator("#talk-typing")).to_be_hidden(timeout=PATIENCE)
    page.locator("#reply").fill("")
    finish(page)


def test_whoever_let_an_offer_pass_reads_that_they_are_away_now_and_who_rests_until_when(desk: Desk, console: Any) -> None:
    office = desk.office
    pages = {desk.sari.id: console(desk.sari), desk.andi.id: console(desk.andi)}
    for page in pages.values():
        ready(page)
    desk.asks()
    offered = {who: page.locator("#queue .offered [data-do=accept]") for who, page in pages.items()}
    until(page, lambda: any(one.count() for one in offered.values()))
    (asked,) = [who for who, one in offered.items() if one.count()]
    for seconds in (0, 25, 25, 25):  # both are there all the time, and no round sees the clock jump twice
        office.later(seconds)
        for colleague in (desk.sari, desk.andi):
            office.run(office.service.desk.beat(colleague.born.joining))
        office.run(office.service.desk.tick())
    page, other = pages[asked], next(page for who, page in pages.items() if who != asked)
    expect(page.locator("#not-ready")).to_contain_text("lewat tanpa jawaban, jadi kamu ditandai tidak di tempat", timeout=PATIENCE)
    expect(page.locator("#toasts")).to_contain_text("lewat tanpa jawaban")
    shot(page, "offer-passed")
    sound(page, "an offer passed")
    page.keyboard.press("p")
    expect(page.locator("#not-ready")).to_be_hidden()
    accept(other)
    # Whoever gives a danger back after having talked there rests, and reads until when.
    (talk,) = [each for each in office.run(DeskStore(office.service.engine).open_hand_offs()) if each.state == "active"]
    danger = Update(table="hand_off", key={"id": talk.id}, values={"urgency": "danger", "version": talk.version + 1})
    office.run(office.service.writer.write([danger]))
    other.keyboard.type("Aku di sini.")
    other.keyboard.press("Enter")
    expect(other.locator(".message.ours .tick").last).to_have_attribute("data-state", "sent", timeout=PATIENCE)
    other.locator("#talk-tools [data-do=let-go]").click()
    expect(other.locator("#not-ready")).to_contain_text("Jeda sampai", timeout=PATIENCE)
    page.locator("#queue .crisis [data-do=accept], #queue .crisis [data-do=pull]").first.click()
    expect(page.locator("#reply")).to_be_focused(timeout=PATIENCE)
    finish(page)
