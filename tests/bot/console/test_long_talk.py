"""A long conversation comes a page at a time: what was said last first, nothing twice, nothing left out, no second torn apart."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from actions import audit
from actions.rows import Insert
from bot.storage.case_records import EARLIER, NEWEST
from bot.vault.seal import seal
from tests.bot.console.room import Made, Person, Room, room

SAID = 700


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


async def talked(here: Room, case: Made, times: list[int], kind: str = "said") -> list[str]:
    """Records of a case, at these moments; gives their ids."""
    rows = []
    for n, at in enumerate(times):
        record_id = secrets.token_bytes(16)
        content = json.dumps({"from": "reporter", "n": n, "text": f"kata {n}"}).encode()
        sealed = seal(content, public_key=case.pair.public, case_id=case.id, record_id=record_id, version=1)
        row = {"id": record_id, "case_id": case.id, "version": 1, "kind": kind, "created_at": at, "sealed": sealed}
        rows.append(Insert(table="case_record", row=row))
    await here.service.writer.write(rows)
    return [row.row["id"].hex() for row in rows]


async def looked_back(here: Room, person: Person, path: str) -> list[list[dict[str, Any]]]:
    """All pages of a conversation, the newest first."""
    answer = await here.get(person, path)
    pages = [answer["records"]]
    while answer["from"] is not None:
        answer = await here.get(person, f"{path}/earlier?before={answer['from']}")
        pages.append(answer["records"])
    return pages


@pytest.mark.parametrize("what", ["hand-off", "case"])
async def test_it_comes_a_page_at_a_time_and_all_of_it(here: Room, what: str) -> None:
    unit = await here.unit("ours")
    person, case = await here.person(unit, "counsellor"), await here.case(unit)
    ids = await talked(here, case, [here.now + n // 7 for n in range(SAID)])  # seven in each second
    note = await talked(here, case, [here.now], "note")
    path = f"/console/j/{what}/{(case.hand_off if what == 'hand-off' else case.id).hex()}"
    pages = await looked_back(here, person, path)
    said = [[record["id"] for record in page if record["kind"] == "said"] for page in pages]
    assert sorted(each for page in said for each in page) == sorted(ids)
    assert NEWEST <= len(said[0]) < NEWEST + 7
    assert all(EARLIER <= len(page) < EARLIER + 7 for page in said[1:-1])
    assert [sorted({record["at"] for record in page if record["kind"] == "said"}) for page in pages] == [
        sorted({here.now + ids.index(each) // 7 for each in page}) for page in said
    ], "no second is torn apart"
    others = [{record["kind"] for record in page} - {"said"} for page in pages]
    assert others == [{"hand_off", "note"}, *[set()] * (len(pages) - 1)], "what it is about and the notes come with the first page"
    assert note[0] in [record["id"] for record in pages[0]]


async def test_what_came_later_comes_without_the_key_and_without_another_entry_in_the_audit_chain(here: Room) -> None:
    unit = await here.unit("ours")
    person, case = await here.person(unit, "counsellor"), await here.case(unit)
    await talked(here, case, [here.now + n for n in range(5)])
    talk, whole = f"/console/j/hand-off/{case.hand_off.hex()}", f"/console/j/case/{case.id.hex()}"
    for path, action in ((talk, audit.HAND_OFF_OPENED), (whole, audit.CASE_OPENED)):
        first = await here.get(person, path)
        assert first["key"] and first["from"] is None
        later = await here.get(person, f"{path}?since={here.now + 3}")
        assert "key" not in later and "from" not in later
        assert [record["at"] - here.now for record in later["records"]] == [3, 4]
        await here.get(person, f"{path}/earlier?before={here.now + 3}")
        assert [each for each, _, _ in await here.audited()].count(action) == 1


async def test_a_conversation_of_one_second_is_one_page(here: Room) -> None:
    unit = await here.unit("ours")
    person, case = await here.person(unit, "counsellor"), await here.case(unit)
    await talked(here, case, [here.now] * (NEWEST + 20))
    answer = await here.get(person, f"/console/j/hand-off/{case.hand_off.hex()}")
    assert (answer["from"], len(answer["records"])) == (None, NEWEST + 21)


@pytest.mark.parametrize("asked", ["earlier?before=x", "earlier?before=-1", "earlier?before=999999999999", "?since=x"])
async def test_what_is_no_moment_is_refused(here: Room, asked: str) -> None:
    unit = await here.unit("ours")
    person, case = await here.person(unit, "counsellor"), await here.case(unit)
    for path in (f"/console/j/hand-off/{case.hand_off.hex()}", f"/console/j/case/{case.id.hex()}"):
        joined = path + asked if asked.startswith("?") else f"{path}/{asked}"
        assert (await here.ask(person, "GET", joined)).status_code == 400
