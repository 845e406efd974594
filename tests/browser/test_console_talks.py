"""Conversations at the console that take two: a child and a counsellor, two colleagues, two who close a crisis; and what is attached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from actions.rows import Update
from tests.bot.filed import sample
from tests.browser.child import Child
from tests.browser.desk import PATIENCE, STORY, Desk, accept, finish, ready, shot, sign_in, sound
from tests.browser.pages import PHONE, until, watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]
ADDRESSES = """
    window.made = []; window.gone = [];
    const make = URL.createObjectURL, revoke = URL.revokeObjectURL;
    URL.createObjectURL = (blob) => { const url = make.call(URL, blob); window.made.push(url); return url; };
    URL.revokeObjectURL = (url) => { window.gone.push(url); return revoke.call(URL, url); };
"""


@pytest.fixture
def child(browser: Browser, desk: Desk, wrong: list[str]) -> Iterator[Child]:
    context = browser.new_context(**PHONE)
    page = context.new_page()
    watch(page, desk.office.url, wrong)
    yield Child(page, desk.office.url)
    context.close()


def asks_whether_it_is_safe(page: Page, child: Child) -> None:
    """With the button; nothing else is asked until there is an answer."""
    page.locator("#compose [data-do=safe]").click()
    child.hears("Aman menulis sekarang?")
    expect(page.locator("#talk-notice")).to_contain_text("sedang ditanya", timeout=PATIENCE)
    expect(page.locator("#compose [data-do=safe]")).to_be_disabled()
    expect(page.locator("#reply")).to_be_focused()


def test_whether_it_is_safe_to_write_both_ways(desk: Desk, console: Any, child: Child) -> None:
    page = console(desk.sari)
    ready(page)
    child.asks_for_a_person("Aku pakai HP mama.", word="rambutan")
    accept(page)
    child.hears("Mau mengakhiri? Tulis \"selesai bicara\".")
    asks_whether_it_is_safe(page, child)
    sound(page, "asked whether it is safe")
    child.taps("Ya, aman", "Konselor boleh menulis lagi.")
    dots = child.page.locator("#typing")
    page.locator("#reply").focus()
    page.keyboard.type("Aku tunggu ya.")
    expect(dots).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("Enter")
    child.hears("Aku tunggu ya.")
    child.says("sebentar kak")
    expect(child.page.locator(".ours .status").last).to_have_text("terkirim", timeout=PATIENCE)
    child.page.wait_for_timeout(1500)
    expect(dots).to_be_hidden()  # nobody writes: she reads
    expect(page.locator("#log .sign.yes")).to_have_text("Aman menulis sekarang? Ya", timeout=PATIENCE)
    expect(page.locator("#talk-notice")).to_be_hidden()
    asks_whether_it_is_safe(page, child)
    child.taps("Belum aman", "Kami diam dulu.")
    expect(page.locator("#log .sign.no")).to_have_text("Aman menulis sekarang? Tidak", timeout=PATIENCE)
    expect(page.locator("#talk-notice")).to_contain_text("Jangan kirim apa pun")
    expect(page.locator("#compose [data-do=safe]")).to_be_disabled()  # asking would be a word to whoever holds the telephone
    sound(page, "not safe")
    shot(page, "not-safe")
    # What one writes all the same stays in the box; nor is a word proposed to whoever may hold the telephone now.
    page.locator("#reply").fill("Kamu di sana?")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("tidak aman menulis", timeout=PATIENCE)
    expect(page.locator("#reply")).to_have_value("Kamu di sana?")
    page.locator("#compose [data-do=word]").click()
    expect(page.locator("#word")).to_be_hidden()
    child.says("ini siapa ya")  # perhaps somebody else
    expect(page.locator(".message.theirs .words-said").last).to_have_text("ini siapa ya", timeout=PATIENCE)
    expect(page.locator("#talk-notice")).to_contain_text("Jangan kirim apa pun")
    assert not child.read("Kamu di sana?")
    child.says("Rambutan", "Konselor boleh menulis lagi.")
    expect(page.locator("#talk-notice")).to_be_hidden(timeout=PATIENCE)
    page.locator("#compose button[type=submit]").click()
    child.hears("Kamu di sana?")
    # The word that the child chose is in the dialog, to be asked for.
    page.locator("#compose [data-do=word]").click()
    expect(page.locator("#word-now")).to_have_text("rambutan")
    expect(page.locator("#word [data-do=word-agree]")).to_be_hidden()
    sound(page, "the child's word")
    page.locator("#word [data-do=word-ask]").click()
    child.hears("Apa kata kita?")
    finish(page)
    child.hears("Apa percakapan tadi membantumu?")


def test_nobody_is_hung_up_on_who_wrote_while_the_last_questions_were_answered(desk: Desk, console: Any) -> None:
    """The dialog lies over what comes in: whoever ends the conversation has read it."""
    page = console(desk.sari)
    ready(page)
    address = desk.asks()
    accept(page)
    page.locator("#talk-head [data-do=wrap]").click()
    page.locator("#wrap").get_by_label("Sudah dibantu", exact=True).check()
    page.locator("#wrap").get_by_label("Tidak terlihat", exact=True).check()
    page.locator("#wrap input[name=duty][value=none]").check()
    desk.office.says(address, "Tunggu, masih ada yang mau aku bilang.")
    expect(page.locator(".message.theirs .words-said").last).to_contain_text("Tunggu", timeout=PATIENCE)
    page.locator("#wrap-form button[type=submit]").click()
    expect(page.locator("#wrap")).to_be_hidden(timeout=PATIENCE)
    expect(page.locator("#toasts")).to_contain_text("Percakapan ini berubah di tempat lain.")
    expect(page.locator("#log")).to_be_focused()
    expect(page.locator(".message.theirs .words-said").last).to_be_in_viewport()
    assert not any("sudah selesai" in text for text in desk.office.heard(address))
    finish(page)  # now it was read
    until(page, lambda: any("sudah selesai" in text for text in desk.office.heard(address)[-2:]))


CHIMES = """
    window.chimes = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) { window.chimes += 1; return start.apply(this, when); };
"""


def test_a_message_in_another_of_ones_own_conversations_is_heard(desk: Desk, console: Any) -> None:
    page = console(None)
    page.add_init_script(CHIMES)
    sign_in(page, desk.office.url, desk.sari.name)
    ready(page)
    first = desk.asks("Yang pertama.")
    accept(page)
    second = desk.asks("Yang kedua.")
    page.keyboard.press("Escape")
    accept(page)
    expect(page.locator("#summary")).to_contain_text("Yang kedua.")
    expect(page.locator("#queue .mine .row")).to_have_count(2, timeout=PATIENCE)
    page.wait_for_timeout(2500)  # what accepting stirred has come
    dot = page.locator("#queue .mine .row:not([aria-current]) .dot")
    before = page.evaluate("window.chimes")
    desk.office.says(second, "Halo, aku di depanmu.")
    expect(page.locator(".message.theirs .words-said").last).to_have_text("Halo, aku di depanmu.", timeout=PATIENCE)
    assert page.evaluate("window.chimes") == before  # one looks at it
    desk.office.says(first, "Kakak masih di sana?")
    expect(dot).to_be_visible(timeout=PATIENCE)
    until(page, lambda: page.evaluate("window.chimes") == before + 2)  # two soft notes, once
    # In another section nothing of the queue is on the screen, and what is open there is not looked at either.
    page.locator("[data-view=cases]").click()
    expect(page.locator("#cases-heading")).to_be_focused(timeout=PATIENCE)
    desk.office.says(second, "Halo?")
    until(page, lambda: page.evaluate("window.chimes") == before + 4)
    expect(page.locator("[data-view=queue] .dot")).to_be_visible(timeout=PATIENCE)
    # In a tab in the background it is counted in the title as well.
    page.evaluate("Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })")
    desk.office.says(first, "Aku takut.")
    until(page, lambda: page.title().startswith("(1)"))
    assert page.evaluate("window.chimes") == before + 6
    page.evaluate("delete document.visibilityState")
    page.locator("[data-view=queue]").click()
    expect(page.locator("#queue .mine .row[aria-current] .dot")).to_be_hidden(timeout=PATIENCE)
    finish(page)
    expect(page.locator("#queue .mine .row")).to_have_count(1, timeout=PATIENCE)
    page.locator("#queue .mine .row").click()
    expect(page.locator("#summary")).to_contain_text("Yang pertama.", timeout=PATIENCE)
    finish(page)


def test_a_safe_word_is_proposed_kept_and_asked_for(desk: Desk, console: Any, child: Child) -> None:
    page = console(desk.sari)
    ready(page)
    child.asks_for_a_person("Aku mau cerita soal di rumah.")
    accept(page)
    page.locator("#compose [data-do=word]").click()
    first = page.locator("#word-now").inner_text()
    assert first.isalpha()
    expect(page.locator("#word [data-do=word-ask]")).to_be_hidden()
    sound(page, "a word is proposed")
    shot(page, "word")
    page.locator("#word [data-do=word-again]").click()
    expect(page.locator("#word-now")).not_to_have_text(first)
    word = page.locator("#word-now").inner_text()
    page.locator("#word [data-do=word-agree]").click()
    child.hears(f"«{word}»")
    expect(page.locator("#word")).to_be_hidden(timeout=PATIENCE)
    expect(page.locator("#notes")).to_contain_text(f"Kata aman: {word}", timeout=PATIENCE)
    page.locator("#compose [data-do=word]").click()
    expect(page.locator("#word-now")).to_have_text(word)
    page.locator("#word [data-do=word-ask]").click()
    child.hears("Apa kata kita?")
    child.says(word)
    expect(page.locator(".message.theirs .words-said").last).to_have_text(word, timeout=PATIENCE)
    finish(page)


def test_a_colleague_is_invited_reads_along_and_takes_notes(desk: Desk, console: Any, child: Child) -> None:
    owner = console(desk.sari)
    ready(owner)
    child.asks_for_a_person(STORY)
    accept(owner)
    owner.keyboard.press("Escape")
    owner.locator("#talk-tools [data-do=invite]").click()
    expect(owner.locator("#invite")).to_contain_text("Tidak ada rekan lain yang siap.")
    owner.keyboard.press("Escape")
    guest = console(desk.andi)  # came after the conversation had been opened
    owner.locator("#talk-tools [data-do=invite]").click()
    expect(owner.locator("#invite .choice")).to_contain_text("Andi", timeout=PATIENCE)
    expect(owner.locator("#invite .choice")).to_be_focused()
    sound(owner, "whom to invite")
    shot(owner, "invite-colleague")
    owner.keyboard.press("Enter")
    expect(owner.locator("#toasts")).to_contain_text("Andi diajak ikut melihat.", timeout=PATIENCE)
    expect(owner.locator("#talk-head")).to_contain_text("Andi diajak ikut melihat.", timeout=PATIENCE)
    expect(guest.locator("#queue .invited h2")).to_have_text("Rekan meminta pendapatmu", timeout=PATIENCE)
    assert guest.title().startswith("(1)")
    guest.locator("#queue .invited .row").click()
    expect(guest.locator("#summary")).to_contain_text(STORY, timeout=PATIENCE)
    expect(guest.locator("#talk-notice")).to_contain_text("Percakapan ini bukan kamu yang pegang.")
    expect(guest.locator("#compose")).to_be_hidden()
    expect(guest.locator("#talk-tools [data-do=let-go]")).to_be_hidden()
    sound(guest, "invited")
    shot(guest, "invited")
    child.says("Ibuku pulang jam sembilan.")
    for page in (owner, guest):
        expect(page.locator(".message.theirs .words-said").last).to_have_text("Ibuku pulang jam sembilan.", timeout=PATIENCE)
    guest.locator("#note").fill("Tanyakan siapa orang dewasa yang dipercaya.")
    guest.locator("#note-form button").click()
    expect(owner.locator("#notes li")).to_contain_text("Tanyakan siapa orang dewasa yang dipercaya.", timeout=PATIENCE)
    expect(owner.locator("#notes .name")).to_have_text("Andi")
    assert not child.read("orang dewasa yang dipercaya")
    finish(owner)
    expect(guest.locator("#queue .invited")).to_have_count(0, timeout=PATIENCE)


def test_danger_stands_on_top_whoever_it_is_offered_to(desk: Desk, console: Any) -> None:
    page = console(desk.lead)
    ready(page)
    waiting = [desk.asks(f"Aku mau bertanya, {number}.") for number in range(3)]
    expect(page.locator("#queue .offered .entry")).to_have_count(1, timeout=PATIENCE)
    expect(page.locator("#queue .waiting .entry")).to_have_count(2)
    other = console(desk.andi)
    ready(other)
    expect(other.locator("#queue .offered .entry")).to_have_count(1, timeout=PATIENCE)
    danger = "+6281199001"
    desk.office.says(danger, "/start", "tolong dia mau bunuh aku sekarang")
    for each in (page, other):
        expect(each.locator("#queue .crisis .entry.danger")).to_have_count(1, timeout=PATIENCE)
        expect(each.locator("#queue .entry").first).to_have_class("entry danger" if each.locator(
            "#queue .crisis [data-do=pull]").count() else "entry danger offered")  # fmt: skip
        expect(each.locator("#queue .group").first.locator("h2")).to_have_text("Perlu orang sekarang juga")
        box = each.locator("#queue .entry.danger").bounding_box()
        assert box is not None and all(box["y"] < (entry.bounding_box() or box)["y"] for entry in each.locator("#queue .entry").all()[1:])
        sound(each, "danger on top")
        strip, bar = each.locator("#alarm").bounding_box(), each.locator("header.bar").bounding_box()
        assert strip is not None and bar is not None and strip["y"] + strip["height"] <= bar["y"], "the alarm lies over nothing"
    shot(page, "danger-on-top")
    page.keyboard.press("a")  # takes whoever is in danger, and not what was offered before
    expect(page.locator("#summary")).to_contain_text("bunuh aku", timeout=PATIENCE)
    expect(other.locator("#queue .crisis")).to_have_count(0, timeout=PATIENCE)
    for address in (*waiting, danger):
        desk.office.says(address, "mtk")  # they leave
    expect(page.locator("#talk-head [data-do=close]")).to_be_visible(timeout=PATIENCE)
    finish(page, "Pelapor tidak bisa dihubungi", "Tinggi")


def test_two_people_close_a_crisis_and_one_cannot_be_both(desk: Desk, console: Any, wrong: list[str]) -> None:
    first, colleague, second = console(desk.sari), console(desk.andi), console(desk.lead)
    ready(first)
    address = "+6281199002"
    desk.office.says(address, "/start", "aku mau dibunuh bapakku tolong")
    expect(first.locator("#queue .crisis .entry.danger")).to_have_count(1, timeout=PATIENCE)
    first.keyboard.press("a")
    expect(first.locator("#summary")).to_contain_text("dibunuh", timeout=PATIENCE)
    case = first.locator("#talk-head").get_attribute("data-id")
    twin = first.context.new_page()  # the same person in another tab, with the form open from before
    watch(twin, desk.office.url, wrong)
    sign_in(twin, desk.office.url, desk.sari.name)
    twin.locator(f"#row-{case}").click()
    twin.locator("#talk-head [data-do=wrap]").click()
    expect(twin.locator("#wrap-note")).to_have_text("Pelapor diberi tahu bahwa percakapan selesai.")
    first.bring_to_front()
    finish(first, "Diteruskan ke layanan darurat", "Bahaya sekarang")
    row = first.locator(f"#queue .wrap_up #row-{case}")
    expect(row).to_contain_text("Kamu sudah menutupnya, menunggu ketua", timeout=PATIENCE)
    row.click()
    expect(first.locator("#talk-head")).to_contain_text("ketua harus membaca dan menutupnya juga.", timeout=PATIENCE)
    assert first.locator("#talk-head [data-do=close]").count() == 0
    shot(first, "second-person")
    twin.bring_to_front()
    twin.locator("#wrap").get_by_label("Bukan bahaya", exact=True).check()
    twin.locator("#wrap").get_by_label("Tidak terlihat", exact=True).check()
    twin.locator("#wrap input[name=duty][value=none]").check()
    twin.locator("#wrap-form button[type=submit]").click()
    expect(twin.locator("#wrap-wrong")).to_have_text("Kamu sudah menutup yang pertama. Yang kedua harus orang lain.", timeout=PATIENCE)
    sound(twin, "the same person once more")
    twin.close()
    desk_row = f"select id, case_id, state, outcome, risk, ended_at, closing_id from hand_off where hex(id) = '{str(case).upper()}'"
    [stored] = desk.office.rows(desk_row)
    assert (stored["state"], stored["outcome"], stored["ended_at"]) == ("wrap_up", "relayed", None)
    assert stored["closing_id"] == desk.sari.id
    # A danger: the second has to be a lead. Another colleague sees that, and has no button.
    row = colleague.locator(f"#queue .wrap_up #row-{case}")
    expect(row).to_contain_text("Sari sudah menutupnya, menunggu ketua", timeout=PATIENCE)
    row.click()
    expect(colleague.locator("#talk-head")).to_contain_text("yang kedua harus ketua", timeout=PATIENCE)
    assert colleague.locator("#talk-head [data-do=close]").count() == 0
    expect(second.locator("#group-look")).to_have_text("Perlu dilihat ketua", timeout=PATIENCE)
    expect(second.locator(f"#queue .look #row-{case}")).to_contain_text("Sari sudah menutupnya", timeout=PATIENCE)
    sound(second, "the lead's queue")
    shot(second, "look")
    second.locator(f"#row-{case}").click()
    expect(second.locator("#summary")).to_contain_text("dibunuh", timeout=PATIENCE)
    expect(second.locator("#talk-head")).to_contain_text("Sari sudah menutupnya. Baca semuanya")
    expect(second.locator("#first-look")).to_have_text("Menurut Sari: Diteruskan ke layanan darurat · Risiko: Bahaya sekarang")
    expect(second.locator("#talk-notice")).to_be_hidden()  # the reporter did not go: the talk was ended
    second.locator("#talk-head [data-do=close]").click()
    expect(second.locator("#wrap-note")).to_contain_text("menurut penilaianmu sendiri")
    expect(second.locator("#wrap-first")).to_contain_text("Bahaya sekarang")
    sound(second, "the second of two")
    second.locator("#wrap").get_by_label("Diteruskan ke layanan darurat", exact=True).check()
    second.locator("#wrap").get_by_label("Tinggi", exact=True).check()
    second.locator("#wrap input[name=duty][value=none]").check()
    second.locator("#wrap textarea").fill("Polisi sudah di rumahnya.")
    second.locator("#wrap-form button[type=submit]").click()
    expect(second.locator("#wrap-wrong")).to_contain_text("berbeda dari Sari", timeout=PATIENCE)  # not silently
    shot(second, "differs")
    second.locator("#wrap-form button[type=submit]").click()
    expect(second.locator(f"#row-{case}")).to_have_count(0, timeout=PATIENCE)
    [stored] = desk.office.rows(desk_row)
    assert (stored["state"], stored["risk"]) == ("closed", "high")
    # What each of them found stands in the case, signed, and the line of the conversation says who closed it.
    second.keyboard.press("g")
    second.keyboard.press("c")
    second.locator(f"#case-{stored['case_id'].hex()}").click()
    closings = second.locator("#timeline .closing")
    expect(closings).to_have_count(2, timeout=PATIENCE)
    expect(closings.first).to_contain_text("Diteruskan ke layanan darurat · Risiko sekarang: Bahaya sekarang")
    expect(closings.last).to_contain_text("Risiko sekarang: Tinggi")
    expect(closings.last).to_contain_text("Polisi sudah di rumahnya.")
    closed = second.locator("#timeline .closed")
    expect(closed).to_contain_text("Sari, Kamu")
    expect(closed).to_contain_text("Risiko sekarang: Tinggi")
    expect(closed.locator(".proof.signed")).to_have_count(1)
    expect(second.locator("#timeline .accepted")).to_contain_text("Sari menerima percakapan")
    sound(second, "a case whose crisis two people closed")
    shot(second, "closed")
    # Whoever writes to the database changes what the server says, and not what was signed.
    desk.office.write(Update(table="hand_off", key={"id": stored["id"]}, values={"risk": "none", "closed_by": desk.andi.id}))
    second.locator("#case-rows .row").last.click()
    second.locator(f"#case-{stored['case_id'].hex()}").click()
    expect(second.locator("#timeline .closed")).to_contain_text("Tidak terlihat", timeout=PATIENCE)
    expect(second.locator("#timeline .closed .proof.server")).to_have_count(1)


def opened_addresses(page: Page) -> list[str]:
    """The addresses of files in the page's memory that were not given back."""
    left: list[str] = page.evaluate("window.made.filter((url) => !window.gone.includes(url))")
    return left


def readable(page: Page, url: str) -> bool:
    """Whether the page can still show what lies at an address."""
    found: bool = page.evaluate(
        """url => new Promise((done) => {
            const image = new Image(); image.onload = () => done(true); image.onerror = () => done(false); image.src = url;
        })""", url
    )  # fmt: skip
    return found


def test_attachments_are_opened_by_a_click_and_given_back(desk: Desk, console: Any, tmp_path: Path) -> None:
    says, sends = desk.office.says, desk.office.sends
    adult = "+6281199003"
    says(adult, "/start", "report", "yes", "adult", "no", "neighbour", "1, 2", "Anak di sebelah sering menangis malam.", "yes")
    sends(adult, "image", sample("photo.jpg"))
    says(adult, "file_send", "done", "this_week", "ongoing", "home", "sepinggan", "lewati", "age_6_12", "unsure", "unsure", "unsure")
    says(adult, "other", "no", "7", "done", "own_code", "send")
    page = console(None)
    page.add_init_script(ADDRESSES)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "/console/j/file/" in request.url else None)
    sign_in(page, desk.office.url, desk.lead.name)
    page.locator("[data-view=cases]").click()
    page.locator("#case-rows .row", has_text="Laporan").first.click()
    picture = page.locator("#records .attachment")
    expect(picture).to_contain_text("Lampiran disamarkan.", timeout=PATIENCE)
    sound(page, "a blurred photo")
    shot(page, "photo-blurred")
    assert (fetched, page.locator("#records img").count()) == ([], 0)
    picture.get_by_role("button", name="Lihat").click()
    expect(picture.locator("img")).to_be_visible(timeout=PATIENCE)
    until(page, lambda: page.locator("#records img").evaluate("i => i.naturalWidth") > 0)
    assert len(fetched) == 1
    [address] = opened_addresses(page)
    assert address.startswith("blob:") and readable(page, address)
    sound(page, "a photo")
    picture.get_by_role("button", name="Samarkan lagi").click()
    assert (opened_addresses(page), page.locator("#records img").count()) == ([], 0)
    assert not readable(page, address)
    picture.get_by_role("button", name="Lihat").click()
    expect(picture.locator("img")).to_be_visible(timeout=PATIENCE)
    [address] = opened_addresses(page)
    page.locator("#case-rows .row").last.click()  # another case
    until(page, lambda: opened_addresses(page) == [])
    assert not readable(page, address)

    page.locator("[data-view=queue]").click()
    ready(page)
    reporter = desk.asks("Aku punya rekaman dan surat.")
    accept(page)
    sends(reporter, "voice", sample("voice.ogg"))
    sends(reporter, "document", sample("letter.pdf"))
    expect(page.locator("#log .attachment")).to_have_count(2, timeout=PATIENCE)
    page.locator("#log").get_by_role("button", name="Putar suara").click()
    expect(page.locator("#log audio")).to_be_visible(timeout=PATIENCE)
    until(page, lambda: page.locator("#log audio").evaluate("a => a.duration") > 0)
    page.locator("#log").get_by_role("button", name="Buka dokumen").click()
    expect(page.locator("#log .media a")).to_have_text("Simpan dokumen di komputer ini", timeout=PATIENCE)
    expect(page.locator("#log .media .hint")).to_contain_text("siapa pun di komputer ini bisa membacanya")
    sound(page, "voice and document")
    shot(page, "attachments")
    assert page.locator("iframe, embed, object").count() == 0
    with page.expect_download() as saved:
        page.locator("#log .media a").click()
    saved.value.save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes().startswith(b"%PDF-")
    assert saved.value.suggested_filename.endswith(".pdf")
    assert len(opened_addresses(page)) == 2
    page.locator("#talk-heading").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#talk .empty")).to_be_visible()
    assert opened_addresses(page) == []
    page.locator("#queue .mine .row").click()
    page.locator("#log").get_by_role("button", name="Putar suara").click()
    expect(page.locator("#log audio")).to_be_visible(timeout=PATIENCE)
    finish(page)
    until(page, lambda: opened_addresses(page) == [])
