"""What Rasa answers is read strictly: its real answers become an understanding, everything else is no answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.message import Danger, Entity, Understanding
from nlu.mask import mask
from nlu.rasa_answer import AnswerError, read_answer
from nlu.thresholds import Thresholds, read_thresholds
from tests.nlu.rasa_peer import answer
from tests.structure.project import ROOT

LEVELS = Thresholds(confident=0.5, danger={Danger.EMERGENCY: 0.3, Danger.SELF_HARM: 0.4}, offer=0.1, search=0.5)


def read(body: Any, text: str = "halo kak") -> Understanding:
    return read_answer(json.dumps(body).encode(), sent=mask(text), text=text, thresholds=LEVELS)


def test_topics_have_their_full_names_and_the_ranking_is_by_probability() -> None:
    found = read(answer(("greet", 0.1), ("faq/cost", 0.6), ("faq/visum", 0.2), ("disclosure", 0.05)))
    assert (found.intent, found.confidence, found.danger) == ("faq/cost", 0.6, None)
    assert found.ranking == (("faq/cost", 0.6), ("faq/visum", 0.2), ("greet", 0.1), ("disclosure", 0.05))


def test_below_the_threshold_it_is_unclear_with_the_ranking() -> None:
    found = read(answer(("faq/cost", 0.49), ("faq/visum", 0.4)))
    assert (found.intent, found.confidence, found.ranking[0]) == ("unclear", 0.49, ("faq/cost", 0.49))


@pytest.mark.parametrize(
    ("ranking", "intent", "danger"),
    [
        ([("emergency", 0.31), ("insult", 0.6)], "insult", Danger.EMERGENCY),
        ([("emergency", 0.29), ("insult", 0.6)], "insult", None),
        ([("self_harm", 0.45), ("insult", 0.4)], "unclear", Danger.SELF_HARM),
        ([("self_harm", 0.39), ("insult", 0.6)], "insult", None),
        ([("self_harm", 0.6), ("emergency", 0.3)], "self_harm", Danger.EMERGENCY),
        ([("emergency", 0.9), ("insult", 0.1)], "emergency", Danger.EMERGENCY),
    ],
)
def test_danger_has_thresholds_of_its_own(ranking: list[tuple[str, float]], intent: str, danger: Danger | None) -> None:
    found = read(answer(*ranking))
    assert (found.intent, found.danger) == (intent, danger)


def test_entities_stand_where_they_stood_in_the_original() -> None:
    text = " wa 081234567890 bapak mukul di 0812345678"
    sent = mask(text).text
    at = sent.index("bapak")
    entities = [
        {"entity": "relation", "value": "parent", "start": at, "end": at + 5, "extractor": "x", "confidence_entity": 0.8},
        {"entity": "relation", "value": "other", "start": at, "end": at + 5},  # a second extractor's view of the same
        {"entity": "victim_age", "value": "0", "start": 3, "end": 4},  # the mask itself
    ]
    found = read(answer(("disclosure", 0.9), entities=entities), text)
    assert found.entities == (Entity(entity="relation", value="parent", start=17, end=22),)
    assert text[17:22] == "bapak" and found.text == text


def test_a_text_without_words_means_nothing() -> None:
    found = read({"intent": {"name": None, "confidence": 0.0}, "entities": [], "intent_ranking": [], "text": "…"})
    assert (found.intent, found.confidence, found.ranking) == ("unclear", 0.0, ())


GOOD = answer(("faq/cost", 0.6), ("greet", 0.4), entities=[{"entity": "place", "value": "home", "start": 0, "end": 4}])


def changed(*path: Any, to: Any) -> Any:
    body = json.loads(json.dumps(GOOD))
    place = body
    for step in path[:-1]:
        place = place[step]
    if to is KeyError:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return body


@pytest.mark.parametrize(
    "body",
    [
        None, [], "greet", 7, {}, {"intent": None}, {"intent": {"name": "greet"}}, {"error": "x"},
        changed("intent_ranking", to=KeyError), changed("intent_ranking", to=[]), changed("intent_ranking", to={"greet": 1}),
        changed("intent_ranking", 0, "name", to=7), changed("intent_ranking", 0, "name", to="gr\u0000eet"),
        changed("intent_ranking", 0, to="greet"), changed("intent_ranking", 0, "name", to="x" * 500),
        changed("intent_ranking", 0, "confidence", to=1.5), changed("intent_ranking", 0, "confidence", to=-0.5),
        changed("intent_ranking", 0, "confidence", to="0.9"), changed("intent_ranking", 0, "confidence", to=True),
        changed("intent_ranking", 0, "confidence", to=None), changed("intent_ranking", to=[{"name": "greet", "confidence": 0.1}] * 501),
        changed("response_selector", to=KeyError), changed("response_selector", "faq", to=[]),
        changed("response_selector", "faq", "ranking", to=[]),
        changed("response_selector", "faq", "ranking", 0, "intent_response_key", to="chitchat/x"),
        changed("response_selector", "faq", "ranking", 0, "confidence", to="high"),
        changed("entities", to={}), changed("entities", to=None), changed("entities", 0, "start", to=-1),
        changed("entities", 0, "end", to=999), changed("entities", 0, "end", to=0), changed("entities", 0, "start", to="0"),
        changed("entities", 0, "start", to=False), changed("entities", 0, "value", to=7), changed("entities", 0, "value", to="x" * 900),
        changed("entities", 0, "entity", to="no such!"), changed("entities", to=GOOD["entities"] * 101),
    ],
)  # fmt: skip
def test_anything_else_is_no_answer(body: Any) -> None:
    assert read(GOOD).intent == "faq/cost"
    with pytest.raises(AnswerError):
        read(body)


@pytest.mark.parametrize("body", [b"", b"<html>502</html>", b"{", b'{"intent": NaN}', b"\xff\xfe", b"[" * 100_000])
def test_bytes_that_are_no_json_are_no_answer(body: bytes) -> None:
    with pytest.raises(AnswerError):
        read_answer(body, sent=mask("halo"), text="halo", thresholds=LEVELS)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["intent", "name", "confidence", "entities", "intent_ranking", "response_selector", "faq"]), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*GOOD]), _JSON))
def test_no_answer_of_any_shape_breaks_the_reader(part: dict[str, Any]) -> None:
    try:
        found = read({**GOOD, **part})
    except AnswerError:
        return
    assert 0.0 <= found.confidence <= 1.0


# Thresholds

GIVEN = "confident: 0.5\ndanger:\n  emergency: 0.3\n  self_harm: 0.4\noffer: 0.1\nsearch: 0.5\n"


def test_the_file_of_the_service_can_be_used() -> None:
    found, problems = read_thresholds((Path(ROOT) / "data/understanding.yml").read_text("utf-8"), file="data/understanding.yml")
    assert problems == [] and found is not None


def test_a_right_file() -> None:
    assert read_thresholds(GIVEN, file="x") == (LEVELS, [])


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("confident: 0.5", "confident: 1.5", 1, "between 0 and 1"),
        ("confident: 0.5", "confident: yes", 1, "between 0 and 1"),
        ("confident: 0.5\n", "", 1, "'confident' must"),
        ("emergency: 0.3", "emergency: 0.6", 3, "not be above 'confident'"),
        ("self_harm", "selfharm", 4, "'selfharm' is not known"),
        ("search: 0.5", "serach: 0.5", 6, "'serach' is not known"),
        ("danger:\n  emergency: 0.3\n  self_harm: 0.4\n", "danger: 0.3\n", 2, "for each kind"),
        ("confident", "[", 1, "not YAML"),
    ],
)
def test_a_wrong_file_is_named_by_its_line(old: str, new: str, line: int, says: str) -> None:
    found, problems = read_thresholds(GIVEN.replace(old, new, 1), file="data/understanding.yml")
    assert found is None
    assert any(problem.line in (line, 0) or line == 1 for problem in problems) and any(says in problem.message for problem in problems)
