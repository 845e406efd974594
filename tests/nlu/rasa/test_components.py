"""The components inside Rasa, in its own environment."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.nlu_server.environment import Environment
from tests.structure.project import ROOT

_RASA = Environment(ROOT, ROOT / "nlu/rasa/requirements.txt")
pytestmark = [
    # A build machine installs it first (`make unit-nlu`): there it must be.
    pytest.mark.skipif(not _RASA.installed and not os.environ.get("CI"), reason="Rasa's environment is not installed here: make nlu"),
    pytest.mark.timeout(600),
]

Said = dict[str, Any]


@pytest.fixture(scope="module")
def said() -> Said:
    peer = Path(__file__).with_name("components_peer.py")
    ran = subprocess.run(
        [str(_RASA.python), "-W", "ignore", str(peer), str(ROOT)], capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    answers = [line for line in ran.stdout.splitlines() if line.startswith("ANSWER ")]
    assert answers, ran.stderr[-2000:]
    found: Said = json.loads(answers[0].removeprefix("ANSWER "))
    return found


@pytest.mark.parametrize("dense", ["words", "both"])
def test_intents_topics_and_entities_with_and_without_sentence_vectors(said: Said, dense: str) -> None:
    thanks, case, visum, cost, emoji, nothing = said[f"{dense} loaded"]
    assert thanks["intent"]["name"] == "thank"
    assert case["intent"]["name"] == "disclosure"
    marked = {(found["entity"], found["value"], case["text"][found["start"] : found["end"]]) for found in case["entities"]}
    assert marked >= {("violence_type", "physical", "dipukul"), ("relation", "parent", "bapak"), ("kelurahan", "Lamaru", "lamaru")}
    assert visum["intent"]["name"] == cost["intent"]["name"] == "faq"
    assert visum["response_selector"]["faq"]["response"]["intent_response_key"] == "faq/visum"
    assert cost["response_selector"]["faq"]["ranking"][0]["intent_response_key"] == "faq/cost"
    assert emoji["intent"]["name"]
    assert nothing["intent"] == {"name": None, "confidence": 0.0}


@pytest.mark.parametrize("dense", ["words", "both"])
def test_probabilities_of_intents_are_whole_and_those_of_topics_joint(said: Said, dense: str) -> None:
    for answer in said[f"{dense} loaded"][:5]:
        confidences = [found["confidence"] for found in answer["intent_ranking"]]
        assert sum(confidences) == pytest.approx(1, abs=1e-4)
        assert answer["intent_ranking"][0] == answer["intent"]
        questions = [found["confidence"] for found in answer["intent_ranking"] if found["name"] == "faq"]
        topics = [found["confidence"] for found in answer["response_selector"]["faq"]["ranking"]]
        assert sum(topics) == pytest.approx(questions[0], abs=1e-4)


@pytest.mark.parametrize("dense", ["words", "both"])
def test_what_is_stored_is_what_was_learned(said: Said, dense: str) -> None:
    for fresh, loaded in zip(said[f"{dense} fresh"], said[f"{dense} loaded"], strict=True):
        assert fresh["intent"]["name"] == loaded["intent"]["name"]
        assert fresh["intent"]["confidence"] == pytest.approx(loaded["intent"]["confidence"], abs=0.01)
        assert fresh.get("entities") == loaded.get("entities")


def test_the_engine_of_the_vectors_runs_one_thread_though_others_started_its_library(said: Said) -> None:
    assert said["threads"] == [1]


def test_vectors_of_known_sentences_are_not_computed_again(said: Said) -> None:
    assert said["computed again"] == 0


def test_tokens_keep_their_place_and_carry_what_is_meant(said: Said) -> None:
    assert said["tokens"] == [["gw", 0, 2, "aku"], ["gk", 3, 5, "tidak"], ["tau", 6, 9, "tahu"]]
