"""An administrator sees no case, unless a lead gives the unit's key: then reads, and no more."""

from __future__ import annotations

from pathlib import Path

from actions import audit
from actions.rows import Delete, Insert
from bot.console.access_table import ROUTES
from tests.bot.console.room import room
from tests.bot.console.test_guard import path_of


async def test_with_the_units_key_an_administrator_reads_cases_and_does_nothing_else_in_them(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        unit, theirs = await here.unit("ours"), await here.unit("theirs")
        person, case, other = await here.person(unit, "administrator"), await here.case(unit), await here.case(theirs)
        base = f"/console/j/case/{case.id.hex()}"
        assert "case" not in (await here.get(person, "/console/j/may"))["may"]
        assert (await here.ask(person, "GET", base)).status_code == 404
        await here.key_given(unit, person)
        may = await here.get(person, "/console/j/may")
        assert (may["role"], may["may"]["case"], may["may"]["file"]) == ("keyed_administrator", ["list", "open"], ["open"])
        assert not {"queue", "hand_off"} & set(may["may"])
        before = len(await here.audited())
        answer = await here.get(person, base)
        assert here.opened(case, answer)[0]["answers"] == {"first": "Halo"}
        assert (await here.audited())[before:] == [(audit.CASE_OPENED, case.id, (person.id,))]
        row = await here.console.cases.case(case.id)
        assert row is not None and row.status == "stored", "it still waits to be read by somebody who does something"
        assert case.id.hex() in (await here.listed(person)).text
        for path in ("/console/f/staff", "/console/f/me", "/console/f/board", f"/console/f/case/{case.id.hex()}"):
            assert (await here.ask(person, "GET", path)).status_code == 200, path
        for where, needs in ROUTES.items():
            if needs is not None and (needs.kind == "hand_off" or (needs.kind == "case" and needs.verb not in ("list", "open"))):
                assert (await here.ask(person, where[0], path_of(where, case), {"version": 0})).status_code in (403, 404), where
        assert (await here.ask(person, "GET", f"/console/j/case/{other.id.hex()}")).status_code == 404
        assert (await here.ask(person, "POST", "/console/j/invite", {"role": "counsellor"})).status_code == 200


async def test_when_the_units_key_is_another_one_an_administrator_without_it_sees_no_case(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        unit = await here.unit("ours")
        person, lead, case = await here.person(unit, "administrator"), await here.person(unit, "lead"), await here.case(unit)
        base = f"/console/j/case/{case.id.hex()}"
        await here.key_given(unit, person)
        assert (await here.ask(person, "GET", base)).status_code == 200
        await here.key_given(unit, lead, version=2)
        assert (await here.ask(person, "GET", base)).status_code == 404
        await here.service.writer.write([Delete(table="unit_key", key={"unit_id": unit.id, "version": 2})])
        assert (await here.ask(person, "GET", base)).status_code == 200


async def test_nobody_else_gains_by_holding_it(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        unit = await here.unit("ours")
        case = await here.case(unit)
        for role in ("partner", "auditor"):
            person = await here.person(unit, role)
            await here.service.writer.write(
                [Insert(table="unit_member", row={"unit_id": unit.id, "version": 1, "staff_id": person.id, "sealed": b"s"})]
            )  # fmt: skip
            assert (await here.ask(person, "GET", f"/console/j/case/{case.id.hex()}")).status_code == 404
