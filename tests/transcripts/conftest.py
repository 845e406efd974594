"""What all transcripts share: the content, and the understanding."""

from __future__ import annotations

import pytest

from bot.hearing import Understands
from bot.running import understander
from bot.shelf import Shelf, load_shelf


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    """The city's content."""
    return load_shelf()


@pytest.fixture(scope="session")
def hearing() -> Understands:
    """What the service understands without a model."""
    return understander()
