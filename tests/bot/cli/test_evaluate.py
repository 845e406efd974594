"""`ruang-aman evaluate`: the table, the file, the comparison; and what it says when it cannot be done."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bot import __main__ as program
from bot.settings import PREFIX
from tests.bot.cli.rasa_peer import RasaPeer

SET = [
    {"text": "canary harus bayar berapa", "intent": "faq/cost", "voice": "teen 15"},
    {"text": "canary visum itu apa", "intent": "faq/visum"},
    {"text": "tolong skrg bapak mukulin adek di rumah", "intent": "emergency"},
    {"text": "awas canary dia masuk", "intent": "emergency"},
    {"text": "awas canary film bagus", "intent": "out_of_scope", "trap": True},
    {"text": "canary di rumah", "intent": "disclosure", "entities": [{"entity": "place", "value": "home", "text": "rumah"}]},
]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("bot.cli.evaluate.harden_process", lambda: None)  # this process is pytest's
    monkeypatch.setattr("bot.cli.evaluate.set_up_logging", lambda level: None)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def rasa(monkeypatch: pytest.MonkeyPatch) -> Iterator[RasaPeer]:
    peer = RasaPeer()
    monkeypatch.setenv(f"{PREFIX}NLU_URL", peer.url)
    yield peer
    peer.stop()


def evaluate(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str], str]:
    status = program.main(["evaluate", *words])
    captured = capsys.readouterr()
    return status, captured.out.splitlines(), captured.err


def write(items: object, name: str = "set.yml") -> str:
    Path(name).write_text(yaml.safe_dump(items, allow_unicode=True), encoding="utf-8")
    return name


def row(lines: list[str], title: str) -> list[str]:
    (found,) = [line for line in lines if line.startswith(title)]
    return found.removeprefix(title).split()


def test_a_set_is_scored_and_none_of_its_sentences_printed(rasa: RasaPeer, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines, told = evaluate(capsys, write(SET), "--json", "score.json")
    assert (status, told) == (0, "Rasa is ready.\nWritten to score.json.\n")
    assert lines[0] == "6 sentences of set.yml; 2 tell of danger, 1 only sound like it."
    assert row(lines, "emergency or self-harm noticed (either layer)")[2:4] == ["1.000", "0.342"]
    assert row(lines, "false alarm on harmless messages with alarming words")[2] == "1.000"
    assert row(lines, "FAQ: right answer first")[2] == "0.500"
    assert row(lines, "  danger noticed by the danger phrases alone")[0] == "0.500"
    assert row(lines, "  danger noticed by the model alone")[0] == "0.500"
    assert row(lines, "entities, F1 on disclosures and reports")[2] == "1.000"
    stored = Path("score.json").read_text(encoding="utf-8")
    assert "canary" not in "\n".join(lines) and "canary" not in stored
    body = json.loads(stored)
    assert (body["file"], body["model"], body["sentences"], body["measures"]["faq_first"]["value"]) == ("set.yml", "remote", 6, 0.5)
    assert [outcome["intent"] for outcome in body["outcomes"]][:2] == ["faq/cost", "unclear"]


def test_sentences_are_shown_when_asked_for(rasa: RasaPeer, capsys: pytest.CaptureFixture[str]) -> None:
    _, lines, _ = evaluate(capsys, write(SET), "--show", "1")
    assert any("awas canary film bagus" in line for line in lines)


def test_before_and_after(rasa: RasaPeer, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(capsys, write(SET), "--json", "old.json")
    changed = [{**SET[0], "text": "canary harus bayar berapa"}, *SET[1:5]]
    status, lines, _ = evaluate(capsys, write(changed), "--against", "old.json")
    assert status == 0
    at = lines.index("since old.json")
    assert "No sentence changed between right and wrong." in lines[at:]
    assert "The set has changed: sentences that are new: 0, that are not there any more: 1." in lines[at:]


def test_off_is_measured_and_called_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(f"{PREFIX}NLU_URL", "off")
    status, lines, told = evaluate(capsys, write(SET))
    assert (status, lines[1]) == (0, "Measured without Rasa: danger phrases and keyword search only.")
    assert "is off" in told


def test_an_intent_that_there_is_not_is_named(rasa: RasaPeer, capsys: pytest.CaptureFixture[str]) -> None:
    _, lines, _ = evaluate(capsys, write([{"text": "halo", "intent": "faq/moon"}, *SET]))
    assert lines[1] == "The bot has no such intents, so these sentences cannot be right: faq/moon."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("- {text: a, intent: [}", "line 1"),
        ("[]", "list of sentences"),
        ("- {text: canary}", "item 1: intent must be a name"),
        ("\n".join(f"- {{text: canary{n}}}" for n in range(15)), "item 10: intent must be a name; and 5 more"),
        ("\xff", "cannot be read"),
    ],
)
def test_a_set_that_cannot_be_used(content: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("set.yml").write_bytes(content.encode("latin-1"))
    status, lines, told = evaluate(capsys, "set.yml")
    assert (status, lines) == (1, []) and said in told and told.count("\n") == 1 and "canary" not in told


def test_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert "none.yml cannot be read" in evaluate(capsys, "none.yml")[2]
    assert "old.json cannot be read" in evaluate(capsys, write(SET), "--against", "old.json")[2]


def test_a_file_that_is_no_score(rasa: RasaPeer, capsys: pytest.CaptureFixture[str]) -> None:
    Path("old.json").write_text('{"format": 1}', encoding="utf-8")
    status, _, told = evaluate(capsys, write(SET), "--against", "old.json")
    assert status == 1 and "old.json cannot be compared with: it is no score" in told


def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(f"{PREFIX}NLU_URL", "http://127.0.0.1:1")
    monkeypatch.setattr("bot.cli.asked_model._REMOTE", 0.5)
    status, lines, told = evaluate(capsys, write(SET))
    assert (status, lines) == (1, []) and "No Rasa server understands anything at RUANG_AMAN_NLU_URL" in told


def test_a_message_without_anything_to_ask_is_scored_too(rasa: RasaPeer, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines, _ = evaluate(capsys, write([*SET, {"text": " / ", "intent": "out_of_scope"}]))
    assert (status, lines[0][:11], " / " in rasa.asked) == (0, "7 sentences", False)


def test_half_a_measurement_is_none(rasa: RasaPeer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("bot.cli.evaluate._PAUSE", 0.0)
    monkeypatch.setattr("tests.bot.cli.rasa_peer.parsed", lambda text: {"intent": {"name": "x"}} if "film" in text else {
        "intent": {"name": "greet", "confidence": 1.0}, "intent_ranking": [{"name": "greet", "confidence": 1.0}], "entities": [],
    })  # fmt: skip
    status, lines, told = evaluate(capsys, write(SET))
    assert (status, lines) == (1, []) and "Rasa did not answer about item 5" in told
