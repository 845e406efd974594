"""Whole conversations of many people, on every channel and in every way of answering (see `person.py` for the format)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.hearing import Understands
from bot.shelf import Shelf
from flows.message import Danger, Outbound
from tests.stores import ON_POSTGRES
from tests.transcripts.alone import EngineAlone
from tests.transcripts.live import LiveService
from tests.transcripts.person import Person, TranscriptError, everybody, read_person
from tests.transcripts.player import Play, Way
from tests.transcripts.rules import broken
from tests.transcripts.stage import Ears, Setting

EVERYBODY = everybody()
TYPING = [person for person in EVERYBODY if person.can_type and person.taps]
TYPED = (Way.NUMBERS, Way.LABELS)


def _by_turns(person: Person, among: Sequence[str]) -> str:
    """One of several, another for the next person: so every run has all of them."""
    return among[sum(person.name.encode()) % len(among)]


def _often(among: bool) -> tuple[pytest.MarkDecorator, ...]:
    return () if among else (pytest.mark.long,)


# In every run each person is played on one channel and typed in one way, by turns; the long run has all. PostgreSQL plays nobody who types:
# what differs there is below that.
ON_CHANNELS = [
    pytest.param(person, channel, id=f"{person.name}-{channel}", marks=_often(channel == _by_turns(person, person.channels)))
    for person in EVERYBODY
    for channel in person.channels
]
IN_WORDS = [
    pytest.param(person, way, channel, id=f"{person.name}-{way}", marks=_often(way == _by_turns(person, TYPED) and not ON_POSTGRES))
    for person in TYPING
    for way, preferred in ((Way.NUMBERS, "whatsapp"), (Way.LABELS, "telegram"))
    for channel in (preferred if preferred in person.channels else person.channels[0],)
]
ALONE = [pytest.param(person, id=person.name) for person in EVERYBODY]


@pytest.mark.parametrize(("person", "channel"), ON_CHANNELS)
async def test_on_the_service(person: Person, channel: str, shelf: Shelf, hearing: Understands, tmp_path: Path) -> None:
    setting = Setting(person=person, channel=channel, shelf=shelf, ears=Ears(hearing))
    await Play(setting=setting, stage=LiveService(setting, tmp_path)).run()


@pytest.mark.any_store
@pytest.mark.parametrize(("person", "way", "channel"), IN_WORDS)
async def test_typed_instead_of_tapped(person: Person, way: Way, channel: str, shelf: Shelf, hearing: Understands, tmp_path: Path) -> None:
    setting = Setting(person=person, channel=channel, shelf=shelf, ears=Ears(hearing))
    await Play(setting=setting, stage=LiveService(setting, tmp_path), way=way).run()


@pytest.mark.parametrize("person", ALONE)
async def test_on_the_engine_alone(person: Person, shelf: Shelf, hearing: Understands) -> None:
    for channel in person.channels:
        setting = Setting(person=person, channel=channel, shelf=shelf, ears=Ears(hearing))
        await Play(setting=setting, stage=EngineAlone(setting)).run()


def test_there_are_enough_people_and_ways() -> None:
    assert len(EVERYBODY) >= 28
    assert len(TYPING) >= 15
    assert {channel for person in EVERYBODY for channel in person.channels} == {"telegram", "web", "terminal", "whatsapp"}


def test_there_are_enough_people_whom_it_matters_to_be_understood() -> None:
    understood = [person for person in EVERYBODY if any(turn.understood is not None for turn in person.turns)]
    in_danger = [person for person in understood if any(turn.danger in set(Danger) for turn in person.turns)]
    only_sounds_so = [person for person in understood if person not in in_danger and any(turn.danger == "none" for turn in person.turns)]
    assert len(understood) >= 30
    assert len(in_danger) >= 10
    assert len(only_sounds_so) >= 10


def test_the_rules_can_be_broken() -> None:
    """A checker that finds nothing proves nothing: each rule is shown a bubble that breaks it."""
    bad = {
        "": "empty", "Kode: {result.code}": "placeholder", "Kenapa kamu diam?": "why", "Terima kasih 😊": "emoji",
        "Hubungi 0811-129-129": "wrong", "Telepon 0812 3456 7890": "directory", "Menu tidak dikenali": "says",
    }  # fmt: skip
    for text, reason in bad.items():
        found = broken(Outbound(text=text), spoken=(), shipped=("112", "129"))
        assert any(reason in problem for problem in found), (text, found)
    assert not broken(Outbound(text="Telepon 112, atau 129 SAPA."), spoken=(), shipped=("112", "129"))


@pytest.mark.parametrize(
    "text",
    [
        "name: x\nwho: y\nturns: [{say: a, tap: b}]",
        "name: x\nwho: y\nturns: [{say: a, sez: b}]",
        "name: x\nwho: y\nturns: [{say: a}]",
        "name: x\nwho: y\nturns: [{say: a, at: idle, understood: 1}]",
        "name: x\nwho: y\nturns: [{say: a, at: idle, understood: {intent: disclosure, entities: [{entity: x, value: y, words: z}]}}]",
        "name: other\nwho: y\nturns: [{say: a, at: idle}]",
        "name: x\nwho: y\nturns: [{say: a, at: idle}]\nstored: {case: 1}",
    ],
)
def test_a_slip_in_a_transcript_is_no_pass(text: str) -> None:
    with pytest.raises(TranscriptError):
        read_person(text, name="x")
