"""The measures on a set that is counted by hand."""

from __future__ import annotations

import json

import pytest

from flows.message import Danger, Entity
from nlu.scoring.comparison import OldScoreError, chance_of, compare
from nlu.scoring.figure import Counts, f1, share
from nlu.scoring.measure import FURTHER, MEASURES
from nlu.scoring.score import score
from nlu.scoring.sentence import Named
from tests.nlu.scoring.cases import SMALL, outcome


def test_the_measures_of_a_set_counted_by_hand() -> None:
    figures = score(SMALL).measures
    assert {name: figure.value for name, figure in figures.items()} == {
        "danger_noticed": 3 / 4,
        "false_alarms": 1 / 2,
        "intent_right": 5 / 12,  # emergency, self_harm, one trap, cost, visum
        "faq_first": 3 / 5,
        "faq_offered": 4 / 5,
        "faq_wrong": 1 / 5,
        "out_of_scope_noticed": 1 / 3,
        "entities": None,
    }
    assert [measure.met(figures[measure.name]) for measure in MEASURES] == [False, False, False, False, False, False, False, None]


def test_the_further_measures_of_the_same_set() -> None:
    figures = {name: figure.value for name, figure in score(SMALL).further.items()}
    assert figures == {
        "danger_kind": 2 / 4,
        "danger_by_phrases": 2 / 4,
        "danger_by_model": 2 / 4,
        "false_alarms_of_phrases": 1 / 2,
        "false_alarms_of_model": 0.0,
        "false_alarms_on_all": 1 / 8,
        "intent_first": 7 / 12,  # those five, the unclear trap and the unclear question
        "unclear": 3 / 12,
        "faq_reached": 4 / 5,  # two answered, two offered: shelter is the fourth of all, and the third of the topics
        "faq_unasked": 2 / 7,
        "entity_spans": None,
        "entities_with_emergencies": None,
    }
    assert set(figures) == {measure.name for measure in FURTHER}


def test_the_targets_are_those_of_the_design() -> None:
    assert {measure.name: (measure.target, measure.at_most) for measure in MEASURES} == {
        "danger_noticed": (0.98, False),
        "false_alarms": (0.05, True),
        "intent_right": (0.92, False),
        "faq_first": (0.88, False),
        "faq_offered": (0.96, False),
        "faq_wrong": (0.05, True),
        "out_of_scope_noticed": (0.90, False),
        "entities": (0.85, False),
    }


def test_a_trap_that_tells_of_danger_is_no_trap() -> None:
    figures = score([outcome("emergency", ("emergency", 0.9), trap=True, model=Danger.EMERGENCY)]).measures
    assert (figures["danger_noticed"].value, figures["false_alarms"].value) == (1.0, None)


# Entities


def case(*found: tuple[str, str, int, int], intent: str = "disclosure") -> tuple[Named, ...]:
    return tuple(Named(entity=e, value=v, start=s, end=t) for e, v, s, t in found)


def told(*found: tuple[str, str, int, int]) -> tuple[Entity, ...]:
    return tuple(Entity(entity=e, value=v, start=s, end=t) for e, v, s, t in found)


HIT, AGAIN, HOME = ("violence_type", "physical", 0, 7), ("violence_type", "physical", 12, 20), ("place", "home", 25, 30)


def test_entities_count_by_value_once_and_by_exact_place_each() -> None:
    outcomes = [
        # by value: physical right, home missed. By place: one right, AGAIN and HOME missed
        outcome("disclosure", ("disclosure", 1.0), named=case(HIT, AGAIN, HOME), found=told(HIT)),
        # by value: right, in other letters. By place: one word too long, so wrong and missed
        outcome("start_report", ("start_report", 1.0), named=case(HOME), found=told(("place", "Home", 22, 30))),
        # by value: home is wrong, nothing expected
        outcome("disclosure", ("disclosure", 1.0), found=told(HOME)),
        outcome("emergency", ("emergency", 1.0), named=case(HIT), found=()),
    ]
    scored = score(outcomes)
    assert scored.measures["entities"].value == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert scored.further["entity_spans"].value == pytest.approx(2 * 1 / (2 * 1 + 2 + 3))
    assert scored.further["entities_with_emergencies"].value == pytest.approx(2 * 2 / (2 * 2 + 1 + 2))
    assert {name: figure.value for name, figure in scored.entities.items()} == {"place": pytest.approx(0.5), "violence_type": 1.0}


def test_places_that_the_set_does_not_say_are_not_counted() -> None:
    unsaid = (Named(entity="place", value="home"),)
    scored = score([outcome("disclosure", ("disclosure", 1.0), named=unsaid, found=told(HOME))])
    assert (scored.measures["entities"].value, scored.further["entity_spans"].value) == (1.0, None)


# Figures


def test_wilsons_interval() -> None:
    # E. B. Wilson's formula by hand for 8 of 10: centre (0.8 + 0.19207) / 1.38415, half 1.95996 / 1.38415 · √(0.016 + 0.009604)
    figure = share(8, 10)
    assert figure.value == 0.8
    assert (figure.low, figure.high) == (pytest.approx(0.4902, abs=5e-5), pytest.approx(0.9433, abs=5e-5))
    none, all_ = share(0, 20), share(20, 20)
    assert (none.low, none.high) == (0.0, pytest.approx(0.1611, abs=5e-5))  # 3.8415 / (20 + 3.8415)
    assert (all_.low, all_.high) == (pytest.approx(0.8389, abs=5e-5), 1.0)
    assert share(0, 0).value is None


def test_the_bootstrap_holds_the_figure_and_says_the_same_each_time() -> None:
    sentences = [Counts(1, 0, 0)] * 15 + [Counts(0, 1, 1)] * 5
    figure = f1(sentences)
    assert figure.value == pytest.approx(0.75)
    assert figure.low is not None and figure.high is not None and figure.value is not None
    assert figure.low < figure.value < figure.high
    # each sentence is one draw of F1 15/20: about the interval of a share, √(0.75 · 0.25 / 20) = 0.097 on either side, twice
    assert (figure.low, figure.high) == (pytest.approx(0.55, abs=0.06), pytest.approx(0.93, abs=0.06))
    assert f1(sentences) == figure
    sure = f1([Counts(2, 0, 0)] * 4)
    assert (sure.value, sure.low, sure.high, sure.of) == (1.0, 1.0, 1.0, 8)
    assert f1([Counts()]).value is None


# What lies behind


def test_calibration_by_hand() -> None:
    outcomes = [
        outcome("thank", ("thank", 0.95)),
        outcome("thank", ("thank", 0.95)),
        outcome("thank", ("help", 0.95)),
        outcome("thank", ("thank", 0.15), got="unclear"),
        outcome("thank", ("thank", 1.0)),
        outcome("thank"),
    ]
    found = score(outcomes).calibration
    # 0.9 to 1: four, mean (3 · 0.95 + 1) / 4 = 0.9625, right 0.75; 0.1 to 0.2: one, 0.15, right 1. Weighed: (4 · 0.2125 + 0.85) / 5
    assert [(b.low, b.count, b.right) for b in found.bins] == [(0.1, 1, 1.0), (0.9, 4, 0.75)]
    assert found.error == pytest.approx(0.34)


def test_confusions_dangers_and_alarms_are_named_with_counts() -> None:
    scored = score([*SMALL, outcome("faq/visum", ("faq/cost", 0.6)), outcome("emergency", ("emergency", 0.2))])
    # the same count: the one that befalls more of its kind stands first
    assert [(c.expected, c.got, len(c.outcomes), c.of) for c in scored.confusions][:3] == [
        ("faq/visum", "faq/cost", 2, 3),
        ("faq/shelter", "unclear", 1, 1),
        ("faq/cost", "unclear", 1, 2),
    ]
    assert [(c.expected, c.got, len(c.outcomes), c.of) for c in scored.missed_dangers] == [
        ("self_harm", "faq/sad_or_anxious", 1, 2),
        ("emergency", "emergency", 1, 3),  # understood, below the threshold of danger, and by no phrase
    ]
    assert [(c.expected, c.got, len(c.outcomes), c.of) for c in scored.false_alarms] == [("out_of_scope", "emergency", 1, 3)]


def test_voices_stand_without_age_and_language() -> None:
    outcomes = [outcome("thank", ("thank", 1.0), voice=f"teen {13 + n % 5}", language="id") for n in range(20)]
    outcomes += [outcome("thank", ("help", 1.0), voice="teen 15 (English)", language="en") for _ in range(5)]
    outcomes += [outcome("thank", ("thank", 1.0), voice="father")]
    outcomes += [outcome("thank", ("thank", 1.0), voice="neighbour")]
    scored = score(outcomes)
    assert {name: (figure.value, figure.of) for name, figure in scored.voices.items()} == {"teen": (20 / 25, 25), "others": (1.0, 2)}
    assert list(scored.voices) == ["teen", "others"]
    assert {name: figure.of for name, figure in scored.languages.items()} == {"id": 22, "en": 5}
    assert score(outcomes[:20]).voices == {}


# As JSON, and compared


def test_the_json_holds_everything_and_no_words() -> None:
    scored = score([*SMALL, outcome("thank", ("thank", 0.9), text="canary words", voice="teen 15")])
    stored = json.dumps(scored.to_json())
    assert "canary" not in stored
    body = json.loads(stored)
    assert body["measures"]["danger_noticed"] | {"low": 0, "high": 0} == {
        "measure": "emergency or self-harm noticed (either layer)", "value": 0.75, "low": 0, "high": 0, "of": 4, "method": "wilson",
        "target": 0.98, "at_most": False, "met": False,
    }  # fmt: skip
    assert len(body["outcomes"]) == body["sentences"] == 13
    assert body["outcomes"][0] | {"id": ""} == {
        "id": "", "expected": "emergency", "intent": "emergency", "confidence": 0.9, "danger": "emergency",
    }  # fmt: skip


def test_a_comparison_names_what_was_gained_and_lost() -> None:
    before = score(
        [
            outcome("thank", ("thank", 0.9), text="a"),
            outcome("thank", ("help", 0.9), text="b"),
            outcome("emergency", ("emergency", 0.9), text="c", model=Danger.EMERGENCY),
            outcome("greet", ("greet", 0.9), text="d"),
            outcome("greet", ("greet", 0.9), text="gone"),
        ]
    )
    now = score(
        [
            outcome("thank", ("help", 0.9), text="a"),
            outcome("thank", ("thank", 0.9), text="b"),
            outcome("emergency", ("disclosure", 0.9), text="c"),
            outcome("greet", ("greet", 0.9), text="d", phrases=Danger.EMERGENCY),
            outcome("greet", ("greet", 0.9), text="new"),
        ]
    )
    found = compare(json.loads(json.dumps(before.to_json())), now)
    assert [o.sentence.text for o in found.gained] == ["b"]
    assert [o.sentence.text for o in found.lost] == ["a", "c"]
    assert [o.sentence.text for o in found.missed_now] == ["c"]
    assert [o.sentence.text for o in found.alarms_now] == ["d"]
    assert (found.new, found.gone, found.chance) == (1, 1, 1.0)
    changes = {change.title: (change.then, change.now, change.better) for change in found.changes}
    assert changes["emergency or self-harm noticed (either layer)"] == (1.0, 0.0, False)
    assert changes["intent right, all messages"] == (0.8, 0.6, False)
    assert changes["out of scope noticed"] == (None, None, None)
    assert changes["left unclear"] == (0.0, 0.0, None)


def test_a_higher_share_of_what_should_be_rare_is_worse() -> None:
    quiet, loud = outcome("greet", ("greet", 1.0), trap=True), outcome("greet", ("greet", 1.0), trap=True, phrases=Danger.EMERGENCY)
    changes = {change.title: change.better for change in compare(score([quiet]).to_json(), score([loud])).changes}
    assert changes["false alarm on harmless messages with alarming words"] is False


def test_mcnemars_exact_test() -> None:
    # as ten tosses of a coin with at most two heads: (1 + 10 + 45) / 1024, on both sides
    assert chance_of(2, 8) == chance_of(8, 2) == pytest.approx(2 * 56 / 1024)
    assert chance_of(5, 5) == chance_of(0, 0) == 1.0
    assert chance_of(0, 1200) < 1e-300


@pytest.mark.parametrize("old", [{}, [], "x", {"format": 99}, {"format": 1, "outcomes": [3], "measures": {}, "further": {}}])
def test_what_is_no_score_is_refused(old: object) -> None:
    with pytest.raises(OldScoreError):
        compare(old, score(SMALL))  # type: ignore[arg-type]
