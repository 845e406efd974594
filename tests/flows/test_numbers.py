"""Numbers in digits and words, Indonesian, regional and English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.numbers import parse_number, parse_ordinal

_ONES = ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        ("sebelas", 11),
        ("dua belas tahun", 12),
        ("duabelas", 12),
        ("12 thn", 12),
        ("12thn", 12),
        ("umurku 9", 9),
        ("umurnya sekitar empat belas", 14),
        ("dua puluh satu", 21),
        ("twenty one", 21),
        ("fifteen", 15),
        ("siji", 1),
        ("pitu", 7),
        ("kelas 5 umur 11", 11),
        ("5 tahun 3 bulan", 5),
        ("cuma sekali", 1),
        ("12 atau 13", None),
        ("kelas 5", None),
        ("12,5", None),
        ("1/2", None),
        ("-3", None),
        ("sering sekali", None),
        ("di tempat", None),
        ("banyak", None),
        ("", None),
    ],
)
def test_numbers(text: str, number: int | None) -> None:
    assert parse_number(text) == number


@given(st.integers(0, 99))
def test_every_number_in_words(number: int) -> None:
    tens, ones = divmod(number, 10)
    if number < 10:
        said = _ONES[number]
    elif number < 20:
        said = {10: "sepuluh", 11: "sebelas"}.get(number, f"{_ONES[ones]} belas")
    else:
        said = f"{_ONES[tens]} puluh" + (f" {_ONES[ones]}" if ones else "")
    assert parse_number(said) == number
    assert parse_number(f"{said} tahun kak") == number


@pytest.mark.parametrize(
    ("text", "which"),
    [("yang kedua", 2), ("ke-3", 3), ("terakhir", 4), ("5", None), ("kelas 2", None), ("0", None), ("", None)],
)
def test_ordinals(text: str, which: int | None) -> None:
    assert parse_ordinal(text, 4) == which


@given(st.text(max_size=40))
def test_any_text_is_read_without_error(text: str) -> None:
    number = parse_number(text)
    assert number is None or 0 <= number < 1_000_000
