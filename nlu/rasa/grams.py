"""A sentence → how often each word and piece of a word stands in it, as written and as meant. Standard library only."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from nlu.normalise import tokens


def letters(words: Iterable[str], shortest: int, longest: int) -> Iterator[str]:
    """Every piece of `shortest` to `longest` letters inside each word; a blank stands for where a word begins or ends.

    >>> sorted(letters(["aku"], 4, 5))
    [' aku', ' aku ', 'aku ']
    """
    for word in words:
        padded = f" {word} "
        for size in range(shortest, longest + 1):
            if size >= len(padded):
                yield padded
                break
            for at in range(len(padded) - size + 1):
                yield padded[at : at + size]


def runs(words: Sequence[str], longest: int) -> Iterator[str]:
    """Every run of one to `longest` neighbouring words.

    >>> list(runs(["aku", "takut", "pulang"], 2))
    ['aku', 'takut', 'pulang', 'aku takut', 'takut pulang']
    """
    for size in range(1, longest + 1):
        for at in range(len(words) - size + 1):
            yield " ".join(words[at : at + size])


def _written(text: str) -> list[str]:
    return unicodedata.normalize("NFKC", text).lower().split()


# Each way to look at a sentence. What is learned is stored by these names: a change of meaning asks for a new name.
VIEWS: Mapping[str, Callable[[str], Iterator[str]]] = {
    "letters_written": lambda text: letters(_written(text), 2, 5),
    "letters_meant": lambda text: letters([token.word for token in tokens(text)], 2, 5),
    "words_meant": lambda text: runs([token.word for token in tokens(text)], 2),
    "roots": lambda text: runs([token.stem for token in tokens(text)], 2),
}


def count(view: str, text: str) -> Counter[str]:
    """How often each piece of the view stands in `text`. Raises `KeyError` for a view that does not exist."""
    return Counter(VIEWS[view](text))
