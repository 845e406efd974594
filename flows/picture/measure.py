"""How much room words take. There is no font here to ask, so the widths are those of Helvetica and its like, rounded up."""

from __future__ import annotations

from collections.abc import Sequence

from flows.picture.chart import Card, Look, Way

CARD = 224.0  # width of a card
GAP = 22.0  # between cards of a layer
PADDING = 11.0
TEXT = 14.5
NOTE = 12.0
LABEL = 12.5
LINE = 17.5
NOTE_LINE = 15.0
LABEL_LINE = 14.5
ROW = 15.5
BADGE = 30.0  # the number at the right of a row
_NUMBER = 24.0  # the room of the card's number beside its first line

# Widths of Helvetica, in thousandths of the size (Adobe's font metrics; Arial and Liberation Sans have the same).
_WIDTHS = {
    **dict.fromkeys("ijl'", 222), **dict.fromkeys("ftI .,:;/!|[]", 278), **dict.fromkeys("r()-`{}", 333), **dict.fromkeys('"*', 385),
    **dict.fromkeys("ckszvxyJ", 500), **dict.fromkeys("FTZ", 611), **dict.fromkeys("ABEKPSVXY&", 667), **dict.fromkeys("CDHNRUw", 722),
    **dict.fromkeys("GOQ", 778), **dict.fromkeys("mM", 833), **dict.fromkeys("W%", 944), **dict.fromkeys("…—@", 1015),
}  # fmt: skip
_OTHER = 570
_SPARE = 1.02
# Cards whose outline cuts corners need more room inside.
INSET = {Look.BRANCH: 14.0, Look.DANGER: 8.0, Look.HANDOFF: 14.0, Look.JUMP: 12.0}


def width_of(text: str, size: float) -> float:
    """The width of a text in units of the picture."""
    return sum(_WIDTHS.get(character, _OTHER) for character in text) * size * _SPARE / 1000


def wrap(text: str, room: float, size: float, *, most: int = 99, first: float = 0.0) -> list[str]:
    """A text in lines that fit; the last of `most` lines is cut. The first line is shorter by `first`."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size) <= room - (first if len(lines) == 1 else 0.0):
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} …"]
    return lines


def inner(card: Card, width: float = CARD) -> float:
    """The room for a line of text in a card."""
    return width - 2 * (PADDING + INSET.get(card.look, 0.0))


def title_lines(card: Card) -> list[str]:
    """The bold lines of a card."""
    return wrap(card.title, inner(card), TEXT * 1.06, first=_NUMBER)


def text_lines(card: Card) -> list[str]:
    """The lines of what a person reads."""
    return wrap(card.text, inner(card), TEXT, first=0.0 if card.title else _NUMBER)


def note_lines(card: Card) -> list[str]:
    """The small print."""
    return wrap(card.note, inner(card), NOTE)


def exit_lines(card: Card, way: Way) -> list[str]:
    """The words of a way that is told in a row."""
    room = inner(card) - (width_of(way.leaves, LABEL) + 30 if way.leaves else 58 if way.target is None else BADGE + 12)
    return wrap(way.label, max(room, 60), LABEL, most=4) or [""]


def card_height(card: Card, exits: Sequence[Way]) -> float:
    """The height of a card with these rows in it."""
    body = LINE * (len(title_lines(card)) + len(text_lines(card))) + NOTE_LINE * len(note_lines(card))
    rows = sum(ROW * len(exit_lines(card, way)) + 7 for way in exits)
    return 2 * PADDING - 4 + body + (rows + 6 if exits else 0)
