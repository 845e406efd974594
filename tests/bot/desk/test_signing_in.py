"""The door: what lets people in, what does not, and what whoever steals, forges or guesses gets."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actions.rows import Insert
from bot.desk import sign_in, totp
from bot.desk.session import IDLE, LONGEST
from tests.bot.desk.door import PUBLIC, Colleague, Office
from tests.bot.desk.door import office as opened

WRONG = (403, {"error": "wrong"})


def said(answer: Any) -> tuple[int, Any]:
    return answer.status_code, answer.json()


async def rows_of(office: Office, table: str) -> list[Any]:
    async with office.engine.connect() as connection:
        return list((await connection.exec_driver_sql(f"SELECT * FROM {table}")).all())


# The cookie


async def test_the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts(office: Office) -> None:
    lead = await office.lead()
    office.wait(60)
    answer = await lead.sign_in()
    session, known = answer.headers.get_list("set-cookie")
    for cookie, name in ((session, "__Host-desk"), (known, "__Host-desk-known")):
        assert cookie.startswith(f"{name}=")
        parts = {part.strip().lower() for part in cookie.split(";")}
        assert {"httponly", "secure", "samesite=strict", "path=/"} <= parts
        assert not any(part.startswith("domain") for part in parts)
    value = session.partition("=")[2].partition(";")[0]
    stored = await rows_of(office, "staff_session")
    assert stored and value not in repr(stored) and value.encode() not in b"".join(row[0] for row in stored)
    assert answer.headers["cache-control"] == "no-store"


async def test_plain_http_of_this_machine_has_a_cookie_of_another_name(tmp_path: Path) -> None:
    async with opened(tmp_path, public_url="") as office:
        lead = await office.lead()  # at a name that is no loopback: a secure cookie, whatever the settings say
        assert "__Host-desk" in lead.http.cookies
        office.wait(60)
        http = office.client(base="http://localhost:8080")
        answer = await lead.sign_in(http=http)
        assert answer.status_code == 200 and set(http.cookies) == {"desk", "desk-known"}
        assert not any("secure" in cookie.lower() for cookie in answer.headers.get_list("set-cookie"))


async def test_a_session_that_was_there_before_is_not_taken_over(office: Office) -> None:
    """Fixation: a cookie that somebody planted becomes nobody's session, and the former session of this browser ends."""
    lead = await office.lead()
    before = lead.http.cookies["__Host-desk"]
    office.wait(60)
    body = {"name": "rina", "auth": lead.born.joining.auth.hex(), "code": lead.code()}
    answer = await office.client().post("/console/j/sign-in", json=body, headers={"Cookie": "__Host-desk=planted"})
    assert answer.status_code == 200
    assert not answer.headers["set-cookie"].startswith("__Host-desk=planted")
    victim = office.client()
    victim.cookies.set("__Host-desk", "planted", domain="desk.example.id")
    assert (await victim.get("/console/f/work")).status_code == 401
    office.wait(60)
    await lead.sign_in()
    assert lead.http.cookies["__Host-desk"] != before
    with_former = office.client()
    with_former.cookies.set("__Host-desk", before, domain="desk.example.id")
    assert (await with_former.get("/console/f/work")).status_code == 401


async def test_a_stolen_cookie_opens_nothing_sealed(office: Office) -> None:
    """Whoever has the cookie alone gets no wrapped key, by no address; what is sealed to the person needs it."""
    lead = await office.lead()
    thief = office.client()
    thief.cookies.set("__Host-desk", lead.http.cookies["__Host-desk"], domain="desk.example.id")
    me = (await thief.get("/console/j/me")).json()
    assert me.keys() == {"id", "name", "shown", "salt", "state"}
    for path in ("j/members", "j/signers", "j/sessions", "f/work"):
        assert (await thief.get(f"/console/{path}")).status_code == 403, path
    for path in ("invite", "remove", "sessions/end"):
        assert (await thief.post(f"/console/j/{path}", json={})).status_code == 403, path
    for auth in ("00" * 32, lead.born.joining.salt.hex() * 2):
        assert said(await thief.post("/console/j/unlock", json={"auth": auth})) == WRONG
    # The person, with the passphrase, after loading the page anew: no second factor is asked for again.
    assert me["salt"] == lead.born.joining.salt.hex()
    unlocked = await lead.http.post("/console/j/unlock", json={"auth": lead.born.joining.auth.hex()})
    assert unlocked.json()["staff"]["wrapped"] == lead.born.joining.wrapped.hex()
    assert unlocked.json()["csrf"] == lead.csrf


async def test_a_row_that_somebody_put_there_is_no_session(office: Office) -> None:
    """Whoever writes to the database signs nobody in: what the row must say follows from what the service alone knows."""
    lead = await office.lead()
    cookie, page = "of-my-own-making", "0" * 64
    row = {
        "token": hashlib.sha256(cookie.encode()).digest(), "csrf": hashlib.sha256(page.encode()).digest(), "id": b"s" * 16,
        "staff_id": lead.id, "created_at": int(office.now[0]), "seen_at": int(office.now[0]), "until": int(office.now[0]) + 3600,
    }  # fmt: skip
    await office.writer.write([Insert(table="staff_session", row=row)])
    thief = office.client()
    thief.cookies.set("__Host-desk", cookie, domain="desk.example.id")
    for path in ("j/me", "j/members", "f/work"):
        assert (await thief.get(f"/console/{path}", headers={"X-CSRF": page})).status_code == 401, path


async def test_guessing_with_a_stolen_session_is_slowed_as_well(office: Office) -> None:
    lead = await office.lead()
    statuses = [(await lead.post("unlock", {"auth": "00" * 32})).status_code for _ in range(7)]
    assert statuses == [403] * 5 + [429] * 2


# Who is not there


async def test_a_name_that_nobody_has_looks_like_any_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    lead = await office.lead()
    await office.admitted(lead, "counsellor", "dewi")
    stranger = office.client("10.9.9.9")

    async def salt(name: str) -> dict[str, Any]:
        found: dict[str, Any] = (await stranger.post("/console/j/salt", json={"name": name})).json()
        return found

    real, nobody = await salt("dewi"), await salt("nobody")
    assert real.keys() == nobody.keys() and len(real["salt"]) == len(nobody["salt"]) == 32
    assert nobody == await salt(" Nobody ") != await salt("nobody2")
    office.wait(60)
    checked: list[str] = []
    really: Callable[[bytes, str], bool] = sign_in.auth_matches
    monkeypatch.setattr(sign_in, "auth_matches", lambda auth, stored: checked.append(stored) or really(auth, stored))
    answers = {}
    for name in ("dewi", "nobody", "no such name at all"):
        body = {"name": name, "auth": "00" * 32, "code": "123456"}
        answers[name] = [await stranger.post("/console/j/sign-in", json=body) for _ in range(5)]
    seen = {name: [(one.status_code, one.content, one.headers.get("retry-after")) for one in of] for name, of in answers.items()}
    assert len(set(map(repr, seen.values()))) == 1
    assert [answer.status_code for answer in answers["dewi"]] == [403, 403, 403, 429, 429]
    # Argon2id was worked for each of them: they take as long.
    assert len(checked) == 9 and all(stored.startswith("$argon2id$") for stored in checked)


async def test_who_was_removed_is_nobody(office: Office) -> None:
    lead = await office.lead()
    who = await office.colleague(lead.unit_id, "counsellor", "dewi")
    salt = (await who.http.post("/console/j/salt", json={"name": "dewi"})).json()["salt"]
    assert (await lead.post("remove", {"staff_id": who.id.hex()})).status_code == 200
    assert office.gone == [who.id]
    assert (await who.get("me")).status_code == 401
    office.wait(60)
    assert said(await who.sign_in()) == WRONG
    assert (await who.http.post("/console/j/salt", json={"name": "dewi"})).json()["salt"] != salt


# The second factor


async def test_no_code_works_twice(office: Office) -> None:
    lead = await office.lead()
    assert said(await lead.sign_in(http=office.client())) == WRONG  # the code that joining took
    office.wait(60)
    code = lead.code()
    assert (await lead.sign_in(code=code)).status_code == 200
    assert said(await lead.sign_in(http=office.client(), code=code)) == WRONG
    office.wait(30)
    assert said(await lead.sign_in(http=office.client(), code=code)) == WRONG  # within the drift, and used
    assert (await lead.sign_in()).status_code == 200


async def test_two_at_once_with_one_code(office: Office) -> None:
    lead = await office.lead()
    office.wait(60)
    answers = await asyncio.gather(*(lead.sign_in(http=office.client(f"10.0.1.{n}")) for n in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 403, 403]


async def test_a_telephones_clock_may_be_a_step_off(office: Office) -> None:
    lead = await office.lead()
    seed = lead.born.joining.seed or b""
    for drift, status in ((-2, 403), (2, 403), (-1, 200), (1, 200)):
        office.wait(300)
        code = totp.code(seed, int(office.now[0]) // 30 + drift)
        assert (await lead.sign_in(code=code)).status_code == status, drift
    office.wait(300)
    for code in ("", "12345", "１２３４５６"):
        assert (await lead.sign_in(code=code)).status_code == 403


async def test_without_a_second_factor_no_code_is_asked_for(tmp_path: Path) -> None:
    async with opened(tmp_path, second_factor=False) as demo:
        lead = await demo.lead()
        assert (await lead.http.post("/console/j/salt", json={"name": "rina"})).json()["code"] is False
        assert (await lead.sign_in(code="")).status_code == 200
        assert await rows_of(demo, "staff") and (await demo.store.named("rina")).totp is None  # type: ignore[union-attr]
    async with opened(tmp_path) as later:  # the same people, where one is asked for: nobody comes in without
        assert said(await later.client().post(
            "/console/j/sign-in", json={"name": "rina", "auth": lead.born.joining.auth.hex(), "code": ""}
        )) == WRONG  # fmt: skip


def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B (SHA-1), the last six digits."""
    seed = b"12345678901234567890"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        assert totp.code(seed, seconds // 30) == code
        assert totp.used_step(seed, code, now=seconds, after=0) == seconds // 30
        assert totp.used_step(seed, code, now=seconds, after=seconds // 30) is None


# Forged requests


async def test_a_change_takes_the_sessions_token_and_our_own_page(office: Office) -> None:
    lead = await office.lead()
    forged = (403, {"error": "forged"})
    other = await office.lead("sari", "Polres")
    bare = office.client()
    bare.cookies.set("__Host-desk", lead.http.cookies["__Host-desk"], domain="desk.example.id")
    for headers in ({}, {"X-CSRF": ""}, {"X-CSRF": "0" * 64}, {"X-CSRF": other.csrf}, {"X-CSRF": "\u00e9".encode("latin-1")}):
        for path in ("sessions/end", "invite", "admit", "remove", "unit-key"):
            assert said(await bare.post(f"/console/j/{path}", json={}, headers=headers)) == forged, path
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}):
        assert said(await lead.post("invite", {"role": "counsellor"}, **headers)) == forged
    assert (await lead.post("invite", {"role": "counsellor"}, **{"Sec-Fetch-Site": "same-origin", "Origin": PUBLIC})).status_code == 200
    fragment = await bare.post("/console/f/work")
    assert (fragment.status_code, fragment.content) == (403, b"")


async def test_another_sites_page_cannot_sign_anybody_in(office: Office) -> None:
    lead = await office.lead()
    office.wait(60)
    body = {"name": "rina", "auth": lead.born.joining.auth.hex(), "code": lead.code()}
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    for path in ("sign-in", "salt", "join", "invitation"):
        assert (await lead.http.post(f"/console/j/{path}", json=body, headers=elsewhere)).status_code == 403
        assert (await lead.http.post(f"/console/j/{path}", data=body)).status_code == 415
        long = await lead.http.post(f"/console/j/{path}", content=b"[" * 9_000, headers={"Content-Type": "application/json"})
        assert long.status_code == 413
        assert (await lead.http.post(f"/console/j/{path}", json=["x"])).status_code == 400


# How long


async def test_a_session_ends_when_nobody_does_anything(office: Office) -> None:
    lead = await office.lead()
    for _ in range(4):
        office.wait(IDLE - 60)
        assert (await lead.http.get("/console/f/work")).status_code == 200
    for _ in range(6):  # the page alone keeps nothing open
        office.wait(IDLE / 5)
        status = (await lead.get("beat")).status_code
    assert status == 401
    fragment = await lead.http.get("/console/f/work")
    assert (fragment.status_code, fragment.content) == (401, b"")
    assert said(await lead.get("me")) == (401, {"error": "signed_out"})


async def test_the_passphrase_keeps_a_session_on_and_no_try_at_it(office: Office) -> None:
    lead = await office.lead()
    proof = {"auth": lead.born.joining.auth.hex()}
    office.wait(IDLE - 60)
    assert (await lead.http.post("/console/j/unlock", json=proof)).status_code == 200
    office.wait(IDLE - 60)
    assert (await lead.http.get("/console/j/me")).status_code == 200
    assert said(await lead.http.post("/console/j/unlock", json={"auth": "00" * 32})) == WRONG
    office.wait(120)
    assert said(await lead.http.get("/console/j/me")) == (401, {"error": "signed_out"})


async def test_a_session_ends_after_twelve_hours_whatever_is_done(office: Office) -> None:
    lead = await office.lead()
    worked = 0
    while (await lead.http.get("/console/f/work")).status_code == 200:
        office.wait(1200)
        worked += 1200
    assert worked == LONGEST


async def test_signing_out_and_signing_out_everywhere(office: Office) -> None:
    lead = await office.lead()
    places = []
    for _ in range(2):
        office.wait(60)
        place = office.client()
        opened_there = await lead.sign_in(http=place)
        place.headers["X-CSRF"] = opened_there.json()["csrf"]
        places.append((place, opened_there.json()["csrf"]))
    listed = (await lead.get("sessions")).json()["sessions"]
    assert len(listed) == 3 and [one["current"] for one in listed] == [False, False, True]
    assert office.gone == []
    await lead.post("sessions/end", {"id": listed[1]["id"]})
    assert [(await place.get("/console/f/work")).status_code for place, _ in places] == [401, 200]
    answer = await lead.post("sign-out")
    assert 'desk=""' in answer.headers["set-cookie"] and "Max-Age=0" in answer.headers["set-cookie"]
    assert (await lead.get("me")).status_code == 401
    place, csrf = places[1]
    assert (await place.get("/console/f/work")).status_code == 200
    assert office.gone == []
    await place.post("/console/j/sessions/end", json={}, headers={"X-CSRF": csrf})
    assert (await place.get("/console/f/work")).status_code == 401
    assert await rows_of(office, "staff_session") == []
    assert office.gone == [lead.id]


async def test_nobody_ends_anothers_session(office: Office) -> None:
    lead = await office.lead()
    who = await office.admitted(lead, "counsellor", "dewi")
    (theirs,) = (await lead.get("sessions")).json()["sessions"]
    await who.post("sessions/end", {"id": theirs["id"]})
    assert (await lead.get("me")).status_code == 200


# Guessing


async def guess(office: Office, name: str, *, address: str = "10.9.9.9") -> tuple[int, int]:
    """Status, and after how many seconds to come again."""
    body = {"name": name, "auth": "00" * 32, "code": "000000"}
    answer = await office.client(address).post("/console/j/sign-in", json=body)
    return answer.status_code, int(answer.headers.get("retry-after", 0))


async def test_the_pause_grows_and_ends_and_the_right_person_gets_in(office: Office) -> None:
    lead = await office.lead()
    pauses = []
    for _ in range(9):
        status, pause = await guess(office, "rina")
        while status == 429:
            office.wait(pause)
            pauses.append(pause)
            status, pause = await guess(office, "rina")
        assert status == 403
    assert pauses == [1, 2, 4, 8, 16, 30]
    fresh = office.client("10.0.0.7")
    refused = await lead.sign_in(http=fresh)
    assert refused.status_code == 429
    office.wait(int(refused.headers["retry-after"]))
    assert (await lead.sign_in(http=fresh)).status_code == 200
    assert await guess(office, "rina") == (403, 0)  # the count began anew


async def test_whoever_hammers_does_not_keep_a_colleague_out(office: Office) -> None:
    """In a browser in which she has signed in before, others' failures are not hers."""
    lead = await office.lead()
    for round_ in range(40):
        await guess(office, "rina", address=f"10.9.{round_}.1")
        office.wait(1)
    assert (await guess(office, "rina"))[0] == 429
    assert (await lead.sign_in()).status_code == 200
    # The mark is for her name, in no other browser's hands a way around the pause, and cannot be made up.
    await office.colleague(lead.unit_id, "counsellor", "dewi")
    for mark in ("00" * 48, "zz", lead.http.cookies["__Host-desk-known"][:32] + "00" * 32):
        stranger = office.client()
        stranger.cookies.set("__Host-desk-known", mark, domain="desk.example.id")
        await guess(office, "rina")
        body = {"name": "rina", "auth": "00" * 32, "code": ""}
        statuses = [(await stranger.post("/console/j/sign-in", json=body)).status_code for _ in range(5)]
        assert 429 in statuses
    statuses = [(await lead.http.post("/console/j/sign-in", json={"name": "dewi", "auth": "00" * 32})).status_code for _ in range(4)]
    assert statuses == [403, 403, 403, 429]


async def test_a_crowd_at_once_is_not_one_try(office: Office) -> None:
    await office.lead()
    found = await asyncio.gather(*(guess(office, "rina", address=f"10.8.{n}.1") for n in range(30)))
    statuses = [status for status, _ in found]
    assert statuses.count(403) <= 3 and statuses.count(403) + statuses.count(429) == 30


async def test_an_address_that_tries_many_names_is_slowed(office: Office) -> None:
    await office.lead()
    statuses = [(await guess(office, f"name{n}"))[0] for n in range(25)]
    assert statuses == [403] * 20 + [429] * 5
    assert (await guess(office, "rina", address="10.1.1.1"))[0] == 403


async def test_neither_names_nor_addresses_are_kept_of_tries(office: Office) -> None:
    await guess(office, "very-secret-name", address="10.77.77.77")
    stored = await rows_of(office, "sign_in_try")
    assert len(stored) == 2
    assert "very-secret" not in repr(stored) and "10.77" not in repr(stored)


async def test_a_colleague_of_another_name_in_the_same_browser(office: Office) -> None:
    """Whoever comes after somebody who forgot to sign out: one session in one browser, theirs."""
    lead = await office.lead()
    who: Colleague = await office.admitted(lead, "counsellor", "dewi")
    office.wait(60)
    body = {"name": "dewi", "auth": who.born.joining.auth.hex(), "code": who.code()}
    former = lead.http.cookies["__Host-desk"]
    came = await lead.http.post("/console/j/sign-in", json=body)
    assert came.status_code == 200
    ghost = office.client()
    ghost.cookies.set("__Host-desk", former, domain="desk.example.id")
    assert (await ghost.get("/console/f/work")).status_code == 401
    page = {"X-CSRF": came.json()["csrf"]}
    assert (await lead.http.get("/console/f/work", headers=page)).json() == {"name": "dewi"}
