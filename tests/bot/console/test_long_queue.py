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


def counted(page: str) -> list[str]:
    """What stands at the top of the queue: number and word."""
    return [" ".join(each) for each in re.findall(r"<li[^>]*><b>(\d+)</b> ([a-z ]+)</li>", page)]


async def test_what_was_left_to_be_read_stands_apart_from_people_who_wait(here: Room) -> None:
    unit = await here.unit("ours")
    person, lead = await here.person(unit, "counsellor"), await here.person(unit, "lead")
    left = await here.case(unit, ended="message", waiting_since=here.now - 36_000)
    waits = await here.case(unit, urgency="child")
    page = (await here.ask(person, "GET", "/console/f/queue")).text
    assert shown(page) == [waits.hand_off.hex(), left.hand_off.hex()], "ten hours are no reason to come first"
    assert counted(page) == ["1 menunggu", "1 pesan", "0 berjalan", "0 petugas siap"]
    assert f'data-age="{here.now}"></time></b></li>' in page, "the longest wait is that of who waits"
    assert "Pesan yang ditinggalkan" in page and 'data-words="{time} lalu"' in page
    board = (await here.ask(lead, "GET", "/console/f/board")).text
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]*)", board))
    assert (figures["Menunggu sekarang"], figures["Pesan ditinggalkan"]) == ("1", "1")
    head = (await here.ask(person, "GET", f"/console/f/hand-off/{left.hand_off.hex()}/head")).text
    assert "Pesan, tidak ada yang menunggu di chat" in head and 'data-do="pull"' in head


async def test_the_board_says_how_many_of_a_hundred_were_answered_and_how_many_went(here: Room) -> None:
    unit = await here.unit("ours")
    lead = await here.person(unit, "lead")
    taken, gone = [{"taken_at": here.now + seconds} for seconds in (0, 5, 9)], {"ended": "left"}
    for fields in (*taken, gone, {}, {"ended": "message"}):
        await here.case(unit, **fields)
    board = (await here.ask(lead, "GET", "/console/f/board")).text
    rows = {name: re.sub(r"<[^>]+>", "", cell) for name, cell in re.findall(r'<th scope="row">([^<]+)</th><td>(.*?)</td>', board)}
    assert (rows["Dijawab"], rows["Pergi sebelum dijawab"]) == ("75 % 3 dari 4", "25 % 1 dari 4")
    assert rows["Pesan yang ditinggalkan"] == "1 0 sudah diambil"


async def test_whoever_let_an_offer_pass_is_told_by_the_page_and_a_pause_has_an_end(here: Room) -> None:
    unit = await here.unit("ours")
    sari, budi = await here.person(unit, "counsellor", shown="Sari"), await here.person(unit, "counsellor", shown="Budi")
    for person in (sari, budi):
        await here.ask(person, "POST", "/console/j/presence", {"state": "ready"})
    case = await here.case(unit)
    await here.service.desk.tick()
    (asked,) = [p for p in (sari, budi) if 'data-do="accept"' in (await here.ask(p, "GET", "/console/f/queue")).text]
    for _ in range(7):
        here.wait(10)
        for person in (sari, budi):
            await here.ask(person, "POST", "/console/j/presence", {})
        await here.service.desk.tick()
    page = (await here.ask(asked, "GET", "/console/f/queue")).text
    assert re.search(rf'data-mine="away" data-until="({here.now - 10}|{here.now})"', page)
    other = budi if asked is sari else sari
    assert (await here.ask(other, "POST", f"/console/j/hand-off/{case.hand_off.hex()}/refuse", {})).status_code == 200
    page = (await here.ask(other, "GET", "/console/f/queue")).text
    assert 'data-mine="ready" data-until=""' in page, "who refuses is there"


async def test_danger_that_a_colleague_does_not_answer_stands_before_all_for_everybody_else(here: Room) -> None:
    unit = await here.unit("ours")
    sari, andi = await here.person(unit, "counsellor", shown="Sari"), await here.person(unit, "counsellor", shown="Andi")
    talk = {"state": "active", "owner_id": sari.id, "taken_at": here.now, "alarm": "heard", "alarm_at": here.now}
    other = (await here.case(unit)).hand_off.hex()
    quiet = (await here.case(unit, urgency="danger", **talk, alarm_step=0)).hand_off.hex()
    page = (await here.ask(andi, "GET", "/console/f/queue")).text
    assert shown(page) == [other, quiet] and 'data-danger="0"' in page, "its owner has a while to answer"
    left = (await here.case(unit, urgency="danger", **talk, alarm_step=1)).hand_off.hex()
    page = (await here.ask(andi, "GET", "/console/f/queue")).text
    assert shown(page) == [left, other, quiet] and 'data-danger="1"' in page
    entry = page[page.index(left) : page.index(other)]
    assert "bersama Sari" in entry and "Ada kata bahaya, belum dijawab" in entry and 'data-do="pull"' in entry
    page = (await here.ask(sari, "GET", "/console/f/queue")).text
    assert page.index("Percakapanku") < page.index(left) and 'data-danger="1"' in page
