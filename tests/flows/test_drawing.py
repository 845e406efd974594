"""The picture: complete, the same each time, nothing on top of anything else, and not told by colour alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from bot.shelf import load_shelf
from flows.definition import Flow, read_flow
from flows.drawing import FOOT, HEAD, draw
from flows.library import Library
from flows.picture.chart import Card, Charting, Look
from flows.picture.layout import A3, Layout, lay_out
from flows.picture.measure import INSET, PADDING, TEXT, text_lines, width_of, wrap
from flows.picture.svg import outline

SVG = "{http://www.w3.org/2000/svg}"
FLOWS = ("report", "start", "interrupts", "counsellor", "follow_up", "services", "learn", "understood", "lesson_secrets")
LANGUAGES = ("id", "en")


@pytest.fixture(scope="module")
def library() -> Library:
    return load_shelf().library


def charted(library: Library, name: str, language: str) -> tuple[Flow, tuple[Card, ...], Layout]:
    flow = library.flow(name)
    assert flow is not None
    cards = Charting(flow, library.catalogue, language).cards()
    return flow, cards, lay_out(cards, head=HEAD, foot=FOOT)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FLOWS)
def test_it_is_an_svg_that_is_the_same_each_time(library: Library, name: str, language: str) -> None:
    flow = library.flow(name)
    assert flow is not None
    picture = draw(flow, library.catalogue, language)
    assert picture == draw(flow, library.catalogue, language)
    root = ElementTree.fromstring(picture)
    assert root.tag == f"{SVG}svg"
    assert {root.get("width"), root.get("height")} == {"420mm", "297mm"}
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")  # nothing is fetched to show it


@pytest.mark.parametrize("name", FLOWS)
def test_every_step_and_every_way_is_in_it(library: Library, name: str) -> None:
    flow, cards, layout = charted(library, name, "id")
    shown = {card.id for card in cards}
    merged = {step.id for step in flow.steps.values() if step.type == "say"} - shown
    for step in flow.steps.values():
        assert step.id in shown or step.id in merged or step.type in ("end", "go"), step.id
    leading_on = {way.target for card in cards for way in card.ways if way.target}
    assert leading_on <= shown
    assert shown <= leading_on | {card.id for card in cards if card.doors}
    assert sum(len(placed.lines) + len(placed.exits) for placed in layout.placed) == sum(len(card.ways) for card in cards) > 0
    assert len(layout.lines) == sum(len(placed.lines) for placed in layout.placed)


def test_every_option_of_the_report_stands_at_a_way(library: Library) -> None:
    flow, cards, _ = charted(library, "report", "id")
    by_id = {card.id: card for card in cards}
    seen = 0
    for step in flow.steps.values():
        if step.type == "ask" and len({step.after(option.id) for option in step.options}) > 1:
            said = " / ".join(way.label for way in by_id[step.id].ways)
            for option in step.options:
                assert library.catalogue.option("id", "report", step.id, option.id, "child") in said
                seen += 1
    assert seen > 10


def test_numbers_follow_the_reading_order(library: Library) -> None:
    _, _, layout = charted(library, "report", "id")
    assert [placed.number for placed in layout.placed] == list(range(1, len(layout.placed) + 1))
    assert layout.placed[0].card.doors == ("Mulai",)
    picture = draw(library.flows["report"], library.catalogue, "id")
    drawn = set(re.findall(r">(\d+)</text>", picture))
    assert {str(placed.number) for placed in layout.placed} <= drawn


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FLOWS)
def test_no_card_lies_on_another_and_no_line_crosses_one(library: Library, name: str, language: str) -> None:
    _, _, layout = charted(library, name, language)
    placed = layout.placed
    for index, one in enumerate(placed):
        assert one.x >= 0 and one.x + one.width <= layout.width and one.y + one.height <= layout.height
        for other in placed[index + 1 :]:
            beside = one.x + one.width < other.x or other.x + other.width < one.x
            below = one.y + one.height < other.y or other.y + other.height < one.y
            assert beside or below, (one.card.id, other.card.id)
    for line in layout.lines:
        segments = [(line.x, line.y + 1, line.bend), (line.end_x, line.bend, line.end_y)]
        for card in placed:
            for x, top, bottom in segments:
                inside = card.x < x < card.x + card.width
                assert not (inside and top < card.y + card.height and bottom > card.y), (card.card.id, line)
            across = card.y < line.bend < card.y + card.height
            assert not (across and min(line.x, line.end_x) < card.x + card.width and max(line.x, line.end_x) > card.x), (card.card.id, line)


@pytest.mark.parametrize("name", FLOWS)
def test_the_words_fit_into_their_cards(library: Library, name: str) -> None:
    _, cards, _ = charted(library, name, "id")
    for card in cards:
        room = 224 - 2 * (PADDING + INSET.get(card.look, 0))
        for line in text_lines(card):
            assert width_of(line, TEXT) <= room or " " not in line, line


@pytest.mark.parametrize("name", FLOWS)
def test_print_on_a3_can_be_read(library: Library, name: str) -> None:
    _, _, layout = charted(library, name, "id")
    width, height = layout.width, layout.height + HEAD + FOOT
    scale = max(min(A3[0] / width, A3[1] / height), min(A3[1] / width, A3[0] / height))
    assert TEXT * scale / 25.4 * 72 >= 5.5  # points; the interrupts are the widest


def test_each_kind_of_card_has_its_own_shape() -> None:
    def shape(look: Look) -> tuple[str, ...]:
        return tuple(re.sub(r'(fill|stroke|stroke-width)="[^"]*"', "", part) for part in outline(look, 0, 0, 100, 50))

    shapes = {shape(look) for look in Look}
    assert len(shapes) == len(Look) == 8


def test_danger_and_hand_off_are_told_apart(library: Library) -> None:
    looks = {card.id: card.look for card in charted(library, "interrupts", "id")[1]}
    assert looks["danger_alert"] is looks["self_harm_alert"] is Look.DANGER
    assert looks["lost_hand_off"] is looks["counsellor"] is Look.HANDOFF
    assert Look.DANGER in {card.look for card in charted(library, "report", "id")[1]}


def test_what_people_wrote_into_the_texts_stays_text(library: Library) -> None:
    flow, problems = read_flow("flow: odd\nstart: a\nsteps:\n  a: {type: say, next: b}\n  b: {type: end}\n", file="odd.yml")
    assert flow is not None and not problems
    strings = {"id": {"odd": {"a": "<script>alert('&')</script> {number.none}"}}}
    catalogue = type(library.catalogue)(strings=strings, commands={}, numbers={})
    root = ElementTree.fromstring(draw(flow, catalogue, "id"))
    assert "<script>alert('&')</script>" in " ".join(_words(root))
    assert not [element for element in root.iter() if element.tag.endswith("script")]


def _words(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter(f"{SVG}text"):
        yield element.text or ""


def test_a_long_word_and_no_word_at_all() -> None:
    assert wrap("", 50, 12) == []
    assert wrap("kekeluargaan", 5, 12) == ["kekeluargaan"]
    assert wrap("satu dua tiga empat lima", 40, 12, most=2)[-1].endswith("…")
