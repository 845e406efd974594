"""`ruang-aman understand`: lines in, JSON lines out, each as soon as it is understood."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bot.cli.rasa_peer import RasaPeer
from tests.structure.project import ROOT

pytestmark = pytest.mark.own_store


@pytest.fixture
def rasa() -> Iterator[RasaPeer]:
    peer = RasaPeer()
    yield peer
    peer.stop()


def environment(folder: Path, url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RUANG_AMAN_")}
    return {**kept, "PYTHONPATH": str(ROOT), "RUANG_AMAN_DATA_DIR": str(folder / "data"), "RUANG_AMAN_NLU_URL": url}


def understand(folder: Path, url: str, said: bytes, *words: str) -> tuple[list[dict[str, Any]], str, int]:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "understand", *words], input=said, capture_output=True, timeout=90, check=False, cwd=folder,
        env=environment(folder, url),
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode(), done.returncode


def test_a_line_for_each_message_as_the_contract_says(tmp_path: Path, rasa: RasaPeer) -> None:
    said = "harus bayar berapa kak\ntolong skrg bapak mukulin adek di rumah\nhmm\nawas wa ku 0812-3456-7890\r\n\nterakhir"
    lines, told, status = understand(tmp_path, rasa.url, said.encode())
    assert (status, told) == (0, "Rasa is ready.\n")
    assert [line["text"] for line in lines] == [*said.replace("\r", "").splitlines()]
    assert lines[0] == {
        "text": "harus bayar berapa kak", "intent": "faq/cost", "confidence": 0.9, "danger": None, "entities": [], "by": "model",
        "ranking": [
            {"intent": "faq/cost", "confidence": 0.9}, {"intent": "faq/visum", "confidence": 0.05},
            {"intent": "greet", "confidence": 0.02}, {"intent": "disclosure", "confidence": 0.01},
            {"intent": "emergency", "confidence": 0.01}, {"intent": "out_of_scope", "confidence": 0.01},
        ],
    }  # fmt: skip
    assert lines[1]["danger"] == "emergency", "by a phrase: the model is not sure of anything"
    assert lines[1]["entities"] == [{"entity": "place", "value": "home", "start": 34, "end": 39}]
    assert (lines[2]["intent"], lines[2]["confidence"]) == ("unclear", 0.15)
    assert (lines[3]["danger"], lines[3]["intent"]) == ("emergency", "emergency"), "by the model alone"
    assert "awas wa ku 0" in rasa.asked and not any("0812" in sentence for sentence in rasa.asked)


def test_each_line_comes_at_once(tmp_path: Path, rasa: RasaPeer) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "understand"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        cwd=tmp_path, env=environment(tmp_path, rasa.url),
    ) as running:  # fmt: skip
        assert running.stdin is not None and running.stdout is not None
        for words in ("satu", "dua"):
            running.stdin.write(words.encode() + b"\n")
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["text"] == words  # pytest's time limit ends a program that waits for more
        running.stdin.close()
        assert running.wait(30) == 0


def test_off_is_phrases_and_keywords_and_says_so(tmp_path: Path) -> None:
    lines, told, status = understand(tmp_path, "off", b"aku dikejar\napakah visum harus bayar\nqwxv\n")
    assert (status, told) == (0, "RUANG_AMAN_NLU_URL is off: without Rasa: danger phrases and keyword search only.\n")
    assert [line["danger"] for line in lines] == ["emergency", None, None]
    assert (lines[1]["by"], lines[2]["by"], lines[2]["intent"]) == ("search", "phrases", "unclear")
    assert "faq/visum" in [guess["intent"] for guess in lines[1]["ranking"][:3]]


def test_a_language_that_there_is_not(tmp_path: Path) -> None:
    lines, told, status = understand(tmp_path, "off", b"halo\n", "--language", "fr")
    assert (lines, status) == ([], 1) and "use one of en, id" in told


def test_bytes_that_are_no_text_are_a_line_too(tmp_path: Path) -> None:
    lines, _, status = understand(tmp_path, "off", b"\xff\xfe halo\n")
    assert (status, lines[0]["text"]) == (0, "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} halo")
