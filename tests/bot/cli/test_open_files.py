"""`ruang-aman open CASE --files DIR`: what the unit gets, and what it is not made to overwrite."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.cli.command import CommandError
from bot.cli.files import file_name, write_files
from bot.cli.unit import add_unit
from bot.settings import load_settings
from tests.bot.filed import FilingPhones, sample, send
from tests.bot.house import house
from tests.stores import environment, given


def _open(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(data), **environment(data)}
    return subprocess.run([sys.executable, "-m", "bot", "open", *words], capture_output=True, text=True, timeout=60, env=env, check=False)


@pytest.fixture
def told(tmp_path: Path) -> tuple[Path, Path]:
    """A data directory with a report that holds a voice message, and the unit's key file."""
    data, key = tmp_path / "data", tmp_path / "unit.key"

    async def tell() -> None:
        settings = load_settings(from_environment=False, given=given(data))
        await add_unit(settings, name="U", kind="service", lead=True, key_file=key, passphrase=None)
        async with house(data, phones=FilingPhones()) as home:
            await home.service.units.refresh()
            await home.talk("1", "/start", "report", "yes", "self_13_17")
            await send(home, "1", "voice", sample("voice.ogg"))
            await home.talk("1", "yes", "unsure", "own_code", "send")

    asyncio.run(tell())
    return data, key


def test_the_files_are_written_for_their_owner_alone_and_nothing_is_overwritten(told: tuple[Path, Path], tmp_path: Path) -> None:
    data, key = told
    case = _open(data).stdout.split()[0]
    into = tmp_path / "out" / "case"
    done = _open(data, case[:6], "--key", str(key), "--files", str(into), "--json")
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(done.stdout)
    (file,) = record["files"]
    (path,) = into.iterdir()
    assert path.name == f"{file['id']}.ogg" and str(path) in done.stderr
    assert (path.stat().st_mode & 0o777, into.stat().st_mode & 0o777) == (0o600, 0o700)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == file["clean_sha256"]
    assert hashlib.sha256(sample("voice.ogg")).hexdigest() == file["sha256"]
    assert "key" not in file
    path.write_bytes(b"mine")
    again = _open(data, case, "--key", str(key), "--files", str(into))
    assert again.returncode != 0 and again.stderr.count("\n") == 1 and "is there already" in again.stderr
    assert path.read_bytes() == b"mine"
    shown = _open(data, case, "--key", str(key)).stdout
    assert file["sha256"] in shown and file["clean_sha256"] in shown


@pytest.mark.parametrize(
    "forged",
    [
        {"id": "../../../../etc/cron.d/x", "extension": "ogg"}, {"id": "0" * 32, "extension": "../sh"},
        {"id": "0" * 32, "extension": "exe"}, {"extension": "ogg"},
    ],
)  # fmt: skip
def test_a_forged_record_names_no_path(forged: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        file_name(forged)


async def test_a_file_that_is_gone_or_changed_is_said(tmp_path: Path) -> None:
    settings = load_settings(from_environment=False, given=given(tmp_path / "data"))
    record = {"files": [{"id": "0" * 32, "extension": "ogg", "key": "0" * 64}]}
    with pytest.raises(CommandError, match="not in the database"):
        await write_files(settings, [record], tmp_path / "out")
