"""A bubble as plain text: its options numbered, lone surrogates mended, and cut into pieces where a platform's limit demands it."""

from __future__ import annotations

from collections.abc import Callable

from flows.message import Outbound

# Where a text may be cut, best first. The separator stays at the end of the piece before it, so that the pieces joined are the text.
_SEAMS = ("\n\n", "\n", ". ", "? ", "! ", "; ", ", ", " ")


def body(message: Outbound) -> str:
    """The words of a bubble with its options numbered from 1 underneath (a number typed is as good as a tap)."""
    text = whole_unicode(message.text)
    if not message.choices:
        return text
    lines = []
    for number, choice in enumerate(message.choices, 1):
        line = f"{number}. {whole_unicode(choice.label)}"
        if choice.description:
            line += f" – {whole_unicode(choice.description)}"
        lines.append(line)
    options = "\n".join(lines)
    return f"{text}\n\n{options}" if text.strip() else options


def whole_unicode(text: str) -> str:
    """The text without lone surrogates, which no UTF-8 can carry: two that form a pair become their character, others U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def text_of(value: object) -> str:
    """A field of a platform's message that should hold text: whole Unicode; "" if it holds something else."""
    return whole_unicode(value) if isinstance(value, str) else ""


def utf16_length(text: str) -> int:
    """The length in UTF-16 code units: how Telegram counts (an emoji is two)."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def pieces(text: str, limit: int, *, length: Callable[[str], int] = len) -> list[str]:
    """Cuts a text into pieces of at most `limit` (as `length` counts; 2 or more), at a paragraph, line, sentence or word if there is one.

    The pieces joined are the text, to the character. A seam in the first half of what would fit is not used: it would leave crumbs.
    """
    found = []
    while length(text) > limit:
        cut = _cut(text, _fitting(text, limit, length))
        found.append(text[:cut])
        text = text[cut:]
    return [*found, text]


def _fitting(text: str, limit: int, length: Callable[[str], int]) -> int:
    """The greatest number of leading characters whose length is within the limit (at least one character)."""
    low, high = 1, min(len(text), limit)  # no character is shorter than one unit
    while low < high:
        middle = (low + high + 1) // 2
        if length(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _cut(text: str, fits: int) -> int:
    for seam in _SEAMS:
        at = text.rfind(seam, fits // 2, fits)
        if at >= 0:
            return at + len(seam)
    # No seam at all (a script without spaces, a long word): at least keep an accent, a variation sign or a joined emoji with its base.
    at = fits
    while at > 1 and fits - at < 32 and (_joins(text[at]) or text[at - 1] == "\u200d"):
        at -= 1
    return at if fits - at < 32 and at > 1 else fits


def _joins(character: str) -> bool:
    """Whether the character belongs to the one before it: combining marks, variation selectors, joiner, skin tones."""
    point = ord(character)
    return 0x300 <= point <= 0x36F or 0xFE00 <= point <= 0xFE0F or point == 0x200D or 0x1F3FB <= point <= 0x1F3FF
