"""The list of cases is searched by what is not sealed, in one's own unit; what somebody looks for stands in no address and no log."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.storage import tables
from tests.bot.console.room import Made, Person, Room, Unit, room
from tests.bot.console.test_cases import before_of, numbers_of

DAY = 86_400
WITA = timezone(timedelta(hours=8))


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


class Office:
    """A unit with a worker, a counsellor and three cases that came a day after each other; another unit that one of them is sealed to."""

    def __init__(self, here: Room) -> None:
        self.here = here
        self.unit: Unit
        self.other: Unit
        self.worker: Person
        self.sari: Person
        self.cases: list[Made]

    async def open(self) -> Office:
        here = self.here
        self.unit, self.other = await here.unit("ours"), await here.unit("theirs")
        self.cases = []
        for number in range(3):
            self.cases.append(await here.case(self.unit, also=(self.other,) if number == 1 else ()))
            here.wait(DAY)
        self.worker, self.sari = await here.person(self.unit, "case_worker"), await here.person(self.unit, "counsellor", shown="Sari")
        return self

    async def set(self, table: str, key: bytes, **values: object) -> None:
        """Past the service: a row is changed."""
        row = tables.metadata.tables[table]
        async with self.here.service.engine.begin() as connection:
            await connection.execute(update(row).where(row.c.id == key).values(**values))

    async def finds(self, who: Person | None = None, **fields: str) -> list[int]:
        """Which of the three a search finds."""
        answer = await self.here.listed(who or self.worker, **{"which": "all", **fields})
        assert answer.status_code == 200, answer.text
        found = numbers_of(answer.text)
        return sorted(place for place, case in enumerate(self.cases) if case.id.hex() in found)


@pytest.fixture
async def office(here: Room) -> Office:
    return await Office(here).open()


async def test_by_the_beginning_of_its_number(office: Office) -> None:
    for place, case in enumerate(office.cases):
        for length in (6, 7, 32):
            number = case.id.hex()[:length]
            for written in (number, number.upper(), f"#{number}", f" {number[:3]} {number[3:]} "):
                assert await office.finds(number=written) == [place], written
    absent = next(f"{n:06x}" for n in range(4) if all(not case.id.hex().startswith(f"{n:06x}") for case in office.cases))
    assert await office.finds(number=absent) == []


async def test_by_status(office: Office) -> None:
    await office.set("cases", office.cases[1].id, status="in_progress")
    assert await office.finds(status="in_progress") == [1]
    assert await office.finds(status="stored") == [0, 2]
    assert await office.finds(status="in_progress", which="closed") == []


async def test_by_the_day_on_which_it_came_in_the_city(office: Office) -> None:
    noon = datetime.fromtimestamp(office.here.now - 2 * DAY, WITA).replace(hour=12, minute=0, second=0)  # the second one's day
    day = noon.date().isoformat()
    begins = int(noon.replace(hour=0).timestamp())
    await office.set("cases", office.cases[1].id, created_at=begins)
    await office.set("cases", office.cases[0].id, created_at=begins - 1)
    await office.set("cases", office.cases[2].id, created_at=begins + DAY)
    assert await office.finds(**{"from": day}) == [1, 2]
    assert await office.finds(until=day) == [0, 1]
    assert await office.finds(**{"from": day, "until": day}) == [1]


async def test_by_who_has_the_conversation(office: Office) -> None:
    await office.set("hand_off", office.cases[2].hand_off, owner_id=office.sari.id, state="active")
    assert await office.finds(owner=office.sari.id.hex()) == [2]
    assert await office.finds(office.sari, owner="mine") == [2]
    assert await office.finds(owner="mine") == []
    assert await office.finds(owner="nobody") == [0, 1]
    assert "Sari" in (await office.here.ask(office.worker, "GET", "/console/f/cases")).text


async def test_by_another_unit_that_it_is_sealed_to(office: Office) -> None:
    assert await office.finds(unit=office.other.id.hex()) == [1]
    theirs = await office.here.person(office.other, "case_worker")
    assert await office.finds(theirs) == [1], "what is sealed to them, whatever they look for"
    assert await office.finds(theirs, number=office.cases[0].id.hex()[:6]) == []
    assert await office.finds(theirs, owner="nobody") == [1]


async def test_together_and_page_by_page(office: Office) -> None:
    for _ in range(101):
        await office.here.case(office.unit, urgency="child")
    await office.set("cases", office.cases[0].id, status="referred")
    first = (await office.here.listed(office.worker, owner="nobody", status="stored")).text
    assert "103 kasus cocok" in first and len(numbers_of(first)) == 100
    rest = (await office.here.listed(office.worker, owner="nobody", status="stored", before=before_of(first))).text
    assert "103 kasus cocok" in rest and len(numbers_of(rest)) == 3
    assert "kasus cocok" not in (await office.here.listed(office.worker)).text


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "xyz"}, {"number": "a" * 33}, {"which": "mine"}, {"status": "lost"}, {"owner": "sari"}, {"unit": "7"},
        {"from": "kemarin"}, {"until": "9999-12-31"}, {"before": "1-2"}, {"before": "x"},
    ],
)  # fmt: skip
async def test_what_the_page_does_not_ask_is_refused(office: Office, fields: dict[str, str]) -> None:
    assert (await office.here.listed(office.worker, **fields)).status_code == 400


async def test_a_search_stands_in_no_address_and_no_log(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    number = office.cases[0].id.hex()[:7]
    with caplog.at_level(logging.DEBUG):
        answer = await office.here.listed(office.worker, number=number)
        wrong = await office.here.listed(office.worker, number=number + "salah")
    assert (answer.status_code, wrong.status_code) == (200, 400)
    assert str(answer.request.url).endswith("/console/f/cases")
    ours = [record for record in caplog.records if not record.name.startswith(("aiosqlite", "httpx", "httpcore"))]
    assert not [record for record in ours if number in record.getMessage() or number in str(vars(record))]
    assert number.upper() not in answer.text.replace(office.cases[0].id.hex(), ""), "and is not said back"
    # Another site's page cannot search, nor can an address.
    headers = {"cookie": f"desk={office.worker.token}", "sec-fetch-site": "cross-site", "x-csrf": office.worker.csrf}
    assert (await office.here.browser.post("/console/f/cases", data={"which": "all"}, headers=headers)).status_code == 403
    by_address = await office.here.ask(office.worker, "GET", f"/console/f/cases?which=all&number={number}")
    assert numbers_of(by_address.text) == []
