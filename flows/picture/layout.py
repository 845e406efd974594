"""Where the cards lie: layers from the top down, folded into columns so that the whole fits a sheet of paper.

A way to the next layer of the same column is drawn as a line; any other is a row in the card that names the number of the card where it
goes on, as flowcharts that run over several pages do. So no line crosses a card.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from flows.picture.chart import Card, Way
from flows.picture.measure import CARD, GAP, LABEL, LABEL_LINE, card_height, wrap

TRACK = 9
COLUMN_GAP = 40
MARGIN = 40
DOOR = 48
LABEL_WIDTH = 150
A3 = (420.0, 297.0)  # millimetres, ISO 216
ABREAST = (2, 3, 4)  # how many cards may stand side by side: what is tried
LINES_WORTH = 0.5
TRIES = 60  # different heights of the columns that are looked at
PORT = 104.0  # the room for the label of each of several lines


@dataclass(kw_only=True, slots=True)
class Placed:
    """A card with its place. `number` is its number in reading order; `lines` are the ways drawn as lines, `exits` those in rows."""

    card: Card
    layer: int
    number: int = 0
    x: float = 0
    y: float = 0
    width: float = CARD
    height: float = 0
    column: int = 0
    lines: list[Way] = field(default_factory=list)
    exits: list[Way] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line from card to card: from (x, y) down to the height `bend`, across, and down to (end_x, end_y)."""

    x: float
    y: float
    bend: float
    end_x: float
    end_y: float
    label: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The whole picture in its own units."""

    placed: tuple[Placed, ...]
    lines: tuple[Line, ...]
    width: float
    height: float


def lay_out(cards: Sequence[Card], *, head: float, foot: float) -> Layout:
    """The layout that can be printed largest on A3 with `head` above and `foot` below it."""
    tried: dict[tuple[int, tuple[int, ...]], Layout] = {}
    apart = _apart(cards)
    for abreast in ABREAST:
        layers: dict[str, int] = {}
        for group in apart:
            below = max(layers.values(), default=-1) + 1
            layers |= {name: below + layer for name, layer in _split(group, _layers(group), abreast).items()}
        sizes = _sizes(cards, layers)
        tallest, total = max(height for _, height in sizes), sum(height for _, height in sizes)
        for part in range(TRIES):
            breaks = _breaks(sizes, tallest + (total - tallest) * (part / (TRIES - 1)) ** 2)
            if (abreast, breaks) not in tried:
                tried[abreast, breaks] = _folded(cards, layers, breaks)
    return max(tried.values(), key=lambda layout: _scale(layout.width, layout.height + head + foot) * _connected(layout))


def _connected(layout: Layout) -> float:
    """How much a layout is worth for the ways that it shows as lines: somewhat smaller print is worth them."""
    ways = sum(len(placed.lines) + sum(way.target is not None for way in placed.exits) for placed in layout.placed)
    return 1 + LINES_WORTH * len(layout.lines) / max(ways, 1)


def _apart(cards: Sequence[Card]) -> list[list[Card]]:
    """The cards behind each door on their own, each at the first door that leads there."""
    by_id = {card.id: card for card in cards}
    taken: set[str] = set()
    groups: list[list[Card]] = []
    for root in [*(card.id for card in cards if card.doors), *by_id]:
        group: set[str] = set()
        todo = [root]
        while todo:
            name = todo.pop()
            if name in taken or (by_id[name].doors and name != root):
                continue
            taken.add(name)
            group.add(name)
            todo.extend(way.target for way in by_id[name].ways if way.target in by_id)
        if group:
            groups.append([card for card in cards if card.id in group])
    return groups


def _split(cards: Sequence[Card], layers: dict[str, int], abreast: int) -> dict[str, int]:
    """Layers with more cards than may stand abreast become two or more."""
    split: dict[str, int] = {}
    at = -1
    for layer in range(max(layers.values(), default=0) + 1):
        for index, card in enumerate(card for card in cards if layers[card.id] == layer):
            at += index % abreast == 0
            split[card.id] = at
    return split


def _scale(width: float, height: float) -> float:
    """Millimetres a unit on A3, upright or across."""
    return max(min(A3[0] / width, A3[1] / height), min(A3[1] / width, A3[0] / height))


def _sizes(cards: Sequence[Card], layers: dict[str, int]) -> list[tuple[float, float]]:
    """About how wide and how high each layer is."""
    sizes: list[tuple[float, float]] = []
    for layer in range(max(layers.values(), default=0) + 1):
        row = [card for card in cards if layers[card.id] == layer]
        height = max(card_height(card, [way for way in card.ways if layers.get(way.target or "") != layer + 1]) for card in row)
        sizes.append((len(row) * (CARD + GAP) - GAP, height + 52))
    return sizes


def _breaks(sizes: list[tuple[float, float]], most: float) -> tuple[int, ...]:
    """The layers at which a new column starts, so that no column is higher than `most` and all together are as narrow as can be."""
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for end in range(1, len(sizes) + 1):
        options: list[tuple[float, tuple[int, ...]]] = []
        width = height = 0.0
        for start in range(end - 1, -1, -1):
            width, height = max(width, sizes[start][0]), height + sizes[start][1]
            if height > most and start < end - 1:
                break
            options.append((best[start][0] + width + COLUMN_GAP, (*best[start][1], start)))
        best.append(min(options))
    return best[-1][1]


def _layers(cards: Sequence[Card]) -> dict[str, int]:
    """The longest way to each card; ways back do not count."""
    by_id = {card.id: card for card in cards}
    back: set[tuple[str, str]] = set()
    state: dict[str, int] = {}
    order: list[str] = []
    for root in [*(card.id for card in cards if card.doors), *by_id]:
        if state.get(root):
            continue
        path = [(root, [way.target for way in by_id[root].ways if way.target in by_id])]
        state[root] = 1
        while path:
            name, rest = path[-1]
            if not rest:
                state[name] = 2
                order.append(name)
                path.pop()
                continue
            target = str(rest.pop(0))
            if state.get(target) == 1:
                back.add((name, target))
            elif not state.get(target):
                state[target] = 1
                path.append((target, [way.target for way in by_id[target].ways if way.target in by_id]))
    layers = dict.fromkeys(by_id, 0)
    for name in reversed(order):
        for way in by_id[name].ways:
            if way.target in by_id and (name, way.target) not in back:
                layers[str(way.target)] = max(layers[str(way.target)], layers[name] + 1)
    return layers


def _folded(cards: Sequence[Card], layers: dict[str, int], breaks: tuple[int, ...]) -> Layout:
    depth = max(layers.values(), default=0) + 1
    rows: list[list[Placed]] = [[] for _ in range(depth)]
    for card in cards:
        rows[layers[card.id]].append(Placed(card=card, layer=layers[card.id]))
    where = {placed.card.id: placed for row in rows for placed in row}
    for row in rows:
        for placed in row:
            placed.column = sum(start <= placed.layer for start in breaks) - 1
    for row in rows:
        for placed in row:
            for way in placed.card.ways:
                target = where.get(way.target or "")
                near = target is not None and target.layer == placed.layer + 1 and target.column == placed.column
                (placed.lines if near else placed.exits).append(way)
            placed.width = max(CARD, PORT * len(placed.lines))
            placed.height = card_height(placed.card, placed.exits)
    _order(rows, where)
    return _place(rows, where)


def _order(rows: list[list[Placed]], where: dict[str, Placed]) -> None:
    """Cards of a layer stand below those that lead to them; otherwise in the order of the definition."""
    for above, row in pairwise(rows):
        positions: dict[str, list[float]] = {}
        for index, placed in enumerate(above):
            for port, way in enumerate(placed.lines):
                positions.setdefault(str(way.target), []).append(index + (port + 1) / (len(placed.lines) + 1))
        middle = len(above) / 2
        row.sort(key=lambda placed: sum(found) / len(found) if (found := positions.get(placed.card.id)) else middle)
    for row in rows:
        for placed in row:
            placed.lines.sort(key=lambda way: _rank(rows, where[str(way.target)]))


def _rank(rows: list[list[Placed]], placed: Placed) -> int:
    return next(index for index, other in enumerate(rows[placed.layer]) if other is placed)


def _place(rows: list[list[Placed]], where: dict[str, Placed]) -> Layout:
    columns = max((placed.column for row in rows for placed in row), default=0) + 1
    widths = [0.0] * columns
    for row in rows:
        widths[row[0].column] = max(widths[row[0].column], sum(placed.width for placed in row) + GAP * (len(row) - 1))
    left = [MARGIN + sum(widths[:index]) + COLUMN_GAP * index for index in range(columns)]
    lines: list[Line] = []
    bottom, number, column, y = 0.0, 0, -1, 0.0
    for index, row in enumerate(rows):
        if row[0].column != column:
            column, y = row[0].column, 0.0
        if any(placed.card.doors for placed in row):
            y += DOOR
        used = sum(placed.width for placed in row) + GAP * (len(row) - 1)
        x = left[column] + (widths[column] - used) / 2
        for placed in row:
            number += 1
            placed.number, placed.x, placed.y = number, x, y
            x += placed.width + GAP
        height = max(placed.height for placed in row)
        y += height
        bottom = max(bottom, y)
        if index + 1 < len(rows) and rows[index + 1][0].column == column:
            y += _gap(row)
    for row in rows:
        lines += _lines(row, where)
    every = tuple(placed for row in rows for placed in row)
    return Layout(placed=every, lines=tuple(lines), width=left[-1] + widths[-1] + MARGIN, height=bottom)


def _labels(placed: Placed) -> list[tuple[str, ...]]:
    room = min(LABEL_WIDTH, placed.width / len(placed.lines) - 8) if len(placed.lines) > 1 else placed.width
    return [tuple(wrap(way.label, room, LABEL, most=4)) for way in placed.lines]


def _gap(row: list[Placed]) -> float:
    """The room below a layer: its labels, the lines that run across, and the arrow heads."""
    tallest = max((len(label) for placed in row for label in _labels(placed)), default=0)
    tracks = sum(len(placed.lines) for placed in row)
    straight = len(row) == 1 and tracks == 1
    return 26 + LABEL_LINE * tallest + (0 if straight else TRACK * tracks)


def _lines(row: list[Placed], where: dict[str, Placed]) -> list[Line]:
    lines: list[Line] = []
    arrivals: dict[str, int] = {}
    every = [(placed, port, way) for placed in row for port, way in enumerate(placed.lines)]
    totals: dict[str, int] = {}
    for _, _, way in every:
        totals[str(way.target)] = totals.get(str(way.target), 0) + 1
    for track, (placed, port, way) in enumerate(every):
        target = where[str(way.target)]
        arrivals[target.card.id] = arrivals.get(target.card.id, 0) + 1
        x = placed.x + placed.width * (port + 0.5) / len(placed.lines)
        spread = min(60.0, target.width / (totals[target.card.id] + 1))
        end_x = target.x + target.width / 2 + spread * (arrivals[target.card.id] - (totals[target.card.id] + 1) / 2)
        if abs(x - end_x) < 4:
            end_x = x
        end_y = target.y - 2
        bend = end_y - 16 - TRACK * (len(every) - 1 - track if x > end_x else track)
        lines.append(
            Line(x=x, y=placed.y + placed.height, bend=bend, end_x=end_x, end_y=end_y, label=_labels(placed)[port])
        )  # fmt: skip
    return lines
