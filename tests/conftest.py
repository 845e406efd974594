"""What holds for all tests."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

import bot.app
import bot.model
import bot.running
import bot.shelf
import bot.storage.key_store
import nlu.danger
from bot.logs import OWN
from tests import newest_schema

# How long it takes to make an example says how busy the machine is, and nothing about the program.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")

# What a program reads once is read once for all services that a test process starts: 150 files of content and 900 danger phrases would be
# read for every test.
bot.app.load_shelf = bot.running.load_shelf = functools.cache(bot.shelf.load_shelf)
bot.running.load = bot.model.load = functools.cache(nlu.danger.load)
bot.app.migrate = bot.storage.key_store.migrate = newest_schema.migrate

_FOLDERS = {"tmp_path", "tmp_path_factory"}  # a store lies in one, or is named by one (`tests.stores`)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for no folder has no store: `any_store`. Programs that are killed again and again come first: at the end the other workers
    would have nothing left to do."""
    items.sort(key=lambda item: item.path.parent.name != "faults")
    for item in items:
        if isinstance(item, pytest.Function) and not _FOLDERS & set(item.fixturenames):
            item.add_marker(pytest.mark.any_store)


@pytest.fixture(autouse=True)
def levels_as_they_were() -> Iterator[None]:
    """A command that runs inside a test sets the log up for its whole process: the next test hears what it would hear alone."""
    loggers = [logging.root, *(logging.getLogger(name) for name in sorted(OWN))]
    before = [each.level for each in loggers]
    yield
    for each, level in zip(loggers, before, strict=True):
        each.setLevel(level)
