"""What a Rasa server answers to `POST /model/parse` → `Understanding`. Nothing of it is believed: a server that is starting, broken, or
somebody else's may say anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from flows.message import Danger, Entity, Understanding
from nlu.mask import Masked
from nlu.thresholds import Thresholds
from nlu.understand import worse

FAQ = "faq"  # the retrieval intent: its topics stand in the response selector's ranking as "faq/<topic>"
UNCLEAR = "unclear"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}(?:/[a-z][a-z0-9_]{0,63})?")
_MOST_LABELS, _MOST_ENTITIES, _LONGEST_VALUE = 500, 100, 200


class AnswerError(ValueError):
    """The answer is not one. Nothing of it stands in the message."""


def _need(condition: bool) -> None:
    if not condition:
        raise AnswerError("not an answer of Rasa")


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise AnswerError("not an answer of Rasa")
    return value


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise AnswerError("not an answer of Rasa")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise AnswerError("not an answer of Rasa")
    return value


def _probability(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e-6 <= value <= 1 + 1e-6:
        raise AnswerError("not an answer of Rasa")
    return min(1.0, max(0.0, float(value)))


def _labels(ranking: Any, name: str) -> Iterator[tuple[str, float]]:
    for entry in map(_mapping, _list(ranking, _MOST_LABELS)):
        yield _name(entry.get(name)), _probability(entry.get("confidence"))


def _ranking(answer: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    """All labels by probability, the topics of `faq` by their full names instead of it."""
    found: dict[str, float] = {}
    for name, probability in _labels(answer.get("intent_ranking"), "name"):
        if name == FAQ:
            selector = _mapping(_mapping(answer.get("response_selector")).get(FAQ))
            topics = tuple(_labels(selector.get("ranking"), "intent_response_key"))
            _need(bool(topics) and all(topic.startswith(f"{FAQ}/") for topic, _ in topics))
        else:
            topics = ((name, probability),)
        for topic, likely in topics:
            found[topic] = max(likely, found.get(topic, 0.0))
    return tuple(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _entities(answer: dict[str, Any], sent: Masked) -> Iterator[Entity]:
    seen = set()
    for entry in map(_mapping, _list(answer.get("entities", []), _MOST_ENTITIES)):
        name, value, start, end = _name(entry.get("entity")), entry.get("value"), entry.get("start"), entry.get("end")
        if type(start) is not int or type(end) is not int or not isinstance(value, str):
            raise AnswerError("not an answer of Rasa")
        _need(0 <= start < end <= len(sent.text) and 0 < len(value) <= _LONGEST_VALUE)
        place = sent.original(start, end)
        if place is not None and (name, place) not in seen:  # what stands on a mask is nothing that the person wrote
            seen.add((name, place))
            yield Entity(entity=name, value=value, start=place[0], end=place[1])


def read_answer(body: bytes, *, sent: Masked, text: str, thresholds: Thresholds) -> Understanding:
    """What the answer says about `text`, which was `sent` masked. Raises AnswerError if it is not what Rasa answers."""
    try:
        answer = _mapping(orjson.loads(body))
    except orjson.JSONDecodeError:
        raise AnswerError("not JSON") from None
    intent = _mapping(answer.get("intent"))
    entities = tuple(sorted(_entities(answer, sent), key=lambda entity: (entity.start, entity.end)))
    if intent.get("name") is None and answer.get("intent_ranking") == []:  # how Rasa says that there is nothing in a text: "…"
        return Understanding(text=text, entities=entities)
    ranking = _ranking(answer)
    _need(bool(ranking))
    best, confidence = ranking[0]
    probabilities = dict(ranking)
    danger: Danger | None = None
    for kind in Danger:
        if probabilities.get(kind.value, 0.0) >= thresholds.danger[kind]:
            danger = worse(danger, kind)
    return Understanding(
        text=text, intent=best if confidence >= thresholds.confident else UNCLEAR, confidence=confidence, danger=danger,
        entities=entities, ranking=ranking,
    )  # fmt: skip
