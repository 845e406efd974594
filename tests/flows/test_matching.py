"""A typed answer against options: what is understood, and above all what is not guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.matching import Option, match_choice, match_many

YES_NO: list[Option] = [("yes", "Ya"), ("no", "Tidak"), ("unsure", "Belum tahu")]
PLACES: list[Option] = [
    ("home", "Di rumah"),
    ("school", "Di sekolah"),
    ("online", "Di internet atau HP"),
    ("public", "Tempat umum"),
    ("other", "Tempat lain"),
]
AGES: list[Option] = [
    ("0_5", "0–5 tahun"),
    ("6_12", "6–12 tahun"),
    ("13_17", "13–17 tahun"),
    ("adult", "18 tahun ke atas"),
]
WHO: list[Option] = [("self", "Aku sendiri"), ("other_child", "Bukan aku, anak lain")]
FAMILY: list[Option] = [("grandfather", "Kakek"), ("grandmother", "Nenek"), ("father", "Ayah"), ("aunt", "Tante")]


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "1.",
        "1)",
        "no 1",
        "No. 1!",
        "nomor satu",
        "yang pertama",
        "yg ke-1",
        "satu",
        "pilih 1 kak",
        "the first one",
    ],
)
def test_by_number(text: str) -> None:
    assert match_choice(text, PLACES) == "home"


def test_the_last_one_and_numbers_that_are_not_there() -> None:
    assert match_choice("yang terakhir", PLACES) == "other"
    assert match_choice("6", PLACES) is None
    assert match_choice("0", PLACES) is None


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("yes", "iya, y, ya, iyaaa, ya dong, iya kak, YA, betul, inggih, iye, hooh, boleh, yup, sure, sudah"),
        ("no", "nggak, gak, ga, tdk, enggak, engga, tidak, ndak, kada, ora, belum, bukan, no, nope, gak deh, nggak kak, tdak, kada ada"),
        ("unsure", "gatau, entah, mungkin, embuh, belum tau, ga tau, tidak tahu kak, gak yakin, nggak nggak tau, kada tahu, not sure, idk"),
    ],
)
def test_yes_no_and_not_sure(chosen: str, said: str) -> None:
    for text in said.split(","):
        assert match_choice(text, YES_NO) == chosen, text


@pytest.mark.parametrize(
    "text",
    [
        "iya tapi takut",
        "ya enggak lah",
        "mungkin iya",
        "gak aman",
        "bulan",
        "susah",
        "iya atau nggak",
        "aku di rumah",
        "",
        "🙂",
        "?",
    ],
)
def test_an_answer_that_could_be_both_is_none(text: str) -> None:
    assert match_choice(text, YES_NO) is None


def test_yes_means_nothing_where_nobody_asked_yes_or_no() -> None:
    assert match_choice("iya", PLACES) is None
    assert match_choice("gatau", [("yes", "Ya"), ("no", "Tidak")]) is None


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("home", "home"),
        ("di rumah", "home"),
        ("DI RUMAH!!", "home"),
        ("rmh", "home"),
        ("rumah aja kak", "home"),
        ("sekolahan", "school"),
        ("sekloah", "school"),
        ("internet", "online"),
        ("hp", "online"),
        ("umum", "public"),
        ("tempat", None),  # two of them
        ("tempat umm", "public"),
        ("di rumah dipukul bapak", None),  # a story is not an answer
        ("apa ya", None),
    ],
)
def test_by_label(text: str, chosen: str | None) -> None:
    assert match_choice(text, PLACES) == chosen


def test_two_near_spellings_are_not_chosen_between() -> None:
    assert match_choice("kakek", FAMILY) == "grandfather"
    assert match_choice("kekek", FAMILY) is None  # a slip from kakek, two from nenek
    assert match_choice("tannte", FAMILY) == "aunt"


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("aku", "self"),
        ("saya", "self"),
        ("gue", "self"),
        ("bukan aku", "other_child"),
        ("bukan saya", "other_child"),
    ],
)
def test_a_denial_is_not_half_a_label(text: str, chosen: str) -> None:
    assert match_choice(text, WHO) == chosen


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("10", "6_12"),
        ("umurku 9", "6_12"),
        ("3", "13_17"),
        ("3 tahun", "0_5"),
        ("tiga belas", "13_17"),
        ("17 thn", "13_17"),
        ("40", "adult"),
    ],
)
def test_an_age_against_bands(text: str, chosen: str) -> None:
    """A bare number is the option's; one that cannot be, or is said to be an age, finds its band."""
    assert match_choice(text, AGES) == chosen


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("1,3 dan 4", ("home", "online", "public")),
        ("1 3 4", ("home", "online", "public")),
        ("4, 1", ("home", "public")),
        ("1-3", ("home", "school", "online")),
        ("2 sama 3", ("school", "online")),
        ("rumah, sekolah", ("home", "school")),
        ("rumah dan hp", ("home", "online")),
        ("semua", ("home", "school", "online", "public", "other")),
        ("semuanya kak", ("home", "school", "online", "public", "other")),
        ("semua kecuali 2", ("home", "online", "public", "other")),
        ("rumah", ("home",)),
        ("1, entahlah", None),
        ("1,9", None),
        ("3-1", None),
        ("", None),
    ],
)
def test_many(text: str, chosen: tuple[str, ...] | None) -> None:
    assert match_many(text, PLACES) == chosen


def test_all_is_not_none_of_them() -> None:
    options = [("hit", "Dipukul"), ("locked", "Dikurung"), ("none", "Tidak ada"), ("unsure", "Belum tahu")]
    assert match_many("semua", options) == ("hit", "locked")


@given(
    text=st.text(max_size=60),
    options=st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=20)), max_size=6, unique_by=lambda o: o[0]),
)
def test_whatever_comes_the_answer_is_an_option_or_none(text: str, options: list[Option]) -> None:
    ids = {option_id for option_id, _ in options}
    assert match_choice(text, options) in ids | {None}
    assert set(match_many(text, options) or ()) <= ids


@given(st.integers(1, 5), st.sampled_from(["{}", "{}.", "no {}", "nomor {}", "pilih {}", " {} ", "yang nomor {} kak"]))
def test_every_number_finds_its_option(number: int, around: str) -> None:
    assert match_choice(around.format(number), PLACES) == PLACES[number - 1][0]
