"""Nothing that names a person leaves for the model, and what is found there is found again in what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.mask import MOST, mask


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("wa ku 0812-3456-7890, tolong", "wa ku 0, tolong"),
        ("nik saya 6471051203120003", "nik saya 0"),
        ("hub (0542) 731 445 ya", "hub 0 ya"),
        ("hub +62 812 3456 7890 ya", "hub 0 ya"),
        ("tulis ke ani.b+x@sekolah.sch.id aja", "tulis ke email aja"),
        ("fotonya di https://bit.ly/abc?x=ani trus gmn", "fotonya di link trus gmn"),
        ("dia share www.jahat.com/ani", "dia share link"),
        ("di wa.me/628123 ada", "di link ada"),
        ("akun nya instagram.com/ani_b", "akun nya link"),
        ("  /emergency", "emergency"),
        ("/faq/cost{\"x\": 1}", "faq/cost{\"x\": 1}"),
        ("anak 9 tahun, kelas 3, th 2012", "anak 9 tahun, kelas 3, th 2012"),
        ("dipukul.di rumah", "dipukul.di rumah"),
        ("bapak.me mukul", "bapak.me mukul"),
        ("١٢٣٤٥٦٧٨", "0"),
        ("   ", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_sent(text: str, sent: str) -> None:
    assert mask(text).text == sent


def test_a_place_in_what_was_sent_is_one_in_what_was_written() -> None:
    text = "  wa 0812 3456 7890 bapak mukul, lihat https://x.org/y di Manggar"
    masked = mask(text)
    for word in ("bapak", "Manggar", "mukul"):
        start = masked.text.index(word)
        place = masked.original(start, start + len(word))
        assert place is not None and text[slice(*place)] == word
    at = masked.text.index("link")
    assert masked.original(at, at + 4) is None
    assert masked.original(at - 3, at + 2) is None  # half on a mask


def test_a_long_story_keeps_its_beginning_and_its_end() -> None:
    text = "Bapak mulai dulu. " + "lalu begitu terus " * 300 + "jadi aku harus gimana kak di Manggar?"
    masked = mask(text)
    assert len(masked.text) <= MOST + 1
    assert masked.text.startswith("Bapak mulai") and masked.text.endswith("gimana kak di Manggar?")
    for word in ("Bapak", "Manggar"):
        start = masked.text.index(word)
        place = masked.original(start, start + len(word))
        assert place is not None and text[slice(*place)] == word


_PIECES = st.lists(
    st.sampled_from(["bapak", " ", "0812 3456 789", "a@b.id", "https://x.id/y", "/", "\n", "😢", "tolong", "9", ".", "٣٤٥٦٧٨٩", "x" * 700])
    | st.text(max_size=12),
    max_size=12,
)


@given(_PIECES)
def test_every_stretch_that_is_kept_is_the_original(pieces: list[str]) -> None:
    text = "".join(pieces)
    masked = mask(text)
    assert len(masked.text) <= MOST + 1
    assert masked.text == masked.text.lstrip().lstrip("/")
    for at, origin, length in masked.kept:
        assert length > 0
        assert masked.text[at : at + length] == text[origin : origin + length]
        assert masked.original(at, at + length) == (origin, origin + length)
    assert "0812 3456 789" not in masked.text and "a@b.id" not in masked.text and "https://" not in masked.text
