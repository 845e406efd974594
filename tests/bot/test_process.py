"""The memory of the process is closed: shown on a real process, since a wrong constant would go unnoticed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.process import Hardened

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")

HARDEN = "import os, resource; from bot.process import harden_process; done = harden_process(); "


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", HARDEN + code], capture_output=True, text=True, timeout=60, check=False, cwd=folder)


def test_no_core_file_and_not_dumpable(tmp_path: Path) -> None:
    done = run("print(done, resource.getrlimit(resource.RLIMIT_CORE))", tmp_path)
    assert done.stdout == f"{Hardened(no_core=True, not_dumpable=True)} (0, 0)\n"


def test_a_crash_leaves_no_core(tmp_path: Path) -> None:
    done = run("os.abort()", tmp_path)
    assert done.returncode == -6
    assert list(tmp_path.iterdir()) == []
