"""Texts cut for a platform: to the character, at sensible places."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.bubble import body, pieces, utf16_length, whole_unicode
from flows.message import Choice, Outbound

TEXTS = st.lists(st.sampled_from([*"ab \n.,?", "é", "e\u0301", "😔", "👩‍👧", "\u200d", "🏽"]), max_size=200).map("".join)


@given(TEXTS, st.integers(4, 40), st.sampled_from([len, utf16_length]))
def test_the_pieces_are_the_text(text: str, limit: int, length: object) -> None:
    measure = utf16_length if length is utf16_length else len
    found = pieces(text, limit, length=measure)
    assert "".join(found) == text
    assert all(measure(piece) <= limit for piece in found)
    assert all(found) or found == [""]
    # As few as it can be, but for seams and accents: no piece and its neighbour fit in half of one.
    assert all(measure(a) + measure(b) > limit // 2 for a, b in itertools.pairwise(found[:-1]))


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Alinea satu panjang.\n\nAlinea dua panjang.", ["Alinea satu panjang.\n\n", "Alinea dua panjang."]),
        ("Baris satu panjang\nbaris dua yang panjang", ["Baris satu panjang\n", "baris dua yang panjang"]),
        ("Kalimat yang satu. Kalimat yang dua.", ["Kalimat yang satu. ", "Kalimat yang dua."]),
        ("kata demi kata demi kata demi kata", ["kata demi kata demi kata ", "demi kata"]),
        ("a" * 30, ["a" * 25, "a" * 5]),
        ("a" * 24 + "e\u0301" + "b" * 5, ["a" * 24, "e\u0301bbbbb"]),  # an accent stays with its letter
        ("a" * 23 + "👩‍👧" + "b", ["a" * 23, "👩‍👧b"]),  # and a family together
    ],
)
def test_where_a_text_is_cut(text: str, cut: list[str]) -> None:
    assert pieces(text, 25) == cut


def test_an_emoji_counts_as_telegram_counts_it() -> None:
    assert utf16_length("😔a") == 3
    assert [len(piece) for piece in pieces("😔" * 5000, 4096, length=utf16_length)] == [2048, 2048, 904]


@given(st.text())
def test_whole_text_is_left_alone(text: str) -> None:
    assert whole_unicode(text) == text


@given(st.text(st.characters(categories=["Cs", "Lu", "So"])))
def test_whatever_comes_can_be_encoded(text: str) -> None:
    whole_unicode(text).encode()


@pytest.mark.parametrize(
    ("broken", "whole"),
    [("\ud83d\ude14", "😔"), ("a\ud83d", "a\N{REPLACEMENT CHARACTER}"), ("\ude14b", "\N{REPLACEMENT CHARACTER}b"), ("é", "é"), ("", "")],
)
def test_surrogates(broken: str, whole: str) -> None:
    assert whole_unicode(broken) == whole


def test_options_are_numbered() -> None:
    choices = (Choice(id="a", label="Ya"), Choice(id="b", label="Tidak", description="nanti saja"))
    assert body(Outbound(text="Aman?", choices=choices)) == "Aman?\n\n1. Ya\n2. Tidak – nanti saja"
    assert body(Outbound(text="", choices=choices)) == "1. Ya\n2. Tidak – nanti saja"
    assert body(Outbound(text="Halo")) == "Halo"
