"""Phrases over normalised words: what a line of `data/<language>/danger.yml` says, and where it is found in a message.

A phrase is words with blanks between them. Each place may be:
    word        any spelling and form of the word ("pukul" hears mukulin, dipukul, napukul; "dipukul" only the passive)
    a|b|c       one of several words
    <group>     one of the words of a group of the same file
    <number>    a number of four or more
    word?       may be missing
    _           up to one other word
    ..          up to three other words
Little words (aja, kak, ya, banget, mi, ji …) never count as other words, and no denial may stand inside a phrase that does not name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nlu.normalise import form_of

GAPS = {"_": 1, "..": 3}
NUMBER = "<number>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """One place of a phrase: the words that fit, how many other words may stand before it, and whether it may be missing."""

    words: frozenset[str]
    gap: int = 0
    optional: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrase:
    """A compiled line. `anchor` is the place whose words are looked up first: the rarest among all phrases."""

    text: str
    file: str
    line: int
    slots: tuple[Slot, ...]
    anchor: int = 0
    needs: tuple[str, ...] = ()
    despite: frozenset[str] = frozenset()

    @property
    def slips(self) -> int:
        """How many misspelt words are borne: one, and one more for every further three words that must be there."""
        return 1 + (sum(not slot.optional for slot in self.slots) - 1) // 3


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as phrases see it: for each word, the words that it may be, each with 0 (as written) or 1 (one slip away)."""

    words: Sequence[Mapping[str, int]]
    where: Mapping[str, Sequence[int]]  # word → the places in the message where it may stand
    fillers: frozenset[int]
    denials: frozenset[int]


@dataclass(frozen=True, slots=True)
class Span:
    """Where a phrase was found: the first and the last word (inclusive), the words that fill its places, and those misspelt."""

    first: int
    last: int
    places: tuple[int, ...]
    slipped: tuple[int, ...]


def compile_phrase(
    text: str,
    groups: Mapping[str, frozenset[str]],
    *,
    file: str,
    line: int,
    needs: tuple[str, ...] = (),
    despite: frozenset[str] = frozenset(),
) -> Phrase | str:
    """The phrase that `text` says, or what is wrong with it in one sentence."""
    slots: list[Slot] = []
    gap = 0
    for piece in text.split():
        if piece in GAPS:
            gap += GAPS[piece]
            continue
        optional = piece.endswith("?") and len(piece) > 1
        words: set[str] = set()
        for name in (piece[:-1] if optional else piece).split("|"):
            if name == NUMBER:
                words.add(NUMBER)
            elif name.startswith("<") and name.endswith(">"):
                if name[1:-1] not in groups:
                    return f"'{text}': there is no group {name}"
                words |= groups[name[1:-1]]
            elif not name or not name.replace("'", "").replace("-", "").isalnum():
                return f"'{text}': '{piece}' is no word (write word, a|b, <group>, word?, _ or ..)"
            else:
                words.add(form_of(name.casefold())[0])
        slots.append(Slot(words=frozenset(words), gap=gap, optional=optional))
        gap = 0
    if not slots or gap:
        return f"'{text}': a phrase begins and ends with a word"
    if slots[0].gap or slots[0].optional or slots[-1].optional:
        return f"'{text}': a phrase begins and ends with a word that must be there"
    return Phrase(text=text, file=file, line=line, slots=tuple(slots), needs=needs, despite=despite)


def find(phrase: Phrase, heard: Heard, *, slips: int | None = None) -> Iterator[Span]:
    """Every place where the phrase stands in the message, with at most `slips` misspelt words (the phrase's own number if not said)."""
    slots = phrase.slots
    said = heard.where.keys()
    for slot in slots:
        if not slot.optional and slot.words.isdisjoint(said):
            return
    most = phrase.slips if slips is None else slips
    starts = {at for word in slots[0].words & said for at in heard.where[word]}
    for first in sorted(starts):
        wrong = _fits(slots[0], heard.words[first])
        if wrong <= most:
            yield from _follow(phrase, 1, (first,), (first,) if wrong else (), most, heard)


def _fits(slot: Slot, said: Mapping[str, int]) -> int:
    best = 9
    words = slot.words
    for word in said:
        if word in words and said[word] < best:
            best = said[word]
    return best


def _follow(
    phrase: Phrase, index: int, places: tuple[int, ...], slipped: tuple[int, ...], most: int, heard: Heard, *, spare: int = 0
) -> Iterator[Span]:
    if index == len(phrase.slots):
        yield Span(places[0], places[-1], places, slipped)
        return
    slot = phrase.slots[index]
    left = slot.gap + spare
    place = places[-1] + 1
    while place < len(heard.words):
        wrong = _fits(slot, heard.words[place])
        if len(slipped) + wrong <= most:
            here = (*slipped, place) if wrong else slipped
            yield from _follow(phrase, index + 1, (*places, place), here, most, heard)
        if place not in heard.fillers:
            if left == 0 or place in heard.denials:
                break
            left -= 1
        place += 1
    if slot.optional:
        yield from _follow(phrase, index + 1, places, slipped, most, heard, spare=slot.gap + spare)
