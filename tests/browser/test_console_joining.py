"""Coming to the desk, with the program as it is served: a unit's key file, the authenticator, a second browser, a lost passphrase."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.child import Child
from tests.browser.desk import PATIENCE, join, shot, sign_in_again, signed_in_pages, sound
from tests.browser.pages import DESKTOP, watch
from tests.browser.service import RealService, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]
STORY = "Guru les suka menyentuh pundakku lama sekali."


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealService]:
    with serving(RealService(tmp_path_factory.mktemp("service"))) as service:
        yield service


@pytest.fixture
def console(browser: Browser, service: RealService, wrong: list[str]) -> Iterator[Any]:
    with signed_in_pages(browser, service.url, wrong=wrong, **DESKTOP) as open_as:
        yield open_as


def first_case(page: Page) -> None:
    """Opens the only case there is."""
    page.locator("[data-view=cases]").click()
    page.locator("#case-rows .row").first.click()
    expect(page.locator("#records")).to_contain_text(STORY, timeout=PATIENCE)


def test_the_first_lead_brings_the_key_file_and_a_lost_passphrase_ends_nothing(
    browser: Browser, service: RealService, console: Any, wrong: list[str], tmp_path: Path
) -> None:  # fmt: skip
    # A child has written before anybody of the unit was there: it was sealed to the key in the file.
    child = browser.new_context(**DESKTOP).new_page()
    watch(child, service.url, wrong)
    chat = Child(child, service.url)
    chat.taps("Bicara dengan konselor", "Apa yang mau kamu sampaikan?")
    chat.says(STORY, "dengan kode 5 kata")
    chat.page.keyboard.type("1")
    chat.page.keyboard.press("Enter")
    expect(child.locator("ol.code")).to_be_visible(timeout=PATIENCE)
    child.context.close()

    lead = console(None)
    wrong_file = tmp_path / "wrong.key"
    wrong_file.write_text("{}")
    link = service.invited("lead")
    lead.goto(link)
    form = lead.locator("#join")
    expect(lead.locator("#join-key")).to_be_visible(timeout=PATIENCE)
    expect(lead.locator("#join-qr img")).to_be_visible()
    sound(lead, "first lead")
    shot(lead, "first-lead")
    # What does not fit is said, and the link stays good.
    form.locator("input[name=name]").fill("ratna")
    form.locator("input[name=shown]").fill("Bu Ratna")
    form.locator("input[name=typed]").fill(form.locator("#join-words").inner_text())
    form.locator("input[name=code]").fill("000000")
    form.locator("input[name=key]").set_input_files(wrong_file)
    form.locator("button.main").click()
    expect(lead.locator("#join-wrong")).to_have_text("Berkas kunci itu tidak cocok atau tidak bisa dibuka.", timeout=PATIENCE)
    form.locator("input[name=key]").set_input_files(service.key_file)
    form.locator("button.main").click()
    expect(lead.locator("#join-wrong")).to_have_text("Kode dari aplikasi autentikator tidak cocok.", timeout=PATIENCE)
    sound(lead, "a wrong code")
    ratna = join(lead, link, "ratna", key_file=service.key_file)
    lead.get_by_role("button", name="Masuk sekarang").click()
    sign_in_again(lead, ratna)  # the browser in which one joined has a session: no code
    expect(lead.locator("#queue-heading")).to_be_focused(timeout=PATIENCE)
    first_case(lead)

    # Another browser: passphrase and code; a code is good once; loading anew asks for the passphrase alone.
    other = console(None)
    other.goto(service.url + "/console")
    sign_in_again(other, ratna, code=ratna.code_again())
    expect(other.locator("#sign-wrong")).to_have_text("Nama, frasa sandi, atau kode tidak cocok.", timeout=PATIENCE)
    sign_in_again(other, ratna, code=ratna.code())
    expect(other.locator("#queue-heading")).to_be_focused(timeout=PATIENCE)
    other.reload()
    sign_in_again(other, ratna)
    expect(other.locator("#queue-heading")).to_be_focused(timeout=PATIENCE)
    first_case(other)

    # A link that went to the wrong one is taken back.
    lead.locator("[data-view=staff]").click()
    expect(lead.locator("#invites-open")).to_be_hidden()
    lead.locator("#invite-form button").click()
    expect(lead.locator("#invites li")).to_contain_text("dibuat Ratna", timeout=PATIENCE)
    lost = lead.locator("#invite-link").inner_text()
    sound(lead, "a link that is still good")
    shot(lead, "invitations")
    lead.locator("#invites button").click()
    expect(lead.locator("#invites-open")).to_be_hidden(timeout=PATIENCE)
    expect(lead.locator("#invite-made")).to_be_hidden()
    expect(lead.locator("#invite-form button")).to_be_focused()
    stranger = console(None)
    stranger.goto(lost)
    expect(stranger.get_by_text("Undangan ini tidak berlaku lagi. Minta yang baru.")).to_be_visible(timeout=PATIENCE)

    # A colleague joins, is admitted, and loses the passphrase.
    colleague = console(None)
    lead.locator("[data-view=staff]").click()
    lead.locator("#invite-form select").select_option("counsellor")
    lead.locator("#invite-form button").click()
    expect(lead.locator("#invite-link")).to_contain_text("#join=", timeout=PATIENCE)
    tono = join(colleague, lead.locator("#invite-link").inner_text(), "tono")
    admit(lead, tono.fingerprint)
    colleague.get_by_role("button", name="Masuk sekarang").click()
    sign_in_again(colleague, tono)
    expect(colleague.locator("#queue-heading")).to_be_focused(timeout=PATIENCE)
    lead.locator("#members tr", has_text="tono").locator("[data-do=invite-again]").click()
    expect(lead.locator("#invite-again-note")).to_contain_text("Tono", timeout=PATIENCE)
    shot(lead, "invite-again")
    again = lead.locator("#invite-link").inner_text()
    new = console(None)
    new.goto(again)
    expect(new.locator("#join input[name=name]")).to_have_value("tono", timeout=PATIENCE)
    expect(new.locator("#join input[name=name]")).not_to_be_editable()
    fresh = join(new, "", "tono")
    assert (fresh.words, fresh.fingerprint) != (tono.words, tono.fingerprint)
    new.get_by_role("button", name="Masuk sekarang").click()
    sign_in_again(new, fresh)
    expect(new.locator("#sign-wrong")).to_contain_text("belum diterima", timeout=PATIENCE)
    expect(colleague.locator("#sign")).to_be_visible(timeout=20_000)  # the old keys are out, at once
    admit(lead, fresh.fingerprint)
    sign_in_again(new, fresh)
    expect(new.locator("#queue-heading")).to_be_focused(timeout=PATIENCE)
    first_case(new)
    colleague.locator("#sign input[name=name]").fill("tono")
    sign_in_again(colleague, tono, code=fresh.code())
    expect(colleague.locator("#sign-wrong")).to_have_text("Nama, frasa sandi, atau kode tidak cocok.", timeout=PATIENCE)
    expect(lead.locator("#members tr.removed")).to_contain_text("Tono", timeout=PATIENCE)
    sound(lead, "a colleague under the old name")
    shot(lead, "staff-again")


def admit(lead: Page, fingerprint: str) -> None:
    """The lead hears the six words, and types them."""
    expect(lead.locator("#members [data-do=admit]")).to_be_visible(timeout=20_000)
    lead.locator("#members [data-do=admit]").click()
    lead.locator("#admit-form input").fill(fingerprint)
    lead.keyboard.press("Enter")
    expect(lead.locator("#admit")).to_be_hidden(timeout=PATIENCE)
