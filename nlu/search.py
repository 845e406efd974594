"""Keyword search over the questions that there are answers to: what stands in for the model while there is none.

Pure arithmetic over words: a message is compared with the title, the question and every example of each topic, rare words counting more
than common ones. It knows no synonyms and no grammar, so it is asked for little: mostly it offers topics, seldom it is sure of one. The
examples of other intents are compared too, and win where they are nearer: a story, a greeting or a joke is no question.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from flows.marked import SAFE_LOADER
from flows.message import Understanding
from nlu.normalise import FILLER_WORDS, tokens

OFFERED = 10  # topics in the ranking
_ASKS = "faq/"  # how the name of a topic begins; what is named otherwise is no question
_LEAST = 0.15  # a topic that has less in common with a message is not even offered
_AHEAD = 1.3  # how much better than the second a topic must be to be taken for certain
_OF_TOPIC = 0.3  # how much of the score the topic as a whole has, the rest is its nearest sentence's


_MARKED = re.compile(r"\[([^\]]*)\](?:\{[^}]*\}|\([^)]*\))")  # Rasa's way to mark an entity in an example


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """A topic and the sentences that ask about it: title, question, examples, of all languages."""

    name: str
    sentences: tuple[str, ...]


def _words(text: str) -> frozenset[str]:
    return frozenset(token.stem for token in tokens(text) if token.word not in FILLER_WORDS)


class FaqSearch:
    """The search. Build it once with `load_search`, or from topics; it is immutable after that."""

    def __init__(self, topics: Iterable[Topic], *, confident: float) -> None:
        self._confident = confident
        bags = [(topic.name, words) for topic in topics for sentence in topic.sentences if (words := _words(sentence))]
        seen = Counter(word for _, words in bags for word in words)
        self._rarity: Mapping[str, float] = {word: math.log(1 + len(bags) / count) for word, count in seen.items()}
        self._unknown = math.log(1 + len(bags)) * 0.5  # of a word that no topic has: it says something that is not asked here
        self._bags = [(name, math.sqrt(sum(self._rarity[word] ** 2 for word in words))) for name, words in bags]
        self._with: dict[str, list[int]] = {}
        of_topic: dict[str, set[str]] = {}
        for number, (name, words) in enumerate(bags):
            of_topic.setdefault(name, set()).update(words)
            for word in words:
                self._with.setdefault(word, []).append(number)
        self._topics = {name: frozenset(words) for name, words in of_topic.items()}

    def find(self, text: str) -> Understanding:
        """What `text` asks, as far as its words tell: a topic as intent where one is clearly ahead, else "unclear"; with a ranking."""
        words = _words(text)
        own = math.sqrt(sum(self._rarity.get(word, self._unknown) ** 2 for word in words))
        scores: dict[int, float] = {}
        for word in words & self._rarity.keys():
            weight = self._rarity[word] ** 2
            for number in self._with[word]:
                scores[number] = scores.get(number, 0.0) + weight
        nearest: dict[str, float] = {}
        for number, shared in scores.items():
            name, length = self._bags[number]
            nearest[name] = max(nearest.get(name, 0.0), shared / (own * length))
        for name, near in nearest.items():
            covered = math.sqrt(sum(self._rarity[word] ** 2 for word in words & self._topics[name])) / own
            nearest[name] = (1 - _OF_TOPIC) * near + _OF_TOPIC * near * covered
        everything = sorted(nearest.items(), key=lambda pair: (-pair[1], pair[0]))
        ranking = tuple((name, score) for name, score in everything if score >= _LEAST and name.startswith(_ASKS))[:OFFERED]
        if not ranking:
            return Understanding(text=text)
        best, score = ranking[0]
        other = next((score for name, score in everything if name != best), 0.0)
        sure = score >= self._confident and score >= _AHEAD * other
        return Understanding(text=text, intent=best if sure else "unclear", confidence=score, ranking=ranking)


def _examples(block: object) -> list[str]:
    lines = block.splitlines() if isinstance(block, str) else []
    return [_MARKED.sub(r"\1", line[2:].strip()) for line in lines if line.startswith("- ")]


def load_search(folder: Path, *, confident: float) -> FaqSearch:
    """The search over `<language>/faq/*.yml` and `<language>/intents/*.yml` under a folder.

    A file that cannot be read as one is left out: `ruang-aman check` names it.
    """
    sentences: dict[str, list[str]] = {}
    for path in sorted([*folder.glob("*/faq/*.yml"), *folder.glob("*/intents/*.yml")]):
        try:
            body = yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE_LOADER)  # noqa: S506  one of the safe ones
        except (yaml.YAMLError, OSError, UnicodeDecodeError):
            continue
        for entry in body.get("nlu") or () if isinstance(body, dict) else ():
            if isinstance(entry, dict) and isinstance(entry.get("intent"), str):
                told = entry.get("metadata")
                titles = [str(told[name]) for name in ("title", "question") if name in told] if isinstance(told, dict) else []
                sentences.setdefault(entry["intent"], []).extend([*titles, *_examples(entry.get("examples"))])
    return FaqSearch((Topic(name=name, sentences=tuple(found)) for name, found in sentences.items()), confident=confident)
