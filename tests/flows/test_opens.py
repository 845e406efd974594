"""From when somebody is there again, in words."""

from __future__ import annotations

import pytest

from bot.shelf import load_shelf
from flows.opens import moment_in_words

CATALOGUE = load_shelf().library.catalogue


@pytest.mark.parametrize(
    ("opens", "indonesian", "english"),
    [
        ("2026-11-23T13:00+08:00", "hari ini jam 13.00", "today at 13.00"),
        ("2026-11-24T08:00+08:00", "besok jam 08.00", "tomorrow at 08.00"),
        ("2026-11-25T08:30+08:00", "hari Rabu jam 08.30", "on Wednesday at 08.30"),
        ("2026-11-29T08:00+08:00", "hari Minggu jam 08.00", "on Sunday at 08.00"),
        ("2026-11-30T08:00+08:00", "tanggal 30/11 jam 08.00", "on 30/11 at 08.00"), ("", "", ""),
    ],
)  # fmt: skip
def test_the_day_is_named_so_that_it_can_only_be_that_one(opens: str, indonesian: str, english: str) -> None:
    """Today is a Monday: "on Monday" could be understood of today, so next Monday has its date."""
    said = [moment_in_words(opens, {"today": "2026-11-23"}, CATALOGUE, language) for language in ("id", "en")]
    assert said == [indonesian, english]
