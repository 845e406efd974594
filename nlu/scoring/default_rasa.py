"""What Rasa's default pipeline answers to `POST /model/parse` → `Understanding`, as a bot built on it would take it."""

from __future__ import annotations

from typing import Any

import orjson

from flows.message import Danger, Entity, Understanding
from nlu.scoring.outcome import UNCLEAR

_FAQ = "faq"
_FALLBACK = "nlu_fallback"  # Rasa's FallbackClassifier: not sure enough, or two intents too close


class DefaultAnswerError(ValueError):
    """The answer is not one of Rasa's."""


def read_default(body: bytes, *, text: str) -> Understanding:
    """The intent that Rasa names ("unclear" for its fallback), the topic of a question by its response selector.

    A topic's confidence is that of "faq" times the selector's: the selector's alone is only among topics. Danger is an intent of that
    name, and nothing else: the default pipeline has no danger phrases. Raises DefaultAnswerError.
    """
    try:
        answer = orjson.loads(body)
        named = str(answer["intent"]["name"] or "")
        topics = [(str(t["intent_response_key"]), float(t["confidence"])) for t in _selector(answer)]
        ranking: list[tuple[str, float]] = []
        for entry in answer.get("intent_ranking", []):
            name, confidence = str(entry["name"]), float(entry["confidence"])
            if name == _FAQ and topics:
                ranking += [(topic, confidence * share) for topic, share in topics]
            elif name != _FALLBACK:
                ranking.append((name, confidence))
        entities = tuple(
            Entity(entity=str(e["entity"]), value=str(e["value"]), start=int(e["start"]), end=int(e["end"]))
            for e in answer.get("entities", [])
        )  # fmt: skip
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise DefaultAnswerError("not an answer of Rasa") from None
    ranking.sort(key=lambda pair: -pair[1])
    if named == _FAQ and topics:
        # Rasa decides in two steps: first that it is a question, then which. What it would answer stands first, whatever the product says.
        first = topics[0][0]
        ranking.sort(key=lambda pair: (pair[0] != first, -pair[1]))
        named = first
    intent = UNCLEAR if named in ("", _FALLBACK) else named
    confidence = next((share for name, share in ranking if name == named), ranking[0][1] if ranking else 0.0)
    return Understanding(
        text=text, intent=intent, confidence=confidence, danger=Danger(intent) if intent in set(Danger) else None, entities=entities,
        ranking=tuple(ranking),
    )  # fmt: skip


def _selector(answer: Any) -> list[Any]:
    """The topics of the one response selector that there is, the likeliest first."""
    found = answer.get("response_selector") or {}
    for name, selector in found.items():
        if name != "all_retrieval_intents" and selector.get("ranking"):
            return list(selector["ranking"])
    return []
