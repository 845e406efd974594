"""The layout as SVG text. Colours pass WCAG AA on their grounds, and every kind of card has a shape of its own."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from flows.picture.chart import Look, Way
from flows.picture.layout import Layout, Line, Placed
from flows.picture.measure import (
    INSET,
    LABEL,
    LABEL_LINE,
    LINE,
    NOTE,
    NOTE_LINE,
    PADDING,
    ROW,
    TEXT,
    exit_lines,
    note_lines,
    text_lines,
    title_lines,
    width_of,
)

INK = "#1f2933"
FAINT = "#52606d"
PAPER = "#ffffff"
# fill, edge, width of the edge
COLOURS: dict[Look, tuple[str, str, float]] = {
    Look.SAY: ("#f0f2f5", "#7b8794", 1.3),
    Look.ASK: ("#ffffff", "#1d5fa8", 2.0),
    Look.BRANCH: ("#fff7d6", "#8a6d00", 1.6),
    Look.DO: ("#e5f5ea", "#1c6b3a", 1.6),
    Look.DANGER: ("#fde3e1", "#b3150b", 3.4),
    Look.HANDOFF: ("#efe4fb", "#5b2a9d", 2.6),
    Look.JUMP: ("#e3f1f7", "#2a6079", 1.6),
    Look.REVIEW: ("#ffffff", "#1d5fa8", 2.0),
}
FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"


def number(value: float) -> str:
    """A coordinate, short and the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")


def text(
    x: float, y: float, words: str, size: float, *, anchor: str = "start", colour: str = INK, bold: bool = False
) -> str:
    """One line of text; `y` is its base line."""
    extra = ' font-weight="700"' if bold else ""
    extra += f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{colour}"{extra}>{escape(words, quote=False)}</text>'


def outline(look: Look, x: float, y: float, width: float, height: float) -> Iterator[str]:
    """The shape of a card."""
    fill, edge, thick = COLOURS[look]
    style = f'fill="{fill}" stroke="{edge}" stroke-width="{number(thick)}"'
    right, bottom = x + width, y + height
    box = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    cut = 12.0
    if look is Look.SAY:
        yield f'<rect {box} rx="14" {style}/>'
    elif look is Look.BRANCH:
        middle = y + height / 2
        yield _polygon([(x + cut, y), (right - cut, y), (right, middle), (right - cut, bottom), (x + cut, bottom), (x, middle)], style)
    elif look is Look.DANGER:
        upper = [(x, y + cut), (x + cut, y), (right - cut, y), (right, y + cut)]
        lower = [(right, bottom - cut), (right - cut, bottom), (x + cut, bottom), (x, bottom - cut)]
        yield _polygon([*upper, *lower], style)
    elif look is Look.HANDOFF:
        yield _polygon([(x, y), (right - 18, y), (right, y + height / 2), (right - 18, bottom), (x, bottom)], style)
    elif look is Look.JUMP:
        yield _polygon([(x + cut, y), (right, y), (right - cut, bottom), (x, bottom)], style)
    elif look is Look.REVIEW:
        yield _polygon([(x, y), (right - 16, y), (right, y + 16), (right, bottom), (x, bottom)], style)
        yield f'<path d="M{number(right - 16)} {number(y)} v16 h16" fill="none" stroke="{edge}" stroke-width="1.6"/>'
    else:
        yield f'<rect {box} {style}/>'
        if look is Look.DO:
            for at in (x + 7, right - 7):
                yield f'<path d="M{number(at)} {number(y)} V{number(bottom)}" stroke="{edge}" stroke-width="1.2"/>'
        else:
            yield f'<rect x="{number(x)}" y="{number(y)}" width="6" height="{number(height)}" fill="{edge}"/>'


def _polygon(points: list[tuple[float, float]], style: str) -> str:
    return f'<polygon points="{" ".join(f"{number(x)},{number(y)}" for x, y in points)}" {style}/>'


def pill(x: float, y: float, words: str, *, fill: str, colour: str, edge: str = "none", size: float = LABEL) -> tuple[str, float]:
    """A small rounded sign with its right end at `x`, its middle at `y`; and its width."""
    width = width_of(words, size) + 16
    box = f'x="{number(x - width)}" y="{number(y - 8.5)}" width="{number(width)}" height="17" rx="8.5"'
    shape = f'<rect {box} fill="{fill}" stroke="{edge}"/>'
    return shape + text(x - width / 2, y + 4, words, size, anchor="middle", colour=colour, bold=True), width


def card(placed: Placed, numbers: dict[str, int], end: str) -> Iterator[str]:
    """A card: its shape, its number, its words, and a row for each way that no line shows."""
    shown = placed.card
    yield from outline(shown.look, placed.x, placed.y, placed.width, placed.height)
    inset = PADDING + INSET.get(shown.look, 0.0)
    left, right = placed.x + inset, placed.x + placed.width - inset
    y = placed.y + PADDING - 2
    edge = COLOURS[shown.look][1]
    at = placed.x + placed.width - 22 if shown.look is Look.REVIEW else right
    yield text(at, y + 12, str(placed.number), LABEL, anchor="end", colour=edge, bold=True)
    for words in title_lines(shown):
        y += LINE
        yield text(left, y - 4, words, TEXT, bold=True)
    for words in text_lines(shown):
        y += LINE
        yield text(left, y - 4, words, TEXT)
    for words in note_lines(shown):
        y += NOTE_LINE
        yield text(left, y - 3, words, NOTE, colour=FAINT)
    if placed.exits:
        y += 6
    for way in placed.exits:
        yield f'<path d="M{number(left)} {number(y)} H{number(right)}" stroke="{edge}" stroke-width="0.6" stroke-dasharray="2 3"/>'
        y += 4
        lines = exit_lines(shown, way)
        for index, words in enumerate(lines):
            yield text(left, y + 11.5 + ROW * index, words, LABEL)
        yield from _destination(way, right, y + 7.5, numbers, end)
        y += ROW * len(lines) + 3


def _destination(way: Way, x: float, y: float, numbers: dict[str, int], end: str) -> Iterator[str]:
    if way.leaves:
        fill, edge, _ = COLOURS[way.look]
        sign, width = pill(x, y, way.leaves, fill=fill, colour=edge, edge=edge)
    elif way.target is None:
        sign, width = pill(x, y, end, fill=INK, colour=PAPER)
    else:
        sign, width = pill(x, y, str(numbers[way.target]), fill="#d9e2ec", colour=INK)
    yield sign
    yield f'<path d="M{number(x - width - 14)} {number(y)} h9" stroke="{INK}" stroke-width="1.3" marker-end="url(#tip)"/>'


def line(drawn: Line) -> Iterator[str]:
    """A line with its label at the place where it leaves."""
    path = f"M{number(drawn.x)} {number(drawn.y)} V{number(drawn.bend)} H{number(drawn.end_x)} V{number(drawn.end_y)}"
    if drawn.x == drawn.end_x:
        path = f"M{number(drawn.x)} {number(drawn.y)} V{number(drawn.end_y)}"
    yield f'<path d="{path}" fill="none" stroke="{FAINT}" stroke-width="1.6" stroke-linejoin="round" marker-end="url(#tip)"/>'
    if drawn.label:
        room = max(width_of(words, LABEL) for words in drawn.label) + 6
        high = LABEL_LINE * len(drawn.label) + 3
        box = f'x="{number(drawn.x - room / 2)}" y="{number(drawn.y + 4)}" width="{number(room)}" height="{number(high)}"'
        yield f'<rect {box} fill="{PAPER}"/>'
    for index, words in enumerate(drawn.label):
        yield text(drawn.x, drawn.y + 15 + LABEL_LINE * index, words, LABEL, anchor="middle")


def door(placed: Placed) -> Iterator[str]:
    """The signs of the ways into the conversation, above a card."""
    x, y = placed.x + placed.width / 2, placed.y - 30
    words = " / ".join(placed.card.doors)
    width = width_of(words, TEXT) + 32
    fill = COLOURS[Look.DANGER][1] if placed.card.alarm else INK
    yield f'<rect x="{number(x - width / 2)}" y="{number(y - 12)}" width="{number(width)}" height="24" rx="12" fill="{fill}"/>'
    yield text(x, y + 4.5, words, TEXT, anchor="middle", colour=PAPER, bold=True)
    yield f'<path d="M{number(x)} {number(y + 12)} V{number(placed.y - 2)}" stroke="{FAINT}" stroke-width="1.6" marker-end="url(#tip)"/>'


def body(layout: Layout, end: str) -> Iterator[str]:
    """Everything of the layout."""
    numbers = {placed.card.id: placed.number for placed in layout.placed}
    for drawn in layout.lines:
        yield from line(drawn)
    for placed in layout.placed:
        if placed.card.doors:
            yield from door(placed)
        yield f'<g id="{escape(placed.card.id)}">'
        yield from card(placed, numbers, end)
        yield "</g>"


def sample(look: Look, x: float, y: float) -> Iterator[str]:
    """A small empty card for the legend."""
    yield from outline(look, x, y, 54, 30)
