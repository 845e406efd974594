"""The trail of who opened what: leads and auditors read what concerns their unit, follow the whole of it by digests, and nothing sealed is
handed out without an entry in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from actions import audit
from actions.access import ROLES
from bot.console import audit as pages
from tests.bot.console.room import Room, room


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


def sentences(html: str) -> list[str]:
    """What the page says, newest first."""
    return [" ".join(re.sub(r"<[^>]+>", "", line).split()) for line in re.findall(r"<p><b>.*?</p>", html)]


async def test_a_lead_and_an_auditor_read_what_was_done_in_their_unit_and_nothing_of_another(here: Room) -> None:
    ours, theirs = await here.unit("UPTD"), await here.unit("Sekolah")
    lead, auditor = await here.person(ours, "lead", shown="Bu Ratna"), await here.person(ours, "auditor", shown="Pak Amir")
    sari, stranger = await here.person(ours, "counsellor", shown="Sari <b>"), await here.person(theirs, "lead", shown="Pak Guru")
    case, other = await here.case(ours), await here.case(theirs)
    number = case.id.hex()[:6].upper()
    await here.get(sari, f"/console/j/case/{case.id.hex()}")
    await here.get(sari, f"/console/j/hand-off/{case.hand_off.hex()}")
    await here.get(sari, f"/console/j/file/{case.file.hex()}/0")
    await here.get(stranger, f"/console/j/case/{other.id.hex()}")
    await here.ask(stranger, "GET", f"/console/j/case/{case.id.hex()}")
    await here.ask(sari, "GET", f"/console/j/case/{other.id.hex()}")
    await here.ask(lead, "POST", "/console/j/member", {"staff_id": sari.id.hex(), "capacity": 2, "skills": []})
    said = sentences((await here.ask(auditor, "GET", "/console/f/audit")).text)
    assert said[:6] == [
        "Bu Ratna mengatur bahasa, keahlian, atau jumlah percakapan: Sari &lt;b&gt;",
        "Sari &lt;b&gt; ditolak: meminta sesuatu yang bukan (lagi) milik unit ini", f"Pak Guru (Sekolah) ditolak: meminta kasus {number}",
        f"Sari &lt;b&gt; melihat lampiran di kasus {number}", f"Sari &lt;b&gt; membuka percakapan di kasus {number}",
        f"Sari &lt;b&gt; membuka kasus {number}",
    ]  # fmt: skip
    assert said == sentences((await here.ask(lead, "GET", "/console/f/audit")).text)
    theirs_said = sentences((await here.ask(stranger, "GET", "/console/f/audit")).text)
    assert f"Pak Guru membuka kasus {other.id.hex()[:6].upper()}" in theirs_said
    assert not [line for line in theirs_said if number in line]
    english = await here.ask(lead, "GET", "/console/f/audit", cookie=f"desk={lead.token}; desk-language=en")
    assert f"Sari &lt;b&gt; opened case {number}" in sentences(english.text)


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"lead", "auditor"}))
async def test_nobody_else_reads_it(here: Room, role: str) -> None:
    person = await here.person(await here.unit("ours"), role)
    for path in ("/console/f/audit", "/console/j/audit-head", "/console/j/audit-head?from=1"):
        assert (await here.ask(person, "GET", path)).status_code == 403


async def test_older_entries_come_on_demand_and_none_twice(here: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE", 4)
    unit = await here.unit("ours")
    lead = await here.person(unit, "lead")
    for _ in range(10):
        await here.get(lead, f"/console/j/case/{(await here.case(unit)).id.hex()}")
    expected = [link.entry.number for link in await here.chain.of_unit(unit.id, before=None, most=100)]
    found, before = [], 0
    while True:
        html = (await here.ask(lead, "GET", f"/console/f/audit?before={before}" if before else "/console/f/audit")).text
        assert ("<h1" in html) == (before == 0)
        found.append(len(sentences(html)))
        more = re.search(r'data-before="(\d+)"', html)
        if more is None:
            break
        assert int(more[1]) == expected[sum(found) - 1]
        before = int(more[1])
    assert found == [4] * (len(expected) // 4) + ([len(expected) % 4] if len(expected) % 4 else [])


async def test_the_whole_chain_is_followed_by_digests_that_name_nothing(here: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_FOLLOWED", 3)
    ours, theirs = await here.unit("ours"), await here.unit("theirs")
    lead, stranger = await here.person(ours, "lead"), await here.person(theirs, "lead")
    assert await here.get(lead, "/console/j/audit-head") == {
        "first": None, "digests": [], "left": 0, "head": {"number": 0, "hash": "00" * 32}
    }  # fmt: skip
    case = await here.case(theirs)
    for _ in range(8):
        await here.get(stranger, f"/console/j/case/{case.id.hex()}")
    at, hash, rounds = 1, (await here.chain.links())[0].hash, 0
    while True:
        found = await here.get(lead, f"/console/j/audit-head?from={at}")
        assert case.id.hex() not in str(found) and stranger.id.hex() not in str(found)
        assert found["first"] == hash.hex()
        for one in found["digests"]:
            hash, at = hashlib.sha256(b"ruang-aman/2 audit" + hash + bytes.fromhex(one)).digest(), at + 1
        assert found["head"] == {"number": at, "hash": hash.hex()}
        rounds += 1
        if not found["left"]:
            break
    assert (at, rounds) == (8, 3)
    assert (await here.get(lead, "/console/j/audit-head?from=99"))["first"] is None


# Nothing sealed without an entry


async def test_what_came_later_or_stood_before_is_handed_out_with_an_entry_of_this_session(here: Room) -> None:
    unit = await here.unit("ours")
    person, case = await here.person(unit, "counsellor"), await here.case(unit)
    for kind, subject, action in (
        ("case", case.id, audit.CASE_OPENED), ("hand-off", case.hand_off, audit.HAND_OFF_OPENED), ("file", case.file, audit.FILE_OPENED),
    ):  # fmt: skip
        base = f"/console/j/{kind}/{subject.hex()}"
        paths = (f"{base}/1", f"{base}/2") if kind == "file" else (f"{base}?since=1", f"{base}/earlier?before={here.now + 9}")
        for first in paths:  # each in a session of its own
            session = here.people.sessions.new(person.id)
            await here.service.writer.write([session.row])
            person.token, person.csrf = session.token, session.csrf
            before = len(await here.audited())
            await here.get(person, first)
            assert (await here.audited())[before:] == [(action, subject, (person.id,))], first
            for path in paths:
                await here.get(person, path)
            assert len(await here.audited()) == before + 1, "once a session"


async def test_who_has_opened_it_in_this_session_is_not_written_down_at_every_look(here: Room) -> None:
    unit = await here.unit("ours")
    person, case = await here.person(unit, "counsellor"), await here.case(unit)
    base = f"/console/j/case/{case.id.hex()}"
    await here.get(person, base)
    before = await here.audited()
    await here.get(person, f"{base}?since=1")
    await here.get(person, f"{base}/earlier?before=9")
    assert await here.audited() == before
