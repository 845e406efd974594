"""A lead changes hours and holidays: what cannot be read is told as such, and the desk keeps what can."""

from __future__ import annotations

import json
from pathlib import Path

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
