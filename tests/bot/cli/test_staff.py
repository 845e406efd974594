"""unit add, staff invite and audit, as the operator types them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.store import pins_of
from bot.desk.staff import hashed
from bot.settings import load_settings
from bot.storage.database import open_engine
from bot.storage.reads import Reads
from bot.storage.staff import StaffStore
from bot.units import StoredUnits
from tests.bot.telegram_program import environment
from tests.stores import given

ROOT = Path(__file__).parents[3]
LINK = re.compile(r"^https://desk\.example\.id/console#join=([A-Za-z0-9_-]{43})$", re.MULTILINE)


def program(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program with these arguments; its public address is set."""
    settings = environment(folder, RUANG_AMAN_PUBLIC_URL="https://desk.example.id")
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments], cwd=folder, env=settings, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """A data directory with a unit that has no key."""
    made = program(tmp_path, "unit", "add", "UPTD PPA", "--lead")
    assert made.returncode == 0 and "--role lead" in made.stdout
    assert list(tmp_path.glob("**/*.key")) == []
    return tmp_path


async def test_a_unit_without_a_key_receives_nothing(unit: Path) -> None:
    settings = load_settings(from_environment=False, given=given(unit))
    engine = open_engine(settings.database_url.get_secret_value())
    try:
        async with pins_of(settings) as pins:
            units = StoredUnits(Reads(engine), staff=StaffStore(engine), pins=pins)
            await units.refresh()
            assert not units.any and await units.recipients() == () and units.pinned
        (row,) = await Reads(engine).units()
        assert (row.name, row.public_key) == ("UPTD PPA", None)
    finally:
        await engine.dispose()


async def test_a_link_is_printed_once_and_stands_nowhere(unit: Path) -> None:
    printed = program(unit, "staff", "invite", "--unit", "UPTD PPA", "--role", "lead")
    assert printed.returncode == 0, printed.stderr
    found = LINK.search(printed.stdout)
    assert found is not None
    settings = load_settings(from_environment=False, given=given(unit))
    engine = open_engine(settings.database_url.get_secret_value())
    try:
        row = await StaffStore(engine).invite(hashed(found[1]))
    finally:
        await engine.dispose()
    assert row is not None and (row.role, row.made_by) == ("lead", None)
    if settings.database_file is not None:
        assert found[1].encode() not in b"".join(path.read_bytes() for path in unit.glob("*.db*"))
    audit = program(unit, "audit", "--verify")
    assert "staff_invited" in audit.stdout and "at the command line" in audit.stdout and "The chain holds: 1 entry" in audit.stdout


def test_what_cannot_be(unit: Path) -> None:
    first = program(unit, "staff", "invite", "--unit", "UPTD PPA", "--role", "counsellor")
    assert first.returncode == 1 and "--role lead" in first.stderr and "#join=" not in first.stdout
    nobody = program(unit, "staff", "invite", "--unit", "Nobody", "--role", "lead")
    assert nobody.returncode == 1 and "unit add" in nobody.stderr
    assert program(unit, "staff", "invite", "--unit", "UPTD PPA", "--role", "queen").returncode == 2
    again = program(unit, "unit", "add", "UPTD PPA")
    assert again.returncode == 1 and "already" in again.stderr
