"""The open line: it says that something changed and nothing more, to those whom it concerns, for as long as they are signed in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import Request

from actions.access import Subject
from bot.console.auth import Staff
from bot.console.events import Streams
from bot.console.guard import Asked
from bot.console.reach import Reach
from bot.desk.events import Changed
from bot.desk.staff import new_invite
from tests.bot.console.room import Person, Room, room
from tests.bot.desk.door import Colleague


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


class Line:
    """One page's open line."""

    def __init__(self, here: Room, person: Person, *, heartbeat: float = 0.05) -> None:
        reach = Reach(cases=here.console.cases, chain=here.chain, clock=lambda: here.now)
        self.streams = Streams(
            here.console.desk.events, found=reach.access_by_id, unread=here.console.cases.list.any_unread, heartbeat=heartbeat
        )  # fmt: skip
        headers = [(b"cookie", f"desk={person.token}".encode()), (b"host", b"localhost")]
        scope = {"type": "http", "method": "GET", "path": "/console/events", "query_string": b"", "headers": headers, "app": here.app}
        self.request = Request(scope)
        staff = Staff(id=person.id, unit_id=person.unit.id, role=person.role, name="x", shown="x", session_id=b"s" * 16)
        self.asked = Asked(staff=staff, subject=Subject(kind="own"))

    async def open(self, *, first: bool = False) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
        """What comes: (event, data). With `first` also what is said of cases at the beginning."""
        answer: Any = await self.streams.stream(self.request, self.asked)
        async with aclosing(answer.body_iterator) as chunks:  # as the server closes it when the page goes
            async for chunk in chunks:
                for block in chunk.decode().strip().split("\n\n"):
                    lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
                    if "event" in lines and (first or '"case","id":""' not in lines["data"]):
                        yield lines["event"], json.loads(lines["data"])


async def test_a_change_comes_as_an_id_and_a_version(here: Room) -> None:
    unit = await here.unit("ours")
    person, case = await here.person(unit, "counsellor"), await here.case(unit)
    line = Line(here, person, heartbeat=5).open()
    assert await anext(line) == ("here", {})
    here.console.desk.events.publish(Changed(what="hand_off", id=case.hand_off, version=7))
    assert await anext(line) == ("changed", {"what": "hand_off", "id": case.hand_off.hex(), "version": 7})
    await line.aclose()


async def test_of_another_units_things_not_even_the_id_is_told(here: Room) -> None:
    ours, theirs = await here.unit("ours"), await here.unit("theirs")
    person, mine, other = await here.person(ours, "counsellor"), await here.case(ours), await here.case(theirs)
    line = Line(here, person, heartbeat=5).open()
    assert await anext(line) == ("here", {})
    theirs_first = (("hand_off", other.hand_off), ("alarm", other.hand_off), ("case", other.id), ("hand_off", bytes(16)), ("case", mine.id))
    for what, subject in theirs_first:
        here.console.desk.events.publish(Changed(what=what, id=subject, version=1))
    assert await anext(line) == ("changed", {"what": "case", "id": mine.id.hex(), "version": 1})
    await line.aclose()
    worker = Line(here, await here.person(ours, "case_worker"), heartbeat=5).open()
    await anext(worker)
    for what, subject in (("hand_off", mine.hand_off), ("queue", b"")):
        here.console.desk.events.publish(Changed(what=what, id=subject, version=2))
    assert (await anext(worker))[1]["what"] == "queue"  # no part of a case worker's is the queue's conversations
    await worker.aclose()


async def test_with_a_case_comes_whether_any_of_the_units_is_unread(here: Room) -> None:
    """So that a counsellor in the queue sees that there is one, and sees it go, without the page fetching its list: when the line begins,
    when one comes, and when it was read."""
    ours, theirs = await here.unit("ours"), await here.unit("theirs")
    person, reader = await here.person(ours, "counsellor"), await here.person(ours, "lead")
    await here.case(theirs)
    line = Line(here, person, heartbeat=5).open(first=True)
    assert [await anext(line) for _ in range(2)] == [("here", {}), ("changed", {"what": "case", "id": "", "version": 0})]
    case = await here.case(ours, urgency="danger", kind="alert")
    here.service.case_changed(case.id)
    assert await anext(line) == ("changed", {"what": "case", "id": case.id.hex(), "version": 1})
    again = Line(here, person, heartbeat=5).open(first=True)
    assert [await anext(again) for _ in range(2)][1] == ("changed", {"what": "case", "id": "", "version": 1})
    await again.aclose()
    await here.get(reader, f"/console/j/case/{case.id.hex()}")
    assert await anext(line) == ("changed", {"what": "case", "id": case.id.hex(), "version": 0})
    await line.aclose()
    auditor = Line(here, await here.person(ours, "auditor"), heartbeat=5).open(first=True)
    assert await anext(auditor) == ("here", {})
    here.console.desk.events.publish(Changed(what="case", id=case.id))
    here.console.desk.events.publish(Changed(what="queue", id=b""))
    assert (await anext(auditor))[1]["what"] == "queue", "who reads no cases hears of none"
    await auditor.aclose()


async def test_many_lines_look_once_for_what_is_unread(here: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy evening cases come all the time, and every page hears of each."""
    unit = await here.unit("ours")
    opened = Line(here, await here.person(unit, "counsellor"), heartbeat=5)
    looks: list[bytes] = []
    look = here.console.cases.list.any_unread

    async def counted(unit_id: bytes) -> bool:
        looks.append(unit_id)
        return await look(unit_id)

    monkeypatch.setattr(opened.streams, "_unread", counted)
    lines = [opened.open(first=True) for _ in range(6)]
    for line in lines:
        assert [(await anext(line))[0] for _ in range(2)] == ["here", "changed"]
    case = await here.case(unit)
    for _ in range(2):  # the first time each looks whose case it is
        looks.clear()
        here.service.case_changed(case.id)
        told = await asyncio.gather(*(anext(line) for line in lines))
        assert {data["id"] for _, data in told} == {case.id.hex()}
    assert len(looks) <= 2
    for line in lines:
        await line.aclose()


async def test_only_whoever_is_asked_hears_that_they_are(here: Room) -> None:
    unit = await here.unit("ours")
    person, colleague, case = await here.person(unit, "counsellor"), await here.person(unit, "counsellor"), await here.case(unit)
    line = Line(here, person, heartbeat=5).open()
    await anext(line)
    for version, to in ((1, colleague.id), (2, b""), (3, person.id)):
        here.console.desk.events.publish(Changed(what="asked", id=case.hand_off, version=version, to=to))
        await asyncio.sleep(0)
    assert await anext(line) == ("changed", {"what": "asked", "id": case.hand_off.hex(), "version": 3})
    await line.aclose()


async def test_it_ends_with_the_session(here: Room) -> None:
    unit = await here.unit("ours")
    person = await here.person(unit, "counsellor")
    line = Line(here, person).open()
    assert [await anext(line) for _ in range(3)] == [("here", {})] * 3
    await here.people.sessions.end(person.id, None)
    async with asyncio.timeout(5):
        assert [event async for event in line if event[0] == "changed"] == []


async def test_it_beats_and_looks_at_the_session_however_much_happens_meanwhile(here: Room) -> None:
    """On a busy desk something changes all the time, one's own and others': the page hears that the line stands all the same."""
    ours, theirs = await here.unit("ours"), await here.unit("theirs")
    person, mine, other = await here.person(ours, "counsellor"), await here.case(ours), await here.case(theirs)

    async def busy() -> None:
        for version in range(10_000):
            for subject in (mine, other):
                here.console.desk.events.publish(Changed(what="hand_off", id=subject.hand_off, version=version))
            await asyncio.sleep(0.01)

    line, stir = Line(here, person, heartbeat=0.2).open(), asyncio.ensure_future(busy())
    try:
        async with asyncio.timeout(5):
            beats = 0
            while beats < 3:
                beats += (await anext(line))[0] == "here"
            await here.people.sessions.end(person.id, None)
            async for _ in line:
                pass
    finally:
        stir.cancel()


async def test_it_ends_when_the_service_stops_and_keeps_nobody_waiting(here: Room) -> None:
    person = await here.person(await here.unit("ours"), "counsellor")
    opened = Line(here, person, heartbeat=60)
    line = opened.open()
    await anext(line)
    opened.streams.closing.set()
    async with asyncio.timeout(5):
        assert [event async for event in line] == []


async def test_one_person_cannot_hold_every_line(here: Room) -> None:
    person = await here.person(await here.unit("ours"), "counsellor")
    opened = Line(here, person, heartbeat=60)
    lines = [opened.open() for _ in range(6)]
    for line in lines:
        await anext(line)
    assert (await opened.streams.stream(opened.request, opened.asked)).status_code == 503
    for line in lines:
        await line.aclose()
    assert (await opened.streams.stream(opened.request, opened.asked)).status_code == 200


async def test_a_leads_page_hears_that_somebody_joined(here: Room) -> None:
    """Whoever came by a link waits to be admitted: the lead's page shows them without being asked."""
    unit = await here.unit("ours")
    lead = await here.person(unit, "lead")
    token, row = new_invite(unit_id=unit.id, role="counsellor", made_by=lead.id, staff_id=None, now=here.now)
    await here.service.writer.write([row])
    line = Line(here, lead, heartbeat=5).open()
    assert await anext(line) == ("here", {})
    browser = SimpleNamespace(client=lambda _: here.browser, now=[float(here.now)])
    dewi = Colleague(cast("Any", browser), token, "dewi")
    await dewi.prepare()
    assert (await dewi.join()).status_code == 200
    assert await asyncio.wait_for(anext(line), 2) == ("changed", {"what": "staff", "id": "", "version": 0})
    members = (await here.get(lead, "/console/j/members"))["members"]
    assert [one["state"] for one in members if one["name"] == "dewi"] == ["new"]
    await line.aclose()
