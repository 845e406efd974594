"""The clocks of a case, by themselves, and the lines of the city's file that they are read from."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from actions.deadline import (
    AGAIN,
    ANSWER_SECONDS,
    HOUR,
    LINES,
    Clock,
    Deadlines,
    due_again,
    due_once_read,
    overdue,
    read_by,
    report_by,
)
from actions.queue import Urgency
from bot.shelf import load_shelf, read_sources
from flows.inspection.content import read_content
from flows.inspection.directory import check_city

CITY = Deadlines()
SENT = 1_795_500_000


def test_the_citys_file_has_every_line_and_says_what_the_program_takes_without_it() -> None:
    city = load_shelf().city
    assert set(LINES) == {each.name for each in fields(Deadlines)}
    assert [line for line, _ in LINES.values() if line not in city] == []
    assert Deadlines.of_city(city) == CITY
    assert Deadlines.of_city({}) == CITY


def test_what_the_city_writes_counts_and_what_is_no_time_does_not() -> None:
    assert Deadlines.of_city({"deadline_low_hours": 2}).low == 2 * HOUR
    for wrong in (-1, "6", True, None, 1.5):
        assert Deadlines.of_city({"deadline_low_hours": wrong}) == CITY
    lines = {name: LINES[name][0] for name in AGAIN}
    assert Deadlines.of_city(dict.fromkeys(lines.values(), 0)) == CITY, "nobody is told without a pause"


def test_by_when_it_has_to_be_read() -> None:
    hours = {urgency: (read_by(urgency, SENT, CITY) - SENT) / HOUR for urgency in Urgency}
    assert hours == {"danger": 0, "self_harm": 0, "child": 6, "other": 24}
    assert read_by("a word of tomorrow", SENT, CITY) == SENT


def test_the_three_days_and_their_alarm() -> None:
    """UU 12/2022 Art. 41: 3 × 24 hours from the report; a lead hears after 48."""
    assert report_by(SENT, CITY) == SENT + 72 * HOUR
    assert due_once_read(SENT, SENT + HOUR, CITY) == SENT + 48 * HOUR
    late = SENT + 60 * HOUR
    assert due_once_read(SENT, late, CITY) == late + ANSWER_SECONDS, "not in the middle of reading"


def test_who_was_told_is_told_again_sooner_for_danger() -> None:
    again = {urgency: due_again(urgency, unread=True, now=0, deadlines=CITY) for urgency in Urgency}
    assert again == {"danger": 600, "self_harm": 600, "child": 4 * HOUR, "other": 4 * HOUR}
    assert {due_again(urgency, unread=False, now=0, deadlines=CITY) for urgency in Urgency} == {12 * HOUR}


@pytest.mark.parametrize(
    ("urgency", "status", "hours", "open_clock", "found"),
    [
        ("other", "stored", 23, True, None), ("other", "stored", 24, True, Clock.READ), ("child", "received", 6, True, Clock.READ),
        ("danger", "stored", 0, True, Clock.READ), ("danger", "assessed", 47, True, None), ("other", "assessed", 48, True, Clock.REPORT),
        ("other", "closed", 48, True, Clock.REPORT), ("other", "assessed", 99, False, None),
    ],
)  # fmt: skip
def test_which_clock_ran_out(urgency: str, status: str, hours: int, open_clock: bool, found: Clock | None) -> None:
    assert overdue(urgency, status, SENT, open_clock=open_clock, now=SENT + hours * HOUR, deadlines=CITY) is found


@pytest.mark.parametrize(
    ("line", "wrong"),
    [("deadline_low_hours", "soon"), ("deadline_again_minutes", 0), ("deadline_clock_starts", "first_read"), ("backup_days", -1)],
)
def test_check_names_a_time_that_is_none(line: str, wrong: object) -> None:
    sources = read_sources()
    assert sources.city is not None
    good, _ = read_content(sources)
    assert [str(problem) for problem in check_city(good)] == []
    before, after = sources.city.text.split(f"{line}:", 1)
    head, rest = after.split("value:", 1)
    text = f"{before}{line}:{head}value: {wrong}\n{rest.split(chr(10), 1)[1]}"
    bad, _ = read_content(replace(sources, city=replace(sources.city, text=text)))
    assert [line in str(problem) for problem in check_city(bad)] == [True]

