"""Of a long queue a console gets the first ones, with the numbers of all; and all of them if somebody asks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.console.pages import MOST
from tests.bot.console.room import Room, room


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


def shown(page: str) -> list[str]:
    """The hand-offs of a page, in its order."""
    return re.findall(r'data-hand-off="([0-9a-f]{32})"', page)


async def test_the_first_ones_come_and_the_rest_for_who_asks(here: Room) -> None:
    unit = await here.unit("ours")
    person = await here.person(unit, "counsellor")
    ids = []
    for _ in range(MOST + 5):
        ids.append((await here.case(unit)).hand_off.hex())
        here.wait(1)
    danger = (await here.case(unit, urgency="danger")).hand_off.hex()
    page = (await here.ask(person, "GET", "/console/f/queue")).text
    assert shown(page) == [danger, *ids[:MOST]], "whoever is in danger stands before all, and takes nobody's place"
    assert f"<b>{MOST + 6}</b> menunggu" in page and 'data-danger="1"' in page
    assert "Tampilkan 5 lagi" in page
    whole = (await here.ask(person, "GET", "/console/f/queue?all=1")).text
    assert shown(whole) == [danger, *ids]
    assert "queue-all" not in whole


async def test_an_entry_is_drawn_for_each_as_they_may_see_it(here: Room) -> None:
    """Entries are kept as they were drawn: one person's are not another's, nor one language's."""
    unit = await here.unit("ours")
    sari, andi = await here.person(unit, "counsellor", shown="Sari"), await here.person(unit, "counsellor", shown="Andi")
    case = await here.case(unit)
    for person in (sari, andi):
        assert (await here.ask(person, "POST", "/console/j/presence", {"state": "ready"})).status_code == 200
    await here.service.desk.tick()
    pages = [(await here.ask(person, "GET", "/console/f/queue")).text for person in (sari, andi)]
    (asked,) = [place for place, page in enumerate(pages) if 'data-do="accept"' in page]
    assert f"ditawarkan ke {('Sari', 'Andi')[asked]}" in pages[1 - asked]
    version = int(re.findall(rf'data-hand-off="{case.hand_off.hex()}" data-version="(\d+)"', pages[asked])[0])
    taker = (sari, andi)[asked]
    assert (await here.ask(taker, "POST", f"/console/j/hand-off/{case.hand_off.hex()}/accept", {"version": version})).status_code == 200
    mine, other = [(await here.ask(person, "GET", "/console/f/queue")).text for person in (taker, (sari, andi)[1 - asked])]
    assert "Percakapanku" in mine and "bersama" not in mine
    assert f"bersama {('Sari', 'Andi')[asked]}" in other
    english = (await here.ask(taker, "GET", "/console/f/queue", cookie=f"desk={taker.token}; desk-language=en")).text
    assert "My conversations" in english and "Asked to talk" in english and "Minta bicara" not in english
