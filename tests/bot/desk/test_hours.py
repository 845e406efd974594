"""Hours, holidays and closures are data."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.desk.hours import Hours, HoursError, read_hours

ZONE = ZoneInfo("Asia/Makassar")
WEEK = {"mon": [["08:00", "12:00"], ["13:00", "16:00"]], "sat": [["20:00", "24:00"]], "sun": [["00:00", "02:00"]]}
HOLIDAYS = [{"date": "2026-11-30", "name": "Hari libur"}]


def hours() -> Hours:
    return read_hours({"hours": json.dumps(WEEK), "holidays": json.dumps(HOLIDAYS)})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23 07:59", False), ("2026-11-23 08:00", True), ("2026-11-23 11:59", True), ("2026-11-23 12:00", False),
        ("2026-11-23 15:59", True), ("2026-11-24 09:00", False), ("2026-11-28 23:59", True), ("2026-11-29 01:59", True),
        ("2026-11-29 02:00", False), ("2026-11-30 09:00", False),
    ],
)  # fmt: skip
def test_the_desk_is_open_when_its_hours_say_so_in_the_citys_own_time(moment: str, is_open: bool) -> None:
    assert hours().open_at(at(moment), ZONE) is is_open
    assert hours().open_at(at(moment).astimezone(ZoneInfo("UTC")), ZONE) is is_open


def test_the_next_opening_leaves_holidays_out() -> None:
    assert hours().next_opening(at("2026-11-23 12:30"), ZONE) == at("2026-11-23 13:00")
    assert hours().next_opening(at("2026-11-29 03:00"), ZONE) == at("2026-12-05 20:00"), "Monday is a holiday"
    assert Hours().next_opening(at("2026-11-23 12:30"), ZONE) is None
    assert not read_hours({}).open_at(at("2026-11-23 09:00"), ZONE)


@pytest.mark.parametrize(
    "stored",
    [
        {"hours": "x"}, {"hours": "[]"}, {"hours": '{"monday": []}'}, {"hours": '{"mon": "08:00"}'}, {"hours": '{"mon": [["08:00"]]}'},
        {"hours": '{"mon": [["8:00", "16:00"]]}'}, {"hours": '{"mon": [["16:00", "08:00"]]}'}, {"hours": '{"mon": [["08:00", "24:30"]]}'},
        {"hours": '{"mon": [["08:00", "12:00"], ["11:00", "16:00"]]}'}, {"holidays": "{}"}, {"holidays": '[{"date": "25-12-2026"}]'},
        {"holidays": "[1]"}, {"holidays": '[{"date": "2026-12-25", "name": "' + "x" * 99 + '"}]'},
    ],
)  # fmt: skip
def test_what_is_no_hours_is_refused(stored: dict[str, str]) -> None:
    with pytest.raises(HoursError):
        read_hours(stored)
