"""Several texts of one turn → as few bubbles as fit; the words that stand in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.bubbles import BUBBLE, length, merge
from flows.catalogue import Catalogue, fold
from flows.condition import read_condition
from flows.message import Choice, Inbound, InboundKind, Media, Outbound

CHOICES = (Choice(id="1.a", label="Satu"), Choice(id="1.b", label="Dua"))
BUBBLES = st.builds(
    Outbound, text=st.text(min_size=1, max_size=700), choices=st.sampled_from(((), CHOICES)), ask_location=st.booleans(),
    numbers=st.sampled_from(((), ("112",), ("112", "110"))), language=st.sampled_from(("id", "en")),
)  # fmt: skip


@given(st.lists(BUBBLES, max_size=8))
def test_nothing_is_lost_or_reordered_and_nothing_grows_too_long(bubbles: list[Outbound]) -> None:
    merged = merge(bubbles)
    assert "\n\n".join(b.text for b in merged) == "\n\n".join(b.text for b in bubbles)
    assert [c for b in merged for c in b.choices] == [c for b in bubbles for c in b.choices]
    assert {n for b in merged for n in b.numbers} == {n for b in bubbles for n in b.numbers}
    longest = max((length(b) for b in bubbles), default=0)
    assert all(length(b) <= max(BUBBLE, longest) for b in merged)


@given(st.lists(BUBBLES, max_size=8))
def test_nothing_stands_under_buttons_and_languages_are_not_mixed(bubbles: list[Outbound]) -> None:
    for bubble in merge(bubbles):
        mine = [b for b in bubbles if b.text and b.text in bubble.text]
        assert not mine or bubble.language in {b.language for b in mine}
    with_buttons = merge([Outbound(text="a", choices=CHOICES), Outbound(text="b")])
    assert [b.text for b in with_buttons] == ["a", "b"]


def test_merging_twice_changes_nothing() -> None:
    once = merge([Outbound(text="a"), Outbound(text="b", choices=CHOICES), Outbound(text="c")])
    assert merge(once) == once


CATALOGUE = Catalogue(
    strings={
        "id": {
            "f": {
                "s": {
                    "text": {"child": "anak", "adult": "dewasa", "unknown": "siapa"},
                    "options": {"a": {"child": "A kecil", "adult": "A"}},
                },
                "t": "saja",
            },
            "common": {"retry": {"choice": "ulang"}, "x": {"text": "ya"}},
        },
        "en": {"f": {"t": "only"}, "common": {}},
    },
    commands={"id": {"exit": ("pergi cepat",)}, "en": {"exit": ("leave now",)}},
    numbers={"emergency": "112", "web": "example.id"},
)  # fmt: skip


def test_a_text_is_in_the_readers_words() -> None:
    readers = {"child": "anak", "adult": "dewasa", "professional": "dewasa", None: "siapa"}
    assert {reader: CATALOGUE.part("id", "f", "s", "text", reader) for reader in readers} == readers
    assert CATALOGUE.part("id", "f", "t", "text") == "saja"
    assert CATALOGUE.part("en", "f", "s", "text") is None
    assert CATALOGUE.option("id", "f", "s", "a", "child") == "A kecil"
    assert CATALOGUE.option("id", "f", "s", "b") == "b"
    assert CATALOGUE.common("en", "retry.choice") == "ulang", "what a language lacks comes in the first one"
    assert CATALOGUE.common("id", "x") == "ya"


def test_placeholders_are_filled_once_and_unknown_ones_vanish() -> None:
    known = {"result": {"code": "satu {world.name} dua"}, "world": {"name": "Kota"}}
    template = "{result.code} di {world.name}, {number.emergency} {number.emergency} {number.web} {number.gone} {facts.x}"
    text, numbers = CATALOGUE.fill(template, known)
    assert text == "satu {world.name} dua di Kota, 112 112 example.id  "
    assert numbers == ("112",), "an address on the web cannot be dialled"


@pytest.mark.parametrize(
    ("said", "command"), [("Pergi  cepat!", "exit"), ("/leave now", "exit"), ("LEAVE NOW.", "exit"), ("pergi", None), ("", None)]
)
def test_command_words_are_whole_messages(said: str, command: str | None) -> None:
    assert CATALOGUE.command(said) == command


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("when", "known", "holds"),
    [
        ({"answers.a": "x"}, {"a": "x"}, True),
        ({"answers.a": "x"}, {"a": "y"}, False),
        ({"answers.a": ["x", "y"]}, {"a": "y"}, True),
        ({"answers.a": "x"}, {"a": ["z", "x"]}, True),
        ({"answers.a": "x", "answers.b": "y"}, {"a": "x"}, False),
        ([{"answers.a": "x"}, {"answers.b": "y"}], {"b": "y"}, True),
        ({"answers.a": True}, {"a": "anything"}, True),
        ({"answers.a": True}, {"a": ""}, False),
        ({"answers.a": True}, {"a": []}, False),
        ({"answers.a": False}, {}, True),
        ({"answers.a": False}, {"a": None}, True),
        ({"answers.a": "skipped"}, {"a": None}, True),
        ({"answers.a": "skipped"}, {}, False),
        ({"answers.a": 0}, {"a": 0}, True),
        ({"answers.a": 0}, {"a": False}, False),
        ({"answers.a": 1}, {"a": True}, False),
    ],
)
def test_conditions(when: object, known: dict[str, object], holds: bool) -> None:
    condition, problems = read_condition(when)
    assert condition is not None and not problems
    assert condition.holds({"answers": known}) is holds


@pytest.mark.parametrize("when", [None, {}, [], "answers.a", {"a": 1}, {"secrets.a": 1}, {"answers.": 1}, [{"answers.a": 1}, 3]])
def test_conditions_that_ask_for_nothing_known(when: object) -> None:
    condition, problems = read_condition(when)
    assert condition is None and problems


@given(
    st.builds(
        Inbound, kind=st.sampled_from(InboundKind), text=st.text(max_size=50), tap=st.none() | st.text(max_size=20),
        location=st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)), language=st.none() | st.sampled_from(("id", "en")),
        media=st.none()
        | st.builds(Media, kind=st.sampled_from(("voice", "image")), handle=st.text(max_size=9), size=st.none() | st.integers(0, 9)),
    )
)  # fmt: skip
def test_a_message_survives_its_storage(message: Inbound) -> None:
    assert Inbound.from_json(message.to_json()) == message


@given(BUBBLES)
def test_a_bubble_survives_its_storage(bubble: Outbound) -> None:
    assert Outbound.from_json(bubble.to_json()) == bubble
