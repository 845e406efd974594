"""What whoever runs the service got wrong is one line on standard error, and an exit status."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot import __main__ as program
from bot.cli.open import _case
from bot.cli.store import opened
from bot.settings import load_settings
from tests.bot.house import house
from tests.bot.test_keys_and_timers import REPORT


def _run(folder: Path, *words: str, **settings: str) -> tuple[int, str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "RUANG_AMAN_DATA_DIR": str(folder / "data"), **settings}
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
    monkeypatch.setattr("bot.cli.chat.harden_process", lambda: None)
    monkeypatch.setattr("bot.cli.serve.harden_process", lambda: None)
    monkeypatch.setattr("bot.cli.demo.harden_process", lambda: None)
    monkeypatch.setenv("RUANG_AMAN_DATA_DIR", str(tmp_path / "data"))
    assert program.main(command) == 1
    _one_line((1, capsys.readouterr().err), says="ruang-aman check")


async def test_a_case_is_found_by_any_beginning_of_its_id(tmp_path: Path) -> None:
    """Of many cases, and however the digits are written; half a byte is enough where it is unambiguous."""
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT, "yes", "64.71.02", "own_code", "send")
        (case,) = await here.service.reads.all_cases()
        others = [bytes([case.id[0], (case.id[1] + 16 * step) % 256, *case.id[2:]]) for step in range(1, 16)]
        async with here.service.engine.begin() as connection:
            for other in others:
                await connection.exec_driver_sql(
                    "insert into cases select ?, kind, urgency, status, language, public_key, created_at from cases where id = ?",
                    (other, case.id),
                )
    name = case.id.hex()
    async with opened(load_settings(from_environment=False, given={"data_dir": tmp_path})) as store:
        for beginning in (name[:3], name[:3].upper(), name[:9], name):
            assert (await _case(store, beginning)).id == case.id
