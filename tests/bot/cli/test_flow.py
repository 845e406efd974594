"""`ruang-aman flow` at a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import __main__ as program


def test_it_writes_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "report.svg"
    assert program.main(["flow", "report", "--svg", str(file)]) == 0
    assert str(file) in capsys.readouterr().out
    assert file.read_text(encoding="utf-8").startswith("<svg ")


def test_language_and_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["flow", "start", "--svg", "-", "--language", "en"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("<svg ")
    assert "Conversation: menu" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["flow", "rapport", "--svg", "-"], "There is no conversation 'rapport': choose one of counsellor,"),
        (["flow", "report", "--svg", "-", "--language", "fr"], "There are no words in 'fr': choose one of id, en."),
        (["flow", "report", "--svg", "/nowhere/at/all.svg"], "cannot be written (No such file or directory): choose another file."),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(words) != 0
    captured = capsys.readouterr()
    assert said in captured.err
    assert len(captured.err.splitlines()) == 1
    assert captured.out == ""
