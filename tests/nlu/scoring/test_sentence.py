"""Reading a set: what its authors write, and what they may get wrong."""

from __future__ import annotations

import pytest

from nlu.scoring.sentence import Named, Sentence, SetError, read_set


def test_a_sentence_with_all_that_it_may_say() -> None:
    (sentence,) = read_set(
        [
            {
                "text": "bapak mukul, bapak tiri", "intent": "disclosure", "voice": "child 11 (English)", "trap": True,
                "entities": [
                    {"entity": "relation", "value": "parent", "text": "bapak"},
                    {"entity": "relation", "value": "parent", "text": "bapak"},
                    {"entity": "victim_age", "value": 11},
                    {"entity": "violence_type", "value": "physical", "start": 6, "end": 11},
                ],
            }
        ]
    )  # fmt: skip
    assert sentence == Sentence(
        text="bapak mukul, bapak tiri", intent="disclosure", trap=True, voice="child 11 (English)", language="en",
        entities=(
            Named(entity="relation", value="parent", start=0, end=5), Named(entity="relation", value="parent", start=13, end=18),
            Named(entity="victim_age", value="11"), Named(entity="violence_type", value="physical", start=6, end=11),
        ),
    )  # fmt: skip


def test_a_language_that_is_named_counts() -> None:
    named, voiced, plain = read_set(
        [
            {"text": "a", "intent": "greet", "language": "en"},
            {"text": "a", "intent": "greet", "voice": "teen (English)"},
            {"text": "a", "intent": "greet"},
        ]
    )
    assert (named.language, voiced.language, plain.language) == ("en", "en", "id")
    assert named.id == voiced.id != read_set([{"text": "b", "intent": "greet"}])[0].id


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("words", "text and intent"),
        ({"intent": "greet"}, "text must be"),
        ({"text": 112, "intent": "greet"}, "text must be"),
        ({"text": "canary"}, "intent must be"),
        ({"text": "canary", "intent": "greet", "trap": "yes"}, "trap"),
        ({"text": "canary", "intent": "greet", "mood": "x"}, "'mood' is not known"),
        ({"text": "canary", "intent": "greet", "entities": [{"entity": "place", "value": "home", "text": "school"}]}, "does not stand"),
        ({"text": "canary", "intent": "greet", "entities": [{"entity": "place", "value": "home", "start": 3, "end": 99}]}, "no place"),
        ({"text": "canary", "intent": "greet", "entities": [{"value": "home"}]}, "needs entity"),
        ({"text": "canary", "intent": "greet", "entities": "home"}, "must be a list"),
    ],
)
def test_a_mistake_is_named_by_its_item_and_without_words(item: object, said: str) -> None:
    with pytest.raises(SetError) as raised:
        read_set([{"text": "fine", "intent": "greet"}, item])
    (problem,) = raised.value.problems
    assert problem.startswith("item 2: ") and said in problem
    assert "canary" not in problem


@pytest.mark.parametrize("body", [None, {}, [], "text"])
def test_what_is_no_list_of_sentences_is_refused(body: object) -> None:
    with pytest.raises(SetError):
        read_set(body)
