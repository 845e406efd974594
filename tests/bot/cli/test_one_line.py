"""What whoever runs the service got wrong is one line on standard error, and an exit status."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot import __main__ as program
from bot.cli.single import OnlyOne

pytestmark = pytest.mark.own_store


def _run(folder: Path, *words: str, **settings: str) -> tuple[int, str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "RUANG_AMAN_DATA_DIR": str(folder / "data"), "RUANG_AMAN_NLU_URL": "off"}
    env |= settings
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words], capture_output=True, text=True, timeout=60, env=env, check=False, stdin=subprocess.DEVNULL
    )
    return done.returncode, done.stderr


def _one_line(result: tuple[int, str], *, says: str, status: int = 1) -> None:
    assert result[0] == status, result
    assert result[1].count("\n") == 1 and says in result[1] and "that should not" not in result[1], result


def test_a_port_that_another_program_has(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        _one_line(_run(tmp_path, "serve", "--port", str(port)), says=f"Port {port} on 127.0.0.1")


@pytest.mark.parametrize("port", ["99999", "-1", "http", "²"])
@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_is_none(tmp_path: Path, command: str, port: str) -> None:
    _one_line(_run(tmp_path, command, f"--port={port}"), says="A port is a number", status=2)


def test_an_address_that_is_not_of_this_machine(tmp_path: Path) -> None:
    _one_line(_run(tmp_path, "serve", "--host", "203.0.113.7", "--port", "0"), says="--host")


def test_a_database_that_nobody_answers_for(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://ruang:canary@127.0.0.1:1/aman"
    status, said = _run(tmp_path, "serve", "--port", "0", RUANG_AMAN_DATABASE_URL=url)
    _one_line((status, said), says="RUANG_AMAN_DATABASE_URL")
    assert "canary" not in said


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("chat",), ("open",), ("unit", "add", "x", "--no-passphrase")])
def test_a_database_that_is_none(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ruang-aman.db").write_bytes(b"no database at all" * 300)
    _one_line(_run(tmp_path, *command), says="The database cannot be opened")


def test_a_key_store_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "data" / "keys" / "keys.db").mkdir(parents=True)
    _one_line(_run(tmp_path, "serve", "--port", "0"), says="The key store cannot be opened")


@pytest.mark.parametrize("broken", ["strings", "regions"])
@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("demo", "--port", "0"), ("chat",), ("flow", "report", "--svg", "-")])
def test_content_with_mistakes(
    tmp_path: Path, command: tuple[str, ...], broken: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bot import content, shelf

    data = tmp_path / "content"
    subprocess.run(["cp", "-r", str(content.content_folder()), str(data)], check=True)
    file = data / {"strings": "id/strings.yml", "regions": "regions.yml"}[broken]
    file.write_text("kecamatan: []\n" if broken == "regions" else "report: [\n", encoding="utf-8")
    monkeypatch.setattr(shelf, "content_folder", lambda: data)
    for module in ("bot.app", "bot.running"):  # the other tests' services have theirs from one reading
        monkeypatch.setattr(f"{module}.load_shelf", shelf.load_shelf)
    monkeypatch.setattr("bot.cli.chat.harden_process", lambda: None)
    monkeypatch.setattr("bot.cli.serve.harden_process", lambda: None)
    monkeypatch.setattr("bot.cli.demo.harden_process", lambda: None)
    monkeypatch.setenv("RUANG_AMAN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RUANG_AMAN_NLU_URL", "off")
    assert program.main(command) == 1
    _one_line((1, capsys.readouterr().err), says="ruang-aman check")


# backup, restore, keys, purge, mode


def test_nothing_to_back_up(tmp_path: Path) -> None:
    _one_line(_run(tmp_path, "backup", str(tmp_path / "x")), says="no database to back up")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("command", [("backup", "x"), ("keys", "rotate"), ("purge",), ("mode", "people-only")])
def test_a_database_that_is_none_for_the_operators_commands(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ruang-aman.db").write_bytes(b"no database at all" * 300)
    words = [str(tmp_path / word) if word == "x" else word for word in command]
    _one_line(_run(tmp_path, *words), says="The database cannot be opened")
    assert not (tmp_path / "x").exists()


def test_what_cannot_be_restored(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"RUANG-AMAN BACKUP 1\n" + b"\x00" * 100)
    _one_line(_run(tmp_path, "restore", str(tmp_path / "x")), says="damaged")
    _one_line(_run(tmp_path, "restore", str(tmp_path / "y")), says="cannot be read")
    _one_line(_run(tmp_path, "restore", str(tmp_path)), says="cannot be read")


def test_a_backup_where_nothing_can_be_written(tmp_path: Path) -> None:
    assert _run(tmp_path, "mode", "normal")[0] == 0
    _one_line(_run(tmp_path, "backup", str(tmp_path / "nowhere" / "x")), says="cannot be written")
    _one_line(_run(tmp_path, "backup", "/dev/full"), says="there already")


def test_beside_a_running_service_nothing_is_restored_or_rotated(tmp_path: Path) -> None:
    assert _run(tmp_path, "mode", "normal")[0] == 0
    assert _run(tmp_path, "backup", str(tmp_path / "x"))[0] == 0
    with OnlyOne(tmp_path / "data"):
        for command in (("restore", str(tmp_path / "x"), "--replace"), ("keys", "rotate"), ("purge", "--vacuum")):
            _one_line(_run(tmp_path, *command), says="already running")
        assert _run(tmp_path, "backup", str(tmp_path / "y"))[0] == 0
        assert _run(tmp_path, "purge")[0] == 0
        assert _run(tmp_path, "mode", "people-only")[0] == 0


def test_a_whole_drill_on_the_command_line(tmp_path: Path) -> None:
    """Backup, loss, restore on another directory, in the words that the operator types."""
    assert _run(tmp_path, "unit", "add", "UPTD", "--no-passphrase", "--key", str(tmp_path / "k"))[0] == 0
    assert _run(tmp_path, "mode", "people-only")[0] == 0
    assert _run(tmp_path, "backup", str(tmp_path / "x"))[0] == 0
    other = str(tmp_path / "other")
    assert _run(tmp_path, "restore", str(tmp_path / "x"), RUANG_AMAN_DATA_DIR=other)[0] == 0
    assert _run(tmp_path, "keys", "rotate", RUANG_AMAN_DATA_DIR=other)[0] == 0
    assert _run(tmp_path, "unit", "add", "UPTD", "--no-passphrase", "--key", str(tmp_path / "k2"), RUANG_AMAN_DATA_DIR=other)[0] == 1
    _one_line(_run(tmp_path, "restore", str(tmp_path / "x"), RUANG_AMAN_DATA_DIR=other), says="--replace")
