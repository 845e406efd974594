"""Finding a receipt in what a person typed: tolerant of how it is written and of one slip, never a guess between two.

A reading that is wrong does no harm beyond "not found": only one in 2⁵⁰ codes belongs to anybody, so a slip never opens another person's
mailbox. What the caution here saves is the budget of tries.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.vault.word_code import BY_PREFIX, COUNT, NUMBERS, PREFIX, WORDS, is_valid, split_run

MAX_LETTERS = 2000
"""Nothing beyond so many characters of a message is looked at."""

_MAX_TOKENS = 60
_BEFORE = frozenset(["kode", "kodeku", "kodenya", "code", "my", "the", "is", "ini", "itu", "adalah", "aku", "saya"])

# Words that people put between and around the five. None is in the list, nor the beginning of a word of it.
# fmt: off
FILLERS = frozenset((
    "satu", "dua", "tiga", "empat", "lima", "kesatu", "pertama", "kedua", "ketiga", "keempat", "kelima", "terakhir",
    "nomor", "nomer", "angka", "koma", "dan", "lalu", "terus", "kemudian", "habis", "abis", "itu", "ini",
    "kata", "kode", "kodeku", "kodenya", "sandi", "sandinya",
    "one", "two", "three", "four", "five", "first", "second", "third", "fourth", "fifth", "last",
    "number", "comma", "and", "then", "code", "word",
))
# fmt: on


def _runs(text: str) -> list[str]:
    """The runs of letters a–z, without accents, invisible characters, case, numbering and punctuation."""
    plain = unicodedata.normalize("NFKD", text[:MAX_LETTERS]).casefold()
    plain = "".join(letter for letter in plain if unicodedata.category(letter) not in ("Mn", "Cf"))
    return re.findall("[a-z]+", plain)


def _tokens(runs: Sequence[str]) -> list[str]:
    """What may be words of a receipt: words run together are told apart, and what people put around the five is left out."""
    tokens: list[str] = []
    for run in runs:
        # One and two letters are numbering ("a.", "ke-2") or short words of a sentence: no word of the list is so short.
        if len(run) > 2 and run not in FILLERS:
            tokens.extend(split_run(run) or (run,))
    return tokens[:_MAX_TOKENS]


def _word_of(token: str) -> str | None:
    """The word that is meant when nothing is misspelt: the word itself, or its beginning from four letters on."""
    if token in NUMBERS:
        return token
    word = BY_PREFIX.get(token[:PREFIX], "")
    return word if len(token) >= PREFIX and word.startswith(token) else None


def _near(token: str, distance: int) -> tuple[str, ...]:
    """The words of the list that differ from `token` in 1 to `distance` letters added, left out, changed, or swapped with the next."""
    found = process.extract(token, WORDS, scorer=OSA.distance, score_cutoff=distance, limit=None)
    return tuple(word for word, gap, _ in found if gap > 0)


def _windows(items: Sequence[str]) -> Iterator[list[str]]:
    for start in range(len(items) - COUNT + 1):
        yield list(items[start : start + COUNT])


def _exact(tokens: Sequence[str], letters: str) -> set[tuple[str, ...]]:
    """Receipts that stand in the text without a slip. `letters` are all of it, with no space between."""
    found = set()
    for window in _windows(tokens):
        words = tuple(word for token in window if (word := _word_of(token)) is not None)
        if is_valid(words):
            found.add(words)
    whole = split_run(letters)  # a space in the middle of a word
    if is_valid(whole):
        found.add(whole)
    return found


def _repaired(tokens: Sequence[str], distance: int) -> Iterator[tuple[str, ...]]:
    """What the text may mean if one word in five is misspelt, by up to `distance` letters."""
    for window in _windows(tokens):
        words = [_word_of(token) for token in window]
        unknown = [place for place, word in enumerate(words) if word is None]
        if len(unknown) > 1 or (distance > 1 and not unknown):
            continue  # a word of the list typed for another one is looked for one letter away only
        for place in unknown or range(COUNT):
            for candidate in _near(window[place], distance):
                yield tuple(candidate if at == place else word or "" for at, word in enumerate(words))


def _rearranged(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """What the text may mean if two neighbouring words changed places, or if words stand between that are not of the list."""
    known = [word for token in tokens if (word := _word_of(token)) is not None]
    for words in _windows(known):
        yield tuple(words)
        for place in range(COUNT - 1):
            swapped = [*words]
            swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
            yield tuple(swapped)


def looks_like_receipt(text: str) -> bool:
    """Whether a message is nothing but a code, and no sentence of anybody's: five words of the list, right or not, numbered or not,
    perhaps after "kodeku"; or four of them and one that is misspelt, if they make a code.

    Strict on purpose, unlike `read_receipt`: what this says is a code is not listened to for danger.
    """
    words = re.findall(r"[^\W\d_]+", text.casefold())
    while len(words) > COUNT and words[0] in _BEFORE:
        del words[0]
    strange = sum(word not in NUMBERS for word in words)
    return len(words) == COUNT and (strange == 0 or (strange == 1 and read_receipt(" ".join(words)) is not None))


def read_receipt(text: str) -> str | None:
    """The receipt that a person typed, in its one canonical form (five words of the list, one space between); None if there is none.

    Read without a guess: any case, spaces, line breaks, punctuation, numbering, words run together, a sentence around the words, and
    words typed by their first four letters. Then one slip: a misspelt word (one letter; or two, if it is no word of the list), or two
    neighbouring words in the wrong order. A slip is only mended if exactly one mending makes the check bits right; otherwise None, and
    the person is asked again.
    """
    runs = _runs(text)
    tokens = _tokens(runs)
    found = _exact(tokens, "".join(runs))
    if not found:
        found = {words for words in (*_repaired(tokens, 1), *_rearranged(tokens)) if is_valid(words)}
    if not found:
        found = {words for words in _repaired(tokens, 2) if is_valid(words)}
    return " ".join(found.pop()) if len(found) == 1 else None
