"""Phrases and model vote: either one raising danger is enough."""

from __future__ import annotations

import pytest

from flows.message import Danger, Entity, Understanding
from nlu.understand import Understander
from tests.nlu.danger_corpus import phrases


class Model:
    """A model that always answers the same, or not at all."""

    def __init__(self, answer: Understanding | None) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str]] = []

    async def parse(self, text: str, language: str) -> Understanding | None:
        self.asked.append((text, language))
        return self.answer


async def test_without_a_model_danger_is_heard_and_the_intent_is_unclear() -> None:
    found = await Understander(phrases()).understand("tolong skrg bapak mukulin adek", "id")
    assert (found.intent, found.danger, found.confidence) == ("unclear", Danger.EMERGENCY, 0.0)
    assert found.text == "tolong skrg bapak mukulin adek"


async def test_a_message_in_another_language_than_chosen_is_heard() -> None:
    assert (await Understander(phrases()).understand("im hiding in the closet", "id")).danger is Danger.EMERGENCY


@pytest.mark.parametrize(
    ("text", "model", "both"),
    [
        ("aku dikejar", None, Danger.EMERGENCY),
        ("halo kak", Danger.SELF_HARM, Danger.SELF_HARM),
        ("aku dikejar", Danger.SELF_HARM, Danger.EMERGENCY),
        ("pengen mati aja", Danger.EMERGENCY, Danger.EMERGENCY),
        ("halo kak", None, None),
    ],
)
async def test_either_is_enough_and_emergency_wins(text: str, model: Danger | None, both: Danger | None) -> None:
    backend = Model(
        Understanding(intent="disclosure", confidence=0.9, danger=model, entities=(Entity(entity="place", value="x", start=0, end=1),))
    )
    found = await Understander(phrases(), backend).understand(text, "id")
    assert found.danger is both
    assert (found.intent, found.confidence, found.text, len(found.entities)) == ("disclosure", 0.9, text, 1)
    assert backend.asked == [(text, "id")]


async def test_a_silent_model_changes_nothing() -> None:
    assert (await Understander(phrases(), Model(None)).understand("pengen mati aja", "id")).danger is Danger.SELF_HARM
