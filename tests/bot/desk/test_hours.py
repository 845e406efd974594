"""Hours, holidays and closures are data."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from actions.talk import callback_times
from bot.desk.hours import DAYS, Hours, HoursError, holidays_of, hours_of, read_hours

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


def test_without_hours_nobody_is_said_to_be_there() -> None:
    assert not read_hours({}).open_at(at("2026-11-23 09:00"), ZONE)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-23 06:00", "2026-11-23 08:00"), ("2026-11-23 12:30", "2026-11-23 13:00"), ("2026-11-23 16:00", "2026-11-28 20:00"),
        ("2026-11-29 02:00", "2026-12-05 20:00"), ("2026-11-23 09:00", None),
    ],
)  # fmt: skip
def test_it_is_known_when_somebody_is_there_again_and_not_while_somebody_should_be(moment: str, opens: str | None) -> None:
    """On Monday the 30th nobody is: a holiday."""
    wanted = at(opens) if opens is not None else None
    assert hours().next_open(at(moment), ZONE) == hours().next_open(at(moment).astimezone(ZoneInfo("UTC")), ZONE) == wanted


def test_nobody_says_when_where_nothing_is_planned() -> None:
    assert read_hours({}).next_open(at("2026-11-23 09:00"), ZONE) is None
    shut = [{"date": f"2026-{month}-{day:02}"} for month, days in ((11, 30), (12, 31)) for day in range(1, days + 1)]
    assert read_hours({"hours": json.dumps(WEEK), "holidays": json.dumps(shut)}).next_open(at("2026-11-23 16:30"), ZONE) is None


def test_one_can_be_called_back_only_when_somebody_is_planned_to_be_there() -> None:
    def times(moment: str) -> list[str]:
        return callback_times(at(moment), ZONE, lambda when: hours().open_at(when, ZONE))

    assert times("2026-11-23 08:30") == ["today", "today_morning", "today_afternoon"], "not at noon, and on Tuesday nobody is there"
    assert times("2026-11-22 09:00") == ["tomorrow", "tomorrow_morning", "tomorrow_afternoon"]
    assert times("2026-11-23 15:00") == [], "what is past, or just now, is no time to be called back"


def test_hours_and_holidays_are_stored_in_order_each_once() -> None:
    assert hours_of({"sat": WEEK["sat"]}) == {day: [["20:00", "24:00"]] if day == "sat" else [] for day in DAYS}
    given = [{"date": "2027-01-01"}, {"date": "2026-12-25", "name": "Natal"}, {"date": "2026-12-25", "name": " Hari Natal "}]
    assert holidays_of(given) == [{"date": "2026-12-25", "name": "Hari Natal"}, {"date": "2027-01-01", "name": ""}]


@pytest.mark.parametrize(
    "stored",
    [
        {"hours": "x"}, {"hours": "[]"}, {"hours": '{"monday": []}'}, {"hours": '{"mon": "08:00"}'}, {"hours": '{"mon": [["08:00"]]}'},
        {"hours": '{"mon": [["8:00", "16:00"]]}'}, {"hours": '{"mon": [["16:00", "08:00"]]}'}, {"hours": '{"mon": [["08:00", "24:30"]]}'},
        {"hours": '{"mon": [["08:00", "12:00"], ["11:00", "16:00"]]}'}, {"holidays": "{}"}, {"holidays": '[{"date": "25-12-2026"}]'},
        {"hours": json.dumps({"mon": [[f"{hour:02}:00", f"{hour:02}:30"] for hour in range(7)]})},
        {"holidays": json.dumps([{"date": "2026-12-25"}] * 401)}, {"holidays": '[{"date": "2026-12-25", "name": 1}]'},
        {"holidays": "[1]"}, {"holidays": '[{"date": "2026-12-25", "name": "' + "x" * 99 + '"}]'},
    ],
)  # fmt: skip
def test_what_is_no_hours_is_refused(stored: dict[str, str]) -> None:
    with pytest.raises(HoursError):
        read_hours(stored)
