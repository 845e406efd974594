"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How long it takes to make an example says how busy the machine is, and nothing about the program.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")
