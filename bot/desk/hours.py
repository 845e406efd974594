"""When somebody is planned to be at the desk: hours, holidays and closures, which a lead edits in the console."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SETTINGS = ("hours", "holidays")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_DAY_MINUTES = 24 * 60
_AHEAD = 60  # days that are looked through for the next opening
_LONGEST_NAME = 80


class HoursError(ValueError):
    """Hours or holidays that cannot be used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """`week` gives the spans of each day of the week, Monday first, in minutes since midnight; on a day of `closed` there are none. No
    hours at all: nobody is ever said to be there, and whoever comes is there all the same."""

    week: tuple[tuple[tuple[int, int], ...], ...] = field(default=((),) * 7)
    closed: frozenset[date] = frozenset()

    def open_at(self, moment: datetime, zone: tzinfo) -> bool:
        """Whether somebody is planned to be there at a moment (aware)."""
        local = moment.astimezone(zone)
        minute = local.hour * 60 + local.minute
        return any(begin <= minute < end for begin, end in self._spans(local.date()))

    def next_opening(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """When the desk opens next after a moment; None if it never does. While it is open: when it opens again."""
        local = moment.astimezone(zone)
        for ahead in range(_AHEAD):
            day = local.date() + timedelta(days=ahead)
            for begin, _ in self._spans(day):
                opens = datetime.combine(day, time(begin // 60, begin % 60), tzinfo=zone)
                if opens > local:
                    return opens
        return None

    def _spans(self, day: date) -> tuple[tuple[int, int], ...]:
        return () if day in self.closed else self.week[day.weekday()]


def read_hours(stored: Mapping[str, str]) -> Hours:
    """The hours of the settings `hours` ({"mon": [["08:00", "16:00"]], …}) and `holidays` ([{"date": "2026-12-25", "name": "Natal"}]), each
    as JSON; what is missing is empty. Raises HoursError."""
    try:
        week, days = json.loads(stored.get("hours") or "{}"), json.loads(stored.get("holidays") or "[]")
    except (ValueError, RecursionError):
        raise HoursError("not JSON") from None
    if not isinstance(week, dict) or not set(week) <= set(DAYS) or not isinstance(days, list):
        raise HoursError("hours are a table of days, holidays a list")
    return Hours(week=tuple(_spans(week.get(name, [])) for name in DAYS), closed=frozenset(_holiday(each) for each in days))


def _spans(given: object) -> tuple[tuple[int, int], ...]:
    if not isinstance(given, list):
        raise HoursError("a day has a list of spans")
    found: list[tuple[int, int]] = []
    for span in given:
        if not isinstance(span, list) or len(span) != 2:
            raise HoursError("a span has a beginning and an end")
        begin, end = (_minutes(each) for each in span)
        if begin >= end or (found and begin < found[-1][1]):
            raise HoursError("spans end after they begin, and one after the other")
        found.append((begin, end))
    return tuple(found)


def _minutes(clock: object) -> int:
    if not isinstance(clock, str) or _CLOCK.fullmatch(clock) is None:
        raise HoursError("a time is written 08:00")
    hours, _, minutes = clock.partition(":")
    return min(_DAY_MINUTES, int(hours) * 60 + int(minutes))


def _holiday(given: object) -> date:
    if not isinstance(given, dict) or not isinstance(given.get("date"), str) or len(str(given.get("name", ""))) > _LONGEST_NAME:
        raise HoursError("a holiday has a date and a short name")
    try:
        return date.fromisoformat(given["date"])
    except ValueError:
        raise HoursError("a date is written 2026-12-25") from None
