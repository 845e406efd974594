"""What a sentence loses before it leaves this process for the model: numbers that are somebody's, links, e-mail addresses.

The model needs none of them to tell what a sentence is about. What it finds in the masked sentence is brought back to the places of the
original one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST = 1000  # characters: a longer story keeps its beginning and its end, where the question stands

_LINK_ENDINGS = "com|net|org|info|biz|xyz|id|edu|gov|my|sg"
_SHORT_ENDINGS = "me|ly|co|io|gg|tv|to|ee|be|app|link|site|page|gl"  # also ends of words: a link only with something behind the slash
_MASKED = re.compile(
    r"(?P<email>[\w.+%\-]+@[\w\-]+(?:\.[\w\-]+)+)"
    r"|(?P<link>(?:https?://|www\.)\S+"
    rf"|(?<![\w.@])(?:[a-z0-9\-]+\.)+(?:(?:{_LINK_ENDINGS})(?![\w\-])(?:/\S*)?|(?:{_SHORT_ENDINGS})/\S+))"
    # Seven digits and more, with what people and programs write between them: telephone, KTP, bank account.
    r"|(?P<number>\+?(?<!\w)\(?\d(?:[ \u00a0().\-/]{0,3}\d){6,})",
    re.IGNORECASE,
)
_INSTEAD = {"email": "email", "link": "link", "number": "0"}
_BEFORE = re.compile(r"[\s/]*")  # Rasa takes "/intent" for a command to itself, and cuts blanks off: both would move the offsets


@dataclass(frozen=True, kw_only=True, slots=True)
class Masked:
    """`text` is what may be sent. `kept` says which stretches of it are the original's: (start in it, start in the original, length)."""

    text: str
    kept: tuple[tuple[int, int, int], ...]

    def original(self, start: int, end: int) -> tuple[int, int] | None:
        """The place in the original of a place in `text`, or None if it is not the original's own words."""
        for at, origin, length in self.kept:
            if at <= start < end <= at + length:
                return start - at + origin, end - at + origin
        return None


def _stretches(text: str) -> Iterator[tuple[int, str | None, int]]:
    """The text in pieces: where each begins, what stands for it (None: itself), and its length."""
    begin = _BEFORE.match(text)
    at = begin.end() if begin is not None else 0
    for match in _MASKED.finditer(text, at):
        yield at, None, match.start() - at
        yield match.start(), _INSTEAD[match.lastgroup or "number"], match.end() - match.start()
        at = match.end()
    yield at, None, len(text.rstrip()) - at


def mask(text: str) -> Masked:
    """The sentence as the model may see it, at most about `MOST` characters of it.

    >>> mask("wa ku 0812-3456-7890, tolong").text
    'wa ku 0, tolong'
    """
    parts: list[str] = []
    kept: list[tuple[int, int, int]] = []
    length = 0
    for start, instead, size in _stretches(text):
        if size <= 0:
            continue
        piece = text[start : start + size] if instead is None else instead
        if instead is None:
            kept.append((length, start, size))
        parts.append(piece)
        length += len(piece)
    whole = Masked(text="".join(parts), kept=tuple(kept))
    return whole if length <= MOST else _shortened(whole)


def _shortened(whole: Masked) -> Masked:
    """The first and the last half of `MOST` characters, a blank between them."""
    half = MOST // 2
    cut = len(whole.text) - half  # what stands before it and after `half` is left out
    kept = []
    for at, origin, size in whole.kept:
        if at < half:
            kept.append((at, origin, min(size, half - at)))
        if at + size > cut:
            skipped = max(0, cut - at)
            kept.append((at + skipped - cut + half + 1, origin + skipped, size - skipped))
    return Masked(text=f"{whole.text[:half]} {whole.text[cut:]}", kept=tuple(kept))
