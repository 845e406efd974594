"""What a case is about, marked in a sentence: kind of violence, place, kelurahan, age, relation. Logic around the learned tagger; no Rasa.

The tagger (a conditional random field) sees each word with its neighbours, and what the word lists say of it. A kelurahan is named or is
not: the list alone decides. An age is read from the number that the tagger marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from nlu.normalise import Token
from nlu.rasa import ages, kelurahan
from nlu.rasa.lexicon import senses

OUTSIDE = "O"
KELURAHAN, VICTIM_AGE = "kelurahan", "victim_age"


class Mark(NamedTuple):
    """One entity: `text[start:end]` says `value` for `entity`."""

    entity: str
    value: str
    start: int
    end: int


def labels(said: Sequence[Token], marks: Iterable[Mark]) -> list[str]:
    """The tag of each word for training: B- where an entity begins, I- where it goes on; ages and kelurahan without their value."""
    tags = [OUTSIDE] * len(said)
    for mark in marks:
        name = mark.entity if mark.entity in (KELURAHAN, VICTIM_AGE) else f"{mark.entity}:{mark.value}"
        begun = False
        for at, token in enumerate(said):
            if token.start < mark.end and mark.start < token.end:
                tags[at] = ("I-" if begun else "B-") + name
                begun = True
    return tags


def features(said: Sequence[Token]) -> list[list[str]]:
    """What the tagger sees of each word."""
    meant = [senses(token) for token in said]
    places = {at for found in kelurahan.find(said) for at in range(found.first, found.last + 1)}
    aged: dict[int, str] = {}
    for number in ages.numbers(said):
        aged.update(dict.fromkeys(range(number.first, number.last + 1), "number"))
        aged.update(dict.fromkeys(range(number.last + 1, number.last + 1 + number.years), "years"))
    seen: list[list[str]] = []
    for at, token in enumerate(said):
        written = token.text.lower()
        mine = ["always", f"w={token.word}", f"s={token.stem}", f"r={written}", f"p3={token.word[:3]}", f"p5={token.word[:5]}"]
        mine += [f"e3={written[-3:]}", f"e2={written[-2:]}"]
        if at in places:
            mine.append("kelurahan")
        if at in aged:
            mine.append(aged[at])
        mine += [f"l={sense}" for sense in meant[at]]
        for step in (-3, -2, -1, 1, 2, 3):
            other = at + step
            if not 0 <= other < len(said):
                if abs(step) == 1:
                    mine.append(f"{step}=edge")
                continue
            near = said[other]
            if abs(step) <= 2:
                mine.append(f"{step}w={near.word}")
            if abs(step) == 1:
                pair = sorted((token.word, near.word))
                mine += [f"{step}s={near.stem}", f"{step}p={near.word[:4]}", f"{step}&={pair[0]}&{pair[1]}"]
            mine += [f"{step}l={sense}" for sense in meant[other]]
            if other in aged:
                mine.append(f"{step}{aged[other]}")
        mine += [f"any={sense}" for sense in sorted({sense for found in meant for sense in found if sense.startswith("violence")})]
        if "relation:spouse" in meant[at] and any("offspring" in found for found in meant):
            mine.append("spouse and child")  # to the child, that person is a parent
        seen.append(mine)
    return seen


def filled(tags: Sequence[str], doubted: Mapping[int, str]) -> list[str]:
    """The likeliest tags of a sentence, with the likeliest other tag for words that were left out in doubt.

    A tagger that has seen few examples leaves out too much, as most words are nothing.

    >>> filled(["B-place:home", "O", "O"], {1: "I-place:home", 2: "I-relation:parent"})
    ['B-place:home', 'I-place:home', 'B-relation:parent']
    """
    full = list(tags)
    for at, other in doubted.items():
        goes_on = at > 0 and full[at - 1][2:] == other[2:]
        full[at] = other if goes_on else f"B-{other[2:]}"
    return full


def marks(said: Sequence[Token], tags: Sequence[str]) -> list[Mark]:
    """The entities that the tags of one sentence say, in order."""
    named = kelurahan.find(said)
    left = list(tags)
    for place in named:  # whatever else the tagger takes it for
        left[place.first : place.last + 1] = [OUTSIDE] * (place.last + 1 - place.first)
    found = [Mark(KELURAHAN, place.name, said[place.first].start, said[place.last].end) for place in named]
    at = 0
    while at < len(left):
        if left[at] == OUTSIDE:
            at += 1
            continue
        name = left[at][2:]
        last = at
        while last + 1 < len(left) and left[last + 1] == f"I-{name}":
            last += 1
        entity, _, value = name.partition(":")
        start, end = said[at].start, said[last].end
        if entity == VICTIM_AGE:
            number = next((n for n in ages.numbers(said) if n.first <= last and at <= n.last), None)
            if number is not None:
                found.append(Mark(entity, str(number.value), start, end))
        elif entity != KELURAHAN:
            found.append(Mark(entity, value, start, end))
        at = last + 1
    return sorted(found, key=lambda mark: (mark.start, mark.end))


def given(annotations: Iterable[Mapping[str, object]]) -> list[Mark]:
    """Rasa's annotations of an example as marks."""
    return [Mark(str(a["entity"]), str(a["value"]), int(str(a["start"])), int(str(a["end"]))) for a in annotations]
