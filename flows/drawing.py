"""A conversation as a picture that somebody who does not program can read: `Flow` and words in, SVG text out. Pure and deterministic.

Nothing but this package draws it: the usual tools need a program that may not be there, and their lines would cross the cards.
"""

from __future__ import annotations

from collections.abc import Iterator

from flows.catalogue import Catalogue
from flows.definition import Flow
from flows.picture.chart import Charting, Look
from flows.picture.layout import A3, MARGIN, lay_out
from flows.picture.measure import LABEL, TEXT, width_of, wrap
from flows.picture.svg import FONT, INK, PAPER, body, number, pill, sample, text

HEAD = 100.0
LEGEND_ROW = 44.0
FOOT = 3 * LEGEND_ROW + 54
TITLE = 30.0


def draw(flow: Flow, catalogue: Catalogue, language: str) -> str:
    """The picture of a flow in a language, as a whole SVG file for a sheet of A3."""
    chart = Charting(flow, catalogue, language)
    layout = lay_out(chart.cards(), head=HEAD, foot=FOOT)
    width, height = layout.width, layout.height + HEAD + FOOT
    paper = A3 if width >= height else (A3[1], A3[0])
    # The sheet keeps its proportion: what is left over becomes margin.
    width, height = max(width, height * paper[0] / paper[1]), max(height, width * paper[1] / paper[0])
    title = chart.word("title", name=chart.name)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(paper[0])}mm" height="{number(paper[1])}mm" '
        f'viewBox="0 0 {number(width)} {number(height)}" font-family="{FONT}" role="img" aria-labelledby="title" xml:lang="{language}">',
        f'<title id="title">{title}</title>',
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0.5 L10 5 L0 9.5 z" fill="{INK}"/></marker></defs>',
        f'<rect width="{number(width)}" height="{number(height)}" fill="{PAPER}"/>',
        text(MARGIN, 48, title, TITLE, bold=True),
        text(MARGIN, 70, f"{chart.word('every', no_skip=chart.word('no_skip'))} {chart.word('always')}", TEXT),
        text(width - MARGIN, 48, chart.word("revision", revision=flow.revision), LABEL, anchor="end"),
        f'<g transform="translate({number((width - layout.width) / 2)} {number(HEAD)})">',
        *body(layout, chart.word("end")),
        "</g>",
        *_legend(chart, width, height - FOOT + 20),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _legend(chart: Charting, width: float, top: float) -> Iterator[str]:
    yield f'<path d="M{number(MARGIN)} {number(top)} H{number(width - MARGIN)}" stroke="{INK}" stroke-width="1"/>'
    yield text(MARGIN, top + 24, chart.word("legend"), TEXT + 1, bold=True)
    entries = [(look, chart.word("jump" if look is Look.JUMP else look.value)) for look in Look]
    columns = 4
    room = (width - 2 * MARGIN) / columns
    for index, (look, words) in enumerate(entries):
        x, y = MARGIN + room * (index % columns), top + 36 + LEGEND_ROW * (index // columns)
        yield from sample(look, x, y)
        for row, part in enumerate(wrap(words, room - 80, TEXT)):
            yield text(x + 66, y + 14 + 15 * row, part, TEXT)
    y = top + 36 + LEGEND_ROW * 2 + 14
    sign, _ = pill(MARGIN + 54, y, "12", fill="#d9e2ec", colour=INK)
    yield sign
    yield text(MARGIN + 66, y + 4, chart.word("pointer"), TEXT)
    x = MARGIN + 66 + width_of(chart.word("pointer"), TEXT) + 60
    sign, _ = pill(x + 70, y, chart.word("end"), fill=INK, colour=PAPER)
    yield sign
    yield text(x + 70 + 12, y + 4, chart.word("end_means"), TEXT)
