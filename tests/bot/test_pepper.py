"""The pepper: made once, never made anew while codes depend on the old one; its loss is one clear sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.pepper import PepperError, read_pepper
from tests.bot.house import house
from tests.stores import ON_POSTGRES, environment


def test_it_is_made_at_the_first_start_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "pepper"
    pepper = read_pepper(path, receipts_exist=False)
    assert len(pepper) == 32 and path.stat().st_mode & 0o077 == 0
    assert read_pepper(path, receipts_exist=True) == pepper


@pytest.mark.parametrize("content", [None, "", "not hexadecimal", "ab" * 31])
async def test_a_lost_or_damaged_one_stops_the_service_with_one_sentence(tmp_path: Path, content: str | None) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", "/start", "report", "yes", "self_13_17", "didorong kakak kelas", "yes", "64.71.02", "own_code", "send")
    path = tmp_path / "keys" / "pepper"
    path.unlink()
    if content is not None:
        path.write_text(content, encoding="ascii")
    with pytest.raises(PepperError):
        async with house(tmp_path):
            raise AssertionError("it started")
    command = [sys.executable, "-m", "bot", "chat"]
    env = {**environment(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60, env=env, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "pepper" in done.stderr, done.stderr
    assert path.exists() == (content is not None), "nothing was made in its place"


async def test_what_the_service_writes_only_its_user_can_open(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot", "chat"]
    env = {**environment(tmp_path / "data"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    subprocess.run(command, input="menu\n", capture_output=True, text=True, timeout=60, env=env, check=True)
    files = [path for path in (tmp_path / "data").rglob("*")]
    assert len(files) >= (2 if ON_POSTGRES else 4) and not [path for path in files if path.stat().st_mode & 0o077]
