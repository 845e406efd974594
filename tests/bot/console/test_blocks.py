"""Blocking from the console, and lifting it from the case: who may, what it leaves behind, and that nobody is told which address it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from actions import audit
from actions.access import ROLES, TALKING
from actions.rows import Update
from bot.channels.base import Received
from bot.storage.desk import DeskStore
from bot.stored_session import Talk, locked_session, opened_session
from flows.message import Inbound, InboundKind
from tests.bot.console.room import Made, Person, Room, Unit, room

NUMBER = "6281234567890"
FIRST = "00" * 32


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


async def talking(here: Room, unit: Unit, person: Person, **fields: Any) -> Made:
    """A case with a conversation of that number, which this person has."""
    start = Inbound(kind=InboundKind.START)
    await here.service.receive(Received(channel="telegram", message_id=f"m{here.now}", address=NUMBER, inbound=start, ref="r"))
    await here.service.settle()
    where = await here.service.intake.conversation("telegram", NUMBER)
    assert where is not None
    case = await here.case(unit, conversation=where, state="active", owner_id=person.id, owners=1, taken_at=here.now, **fields)
    row: Any = await here.service.reads.conversation(where)
    key = await here.service.keys.key(row.key_id)
    assert key is not None
    talk = Talk(hand_off_id=case.hand_off, case_id=case.id)
    session = locked_session(where, key, opened_session(row, key) if row.session is not None else {}, talk)
    values = {"hand_off_id": case.hand_off, "session": session}
    await here.service.writer.write([Update(table="conversation", key={"id": where}, values=values)])
    return case


async def block(here: Room, person: Person, case: Made, *, hours: Any = 24, previous: str = FIRST) -> httpx.Response:
    entry = here.entry(person, case, {"from": "staff", "hours": hours, "text": "kata kotor"}, previous=previous, kind="block")
    row = await DeskStore(here.service.engine).case(case.id)
    assert row is not None
    told = row.told or 0  # what the page has shown
    return await here.ask(person, "POST", f"/console/j/hand-off/{case.hand_off.hex()}/block", {**entry, "hours": hours, "told": told})


async def unblock(here: Room, person: Person, case: Made) -> httpx.Response:
    head = (await here.ask(person, "GET", f"/console/j/case/{case.id.hex()}")).json().get("head", FIRST)
    entry = here.entry(person, case, {"from": "staff"}, previous=head, kind="unblock")
    return await here.ask(person, "POST", f"/console/j/case/{case.id.hex()}/unblock", entry)


async def shown(here: Room, person: Person, case: Made) -> Any:
    return (await here.get(person, f"/console/j/case/{case.id.hex()}"))["block"]


async def test_whoever_has_it_blocks_it_and_the_case_says_until_when(here: Room) -> None:
    ours = await here.unit("ours")
    rina, lead, mate = await here.person(ours, "counsellor"), await here.person(ours, "lead"), await here.person(ours, "counsellor")
    worker = await here.person(ours, "case_worker")
    case = await talking(here, ours, rina)
    assert await shown(here, lead, case) is None
    answer = await block(here, rina, case)
    assert (answer.status_code, answer.json()["code"]) == (200, "ok")
    until = (here.now + 86_400) // 60 * 60
    for person, lifts in ((rina, True), (lead, True), (mate, False), (worker, False)):
        assert await shown(here, person, case) == {"until": until, "lifts": lifts}
    opened = here.opened(case, await here.get(rina, f"/console/j/case/{case.id.hex()}"))
    (entry,) = [each for each in opened if each["kind"] == "block"]
    assert (entry["hours"], entry["text"]) == (24, "kata kotor")
    assert (audit.ADDRESS_BLOCKED, case.id, (rina.id,)) in await here.audited()
    page = await here.ask(lead, "GET", "/console/f/audit")
    assert "memblokir pengirim kasus" in page.text
    everything = answer.text + page.text + (await here.ask(rina, "GET", f"/console/j/case/{case.id.hex()}")).text
    assert NUMBER not in everything


async def test_whoever_set_it_or_a_lead_lifts_it_and_nobody_else(here: Room) -> None:
    ours, theirs = await here.unit("ours"), await here.unit("theirs")
    people = {role: await here.person(ours, role) for role in ROLES}
    rina, strange = await here.person(ours, "counsellor"), await here.person(theirs, "lead")
    case = await talking(here, ours, rina)
    assert (await block(here, rina, case)).status_code == 200
    for role, person in people.items():
        if role == "lead":
            continue
        answer = await unblock(here, person, case)
        wanted = (409, "not_yours") if role in TALKING else (404, "not_there")
        assert (answer.status_code, answer.json()["error"]) == wanted, role
    assert (await unblock(here, strange, case)).status_code == 404
    assert (audit.REFUSED, case.id, (strange.id,)) in await here.audited()
    assert await shown(here, rina, case) is not None
    assert (await unblock(here, people["lead"], case)).json()["code"] == "ok"
    assert (audit.ADDRESS_UNBLOCKED, case.id, (people["lead"].id,)) in await here.audited()
    assert await shown(here, rina, case) is None
    assert (await unblock(here, rina, case)).json()["error"] == "over"
    assert await here.service.blocks.of("telegram", NUMBER) is None


async def test_a_lift_that_is_not_signed_by_who_sends_it_lifts_nothing(here: Room) -> None:
    ours = await here.unit("ours")
    rina, lead = await here.person(ours, "counsellor"), await here.person(ours, "lead")
    case = await talking(here, ours, rina)
    assert (await block(here, rina, case)).status_code == 200
    head = (await here.get(lead, f"/console/j/case/{case.id.hex()}"))["head"]
    entry = here.entry(rina, case, {"from": "staff"}, previous=head, kind="unblock")
    answer = await here.ask(lead, "POST", f"/console/j/case/{case.id.hex()}/unblock", entry)
    assert (answer.status_code, answer.json()["error"]) == (422, "forged")
    stale = here.entry(lead, case, {"from": "staff"}, previous=FIRST, kind="unblock")
    answer = await here.ask(lead, "POST", f"/console/j/case/{case.id.hex()}/unblock", stale)
    assert (answer.status_code, answer.json()["error"]) == (409, "behind")
    assert await here.service.blocks.of("telegram", NUMBER) is not None


@pytest.mark.parametrize("hours", [0, 2, 73, -1, "24", None, 24.0, True])
async def test_no_other_length_is_taken(here: Room, hours: Any) -> None:
    ours = await here.unit("ours")
    rina = await here.person(ours, "counsellor")
    case = await talking(here, ours, rina)
    assert (await block(here, rina, case, hours=hours)).status_code == 400
    assert await here.service.blocks.of("telegram", NUMBER) is None


@pytest.mark.parametrize("role", ROLES)
async def test_only_who_talks_can_block_and_only_what_they_have(here: Room, role: str) -> None:
    ours, theirs = await here.unit("ours"), await here.unit("theirs")
    rina, person, strange = await here.person(ours, "counsellor"), await here.person(ours, role), await here.person(theirs, role)
    case = await talking(here, ours, rina)
    answer = await block(here, person, case)
    assert (answer.status_code, answer.json()["error"]) == ((409, "not_yours") if role in TALKING else (404, "not_there"))
    assert (await block(here, strange, case)).status_code == 404
    assert await here.service.blocks.of("telegram", NUMBER) is None


async def test_a_reason_that_follows_another_entry_blocks_nobody_and_the_page_is_told_to_look_again(here: Room) -> None:
    ours = await here.unit("ours")
    rina = await here.person(ours, "counsellor")
    case = await talking(here, ours, rina)
    answer = await block(here, rina, case, previous="11" * 32)
    assert (answer.status_code, answer.json()["error"]) == (409, "stale")
    assert await here.service.blocks.of("telegram", NUMBER) is None
    assert not [action for action, _, _ in await here.audited() if action == audit.ADDRESS_BLOCKED]
