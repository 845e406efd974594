"""A sentence with what it means, written by somebody who knows: the line of a set that understanding is measured on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flows.message import Danger

DANGERS = frozenset(kind.value for kind in Danger)
_KNOWN = frozenset({"text", "intent", "entities", "trap", "voice", "language"})
_KNOWN_OF_ENTITY = frozenset({"entity", "value", "start", "end", "text"})
_LONGEST = 10_000  # characters of a sentence


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """Something that a sentence names. `start` and `end` are character offsets into it, None if the set does not say where it stands."""

    entity: str
    value: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """`intent` is the full name ("faq/bullying"). `trap`: harmless, but with words that alarm. `voice` says who might have written it."""

    text: str
    intent: str
    entities: tuple[Named, ...] = ()
    trap: bool = False
    voice: str = ""
    language: str = "id"

    @property
    def id(self) -> str:
        """The same for the same words in every run: what a stored result names instead of the words."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def dangerous(self) -> bool:
        """Whether a child is in danger, or may harm itself."""
        return self.intent in DANGERS


class SetError(ValueError):
    """A set cannot be used. `problems` are sentences without any of the set's words: item and what is wrong with it."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def read_set(body: object) -> tuple[Sentence, ...]:
    """The sentences of a set as its YAML gives them: a list of `{text, intent, entities?, trap?, voice?, language?}`.

    An entity says where it stands by `start` and `end`, or by `text`, its words as they stand in the sentence, or not at all. A voice
    that ends in "(English)" writes English, if no language is named. Raises SetError with everything that is wrong.
    """
    if not isinstance(body, list) or not body:
        raise SetError(["it must be a list of sentences, each with text and intent"])
    problems: list[str] = []
    found: list[Sentence] = []
    for number, item in enumerate(body, start=1):
        try:
            found.append(_sentence(item))
        except SetError as error:
            problems += [f"item {number}: {problem}" for problem in error.problems]
    if problems:
        raise SetError(problems)
    return tuple(found)


def _sentence(item: object) -> Sentence:
    if not isinstance(item, Mapping):
        raise SetError(["must have text and intent"])
    problems = [f"'{name}' is not known here" for name in map(str, item) if name not in _KNOWN]
    text, intent, voice = item.get("text"), item.get("intent"), item.get("voice", "")
    language, trap, entities = item.get("language", ""), item.get("trap", False), item.get("entities", [])
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
        raise SetError([*problems, "text must be the words of a sentence (in quotes, if it looks like a number or a date)"])
    if not isinstance(intent, str) or not intent:
        problems.append("intent must be a name")
    if not isinstance(trap, bool):
        problems.append("trap must be true or false")
    if not isinstance(voice, str) or not isinstance(language, str):
        problems.append("voice and language must be words")
    named: list[Named] = []
    if not isinstance(entities, list):
        problems.append("entities must be a list")
    else:
        taken: dict[str, int] = {}
        for entity in entities:
            try:
                named.append(_named(entity, text, taken))
            except SetError as error:
                problems += error.problems
    if problems:
        raise SetError(problems)
    return Sentence(
        text=text, intent=str(intent), entities=tuple(named), trap=trap is True, voice=str(voice),
        language=str(language) or ("en" if "(english)" in str(voice).lower() else "id"),
    )  # fmt: skip


def _named(item: object, text: str, taken: dict[str, int]) -> Named:
    """`taken`: up to where the words of an earlier entity were found, for the same words may be meant twice."""
    if not isinstance(item, Mapping) or any(str(name) not in _KNOWN_OF_ENTITY for name in item):
        raise SetError(["an entity has entity, value, and text or start and end"])
    entity, value = item.get("entity"), item.get("value")
    if not isinstance(entity, str) or not isinstance(value, str | int) or isinstance(value, bool):
        raise SetError(["an entity needs entity and value"])
    start, end, words = item.get("start"), item.get("end"), item.get("text")
    if words is not None:
        if not isinstance(words, str) or not words or words not in text:
            raise SetError([f"the text of an entity ({entity}) does not stand in the sentence"])
        at = start if type(start) is int and text.startswith(words, max(0, start)) else text.find(words, taken.get(words, 0))
        start = at if at >= 0 else text.find(words)
        end = taken[words] = start + len(words)
    if start is None and end is None:
        return Named(entity=entity, value=str(value))
    if not _is_place(start, end, text):
        raise SetError([f"start and end of an entity ({entity}) are no place in the sentence"])
    return Named(entity=entity, value=str(value), start=start, end=end)


def _is_place(start: Any, end: Any, text: str) -> bool:
    return type(start) is int and type(end) is int and 0 <= start <= end <= len(text)
