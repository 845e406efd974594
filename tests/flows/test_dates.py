"""When it happened, as people say it. Today is Monday, 23 November 2026, unless said otherwise."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.dates import When, code_of, parse_date

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("hari ini", date(2026, 11, 23)),
        ("tadi sore pulang sekolah", date(2026, 11, 23)),
        ("barusan", date(2026, 11, 23)),
        ("kemarin", date(2026, 11, 22)),
        ("kmrn malem", date(2026, 11, 22)),
        ("tadi malam", date(2026, 11, 22)),
        ("semalem", date(2026, 11, 22)),
        ("last night", date(2026, 11, 22)),
        ("kemarin lusa", date(2026, 11, 21)),
        ("2 hari lalu", date(2026, 11, 21)),
        ("dua hari yang lalu", date(2026, 11, 21)),
        ("2 days ago", date(2026, 11, 21)),
        ("jumat kemarin", date(2026, 11, 20)),
        ("jum'at", date(2026, 11, 20)),
        ("hari minggu", date(2026, 11, 22)),
        ("senin", date(2026, 11, 23)),
        ("senin lalu", date(2026, 11, 16)),
        ("rabu minggu lalu", date(2026, 11, 18)),
        ("12/11", date(2026, 11, 12)),
        ("12-11-2025", date(2025, 11, 12)),
        ("2026-11-20", date(2026, 11, 20)),
        ("12 nov", date(2026, 11, 12)),
        ("12 November 2026", date(2026, 11, 12)),
        ("nov 12", date(2026, 11, 12)),
        ("tanggal 5", date(2026, 11, 5)),
        ("tgl 25", date(2026, 10, 25)),  # not yet come this month
        ("tgl 5 bulan lalu", date(2026, 10, 5)),
        ("12/12", date(2025, 12, 12)),  # the last one that is not in the future
        ("29 februari", date(2024, 2, 29)),
        ("11/23", date(2026, 11, 23)),  # can only be read with the month first
    ],
)
def test_one_day(text: str, day: date) -> None:
    guess = parse_date(text, TODAY)
    assert guess is not None
    assert guess.day == day
    assert guess.code == code_of(day, TODAY)


@pytest.mark.parametrize(
    ("text", "code", "since", "until"),
    [
        ("minggu ini", When.THIS_WEEK, date(2026, 11, 23), TODAY),
        ("minggu lalu", When.LAST_WEEK, date(2026, 11, 16), date(2026, 11, 22)),
        ("seminggu yg lalu", When.LAST_WEEK, date(2026, 11, 13), date(2026, 11, 19)),
        ("2 minggu lalu", When.THIS_MONTH, date(2026, 11, 6), date(2026, 11, 12)),
        ("bulan ini", When.THIS_MONTH, date(2026, 11, 1), TODAY),
        ("bulan lalu", When.LONGER_AGO, date(2026, 10, 1), date(2026, 10, 31)),
        ("oktober", When.LONGER_AGO, date(2026, 10, 1), date(2026, 10, 31)),
        ("tahun lalu", When.LONGER_AGO, date(2025, 1, 1), date(2025, 12, 31)),
        ("2024", When.LONGER_AGO, date(2024, 1, 1), date(2024, 12, 31)),
        ("dulu waktu SD", When.LONGER_AGO, None, TODAY),
        ("sudah lama", When.LONGER_AGO, None, TODAY),
        ("beberapa hari lalu", When.LAST_WEEK, date(2026, 11, 17), date(2026, 11, 21)),
        ("dari bulan lalu sampai kemarin", When.YESTERDAY, date(2026, 10, 1), date(2026, 11, 22)),
    ],
)
def test_a_stretch_of_days(text: str, code: When, since: date | None, until: date) -> None:
    guess = parse_date(text, TODAY)
    assert guess is not None
    assert (guess.code, guess.since, guess.until) == (code, since, until)


@pytest.mark.parametrize("text", ["besok", "lusa", "minggu depan", "12/12/2026", "2030", "31/2", "13/13", "", "halo", "jam 3", "🙂"])
def test_the_future_and_nonsense_are_none(text: str) -> None:
    assert parse_date(text, TODAY) is None


def test_the_steps_of_the_week() -> None:
    wednesday = date(2026, 11, 25)
    steps = [code_of(wednesday - timedelta(days=back), wednesday) for back in (0, 1, 2, 3, 9, 10, 24, 25)]
    assert steps == [
        When.TODAY, When.YESTERDAY, When.THIS_WEEK, When.LAST_WEEK, When.LAST_WEEK, When.THIS_MONTH, When.THIS_MONTH, When.LONGER_AGO,
    ]  # fmt: skip


_PIECES = "kemarin tadi malam lalu hari minggu bulan tahun 2 31 12/11 29/2 februari nov tanggal senin dulu sekarang 2026 0 99999 yang"


@given(
    text=st.one_of(st.text(max_size=40), st.lists(st.sampled_from(_PIECES.split()), max_size=6).map(" ".join)),
    today=st.dates(date(2020, 1, 1), date(2040, 12, 31)),
)
def test_never_in_the_future_and_never_backwards(text: str, today: date) -> None:
    guess = parse_date(text, today)
    if guess is not None:
        assert guess.until <= today
        assert guess.since is None or guess.since <= guess.until


@given(day=st.dates(date(2020, 1, 1), date(2026, 11, 23)))
def test_a_full_date_is_that_day(day: date) -> None:
    for text in (day.isoformat(), f"{day.day}/{day.month}/{day.year}", f"tanggal {day.day}-{day.month}-{day.year}"):
        guess = parse_date(text, TODAY)
        assert guess is not None and guess.day == day, text
