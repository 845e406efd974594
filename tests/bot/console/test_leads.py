"""A lead changes hours and holidays: what cannot be read is told as such, and the desk keeps what can."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actions import audit
from tests.bot.console.room import room

WEEK = {"mon": [["08:00", "12:00"], ["13:00", "24:00"]]}


async def test_what_a_lead_saves_is_what_the_desk_reads(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        lead = await here.person(await here.unit("ours"), "lead")
        holidays = [{"date": "2027-01-01", "name": "Tahun Baru"}, {"date": "2026-12-25", "name": " Natal "}]
        for name, value in (("hours", WEEK), ("holidays", holidays)):
            answer = await here.ask(lead, "POST", f"/console/j/setting/{name}", {"version": 0, "value": value})
            assert (answer.status_code, answer.json()) == (200, {"code": "ok", "version": 1})
        stored = {name: json.loads((await here.service.desk.setting(name))[1]) for name in ("hours", "holidays")}
    assert (stored["hours"]["mon"], stored["hours"]["tue"]) == (WEEK["mon"], [])
    assert stored["holidays"] == [{"date": "2026-12-25", "name": "Natal"}, {"date": "2027-01-01", "name": "Tahun Baru"}]


BAD: tuple[tuple[str, object], ...] = (
    ("hours", {"mon": [["16:00", "08:00"]]}), ("hours", {"mon": [["8:00", "9:00"]]}), ("hours", {"montag": []}), ("hours", None),
    ("hours", {"mon": [["08:00", "09:00"]] * 7}), ("holidays", [{"date": "25.12.2026", "name": ""}]),
    ("holidays", [{"date": "2026-12-25", "name": "x" * 81}]), ("holidays", [{"date": "2026-12-25", "name": ""}] * 401),
)  # fmt: skip


async def test_what_is_no_hours_is_told_and_not_kept(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        lead = await here.person(await here.unit("ours"), "lead")
        for name, value in BAD:
            answer = await here.ask(lead, "POST", f"/console/j/setting/{name}", {"version": 0, "value": value})
            assert (answer.status_code, answer.json()) == (400, {"error": "bad"}), value
            assert await here.service.desk.setting(name) == (0, "")


async def test_two_at_once_do_not_overwrite_each_other_and_who_changed_what_is_kept(tmp_path: Path) -> None:
    reply = [{"group": "listen", "id_text": "Aku di sini.", "en_text": ""}]
    async with room(tmp_path) as here:
        unit = await here.unit("ours")
        lead, other = await here.person(unit, "lead"), await here.person(unit, "counsellor")
        for name, value, action in (
            ("hours", WEEK, audit.HOURS_CHANGED), ("holidays", [], audit.HOLIDAYS_CHANGED), ("canned", reply, audit.REPLIES_CHANGED),
        ):  # fmt: skip
            path, before = f"/console/j/setting/{name}", len(await here.audited())
            assert (await here.ask(other, "POST", path, {"version": 0, "value": value})).status_code == 403
            assert (await here.ask(lead, "POST", path, {"version": 0, "value": value})).json() == {"code": "ok", "version": 1}
            assert (await here.ask(lead, "POST", path, {"version": 0, "value": value})).status_code == 409
            assert (await here.ask(lead, "POST", path, {"version": 1, "value": value})).json() == {"code": "ok", "version": 2}
            assert (await here.audited())[before:] == [(action, unit.id, (lead.id,))] * 2, name


@pytest.mark.parametrize(("kind", "receives", "may"), [("service", 0, True), ("school", 1, True), ("school", 0, False)])
async def test_who_decides_for_all_units_is_the_service_and_the_leading_unit(tmp_path: Path, kind: str, receives: int, may: bool) -> None:
    """A school's lead shuts no desk."""
    async with room(tmp_path) as here:
        lead = await here.person(await here.unit("theirs", kind=kind, lead=receives), "lead")
        for name, value in (("hours", WEEK), ("holidays", []), ("canned", [{"group": "listen", "id_text": "Ya.", "en_text": ""}])):
            answer = await here.ask(lead, "POST", f"/console/j/setting/{name}", {"version": 0, "value": value})
            assert answer.status_code == (200 if may else 403), name
            assert (await here.service.desk.setting(name))[0] == int(may)
        page = (await here.ask(lead, "GET", "/console/f/hours")).text
        assert ("data-may=\"1\"" in page, "type=\"submit\"" in page) == (may, may)
