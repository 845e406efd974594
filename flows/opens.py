"""From when somebody is planned to be at the desk, until when nobody there is reached, and when a talk was asked for, as people say it:
"besok jam 08.00". Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flows.catalogue import Catalogue

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OPENS = ("today", "tomorrow", *_DAYS, "dated")
"""The ways to say it: texts under `common.opens`."""


def moment_in_words(found: object, world: Mapping[str, Any], catalogue: Catalogue, language: str) -> str:
    """A moment (an ISO time of the city's clock: `world.opens`, `world.blocked`, `result.when`) in a language; "" where there is none, or
    nobody can say. Within six days the day's name says which one is meant, later its date does."""
    if not found:
        return ""
    moment = datetime.fromisoformat(str(found))
    ahead = (moment.date() - date.fromisoformat(str(world["today"]))).days
    name = {0: "today", 1: "tomorrow"}.get(ahead, _DAYS[moment.weekday()] if 1 < ahead < 7 else "dated")
    known = {"result": {"clock": f"{moment:%H.%M}", "date": f"{moment.day}/{moment.month}"}}
    return catalogue.fill(catalogue.common(language, f"opens.{name}"), known)[0]
