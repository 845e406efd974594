"""When a report has to have been read, as the city decided (`deadline_…_hours` in `data/city.yml`)."""

from __future__ import annotations

from collections.abc import Mapping

_HOURS = {
    "danger": "deadline_high_hours", "self_harm": "deadline_high_hours", "child": "deadline_medium_hours", "other": "deadline_low_hours",
}  # fmt: skip


def read_by(urgency: str, created_at: int, city: Mapping[str, object]) -> int:
    """The moment in seconds since 1970. An urgency that nobody decided about is high: now."""
    hours = city.get(_HOURS.get(urgency, "deadline_high_hours"), 0)
    return created_at + (int(hours) * 3600 if isinstance(hours, int) else 0)
