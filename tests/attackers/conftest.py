"""The evening that every thief comes after, played once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attackers.haul import Evening
from tests.attackers.scene import CANARIES
from tests.attackers.watch import watched

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    """Twelve conversations with the real service in a process of its own, whose every word was caught."""
    folder = tmp_path_factory.mktemp("evening")
    temporary = folder / "tmp"
    for path in (temporary, folder / "data", folder / "data" / "keys"):
        path.mkdir(mode=0o700)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RUANG_AMAN_")} | {
        "TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    with watched([temporary, folder / "data", folder / "data" / "keys"]) as made:
        played = subprocess.run(
            [sys.executable, "-W", "always", "-m", "tests.attackers.scene", str(folder), str(int(time.time()))],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
    assert played.returncode == 0, played.stderr[-3000:]
    told = json.loads((folder / "scene.json").read_text("utf-8"))
    canaries = CANARIES | {f"code of {name}": code for name, code in told["codes"].items()}
    yield Evening(folder=folder, told=told, log=played.stderr + played.stdout, temporary=frozenset(made), canaries=canaries)
