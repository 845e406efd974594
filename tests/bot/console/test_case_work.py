"""What a case shows of its conversations, which other cases it can be linked with, and what of it stands on the board."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.storage import tables
from tests.bot.console.room import Made, Person, Room, Unit, room

HOUR, DAY = 3_600, 86_400


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


async def ended(here: Room, case: Made, **values: Any) -> None:
    """The case's conversation was closed ten minutes ago, twenty minutes after it was taken."""
    given = {"state": "closed", "ended": "handled", "outcome": "helped", "risk": "some", "taken_at": here.now - 1800, **values}
    async with here.service.engine.begin() as connection:
        row = tables.hand_off
        await connection.execute(update(row).where(row.c.id == case.hand_off).values(**{"ended_at": here.now - 600, **given}))


async def test_a_case_shows_who_had_its_conversation_and_how_it_ended(here: Room) -> None:
    unit = await here.unit("ours")
    lead, sari = await here.person(unit, "lead"), await here.person(unit, "counsellor")
    worker, case = await here.person(unit, "case_worker"), await here.case(unit, urgency="danger")
    await ended(here, case, owner_id=sari.id, owners=2, closing_id=sari.id, closed_by=lead.id, rating=4)
    path = f"/console/j/case/{case.id.hex()}"
    for query in ("", f"?since={here.now - DAY}"):  # also to who looks for what is new: the stars come later
        [shown] = (await here.get(worker, path + query))["hand_offs"]
        assert shown == {
            "id": case.hand_off.hex(), "state": "closed", "urgency": "danger", "at": here.now, "taken_at": here.now - 1800,
            "ended_at": here.now - 600, "ended": "handled", "outcome": "helped", "risk": "some", "rating": 4, "owners": 2,
            "false_alarm": False, "owner": sari.id.hex(), "closing": sari.id.hex(), "closed": lead.id.hex(),
        }  # fmt: skip


async def finds(here: Room, who: Person, number: str) -> list[str]:
    answer = await here.ask(who, "POST", "/console/j/cases/find", {"number": number})
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["cases"]]


async def test_another_case_is_found_by_its_number_in_ones_own_unit_alone(here: Room) -> None:
    ours, theirs = await here.unit("ours"), await here.unit("theirs")
    worker, case, foreign = await here.person(ours, "case_worker"), await here.case(ours), await here.case(theirs)
    for number in (case.id.hex()[:6], case.id.hex()[:6].upper(), case.id.hex()):
        assert case.id.hex() in await finds(here, worker, number)
    assert await finds(here, worker, foreign.id.hex()) == []
    for wrong in ("", "abc", "xyzw", "a" * 33):
        assert (await here.ask(worker, "POST", "/console/j/cases/find", {"number": wrong})).status_code == 400


async def test_the_hint_is_what_came_on_the_citys_same_day_and_began_with_the_same(here: Room) -> None:
    ours, theirs = await here.unit("ours"), await here.unit("theirs")
    worker = await here.person(ours, "case_worker")
    midnight = int(datetime.fromtimestamp(here.now, here.service.desk.zone).replace(hour=0, minute=0, second=0).timestamp())

    async def came(at: int, unit: Unit = ours, kind: str = "report") -> Made:
        case = await here.case(unit, kind=kind)
        async with here.service.engine.begin() as connection:
            await connection.execute(update(tables.cases).where(tables.cases.c.id == case.id).values(created_at=at))
        return case

    case = await came(midnight)
    same = [await came(midnight + DAY - 1), await came(midnight + HOUR)]
    await came(midnight - 1)
    await came(midnight + DAY)
    await came(midnight + 2, kind="hand_off")
    await came(midnight + 2, theirs)
    near = await here.get(worker, f"/console/j/case/{case.id.hex()}/near")
    assert sorted(one["id"] for one in near["cases"]) == sorted(one.id.hex() for one in same)
    assert not near["more"]
    for _ in range(12):
        await came(midnight + 2 * HOUR)
    near = await here.get(worker, f"/console/j/case/{case.id.hex()}/near")
    assert (len(near["cases"]), near["more"]) == (12, True)


async def test_the_board_tells_a_mean_of_five_stars_and_how_many_crises_one_person_closed(here: Room) -> None:
    unit, other = await here.unit("ours"), await here.unit("theirs")
    lead, sari = await here.person(unit, "lead"), await here.person(unit, "counsellor")

    async def board() -> tuple[str, str]:
        page = (await here.ask(lead, "GET", "/console/f/board")).text
        stars = re.search(r'id="board-stars">([^<]*)<', page)
        alone = re.search(r'id="board-alone">([^<]*)<', page)
        assert stars
        return stars[1], alone[1] if alone else ""

    for rating in (5, 4, 4, 5):
        await ended(here, await here.case(unit), rating=rating)
    await ended(here, await here.case(other), rating=1)  # another unit's
    await ended(here, await here.case(unit), rating=1, ended_at=here.now - 31 * DAY)
    await ended(here, await here.case(unit), closed_by=sari.id)  # no crisis
    await ended(here, await here.case(unit, urgency="danger"), closing_id=sari.id, closed_by=lead.id)
    assert await board() == ("–", "")
    await ended(here, await here.case(unit), rating=3)
    await ended(here, await here.case(unit, urgency="danger"), closing_id=sari.id, closed_by=sari.id)
    assert await board() == ("4,2", "1")
