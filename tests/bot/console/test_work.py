"""What a colleague speaks, is trained for and has room for: said in the console, and looked at by the desk when it asks somebody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from actions import audit
from actions.access import ROLES
from actions.rows import Update
from tests.bot.console.room import Person, Room, Unit, room


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


async def ready(here: Room, *people: Person) -> None:
    """They are at the desk, with nothing to do."""
    for person in people:
        assert (await here.ask(person, "POST", "/console/j/presence", {"state": "ready"})).status_code == 200


async def asked(here: Room, unit: Unit, *, language: str = "id", urgency: str = "other") -> bytes | None:
    """Who is offered the conversation of somebody who has just come."""
    case = await here.case(unit, urgency=urgency)
    await here.service.writer.write([Update(table="hand_off", key={"id": case.hand_off}, values={"language": language})])
    await here.service.desk.tick()
    row = await here.console.cases.hand_off(case.hand_off)
    assert row is not None
    return bytes(row.offered_to) if row.offered_to is not None else None


async def works(here: Room, lead: Person, who: Person, *, capacity: int = 3, skills: tuple[str, ...] = ()) -> None:
    body = {"staff_id": who.id.hex(), "capacity": capacity, "skills": list(skills)}
    answer = await here.ask(lead, "POST", "/console/j/member", body)
    assert answer.status_code == 200, answer.text


async def team(here: Room) -> tuple[Unit, Person, Person, Person]:
    """A lead who is away, and two at the desk: of two who fit alike the one with the lesser id is asked."""
    unit = await here.unit("ours")
    lead, *two = [await here.person(unit, role) for role in ("lead", "counsellor", "counsellor")]
    one, other = sorted(two, key=lambda person: person.id)
    await ready(here, one, other)
    return unit, lead, one, other


async def test_who_speaks_the_language_is_asked(here: Room) -> None:
    unit, _, _, other = await team(here)
    assert (await here.ask(other, "POST", "/console/j/languages", {"languages": ["en", "id"]})).status_code == 200
    assert await asked(here, unit, language="en") == other.id


async def test_who_is_trained_for_it_is_asked(here: Room) -> None:
    unit, lead, one, other = await team(here)
    await works(here, lead, other, skills=("child",))
    assert await asked(here, unit, urgency="child") == other.id
    assert await asked(here, unit) == one.id


async def test_nobody_is_asked_for_more_than_a_lead_set(here: Room) -> None:
    unit, lead, one, other = await team(here)
    await works(here, lead, one, capacity=1)
    await works(here, lead, other, capacity=1)
    for expected in (one, other):
        case = await here.case(unit)
        await here.service.desk.tick()
        row = await here.console.cases.hand_off(case.hand_off)
        assert row is not None and row.offered_to == expected.id
        assert (await here.ask(expected, "POST", f"/console/j/hand-off/{case.hand_off.hex()}/accept", {})).status_code == 200
    assert await asked(here, unit) is None
    await works(here, lead, other, capacity=2)
    await here.service.desk.tick()
    rows = [row.offered_to for row in await here.service.desk._store.open_hand_offs() if row.state == "offered"]
    assert rows == [other.id]


async def test_it_is_shown_to_the_unit_where_one_is_chosen_and_kept_on_the_chain(here: Room) -> None:
    unit, lead, one, other = await team(here)
    await works(here, lead, other, capacity=9, skills=("self_harm", "danger"))
    await here.ask(other, "POST", "/console/j/languages", {"languages": ["en"]})
    assert (await here.audited())[-2:] == [(audit.STAFF_CHANGED, other.id, (lead.id,)), (audit.STAFF_CHANGED, other.id, (other.id,))]
    row = next(row for row in (await here.get(one, "/console/j/members"))["members"] if row["id"] == other.id.hex())
    assert (row["capacity"], row["skills"], row["languages"]) == (9, ["danger", "self_harm"], ["en"])
    case = await here.case(unit)
    await here.service.desk.tick()  # within two seconds
    found = (await here.get(one, f"/console/j/hand-off/{case.hand_off.hex()}"))["colleagues"]
    assert {each["id"]: each["languages"] for each in found}[other.id.hex()] == ["en"]


BAD: tuple[dict[str, Any], ...] = (
    {"capacity": 0}, {"capacity": 10}, {"capacity": "3"}, {"skills": ["flying"]}, {"skills": "danger"}, {"skills": None},
)  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=str)
async def test_what_is_none_of_it_is_not_kept(here: Room, bad: dict[str, Any]) -> None:
    _, lead, one, _ = await team(here)
    before = await here.audited()
    body = {"staff_id": one.id.hex(), "capacity": 3, "skills": [], **bad}
    assert (await here.ask(lead, "POST", "/console/j/member", body)).status_code == 400
    for languages in ([], ["fr"], "id", None, ["id", 7]):
        assert (await here.ask(one, "POST", "/console/j/languages", {"languages": languages})).status_code == 400
    assert await here.audited() == before


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"lead"}))
async def test_only_a_lead_says_it_of_others(here: Room, role: str) -> None:
    unit = await here.unit("ours")
    person, other = await here.person(unit, role), await here.person(unit, "counsellor")
    for who in (person, other):
        body = {"staff_id": who.id.hex(), "capacity": 9, "skills": []}
        assert (await here.ask(person, "POST", "/console/j/member", body)).status_code == 403
    assert [row.capacity for row in await here.people.store.of_unit(unit.id)].count(9) == 0
