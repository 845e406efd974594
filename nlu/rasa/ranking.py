"""Probabilities of full names ("thank", "faq/bullying") → the intents and the topics, as Rasa reports them. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ranking:
    """`intents`: each with its probability, a retrieval intent with that of all its topics. `topics`: of each retrieval intent its full
    names, each with the joint probability.

    Sorted, the likeliest first; except that the intent of the likeliest full name comes first.
    """

    intents: list[tuple[str, float]]
    topics: dict[str, list[tuple[str, float]]]


def rank(probabilities: Mapping[str, float]) -> Ranking:
    """Sorts what a model says about one message. At least one name is needed.

    >>> rank({"faq/visum": 0.3, "faq/cost": 0.3, "thank": 0.4}).intents
    [('thank', 0.4), ('faq', 0.6)]
    """
    best = max(probabilities, key=lambda name: probabilities[name])
    intents: dict[str, float] = {}
    topics: dict[str, list[tuple[str, float]]] = {}
    for name, probability in probabilities.items():
        intent = name.partition("/")[0]
        intents[intent] = intents.get(intent, 0.0) + probability
        if intent != name:
            topics.setdefault(intent, []).append((name, probability))
    first = best.partition("/")[0]
    return Ranking(
        sorted(intents.items(), key=lambda pair: (pair[0] != first, -pair[1], pair[0])),
        {intent: sorted(found, key=lambda pair: (-pair[1], pair[0])) for intent, found in topics.items()},
    )
