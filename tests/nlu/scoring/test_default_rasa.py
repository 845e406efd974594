"""Reading what Rasa's default pipeline answers, captured from Rasa 3.6.21 and shortened."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flows.message import Danger, Entity
from nlu.scoring.default_rasa import DefaultAnswerError, read_default


def answer(intent: str, *ranking: tuple[str, float], topics: tuple[tuple[str, float], ...] = (), entities: object = ()) -> bytes:
    selector: dict[str, Any] = {
        "all_retrieval_intents": ["faq"],
        "default": {
            "response": {"intent_response_key": topics[0][0] if topics else None, "confidence": topics[0][1] if topics else 0.0},
            "ranking": [{"confidence": share, "intent_response_key": name} for name, share in topics],
        },
    }
    return json.dumps(
        {
            "text": "x", "intent": {"name": intent, "confidence": ranking[0][1] if ranking else 0.0}, "entities": list(entities),  # type: ignore[call-overload]
            "text_tokens": [[0, 1]], "intent_ranking": [{"name": name, "confidence": share} for name, share in ranking],
            "response_selector": selector,
        }
    ).encode()  # fmt: skip


def test_a_topic_has_the_confidence_of_both_steps() -> None:
    found = read_default(
        answer("faq", ("faq", 0.8), ("greet", 0.2), topics=(("faq/cost", 0.8), ("faq/visum", 0.2))), text="x"
    )  # fmt: skip
    assert (found.intent, found.confidence, found.danger) == ("faq/cost", pytest.approx(0.64), None)
    assert found.ranking == (("faq/cost", pytest.approx(0.64)), ("greet", 0.2), ("faq/visum", pytest.approx(0.16)))


def test_what_rasa_would_answer_stands_first_even_where_the_product_is_smaller() -> None:
    found = read_default(answer("faq", ("faq", 0.5), ("greet", 0.4), topics=(("faq/cost", 0.6), ("faq/visum", 0.4))), text="x")
    assert [name for name, _ in found.ranking] == ["faq/cost", "greet", "faq/visum"]


def test_its_fallback_is_unclear_and_no_intent() -> None:
    found = read_default(answer("nlu_fallback", ("nlu_fallback", 0.3), ("help", 0.25), ("faq", 0.2), topics=(("faq/cost", 1.0),)), text="x")
    assert (found.intent, found.confidence) == ("unclear", 0.25)
    assert [name for name, _ in found.ranking] == ["help", "faq/cost"]


def test_danger_is_an_intent_and_nothing_else() -> None:
    assert read_default(answer("self_harm", ("self_harm", 0.6)), text="x").danger is Danger.SELF_HARM
    assert read_default(answer("disclosure", ("disclosure", 0.6), ("emergency", 0.4)), text="x").danger is None


def test_entities_are_read() -> None:
    entity = {"entity": "place", "start": 0, "end": 1, "value": "home", "extractor": "DIETClassifier", "confidence_entity": 0.9}
    found = read_default(answer("disclosure", ("disclosure", 1.0), entities=[entity]), text="x")
    assert found.entities == (Entity(entity="place", value="home", start=0, end=1),)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"intent": null}', b'{"intent": {"name": "x"}, "intent_ranking": [{}]}'])
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(DefaultAnswerError):
        read_default(body, text="x")
