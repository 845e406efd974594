"""Whatever a request names by an id in its body: what is another unit's is refused to every role, and that it was tried is kept."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actions import audit
from actions.access import KEYED_ADMINISTRATOR, ROLES
from actions.rows import Insert
from bot.console.access_table import ROUTES
from bot.desk.staff import new_invite
from bot.vault.member import SEALED_BYTES
from tests.bot.console.room import Made, Person, Room, Unit, room

BLOB = base64.b64encode(b"sealed").decode()
SEALED = "00" * SEALED_BYTES
SIGNED = {
    "record_id": "11" * 16, "version": 1, "sealed": BLOB, "signature": "22" * 64, "previous": "00" * 32, "public_key": "33" * 32,
}  # fmt: skip


@dataclass
class Theirs:
    """What belongs to another unit. `own` is a case of one's own, for requests about one; `link` is the hash of an invitation's token."""

    unit: Unit
    person: Person
    case: Made
    record: bytes
    own: Made
    mate: Person
    link: bytes


def _key(here: Theirs, version: int = 2) -> dict[str, Any]:
    """The next key of a unit, sealed to somebody of another one as well."""
    members = [{"staff_id": one.id.hex(), "sealed": SEALED} for one in (here.mate, here.person)]
    return {"version": version, "public": "44" * 32, "signature": "55" * 64, "former": SEALED, "members": members}


Body = Callable[[Theirs], dict[str, Any]]
Subject = Callable[[Theirs], bytes]
_DESK, _CASE = "/console/j/hand-off/{id}", "/console/j/case/{id}"
# A route that takes an id in its body → a body with another unit's, and the id that then stands in the audit chain.
FOREIGN: Mapping[str, tuple[Body, Subject]] = {
    "/console/j/admit": (lambda t: {"staff_id": t.person.id.hex(), "sealed_unit_keys": []}, lambda t: t.person.id),
    "/console/j/remove": (lambda t: {"staff_id": t.person.id.hex()}, lambda t: t.person.id),
    "/console/j/invite": (lambda t: {"role": "lead", "staff_id": t.person.id.hex()}, lambda t: t.person.id),
    "/console/j/invites/take-back": (lambda t: {"id": t.link.hex()}, lambda t: t.unit.id),
    "/console/j/member": (lambda t: {"staff_id": t.person.id.hex(), "capacity": 9, "skills": []}, lambda t: t.person.id),
    "/console/j/unit-key": (lambda t: {"unit_key": _key(t)}, lambda t: t.person.id),
    "/console/j/stale-keys": (
        lambda t: {"version": 1, "keys": [{"case_id": t.case.id.hex(), "was": SEALED, "sealed": SEALED}]}, lambda t: t.case.id,
    ),
    "/console/j/case-keys": (
        lambda t: {"version": 1, "cases": [{
            "case_id": t.case.id.hex(), "was": "33" * 32, "public": "44" * 32,
            "keys": [{"id": t.unit.id.hex(), "version": 1, "sealed": SEALED}], "record_id": "77" * 16, "sealed": "00",
            "signature": "22" * 64, "previous": "00" * 32,
        }]},
        lambda t: t.case.id,
    ),
    "/console/j/sessions/end": (lambda t: {"id": t.person.session.hex()}, lambda t: t.person.session),
    _DESK + "/transfer": (lambda t: {"to": t.person.id.hex(), "version": 0}, lambda t: t.person.id),
    _DESK + "/invite": (lambda t: {"to": t.person.id.hex(), "version": 0}, lambda t: t.person.id),
    _CASE + "/reply": (
        lambda t: {**SIGNED, "messages": [{"id": "66" * 16, "mailbox_id": t.case.mailbox.hex(), "sealed": BLOB, "signature": "22" * 64}]},
        lambda t: t.case.id,
    ),
    _CASE + "/tell": (lambda t: {"address": BLOB, "record_id": t.record.hex()}, lambda t: t.case.id),
}  # fmt: skip
# Routes whose bodies name nothing that is there already: what is in them is said by whoever asks, or new. The list of cases is searched by
# ids, and shows one's own unit's cases that have to do with them.
NAMES_NOTHING = frozenset(
    {
        "/console/j/join", "/console/j/invitation", "/console/j/salt", "/console/j/sign-in", "/console/j/unlock", "/console/j/sign-out",
        "/console/j/contacts/code", "/console/j/contacts/unlink", "/console/j/contacts/ring", "/console/j/contacts/confirm",
        "/console/j/contacts/forget", "/console/j/languages", "/console/j/presence", "/console/j/setting/{name}", "/console/f/cases",
        "/console/j/cases/find",
        *(f"{_DESK}/{name}" for name in (
            "accept", "refuse", "pull", "reply", "typing", "safe", "note", "take-back", "let-go", "relayed", "wrap-up", "close", "block",
        )),
        *(f"{_CASE}/{name}" for name in ("note", "status", "duty", "unblock")),
    }
)  # fmt: skip


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


def test_every_route_that_takes_a_body_says_whether_it_names_something() -> None:
    """A new one belongs into `FOREIGN`, with a body that names what is another unit's; or into `NAMES_NOTHING`."""
    posts = {path for method, path in ROUTES if method == "POST"}
    assert posts - set(FOREIGN) - NAMES_NOTHING == set(), "in neither table"
    assert (set(FOREIGN) | NAMES_NOTHING) - posts == set(), "no route any more"
    assert not set(FOREIGN) & NAMES_NOTHING


async def made(here: Room, role: str) -> tuple[Person, Theirs]:
    ours, unit = await here.unit("ours"), await here.unit("theirs")
    person, mate, own = await here.person(ours, role), await here.person(ours, "counsellor"), await here.case(ours)
    stranger, case = await here.person(unit, "counsellor"), await here.case(unit)
    key = {
        "unit_id": ours.id, "version": 1, "public_key": ours.pair.public, "root_id": ours.id, "signature": b"s", "former": None,
        "created_at": here.now,
    }  # fmt: skip
    await here.service.writer.write([Insert(table="unit_key", row=key, replace=True)])
    _, row = new_invite(unit_id=unit.id, role="counsellor", made_by=stranger.id, staff_id=None, now=here.now)
    await here.service.writer.write([row])
    record = (await here.console.cases.records.newest(case.id)).records[0].id
    link = next(one.token for one in await here.people.store.invites(unit.id, now=here.now))
    return person, Theirs(unit=unit, person=stranger, case=case, record=record, own=own, mate=mate, link=link)


@pytest.mark.parametrize("role", (*ROLES, KEYED_ADMINISTRATOR))
async def test_what_another_unit_has_is_refused_by_its_id_in_a_body_and_every_try_is_kept(here: Room, role: str) -> None:
    person, theirs = await made(here, role)
    for path, (body, subject) in FOREIGN.items():
        before = len(await here.audited())
        of = theirs.own.hand_off if path.startswith(_DESK) else theirs.own.id
        answer = await here.ask(person, "POST", path.replace("{id}", of.hex()), body(theirs))
        assert 400 <= answer.status_code < 500, (path, answer.status_code, answer.text)
        (kept, *more) = (await here.audited())[before:]
        assert not more, path
        asked = {subject(theirs), of} if "{id}" in path else {subject(theirs), theirs.unit.id, person.unit.id, person.id}
        assert (kept[0], kept[2]) == (audit.REFUSED, (person.id,)), path
        assert kept[1] in asked, path
        if role == "lead":  # who may do all of this to their own: it is the foreign id that is refused
            assert kept[1] == subject(theirs), path
    assert await here.people.sessions.all_of(theirs.person.id)
    assert await here.people.store.invites(theirs.unit.id, now=here.now)
    row = await here.people.store.member(theirs.person.id)
    assert (row.state, row.capacity) == ("active", 3)


async def test_an_id_that_nobody_has_is_answered_as_one_of_another_unit(here: Room) -> None:
    lead, theirs = await made(here, "lead")
    nobody = Theirs(
        unit=theirs.unit, own=theirs.own, mate=theirs.mate, record=secrets.token_bytes(16), link=secrets.token_bytes(32),
        person=Person(id=secrets.token_bytes(16), unit=theirs.unit, role="counsellor", session=secrets.token_bytes(16)),
        case=Made(
            id=secrets.token_bytes(16), unit=theirs.unit, pair=theirs.case.pair, hand_off=b"", file=b"", mailbox=secrets.token_bytes(16),
            mail=theirs.case.mail,
        ),
    )  # fmt: skip
    for path in (*(_DESK + name for name in ("/transfer", "/invite")), *(_CASE + name for name in ("/reply", "/tell")),
                 *(f"/console/j/{name}" for name in ("invites/take-back", "admit", "remove", "invite", "member", "unit-key"))):  # fmt: skip
        of = (theirs.own.hand_off if path.startswith(_DESK) else theirs.own.id).hex()
        one, other = [
            await here.ask(lead, "POST", path.replace("{id}", of), FOREIGN[path][0](ids)) for ids in (theirs, nobody)
        ]  # fmt: skip
        assert (one.status_code, one.json()) == (other.status_code, other.json()), path
