"""What the components see in a sentence: pieces of words, kelurahan, ages, senses, tags. None of it needs Rasa."""

from __future__ import annotations

import doctest
from collections import Counter
from importlib import import_module

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nlu.normalise import tokens
from nlu.rasa import ages, kelurahan
from nlu.rasa.grams import VIEWS, count
from nlu.rasa.lexicon import senses
from nlu.rasa.marks import Mark, features, filled, labels, marks
from nlu.rasa.ranking import rank
from tests.structure.project import ROOT

EASY = "kak aku 12 thn dipukul bapak tiri di rumah gn samarinda bru"


@pytest.mark.parametrize("name", ["ages", "grams", "kelurahan", "lexicon", "marks", "ranking"])
def test_the_examples_in_the_modules_are_true(name: str) -> None:
    tried = doctest.testmod(import_module(f"nlu.rasa.{name}"))
    assert tried.failed == 0
    assert tried.attempted > 0


def test_the_kelurahan_are_those_of_the_city() -> None:
    regions = yaml.safe_load((ROOT / "data/regions.yml").read_text(encoding="utf-8"))
    assert list(kelurahan.NAMES) == [name for district in regions["kecamatan"] for name in district["kelurahan"]]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("rumahnya di gn samarinda", "Gunung Samarinda"),
        ("gunsar ilir", "Gunung Sari Ilir"),
        ("klandasan hilir", "Klandasan Ilir"),
        ("di sumberejo", "Sumber Rejo"),
        ("muararapak", "Muara Rapak"),
        ("karangjoang km 15", "Karang Joang"),
        ("sei nangka", "Sungai Nangka"),
        ("di Manggar Baru", "Manggar Baru"),
        ("sepingan", "Sepinggan"),  # one letter lost
        ("kariangua", "Kariangau"),  # two letters swapped
        ("di damai", "Damai"),
    ],
)
def test_kelurahan_as_people_write_them(written: str, name: str) -> None:
    assert [found.name for found in kelurahan.find(tokens(written))] == [name]


@pytest.mark.parametrize("harmless", ["sudah damai kok", "mau di damai saja", "baru tengah malam", "karang gigi", "gunung meletus"])
def test_words_that_are_no_kelurahan(harmless: str) -> None:
    assert kelurahan.find(tokens(harmless)) == []


@pytest.mark.parametrize(
    ("written", "value"),
    [("12 thn", 12), ("12th", 12), ("umur sepuluh", 10), ("tiga belas tahun", 13), ("ampat balas", 14), ("6yo", 6), ("nine years old", 9)],
)
def test_ages_in_figures_and_words(written: str, value: int) -> None:
    assert [number.value for number in ages.numbers(tokens(written))] == [value]


@pytest.mark.parametrize("written", ["30 tahun", "jam 100", "2024", "08123456789", "nol", "rt 12", "kelas 7", "sepuluh ribu", "3 kali"])
def test_numbers_that_no_child_has_for_an_age(written: str) -> None:
    assert ages.numbers(tokens(written)) == []


@pytest.mark.parametrize(
    ("written", "sense"),
    [
        ("nyiumin", "violence:sexual"),
        ("menelantarkan", "violence:neglect"),
        ("dikurungin", "violence:psychological"),
        ("dibully", "violence:bullying"),
        ("bapakku", "relation:parent"),
        ("kontrakan", "place:home"),
        ("megang2", "violence:sexual"),
    ],
)
def test_a_verb_is_known_in_its_forms(written: str, sense: str) -> None:
    (token,) = tokens(written)
    assert sense in senses(token)


def test_tags_and_back_again() -> None:
    said = tokens(EASY)
    given_marks = [
        Mark("victim_age", "12", 8, 14),
        Mark("violence_type", "physical", 15, 22),
        Mark("relation", "parent", 23, 33),
        Mark("place", "home", 37, 42),
        Mark("kelurahan", "Gunung Samarinda Baru", 43, 59),
    ]
    tags = labels(said, given_marks)
    assert tags[2:4] == ["B-victim_age", "I-victim_age"]
    assert tags[5:7] == ["B-relation:parent", "I-relation:parent"]
    assert marks(said, tags) == given_marks


def test_a_kelurahan_needs_no_tag_and_an_age_needs_a_number() -> None:
    said = tokens("dia tinggal di lamaru")
    assert marks(said, ["O", "B-victim_age", "O", "O"]) == [Mark("kelurahan", "Lamaru", 15, 21)]


def test_doubt_fills_in_what_was_left_out() -> None:
    assert filled(["O", "O"], {1: "I-relation:parent"}) == ["O", "B-relation:parent"]


def test_each_word_has_features_and_unlike_words_have_unlike_ones() -> None:
    said = tokens(EASY)
    seen = features(said)
    assert len(seen) == len(said)
    assert "number" in seen[2]
    assert "years" in seen[3]
    assert "l=violence:physical" in seen[4]
    assert "kelurahan" in seen[-1]


@given(st.text(max_size=120))
def test_any_text_can_be_looked_at(text: str) -> None:
    said = tokens(text)
    assert len(features(said)) == len(said)
    for mark in marks(said, ["O"] * len(said)):
        assert 0 <= mark.start < mark.end <= len(text)
    for view in VIEWS:
        assert all(number > 0 for number in count(view, text).values())


def test_slang_and_standard_have_the_same_words_meant() -> None:
    assert count("words_meant", "gw gk tau") == count("words_meant", "aku tidak tahu")
    assert count("letters_written", "gw gk tau") != count("letters_written", "aku tidak tahu")
    assert isinstance(count("roots", "dipukulin"), Counter)


def test_the_intent_of_the_likeliest_full_name_comes_first() -> None:
    found = rank({"faq/visum": 0.2, "faq/cost": 0.25, "thank": 0.3, "deny": 0.25})
    assert [name for name, _ in found.intents] == ["thank", "faq", "deny"]
    assert found.topics == {"faq": [("faq/cost", 0.25), ("faq/visum", 0.2)]}
    assert rank({"thank": 1.0}).topics == {}
