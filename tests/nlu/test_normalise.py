"""Words as people write them, and where they stand."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nlu.normalise
import nlu.verbs
import nlu.words
from nlu.normalise import FORMS, normalise, tokens
from nlu.verbs import ROOTS
from nlu.words import EVERYDAY, SPELLINGS


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("gw ga bs kluar krn takut bgt", "aku tidak bisa keluar karena takut banget"),
        ("skrg tlg dgn bpk yg td", "sekarang tolong dengan bapak yang tadi"),
        ("GUE NGGAK TAUUU", "aku tidak tahu"),
        ("ulun kada kawa kaluar", "aku tidak bisa keluar"),  # Banjar
        ("aku ora iso metu saiki", "aku tidak bisa keluar sekarang"),  # Javanese
        ("b4pak m4rah", "bapak marah"),
        ("anak2 dan teman-teman", "anak dan teman"),
        ("adekku di rumahnya", "adik di rumah"),
        ("gamau gabisa gatau", "tidak mau tidak bisa tidak tahu"),
        ("punya buku bertanya hanya", "punya buku bertanya hanya"),  # no endings there
        ("tolooooong matiii", "tolong mati"),
    ],
)
def test_chat_spellings(written: str, normal: str) -> None:
    assert normalise(written) == normal


@pytest.mark.parametrize(
    ("written", "word", "stem"),
    [
        ("dipukulin", "dipukul", "pukul"),
        ("mukulin", "memukul", "pukul"),
        ("dpukuli", "dipukul", "pukul"),
        ("napukulka", "dipukul", "pukul"),  # Bugis-Makassar
        ("mamukuli", "memukul", "pukul"),  # Banjar
        ("nggebugi", "memukul", "pukul"),  # Javanese
        ("ngejar", "mengejar", "kejar"),
        ("dioyak", "dikejar", "kejar"),
        ("nyekek", "mencekik", "cekik"),
        ("kekunci", "terkunci", "kunci"),
        ("nyilet", "menyilet", "silet"),
        ("pukul", "pukul", "pukul"),
    ],
)
def test_verbs_keep_their_voice_and_show_their_root(written: str, word: str, stem: str) -> None:
    (token,) = tokens(written)
    assert (token.word, token.stem) == (word, stem)


def test_a_passive_written_apart_is_a_passive() -> None:
    assert [t.word for t in tokens("aku di kejar")] == ["aku", "di", "dikejar"]


@pytest.mark.parametrize("play", ["kejar-kejaran", "kejar kejaran", "kejar2an"])
def test_play_is_no_chase(play: str) -> None:
    assert {t.stem for t in tokens(play)} == {"kejar-kejaran"}


def test_offsets_are_those_of_the_original_text() -> None:
    text = "Ｔolong 😭 adek—gamau… PULANG!!"
    found = tokens(text)
    assert [text[t.start : t.end] for t in found] == [t.text for t in found]
    assert [t.word for t in found] == ["tolong", "adik", "tidak", "mau", "pulang"]


@given(st.text(max_size=200))
def test_any_text_gives_ordered_tokens_inside_it(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert end <= token.start < token.end <= len(text)
        assert text[token.start : token.end] == token.text
        assert token.word
        end = token.end


@given(st.text(alphabet="abcdeghiklmnoprstuy ", max_size=60))
def test_normalising_twice_changes_nothing_in_known_words(text: str) -> None:
    known = " ".join(w for w in normalise(text).split() if w in FORMS and FORMS[w][0] == w and FORMS[w][0] == FORMS[w][1])
    assert normalise(known).split() == known.split() or "-" in normalise(known)


def test_a_spelling_stands_in_one_line_only() -> None:
    seen = Counter(other for line in SPELLINGS.strip().splitlines() for other in line.partition(":")[2].split())
    assert len(seen) > 300
    assert [w for w, n in seen.items() if n > 1] == []
    words = {line.partition(":")[0] for line in SPELLINGS.strip().splitlines()}
    assert seen.keys() & words == set()
    assert seen.keys() & set(EVERYDAY.split()) == set()
    assert len(ROOTS.strip().splitlines()) == len({line.partition(":")[0] for line in ROOTS.strip().splitlines()})


def test_only_the_standard_library_is_imported_and_python_3_10_parses_it() -> None:
    """Rasa's environment has Python 3.10 and none of the service's packages."""
    for module in (nlu.normalise, nlu.verbs, nlu.words):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"), feature_version=(3, 10))
        imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        imported |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        assert imported <= {"__future__", "re", "unicodedata", "typing", "nlu.verbs", "nlu.words"}
