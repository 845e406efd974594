"""A server that shows a browser other keys than it knows: the door says so, loudly, and nobody is led in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from bot.vault.certificate import sign_unit_key
from bot.vault.keys import generate_keypair
from bot.vault.member import seal_to_member
from bot.vault.signing import generate_signing
from tests.browser.desk import PATIENCE, Desk, shot, sign_in, sound
from tests.browser.office import PASSPHRASE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
LOUD = "Kunci unitmu tidak sama dengan yang dikenal browser ini. Jangan lanjut. Hubungi ketua lewat telepon."
RECOVERY = {"id": "11" * 16, "public": generate_keypair().public.hex(), "signing": generate_signing().public.hex()}
Change = Callable[[Any], None]


def answers(page: Page, change: Change) -> None:
    """From now on the server answers whoever comes in with something else."""

    def handle(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        change(body)
        route.fulfill(response=answer, body=json.dumps(body))

    page.unroute_all()
    for path in ("sign-in", "unlock"):
        page.route(f"**/console/j/{path}", handle)


def swapped(desk: Desk) -> dict[str, Change]:
    """What a thief of the server may show instead: a key of his own for the unit, sealed to whoever comes in; another recovery key, or
    none."""
    pair, thief = generate_keypair(), generate_signing()
    sari = desk.sari.born.joining

    def unit(body: Any) -> None:
        [one] = body["units"]
        version = one["keys"][0]["version"]
        sealed = seal_to_member(pair.private, member_public=sari.sealing_public, unit_id=desk.unit, version=version, staff_id=sari.id)
        signature = sign_unit_key(pair.public, unit_id=desk.unit, version=version, private_key=thief.private)
        one["public"] = pair.public.hex()
        one["keys"][0] |= {"public": pair.public.hex(), "sealed": sealed.hex(), "signature": signature.hex()}

    def recovery(body: Any) -> None:
        body["recovery"] = {**RECOVERY, "public": pair.public.hex()}

    def signer(body: Any) -> None:
        body["recovery"] = {**RECOVERY, "signing": thief.public.hex()}

    def none(body: Any) -> None:
        body["recovery"] = None

    return {"the unit's key": unit, "the recovery key": recovery, "what recovery signs with": signer, "no recovery key": none}


def test_the_door_says_that_a_key_is_another_one_and_lets_nobody_in(desk: Desk, console: Any) -> None:
    page = console(None)
    true: Change = lambda body: body.update(recovery=RECOVERY)  # noqa: E731
    answers(page, true)
    sign_in(page, desk.office.url, desk.sari.name)  # this browser knows the keys from now on
    page.locator("[data-do=sign-out]").click()
    expect(page.locator("#sign")).to_be_visible(timeout=PATIENCE)
    for what, change in swapped(desk).items():
        answers(page, lambda body, change=change: (true(body), change(body)))
        page.locator("#sign input[name=name]").fill(desk.sari.name)
        page.locator("#sign-passphrase").fill(PASSPHRASE)
        page.keyboard.press("Enter")
        expect(page.locator("#sign-wrong"), what).to_have_text(LOUD, timeout=PATIENCE)
        expect(page.locator("#sign-passphrase")).to_be_focused()
        expect(page.locator("#desk"), what).to_be_hidden()
        assert page.locator("#queue").inner_html() == "", what
        page.reload()
        expect(page.locator("#desk"), what).to_be_hidden()
    sound(page, "door")
    shot(page, "swapped")
    answers(page, true)
    sign_in(page, desk.office.url, desk.sari.name)
