"""The words of a receipt as a code: 50 random bits and 5 check bits in five words of 11 bits.

`words.txt` holds 2,048 Indonesian words, one a line, sorted: 3 to 8 letters a–z, no two with the same first four letters, none the
beginning of another (so that words typed without spaces can be told apart). A word's number is its line, from 0. The order is part of
the format: words that were handed out must keep their numbers, so the list is never changed; a better list would be a second list.

Bits, from the first word's highest to the last word's lowest: 50 random bits, then the first 5 bits of
SHA-256("ruang-aman/1 receipt check" + the 50 bits as 7 bytes, big-endian).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

COUNT = 5
"""Words of a receipt."""

RANDOM_BITS = 50
CHECK_BITS = 5
PREFIX = 4
"""So many first letters say which word it is."""

_WORD_BITS = 11
_LABEL = b"ruang-aman/1 receipt check"

WORDS: tuple[str, ...] = tuple(Path(__file__).with_name("words.txt").read_text(encoding="ascii").split())
NUMBERS: dict[str, int] = {word: number for number, word in enumerate(WORDS)}
BY_PREFIX: dict[str, str] = {word[:PREFIX]: word for word in WORDS}


@cache
def _by_length() -> tuple[int, ...]:
    return tuple(sorted({len(word) for word in WORDS}))


def check_bits(bits: int) -> int:
    """The 5 check bits of 50 random bits."""
    return hashlib.sha256(_LABEL + bits.to_bytes(7, "big")).digest()[0] >> (8 - CHECK_BITS)


def to_words(bits: int) -> tuple[str, ...]:
    """The five words of 50 random bits. Raises ValueError outside 0 … 2⁵⁰-1."""
    if not 0 <= bits < 1 << RANDOM_BITS:
        raise ValueError("a receipt has 50 random bits")
    code = bits << CHECK_BITS | check_bits(bits)
    return tuple(WORDS[code >> _WORD_BITS * place & len(WORDS) - 1] for place in reversed(range(COUNT)))


def is_valid(words: Sequence[str]) -> bool:
    """Whether these are five words of the list with the right check bits: true for 1 in 32 of any five words of the list."""
    if len(words) != COUNT or any(word not in NUMBERS for word in words):
        return False
    code = 0
    for word in words:
        code = code << _WORD_BITS | NUMBERS[word]
    return check_bits(code >> CHECK_BITS) == code & (1 << CHECK_BITS) - 1


def split_run(letters: str) -> tuple[str, ...]:
    """The words of the list that make up `letters` when written without a space; empty if they do not.

    There is never more than one way, since no word is the beginning of another.
    """
    words: list[str] = []
    start = 0
    while start < len(letters):
        word = next((letters[start : start + size] for size in _by_length() if letters[start : start + size] in NUMBERS), None)
        if word is None:
            return ()
        words.append(word)
        start += len(word)
    return tuple(words)
