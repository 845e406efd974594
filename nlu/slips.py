"""One-letter slips of typing: a letter lost, added, changed, or two neighbours swapped.

Every word is entered under each of its spellings with one letter taken out, so that a misspelt word finds it with a few look-ups
instead of being compared with all of them (the idea of SymSpell's deletion index, for distance one).
"""

from __future__ import annotations

from collections.abc import Iterable

SHORTEST = 4  # a slip in a shorter word makes another word too often


def one_slip(one: str, other: str) -> bool:
    """Whether exactly one slip lies between two different words."""
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    apart = len(long) - len(short)
    if apart > 1 or one == other:
        return False
    at = 0
    while at < len(short) and short[at] == long[at]:
        at += 1
    if apart == 1:
        return short[at:] == long[at + 1 :]
    if short[at + 1 :] == long[at + 1 :]:
        return True
    return at + 1 < len(short) and short[at] == long[at + 1] and short[at + 1] == long[at] and short[at + 2 :] == long[at + 2 :]


class SlipIndex:
    """Words that are recognised with one slip. Words shorter than `SHORTEST` letters are left out."""

    def __init__(self, words: Iterable[str]) -> None:
        entries: dict[str, set[str]] = {}
        self.words = frozenset(word for word in words if len(word) >= SHORTEST)
        for word in self.words:
            entries.setdefault(word, set()).add(word)
            for at in range(len(word)):
                entries.setdefault(word[:at] + word[at + 1 :], set()).add(word)
        self._entries = {shorter: tuple(sorted(found)) for shorter, found in entries.items()}

    def near(self, word: str) -> list[str]:
        """The entered words that are one slip away from `word` (not `word` itself)."""
        entries = self._entries
        found = set(entries.get(word, ()))
        for at in range(len(word)):
            hits = entries.get(word[:at] + word[at + 1 :])
            if hits is not None:
                found.update(hits)
        return [other for other in found if one_slip(word, other)] if found else []
