"""The clocks of cases at the console: what has to be read comes first and says what time is left, leads are called, the three days are
answered; and what lies in clear says nothing of what was told."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from actions.deadline import HOUR
from bot.desk.events import CASE, DEADLINE, Changed
from bot.storage import tables
from tests.bot.console.room import Made, Person, Room, room
from tests.bot.console.test_cases import before_of
from tests.bot.console.test_events import Line

FIRST = "00" * 32


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


async def wait(here: Room, seconds: int, *people: Person) -> None:
    """Time passes, and these sign in again: nobody's session lasts that long."""
    here.wait(seconds)
    for person in people:
        session = here.people.sessions.new(person.id)
        await here.service.writer.write([session.row])
        person.token, person.csrf = session.token, session.csrf


async def listed(here: Room, person: Person, which: str, **fields: str) -> list[tuple[str, str]]:
    """The rows of a list: (case's id, what is said of its time)."""
    text = (await here.listed(person, which=which, **fields)).text
    rows = re.findall(r'data-case="([0-9a-f]+)"(.*?)</li>', text, re.S)
    return [(case, " ".join(re.findall(r'class="who">(.*?)</span>', row, re.S))) for case, row in rows]


async def answered(here: Room, person: Person, case: Made, duty: str, *, head: str = FIRST) -> Any:
    """Says whether the three days apply, as the browser does."""
    entry = here.entry(person, case, {"from": "staff", "duty": duty, "text": ""}, previous=head, kind="duty")
    answer = await here.ask(person, "POST", f"/console/j/case/{case.id.hex()}/duty", entry)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def clear(here: Room, case: Made) -> dict[str, Any]:
    """All that lies in clear of a case, without ids, keys and what is sealed (its size stays)."""
    async with here.service.engine.connect() as connection:
        row = (await connection.execute(select(tables.cases).where(tables.cases.c.id == case.id))).one()
        records = (await connection.execute(select(tables.case_record).where(tables.case_record.c.case_id == case.id))).all()
    return {
        **{name: getattr(row, name) for name in ("kind", "urgency", "status", "language", "created_at", "due_at")},
        "records": sorted((each.kind, each.version, each.created_at, len(each.sealed), each.author_id is None) for each in records),
    }  # fmt: skip


async def test_what_is_to_be_read_first_stands_first_and_says_how_much_time_is_left(here: Room) -> None:
    unit = await here.unit("ours")
    person = await here.person(unit, "case_worker")
    old = await here.case(unit, urgency="other")
    await wait(here, 20 * HOUR, person)
    child = await here.case(unit, urgency="child")
    await wait(here, 5 * HOUR, person)
    danger, new = await here.case(unit, urgency="danger"), await here.case(unit, urgency="other")
    found = dict(await listed(here, person, "unread"))
    assert list(found) == [each.id.hex() for each in (danger, old, child, new)]
    said = {name: found[each.id.hex()] for name, each in (("danger", danger), ("old", old), ("child", child), ("new", new))}
    assert 'data-words="baca sekarang, sudah {time}"' in said["danger"]
    assert 'data-words="lewat batas baca {time}"' in said["old"] and said["old"].startswith("<em>"), "in words, not in colour alone"
    for name, hours in (("child", 1), ("new", 24)):
        assert f'data-until="{here.now + hours * HOUR}" data-words="sisa {{time}} untuk dibaca" data-over="lewat batas baca"' in said[name]
    assert [case for case, _ in await listed(here, person, "open")] == [
        each.hex() for each in sorted((danger.id, new.id), reverse=True)
    ] + [child.id.hex(), old.id.hex()], "elsewhere the newest come first"


async def test_a_long_list_of_unread_ones_goes_on_where_it_ended(here: Room) -> None:
    unit = await here.unit("ours")
    person = await here.person(unit, "case_worker")
    made = []
    for number in range(105):
        made.append(await here.case(unit, urgency=("other", "child", "danger")[number % 3]))
        here.wait(60)
    await wait(here, 0, person)
    more = before_of((await here.listed(person, which="unread")).text)
    first = [case for case, _ in await listed(here, person, "unread")]
    rest = [case for case, _ in await listed(here, person, "unread", before=more)]
    assert (len(first), len(rest)) == (100, 5)
    assert len(set(first + rest)) == 105
    for bad in ("x", "1", "1-2", "1-2-zz", "-1-2-" + "0" * 32, "9" * 40 + "-1-" + "0" * 32):
        assert (await here.listed(person, which="unread", before=bad)).status_code == 400


async def test_a_lead_is_called_and_sees_how_many_are_late_until_they_are_read(here: Room) -> None:
    unit = await here.unit("ours")
    lead, worker = await here.person(unit, "lead"), await here.person(unit, "case_worker")
    case = await here.case(unit, urgency="danger")
    lines = {each.role: Line(here, each, heartbeat=5).open() for each in (lead, worker)}
    for line in lines.values():
        assert await anext(line) == ("here", {})
    here.console.desk.events.publish(Changed(what=DEADLINE, id=case.id))
    here.console.desk.events.publish(Changed(what=CASE, id=case.id))
    assert (await anext(lines["lead"]))[1]["what"] == "deadline"
    assert (await anext(lines["case_worker"]))[1]["what"] == "case", "it calls leads alone"
    for line in lines.values():
        await line.aclose()
    assert await here.get(lead, "/console/j/overdue") == {"read": 1, "report": 0}
    await here.get(worker, f"/console/j/case/{case.id.hex()}")
    assert await here.get(lead, "/console/j/overdue") == {"read": 0, "report": 0}
    assert (await here.ask(worker, "GET", "/console/j/overdue")).status_code == 403


async def test_the_round_tells_a_leads_page(here: Room) -> None:
    unit = await here.unit("ours")
    lead = await here.person(unit, "lead")
    case = await here.case(unit, urgency="child")
    await here.service.desk.tick()
    line = Line(here, lead, heartbeat=5).open()
    assert await anext(line) == ("here", {})
    here.wait(6 * HOUR)
    await here.service.desk.tick()
    while (told := await anext(line))[1]["what"] != "deadline":
        pass
    assert told[1]["id"] == case.id.hex()
    await line.aclose()


async def test_who_reads_it_in_the_conversation_has_read_it(here: Room) -> None:
    unit = await here.unit("ours")
    counsellor, case = await here.person(unit, "counsellor"), await here.case(unit, urgency="child")
    await here.get(counsellor, f"/console/j/hand-off/{case.hand_off.hex()}")
    row = await here.service.reads.case(case.id)
    assert row is not None
    assert (row.status, row.due_at) == ("assessed", here.now + 48 * HOUR)


async def test_the_three_days_are_asked_of_every_case_until_they_are_answered(here: Room) -> None:
    unit = await here.unit("ours")
    lead, worker = await here.person(unit, "lead"), await here.person(unit, "case_worker")
    case = await here.case(unit, kind="report", urgency="other")
    await here.get(worker, f"/console/j/case/{case.id.hex()}")
    page = (await here.ask(worker, "GET", f"/console/f/case/{case.id.hex()}")).text
    assert 'id="duty-form"' in page and f'data-until="{here.now + 72 * HOUR}"' in page
    assert "sisa {time}" in dict(await listed(here, worker, "open"))[case.id.hex()]
    await wait(here, 48 * HOUR, lead, worker)
    assert await here.get(lead, "/console/j/overdue") == {"read": 0, "report": 1}
    await wait(here, 25 * HOUR, lead, worker)
    assert "lewat {time}" in dict(await listed(here, worker, "open"))[case.id.hex()]
    head = (await answered(here, worker, case, "told"))["head"]
    assert await here.get(lead, "/console/j/overdue") == {"read": 0, "report": 0}
    assert 'id="duty-form"' not in (await here.ask(worker, "GET", f"/console/f/case/{case.id.hex()}")).text
    assert dict(await listed(here, worker, "open"))[case.id.hex()] == ""
    # Something new may be in a case that is opened again.
    again = here.entry(worker, case, {"from": "staff", "status": "reopened"}, previous=head, kind="status")
    path = f"/console/j/case/{case.id.hex()}/status"
    assert (await here.ask(worker, "POST", path, {**again, "status": "reopened"})).status_code == 200
    assert 'id="duty-form"' in (await here.ask(worker, "GET", f"/console/f/case/{case.id.hex()}")).text


async def test_what_lies_in_clear_is_the_same_for_sexual_violence_and_for_anything_else(here: Room) -> None:
    """A thief of the database learns from neither the clock nor the answer what happened to whom (docs/privacy.md)."""
    unit = await here.unit("ours")
    worker = await here.person(unit, "case_worker")
    sexual = await here.case(unit, kind="report", body={"answers": {"types": ["sexual"], "story": "x" * 40}})
    other = await here.case(unit, kind="report", body={"answers": {"types": ["neglect"], "story": "y" * 39}})
    assert await clear(here, sexual) == await clear(here, other)
    for case in (sexual, other):
        await here.get(worker, f"/console/j/case/{case.id.hex()}")
    assert await clear(here, sexual) == await clear(here, other)
    await answered(here, worker, sexual, "told")
    await answered(here, worker, other, "none")
    assert await clear(here, sexual) == await clear(here, other)
    row = await clear(here, sexual)
    assert row["due_at"] is None and ("duty", 1) in [each[:2] for each in row["records"]]


async def test_another_units_lead_neither_counts_nor_answers(here: Room) -> None:
    ours, theirs = await here.unit("ours"), await here.unit("theirs")
    stranger, case = await here.person(theirs, "lead"), await here.case(ours, urgency="danger")
    assert await here.get(stranger, "/console/j/overdue") == {"read": 0, "report": 0}
    entry = here.entry(stranger, case, {"duty": "none"}, previous=FIRST, kind="duty")
    assert (await here.ask(stranger, "POST", f"/console/j/case/{case.id.hex()}/duty", entry)).status_code == 404

