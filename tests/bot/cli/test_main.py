"""`ruang-aman` as somebody at a terminal meets it."""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser, Namespace

import pytest

from bot import __main__ as program
from bot.cli import table
from bot.cli.command import Command, CommandError, Row
from bot.settings import SettingsError


def fails_with(error: Exception) -> Command:
    def run(arguments: Namespace) -> int:
        raise error

    return Command(arguments=lambda parser: None, run=run)


def greet(arguments: Namespace) -> int:
    print(f"hello {arguments.name}")
    return 0


def name_argument(parser: ArgumentParser) -> None:
    parser.add_argument("name")


GREET = Command(arguments=name_argument, run=greet)
REFUSES = fails_with(CommandError("There is no case 7: look at the list with ruang-aman cases.", status=3))
UNSET = fails_with(SettingsError(["RUANG_AMAN_LANGUAGE is wrong.", "RUANG_AMAN_TIMEZONE is wrong."]))
BREAKS = fails_with(ValueError("canary: the password is swordfish"))
INTERRUPTED = fails_with(KeyboardInterrupt())  # type: ignore[arg-type]
NO_COMMAND = "x"


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GREET", "REFUSES", "UNSET", "BREAKS", "INTERRUPTED", "NO_COMMAND"):
        monkeypatch.setitem(table.COMMANDS, name.lower(), Row(summary=f"does {name.lower()}", at=f"{__name__}:{name}"))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = program.main(words)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_command_gets_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "greet", "Ani") == (0, "hello Ani\n", "")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "--help")
    assert (status, err) == (0, "")
    assert len(table.COMMANDS) > 8
    for name, row in table.COMMANDS.items():
        assert f"  {name} " in out
        assert row.summary in out


def test_no_command_is_help_and_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys)
    assert (status, out) == (2, "")
    assert "greet" in err


def test_an_unknown_command_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "cheque") == (2, "", "ruang-aman: There is no command 'cheque': ruang-aman --help lists them all.\n")


def test_help_of_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("greet", "--help"), ("--help", "greet")):
        with pytest.raises(SystemExit) as caught:
            program.main(words)
        assert caught.value.code == 0
        assert "Does greet." in capsys.readouterr().out


def test_a_refusal_is_its_sentence_and_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "refuses") == (3, "", "ruang-aman: There is no case 7: look at the list with ruang-aman cases.\n")


def test_wrong_settings_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "unset")
    assert (status, out) == (2, "")
    assert err == "ruang-aman: RUANG_AMAN_LANGUAGE is wrong.\nruang-aman: RUANG_AMAN_TIMEZONE is wrong.\n"


def test_an_unforeseen_error_tells_type_and_place_and_keeps_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "breaks")
    assert (status, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert "(ValueError at tests/bot/cli/test_main.py:" in err
    assert "--debug" in err
    assert "canary" not in err


@pytest.mark.parametrize("words", [("breaks", "--debug"), ("--debug", "breaks")])
def test_debug_shows_all_of_it(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    status, _, err = run(capsys, *words)
    assert status == 1
    assert "Traceback" in err
    assert "canary" in err


def test_interrupted_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "interrupted") == (130, "", "")


def test_a_row_without_a_command_is_a_damaged_installation(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "no_command")
    assert status == 1
    assert "make install" in err


def test_python_m_bot_is_the_same_program() -> None:
    done = subprocess.run([sys.executable, "-m", "bot", "nothing"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "There is no command 'nothing'" in done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(f"{sys.executable} -m bot --help | head -1", shell=True, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
