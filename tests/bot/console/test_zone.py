"""Every time that staff see is the city's (RUANG_AMAN_TIMEZONE), whatever zone their computer is in."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.bot.console.room import room
from tests.structure.project import ROOT

CLOCKS = Path(__file__).parent / "clocks.mjs"
SOURCES = ROOT / "bot" / "console" / "web" / "src"


def said(zone: str, moments: list[float]) -> list[dict[str, Any]]:
    """What the page's own module says of moments; the computer is in New York."""
    ran = subprocess.run(
        ["node", CLOCKS, zone], input=json.dumps(moments), env={**os.environ, "TZ": "America/New_York"}, capture_output=True, text=True,
        timeout=30,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize(("zone", "short"), [("Asia/Jakarta", "WIB"), ("Asia/Makassar", "WITA"), ("Asia/Jayapura", "WIT")])
async def test_the_page_is_told_the_zone_and_the_hours_name_it(tmp_path: Path, zone: str, short: str) -> None:
    async with room(tmp_path, settings={"timezone": zone}) as here:
        lead = await here.person(await here.unit("ours"), "lead")
        page = await here.browser.get("/console")
        hours = await here.ask(lead, "GET", "/console/f/hours")
    assert f'data-zone="{zone}"' in page.text
    assert f"{zone} ({short})" in hours.text and "{zone}" not in hours.text


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Asia/Kathmandu", "Pacific/Kiritimati"])
def test_times_and_days_are_those_of_the_zone(zone: str) -> None:
    evening = datetime(2026, 11, 23, 21, 59, 59, tzinfo=ZoneInfo(zone)).timestamp()
    moments = [evening + half * 1_800 for half in range(12)] + [evening + 180 * 86_400, datetime.now().timestamp()]  # noqa: DTZ005
    for moment, page in zip(moments, said(zone, moments), strict=True):
        local = datetime.fromtimestamp(moment, ZoneInfo(zone))
        assert page["hour"] == f"{local:%H:%M}"
        assert page["number"] == (local.date() - datetime(1970, 1, 1).date()).days  # noqa: DTZ001
        assert page["day"] == f"{local:%A %-d %B}"
        assert page["clock"].endswith(page["hour"])
    assert page["clock"] == page["hour"], "today's times stand without their day"


def test_no_module_makes_times_by_itself() -> None:
    makers = re.compile(r"DateTimeFormat|timeZone|toLocale\w*String|\.get(?:Hours|Minutes|Date|Day|Month|FullYear|TimezoneOffset)\(|Asia/")
    found = {path.relative_to(SOURCES).as_posix() for path in SOURCES.rglob("*.js") if makers.search(path.read_text(encoding="utf-8"))}
    assert found == {"app/words.js"}
