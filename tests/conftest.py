"""What holds for all tests."""

from __future__ import annotations

import functools

from hypothesis import HealthCheck, settings

import bot.app
import bot.running
import bot.shelf

# How long it takes to make an example says how busy the machine is, and nothing about the program.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")

# The content is read once for all services that a test process starts, as a program reads it once: 150 files would be read for every test.
bot.app.load_shelf = bot.running.load_shelf = functools.cache(bot.shelf.load_shelf)
