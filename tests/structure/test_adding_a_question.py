"""The page for whoever adds a question: its example is right, and it names everything that a question is made of."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import yaml

from actions.registry import ACTIONS
from bot.cli.table import COMMANDS
from bot.shelf import read_sources
from flows.inspect import Inspection, inspect
from flows.inspection.content import Source, Sources
from flows.topics import CONFIDENCE, GROUPS, LEARNERS
from nlu.scoring.sentence import read_set
from tests.structure.test_docs import ADDING, blocks, first_cells, page

TODAY = date(2026, 11, 25)
NAME = "meeting_time"


def looked_at(sources: Sources) -> Inspection:
    return inspect(sources, actions={name: frozenset(entry.codes) for name, entry in ACTIONS.items()}, today=TODAY)


def with_topic(texts: dict[str, str]) -> Sources:
    sources = read_sources()
    added = {
        language: {**files, NAME: Source(file=f"data/{language}/faq/{NAME}.yml", text=texts[language])}
        for language, files in sources.faq.items()
    }  # fmt: skip
    return replace(sources, faq=added)


def test_the_question_of_the_page_is_right() -> None:
    """Added to the real content it gives `check` nothing to say; with a mistake it does."""
    texts = {language: "".join(blocks(ADDING, f"yaml topic {language}")) for language in ("id", "en")}
    found = looked_at(with_topic(texts))
    assert [str(problem) for problem in found.problems] == []
    assert found.content.topics[NAME].confidence == "unverified"
    wrong = {**texts, "id": texts["id"].replace("title: Bertemu petugas", "title: Bertemu petugas di luar jam sekolah")}
    assert [problem.file for problem in looked_at(with_topic(wrong)).problems] == [f"data/id/faq/{NAME}.yml"]


def test_the_sentences_of_the_page_can_be_scored() -> None:
    (text,) = blocks(ADDING, "yaml sentences")
    sentences = read_set(yaml.safe_load(text))
    assert {sentence.intent for sentence in sentences} == {f"faq/{NAME}"}
    learned = "".join(blocks(ADDING, "yaml topic id"))
    assert not any(sentence.text in learned for sentence in sentences), "nobody measures with what was learned"


def test_every_line_of_a_question_is_explained() -> None:
    cells, text = first_cells(ADDING), page(ADDING)
    metadata = yaml.safe_load("".join(blocks(ADDING, "yaml topic id")))["nlu"][0]["metadata"]
    assert {"intent", "examples", "responses", *metadata} - cells == set()
    for word in (*GROUPS, *LEARNERS, *CONFIDENCE):
        assert f"`{word}`" in text, word


def test_the_commands_of_the_page_are_there() -> None:
    named = set(re.findall(r"ruang-aman ([a-z-]+)", page(ADDING)))
    assert named >= {"check", "train", "demo", "understand", "evaluate"} and named <= COMMANDS.keys()
