"""When somebody is planned to be at the desk: hours, holidays and closures, which a lead edits in the console."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from actions.talk import callback_times

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SETTINGS = ("hours", "holidays")
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_SPANS, _HOLIDAYS = 6, 400  # at most: of a day, of all
AHEAD_DAYS = 31  # for which it is looked when somebody is there again
_NAME = 80  # characters of a holiday's name


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

    def next_open(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """When somebody is planned to be there next, after a moment (aware) at which nobody is; None if somebody is planned to be there at
        that very moment (whether they come is not known), or nobody within a month."""
        if self.open_at(moment, zone):
            return None
        local = moment.astimezone(zone)
        for ahead in range(AHEAD_DAYS):
            day = local.date() + timedelta(days=ahead)
            for begin, _ in self._spans(day):
                opens = datetime.combine(day, time(begin // 60, begin % 60), tzinfo=zone)
                if opens > local:
                    return opens
        return None

    def _spans(self, day: date) -> tuple[tuple[int, int], ...]:
        return () if day in self.closed else self.week[day.weekday()]


def planned(hours: Hours, now: datetime, zone: tzinfo) -> dict[str, Any]:
    """What a conversation may know of the hours: `world.opens` and `world.callback` (`flows.signals.WORLD`)."""
    opens = hours.next_open(now, zone)
    return {
        "opens": opens.isoformat(timespec="minutes") if opens is not None else "",
        "callback": callback_times(now, zone, lambda moment: hours.open_at(moment, zone)),
    }  # fmt: skip


def read_hours(stored: Mapping[str, str]) -> Hours:
    """The hours of the settings `hours` (as `hours_of` gives them) and `holidays` (as `holidays_of` does), each as JSON; what is missing is
    empty. Raises HoursError."""
    try:
        week, days = json.loads(stored.get("hours") or "{}"), json.loads(stored.get("holidays") or "[]")
    except (ValueError, RecursionError):
        raise HoursError("not JSON") from None
    spans = hours_of(week)
    return Hours(
        week=tuple(tuple((_minutes(begin), _minutes(end)) for begin, end in spans[name]) for name in DAYS),
        closed=frozenset(date.fromisoformat(holiday["date"]) for holiday in holidays_of(days)),
    )  # fmt: skip


def hours_of(value: object) -> dict[str, list[list[str]]]:
    """Opening hours as they are stored: for each day of the week its spans in their order, {"mon": [["08:00", "16:00"]], …}. Raises
    HoursError on anything else, and on spans that end before they begin or lie over each other."""
    if not isinstance(value, Mapping) or not set(value) <= set(DAYS):
        raise HoursError("hours are a table of days")
    return {name: _spans(value.get(name, [])) for name in DAYS}


def _spans(given: object) -> list[list[str]]:
    if not isinstance(given, list) or len(given) > _SPANS:
        raise HoursError(f"a day has a list of {_SPANS} spans at most")
    found: list[list[str]] = []
    for span in given:
        if not isinstance(span, list) or len(span) != 2 or not all(isinstance(each, str) and _CLOCK.fullmatch(each) for each in span):
            raise HoursError("a span has a beginning and an end, each written 08:00")
        begin, end = span
        if begin >= end or (found and begin < found[-1][1]):
            raise HoursError("spans end after they begin, and one after the other")
        found.append([begin, end])
    return found


def _minutes(clock: str) -> int:
    """Minutes since midnight."""
    hours, _, minutes = clock.partition(":")
    return 60 * int(hours) + int(minutes)


def holidays_of(value: object) -> list[dict[str, str]]:
    """Days on which nobody is there as they are stored: sorted, each once, [{"date": "2026-12-25", "name": "Natal"}]. Raises HoursError on
    anything else; a name may be empty or missing."""
    if not isinstance(value, list) or len(value) > _HOLIDAYS:
        raise HoursError(f"holidays are a list of {_HOLIDAYS} at most")
    found = dict(_holiday(each) for each in value)
    return [{"date": day, "name": found[day]} for day in sorted(found)]


def _holiday(given: object) -> tuple[str, str]:
    if not isinstance(given, Mapping) or not isinstance(given.get("date"), str):
        raise HoursError("a holiday has a date and a name")
    name = given.get("name", "")
    if not isinstance(name, str) or len(name) > _NAME:
        raise HoursError(f"a holiday's name has {_NAME} letters at most")
    try:
        return date.fromisoformat(given["date"]).isoformat(), name.strip()
    except ValueError:
        raise HoursError("a date is written 2026-12-25") from None
