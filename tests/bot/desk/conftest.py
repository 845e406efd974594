"""An office for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.desk.door import Office
from tests.bot.desk.door import office as opened


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """A door with nobody behind it yet."""
    async with opened(tmp_path) as found:
        yield found
