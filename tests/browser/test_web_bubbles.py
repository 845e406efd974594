"""What a bubble tells the page to do: wiping, the language, the receipt, numbers to call, and the quiet ways out of a question."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from flows.message import Choice, InboundKind, Outbound
from tests.browser.pages import PHONE, SIZES, Opener, log_of, say, sound, until
from tests.browser.site import Site

pytestmark = pytest.mark.browser
STORY = "Ini ceritaku yang rahasia."
LONG = "\n\n".join(f"Bagian {n}. " + "kata " * 30 for n in range(8))


def put(site: Site, message: Outbound) -> None:
    site.mailroom.put("web", site.addresses()[0], message)


def test_a_wiping_bubble_takes_everything_before_it(opened: Opener, site: Site) -> None:
    page = opened()
    page.get_by_role("button", name="1 Lapor").click()
    say(page, STORY)
    expect(page.get_by_text("Boleh pilih beberapa.")).to_be_visible()
    page.get_by_label("Tulis pesan").fill("belum dikirim")
    put(site, Outbound(text="Latihan matematika", wipe=True))
    expect(page.get_by_text("Latihan matematika")).to_be_visible()
    assert log_of(page).split() == ["Balasan", "Latihan", "matematika"]
    for words in (STORY, "belum dikirim", "Dipukul", "Halo"):
        assert words not in page.content()
    assert page.get_by_label("Tulis pesan").input_value() == ""
    expect(page.get_by_text("Tekan Esc dua kali")).to_be_hidden()  # what is left must look like homework
    expect(page.get_by_role("button", name="Lewati")).to_be_hidden()
    put(site, Outbound(text="Bisa lanjut.", choices=(Choice(id="go", label="Lanjut"),)))
    page.get_by_role("button", name="1 Lanjut").click()
    expect(page.get_by_text("Kamu di mana?")).to_be_visible()


def test_whoever_stood_on_a_wiped_button_is_not_lost(opened: Opener, site: Site) -> None:
    page = opened()
    page.get_by_role("button", name="2 Bicara dengan konselor").focus()
    put(site, Outbound(text="Sudah dibersihkan.", wipe=True))
    expect(page.get_by_text("Sudah dibersihkan.")).to_be_visible()
    expect(page.get_by_role("region", name="Percakapan")).to_be_focused()


def test_the_page_follows_the_language_of_the_conversation(opened: Opener, site: Site) -> None:
    page = opened()
    put(site, Outbound(text="Satu.", language="id"))
    put(site, Outbound(text="Two.", language="en", choices=(Choice(id="x", label="Go on"),)))
    expect(page.get_by_role("link", name="Leave quickly")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".theirs .words", has_text="Satu.")).to_have_attribute("lang", "id")
    expect(page.locator("div.words", has_text="Two.")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="1 Go on").locator(".words")).to_have_attribute("lang", "en")
    put(site, Outbound(text="Drei.", language="de"))  # no labels in that language: they stay as they are
    expect(page.locator(".theirs .words", has_text="Drei.")).to_have_attribute("lang", "de")
    expect(page.get_by_role("link", name="Leave quickly")).to_be_visible()
    assert site.texts() == []


def test_the_toggle_asks_the_conversation_to_change_too(opened: Opener, site: Site) -> None:
    page = opened()
    put(site, Outbound(text="Satu.", language="id"))
    expect(page.get_by_text("Satu.")).to_be_visible()
    page.get_by_role("button", name="switch to English").click()
    expect(page.get_by_role("link", name="Leave quickly")).to_be_visible()
    until(page, lambda: site.texts() == ["change language"])
    put(site, Outbound(text="Mau bahasa apa? Which language?", language="id"))
    expect(page.get_by_text("Which language?")).to_be_visible()
    expect(page.get_by_role("link", name="Leave quickly")).to_be_visible()
    put(site, Outbound(text="Fine.", language="en"))
    expect(page.get_by_text("Fine.")).to_be_visible()
    page.get_by_role("button", name="ganti ke bahasa").click()
    until(page, lambda: site.texts() == ["change language", "ganti bahasa"])


def test_a_choice_made_before_the_first_bubble_is_asked_for(opened: Opener, site: Site) -> None:
    page = opened()  # the scripted bot's bubbles have no language, so the page has heard none yet
    page.get_by_role("button", name="switch to English").click()
    put(site, Outbound(text="Satu.", language="id"))
    until(page, lambda: site.texts() == ["change language"])
    expect(page.get_by_role("link", name="Leave quickly")).to_be_visible()


def test_the_receipt_stands_one_word_a_line(opened: Opener, site: Site) -> None:
    page = opened(**PHONE)
    code = "klik grosir asah protein rajin"
    put(site, Outbound(text=f"Ini kodemu:\n\n{code}\n\nTulis 5 kata itu di kertas.", code=code))
    words = page.locator("ol.code li")
    expect(words).to_have_text(code.split())
    assert len({box["y"] for word in words.all() if (box := word.bounding_box())}) == 5
    assert float(words.first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) >= 20
    expect(page.get_by_text("Tulis 5 kata itu di kertas.")).to_be_visible()
    put(site, Outbound(text="lima kata biasa tanpa titik"))  # no receipt, however much it looks like one
    expect(page.get_by_text("lima kata biasa tanpa titik")).to_be_visible()
    expect(page.locator("ol.code")).to_have_count(1)


def test_numbers_that_are_there_to_be_called_are_large(opened: Opener, site: Site) -> None:
    page = opened(**PHONE)
    text = "Telepon 112\n\n110 polisi\n119 ambulans\n\nKalau datang lagi, telepon 112 ya, jangan menunggu."
    put(site, Outbound(text=text, numbers=("112", "110", "119")))
    links = page.locator(".theirs").last.get_by_role("link")
    expect(links).to_have_text(["112", "110", "119", "112"])
    assert [link.get_attribute("class") for link in links.all()] == ["call", "call", "call", None]
    sound(page, "numbers")


def test_lists_are_lists_and_the_question_stands_out(opened: Opener, site: Site) -> None:
    page = opened()
    choices = (Choice(id="y", label="Ya"), Choice(id="n", label="Tidak"))
    put(site, Outbound(text="Yang perlu kamu tahu.\n\n• satu\n• dua\n\n• tiga\n\nMau lanjut?", choices=choices))
    bubble = page.locator(".theirs").last
    expect(bubble.get_by_role("list")).to_have_count(1)
    expect(bubble.get_by_role("listitem")).to_have_text(["satu", "dua", "tiga"])
    expect(bubble.get_by_role("group", name="Mau lanjut?", exact=True)).to_be_visible()
    assert int(bubble.get_by_text("Mau lanjut?").evaluate("e => getComputedStyle(e).fontWeight")) > 500


def test_back_and_skip_are_a_tap(opened: Opener, site: Site) -> None:
    page = opened(**PHONE)
    expect(page.get_by_role("button", name="Lewati")).to_be_hidden()  # nothing to go back to, nothing to skip
    page.get_by_role("button", name="1 Lapor").tap()
    page.get_by_role("button", name="Lewati").tap()
    until(page, lambda: site.texts() == ["lewati"])
    expect(page.locator(".ours").last).to_contain_text("Lewati")
    page.get_by_role("button", name="Kembali").tap()
    until(page, lambda: site.texts() == ["lewati", "kembali"])
    page.get_by_role("button", name="switch to English").tap()
    page.get_by_role("button", name="Skip").tap()
    page.get_by_role("button", name="Back").tap()
    until(page, lambda: site.texts()[2:] == ["skip", "back"])
    assert set(site.kinds()) == {"start", "tap", "text"}


def test_options_below_the_edge_are_told_of(opened: Opener, site: Site) -> None:
    page = opened(**SIZES["small"])
    page.get_by_role("button", name="1 Lapor").tap()
    expect(page.get_by_text("Terima kasih sudah menulis.")).to_be_visible()
    put(site, Outbound(text=LONG + "\n\nMau lanjut?", choices=(Choice(id="y", label="Lanjut"),)))
    expect(page.get_by_text("Bagian 0.")).to_be_in_viewport()
    option = page.get_by_role("button", name="1 Lanjut")
    expect(option).not_to_be_in_viewport()
    below = page.get_by_role("button", name="Masih ada di bawah")
    for _ in range(20):
        if not below.is_visible():
            break
        below.tap()
        page.wait_for_timeout(100)
    expect(option).to_be_in_viewport(ratio=1)
    option.tap()
    until(page, lambda: site.mailroom.received[-1].inbound.kind is InboundKind.TAP)
