"""Nobody gets past the guard: every route, every role, every object of another unit; requests that our page did not make."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from actions import audit
from actions.access import KEYED_ADMINISTRATOR, MAY, ROLES
from bot.console.access_table import ROUTES, Needs
from bot.desk.session import IDLE
from tests.bot.console.room import Made, Room, endpoints, everybody, room

GUARDED = {where: needs for where, needs in ROUTES.items() if needs is not None}
BY_ID = {where: needs for where, needs in GUARDED.items() if needs.by_id}
# Routes of accounts look for themselves who asks (`sessions`, `join`): that they do is looked at here all the same.
ACCOUNTS = frozenset(
    {f"/console/j/{name}" for name in ("invite", "invites/take-back", "admit", "remove", "unit-key", "stale-keys", "case-keys", "member")}
)
WAITING = frozenset({"/console/j/me", "/console/j/unlock", "/console/j/sign-out", "/console/j/sessions", "/console/j/sessions/end"})


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


def path_of(where: tuple[str, str], case: Made | None) -> str:
    """The address of a route, for an object of a case."""
    _, path = where
    ids = {"hand_off": case.hand_off, "case": case.id, "file": case.file} if case is not None else {}
    needs = ROUTES[where]
    named = ids.get(needs.kind, bytes(16)).hex() if needs is not None else ""
    return path.replace("{id}", named).replace("{first:int}", "0").replace("{name}", "hours").replace("{language}", "id")


async def test_every_route_is_in_the_table_and_every_line_is_a_route(here: Room) -> None:
    assert set(endpoints(here.app)) == set(ROUTES)
    assert len(BY_ID) > 20


@pytest.mark.parametrize("role", (*ROLES, KEYED_ADMINISTRATOR))
async def test_nothing_of_another_unit_is_had_by_its_id_and_every_try_is_kept(here: Room, role: str) -> None:
    ours, theirs = await here.unit("ours"), await here.unit("theirs")
    person, case = await here.person(ours, role), await here.case(theirs)
    for where in BY_ID:
        before = len(await here.audited())
        answer = await here.ask(person, where[0], path_of(where, case), {"version": 0})
        assert (answer.status_code, answer.json()) == (404, {"error": "not_there"}), where
        subject = {"hand_off": case.hand_off, "case": case.id, "file": case.file}[BY_ID[where].kind]
        assert (await here.audited())[before:] == [(audit.REFUSED, subject, (person.id,))], where
    # As if it were not there: the same answer as for an id that nobody has.
    for where in BY_ID:
        answer = await here.ask(person, where[0], path_of(where, None), {"version": 0})
        assert (answer.status_code, answer.json()) == (404, {"error": "not_there"}), where


@pytest.mark.parametrize("role", (*ROLES, KEYED_ADMINISTRATOR))
async def test_in_their_own_unit_a_role_gets_past_where_the_table_says_so_and_nowhere_else(here: Room, role: str) -> None:
    unit = await here.unit("ours")
    person, case = await here.person(unit, role), await here.case(unit)
    for where, needs in GUARDED.items():
        if where[1] == "/console/events" or where[1] in WAITING:
            continue
        answer = await here.ask(person, where[0], path_of(where, case))
        if role in MAY[needs.kind][needs.verb]:
            assert answer.status_code not in (401, 404, 503), (where, answer.text)
            if answer.status_code == 403:
                assert answer.json()["error"] != "refused", where
        elif where[1] in ACCOUNTS:
            assert answer.status_code in (400, 403, 404), (where, answer.status_code)  # an empty body is refused before the role is
        else:
            assert answer.status_code in (403, 404), (where, answer.status_code)


async def test_whoever_is_not_signed_in_gets_the_empty_document_and_nothing_else(here: Room) -> None:
    case = await here.case(await here.unit("ours"))
    for where in GUARDED:
        answer = await here.ask(None, where[0], path_of(where, case))
        assert answer.status_code == 401, where
        assert case.id.hex() not in answer.text


DOOR = {("GET", "/console/j/me"), ("POST", "/console/j/unlock"), ("POST", "/console/j/sign-out"), ("GET", "/console/events")}
"""What a page asks before it has proved the passphrase, and the stream, which can carry no token."""


async def test_what_our_unlocked_page_did_not_ask_for_is_refused(here: Room) -> None:
    """Whoever has the cookie alone reads nothing and does nothing, by no address; nor does another site's page."""
    unit = await here.unit("ours")
    lead, case = await here.person(unit, "lead"), await here.case(unit)
    posts = [where for where in GUARDED if where[0] == "POST"]
    assert len(posts) > 20
    for where in sorted(set(GUARDED) - DOOR):
        for token in ("", "0" * 64):
            answer = await here.ask(lead, where[0], path_of(where, case), {"version": 0}, x_csrf=token)
            assert answer.status_code == 403, where
            assert case.id.hex() not in answer.text
    for where in posts:
        for site in ("cross-site", "same-site"):
            answer = await here.ask(lead, "POST", path_of(where, case), {"version": 0}, sec_fetch_site=site)
            assert answer.status_code == 403, where
    assert await here.console.cases.hand_off(case.hand_off) is not None
    row = await here.console.cases.hand_off(case.hand_off)
    assert row is not None
    assert row.version == 0


BY_ITSELF = {"x_by_itself": "1"}  # what the page says while nobody touches it


@pytest.mark.parametrize("path", ["hand-off", "case", "members"])
async def test_what_the_page_asks_for_by_itself_keeps_no_session_alive(here: Room, path: str) -> None:
    """On a busy desk the page asks all the time: half an hour after the last touch it is locked all the same."""
    unit = await here.unit("ours")
    lead, case = await here.person(unit, "lead"), await here.case(unit)
    address = {
        "hand-off": f"/console/j/hand-off/{case.hand_off.hex()}?since=1", "case": f"/console/j/case/{case.id.hex()}?since=1",
        "members": "/console/j/members",
    }[path]  # fmt: skip
    here.wait(IDLE - 60)
    assert (await here.ask(lead, "GET", address, **BY_ITSELF)).status_code == 200
    here.wait(120)
    assert (await here.ask(lead, "GET", address, **BY_ITSELF)).status_code == 401


async def test_what_somebody_asks_for_keeps_the_session_alive(here: Room) -> None:
    unit = await here.unit("ours")
    lead, case = await here.person(unit, "lead"), await here.case(unit)
    for _ in range(3):
        here.wait(IDLE - 60)
        assert (await here.ask(lead, "GET", f"/console/j/case/{case.id.hex()}?since=1")).status_code == 200


@pytest.mark.parametrize(
    "forged", [{"x_csrf": ""}, {"x_csrf": "0" * 64}, {"sec_fetch_site": "cross-site"}], ids=["no token", "a wrong token", "another site"]
)
async def test_a_stolen_cookie_keeps_no_session_alive(here: Room, forged: dict[str, str]) -> None:
    """What is refused is nothing that a person did; nor is what a page asks before it has proved the passphrase."""
    unit = await here.unit("ours")
    lead, case = await here.person(unit, "lead"), await here.case(unit)
    asks = [where for where in sorted(GUARDED) if where[0] == "POST" or "x_csrf" in forged]
    here.wait(IDLE - 60)
    for method, path in sorted(set(asks) - DOOR):
        answer = await here.ask(lead, method, path_of((method, path), case), {"version": 0}, **forged)
        assert answer.status_code == 403, path
    here.wait(120)
    assert (await here.ask(lead, "GET", "/console/j/members")).status_code == 401


async def test_every_answer_forbids_what_the_console_does_not_need(here: Room) -> None:
    unit = await here.unit("ours")
    people, case = await everybody(here, unit), await here.case(unit)
    for where in ROUTES:
        if where[0] != "GET" or where[1] in WAITING or where[1] == "/console/events":
            continue
        path = path_of(where, case).replace("static/hours", "static/icon.svg")
        answer = await here.ask(people["lead"], "GET", path)
        assert answer.headers["x-content-type-options"] == "nosniff", where
        if where[1] in {f"/console/j/{name}" for name in ("members", "invites", "signers", "stale-keys", "contacts")}:
            continue  # JSON of the accounts' own
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-frame-options"] == "DENY"


_BODIES = ("", "[]", "null", "{", '{"version": "x"}', '{"version": -1}', '{"version": 1e99}', '{"to": 7}', '{"a":' * 3000)


@pytest.mark.parametrize("body", _BODIES)
async def test_what_is_no_request_of_the_page_is_refused_without_a_fault_of_ours(
    here: Room, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    unit = await here.unit("ours")
    lead, case = await here.person(unit, "lead"), await here.case(unit)
    headers = {"cookie": f"desk={lead.token}", "x-csrf": lead.csrf, "sec-fetch-site": "same-origin", "content-type": "application/json"}
    for (method, path), needs in BY_ID.items():
        if method != "POST" or path.endswith("/typing"):  # that one takes no body
            continue
        address = path_of((method, path), case)
        answer = await here.browser.post(address, content=body, headers=headers)
        assert answer.status_code in (400, 409, 422), (path, needs, answer.status_code)
    assert "console_request_failed" not in caplog.text


async def test_a_body_that_is_too_large_is_not_read_to_its_end(here: Room) -> None:
    unit = await here.unit("ours")
    lead, case = await here.person(unit, "lead"), await here.case(unit)
    answer = await here.ask(lead, "POST", f"/console/j/case/{case.id.hex()}/note", {"sealed": "A" * 400_000})
    assert (answer.status_code, answer.json()["error"]) == (413, "too_long")


@pytest.mark.parametrize("text", ["x", "zz" * 16, "00" * 15, "00" * 17, "%00", "..%2f..", "é" * 16])
async def test_an_id_that_is_none_is_no_error_of_ours(here: Room, text: str) -> None:
    lead = await here.person(await here.unit("ours"), "lead")
    for path in ("/console/j/case/{}", "/console/j/hand-off/{}", "/console/f/case/{}"):
        assert (await here.ask(lead, "GET", path.format(text))).status_code in (400, 404)


def test_the_table_names_only_what_there_is() -> None:
    assert all(isinstance(needs, Needs) for needs in GUARDED.values())
    for method, path in ROUTES:
        assert method in ("GET", "POST")
        assert path.startswith("/console")
