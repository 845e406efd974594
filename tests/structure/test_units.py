"""The systemd units: systemd itself reads them without a complaint, and finds little that a service could do from its cage."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.structure.project import ROOT

ANALYZE = shutil.which("systemd-analyze")
UNITS = sorted((ROOT / "deploy").glob("*.service")) + sorted((ROOT / "deploy").glob("*.timer"))
LEAST = 1.6  # of 10 (open) and 0 (a machine that is off)

pytestmark = pytest.mark.skipif(ANALYZE is None and not os.environ.get("CI"), reason="systemd is not installed: apt install systemd")


def _says(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert ANALYZE is not None, "apt install systemd"
    return subprocess.run([ANALYZE, *arguments, "--no-pager"], capture_output=True, text=True, check=False, timeout=60)


def test_systemd_reads_the_units_without_a_complaint(tmp_path: Path) -> None:
    assert len(UNITS) == 3
    for unit in UNITS:  # the program lies elsewhere here
        text = unit.read_text("utf-8").replace("/srv/ruang-aman/program/.venv/bin/ruang-aman", "/bin/true")
        (tmp_path / unit.name).write_text(text.replace("file:///srv/ruang-aman/program/docs/operator.md", "https://example.org"), "utf-8")
    found = _says("verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS))
    assert (found.returncode, [line for line in found.stderr.splitlines() if str(tmp_path) in line or "ruang-aman" in line]) == (0, [])


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_little_is_left_to_a_service(unit: Path) -> None:
    found = _says("security", "--offline=true", f"--threshold={LEAST * 10:.0f}", str(unit))
    assert found.returncode == 0, found.stdout[-300:]
    open_to_all = _says("security", "--offline=true", "--threshold=5", str(unit))
    assert open_to_all.returncode != 0, "the threshold is looked at"
