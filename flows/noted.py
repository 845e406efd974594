"""What a telling named by the way: certain enough to be asked back ("Benar?"), or a guess that goes to staff alone, marked as one.

A place and an age are words that the person wrote. What kind of violence it is, and who did it, is a model's opinion: it is never read
back to a child as a question (docs/content.md, "What a telling names").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from flows.message import Entity, Understanding
from flows.places import match_place
from flows.scene import Scene
from flows.wording import word_set, words

CERTAIN = "certain"  # the fact: what may be asked back, by the name that a question's `known` gives
GUESSES = "guesses"  # the fact: what a model thinks, by the entity's name
GUESSED = ("violence_type", "relation", "place")
MOST = 8  # of each: a session is written at every turn

_I = word_set("aku umurku usiaku i im my")  # `words` writes saya, gue, ulun and the like as "aku"
_SOMEBODY_ELSE = word_set(
    """
    anak adik adek adikku adeknya anakku keponakan ponakan sepupu teman temanku kakak kakakku cucu cucuku murid muridku siswa siswi tetangga
    dia ia inya child son daughter brother sister friend pupil student niece nephew he she his her
    """
)
_NEAR = 4  # words before an age in which its owner is named
# From, to, the option of `child_age`, the option of `who` (somebody under six does not type alone).
_BANDS = ((0, 5, "under_6", ""), (6, 12, "age_6_12", "self_under_13"), (13, 17, "age_13_17", "self_13_17"))


def note(scene: Scene, understanding: Understanding) -> None:
    """Keeps what a telling named, among the facts. What was noted before stays where nothing new was said."""
    before = _dict(scene.facts.get(GUESSES))
    guesses = {name: [str(value) for value in found] for name, found in before.items() if isinstance(found, list)}
    for entity in understanding.entities:
        if entity.entity in GUESSED and entity.value not in guesses.setdefault(entity.entity, []):
            guesses[entity.entity] = [*guesses[entity.entity], entity.value][-MOST:]
    if guesses:
        scene.facts[GUESSES] = guesses
    certain = {**_dict(scene.facts.get(CERTAIN)), **_places(scene, understanding.entities), **_ages(understanding)}
    if certain:
        scene.facts[CERTAIN] = certain


def _dict(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, dict) else {}


def _places(scene: Scene, entities: Sequence[Entity]) -> dict[str, object]:
    """The one kelurahan that was named. Two are none: nobody knows which of them it is about."""
    named = {entity.value for entity in entities if entity.entity == "kelurahan"}
    found = match_place(named.pop(), scene.library.regions) if len(named) == 1 else None
    if found is None or not found.certain or found.kelurahan is None:
        return {}
    return {"area": {"kecamatan": found.kecamatan, "kelurahan": found.kelurahan, "text": ""}}


def _ages(understanding: Understanding) -> dict[str, object]:
    """The band of the one age that was named; and who writes, where the age is plainly the writer's own."""
    ages = [entity for entity in understanding.entities if entity.entity == "victim_age" and re.fullmatch("[0-9]{1,2}", entity.value)]
    if len({int(entity.value) for entity in ages}) != 1:
        return {}
    age = int(ages[0].value)
    found: dict[str, object] = {}
    for low, high, band, who in _BANDS:
        if low <= age <= high:
            found["child_age"] = band
            if who and _own(understanding.text, ages[0].start, ages[0].end):
                found["who"] = who
    return found


def _own(text: str, start: int, end: int) -> bool:
    """Whether the few words up to an age name the writer and nobody else ("aku masih 12 tahun", not "adik aku 9 tahun")."""
    before = set([*words(text[:start])[-_NEAR:], *words(text[start:end])])
    return bool(before & _I) and not before & _SOMEBODY_ELSE
