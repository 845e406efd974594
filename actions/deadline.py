"""The two clocks of a case: by when somebody has to have read it, and the three days within which the police are told of sexual violence.

One moment is kept for both (`cases.due_at`): when a lead is to be told next, if nothing was done by then. Until somebody has read a case it
is the first-read deadline; from then on it is the alarm of the three days, until somebody has answered whether they apply. Every case has
the same clock, whatever it tells: so what lies in clear says nothing of what happened to anybody (docs/privacy.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MINUTE, HOUR = 60, 3600
ANSWER_SECONDS = HOUR  # for whoever opens a case late: time to read it and to answer before a lead is told of the second clock

UNREAD = ("stored", "received")
"""The statuses of a case that nobody has opened yet."""


class Clock(StrEnum):
    """Which of the two ran out."""

    READ = "read"
    REPORT = "report"


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadlines:
    """What the city decided (`data/city.yml`), all in seconds; the defaults are those that it ships with.

    `high`, `medium`, `low`: from sending until somebody has read it (proposed, no law: docs/content.md). `again_high`, `again`: until a
    lead is told once more. `report`: from the victim's report until the police have it (UU 12/2022 Art. 41: 3 × 24 hours). `report_alarm`:
    when a lead is told that nobody has answered whether this applies; `report_again` until the next time.
    """

    high: int = 0
    medium: int = 6 * HOUR
    low: int = 24 * HOUR
    again_high: int = 10 * MINUTE
    again: int = 4 * HOUR
    report: int = 72 * HOUR
    report_alarm: int = 48 * HOUR
    report_again: int = 12 * HOUR

    @classmethod
    def of_city(cls, city: Mapping[str, object]) -> Deadlines:
        """What `data/city.yml` says; a line that is missing, or no whole number of at least nought (`check` names it), is the default's."""
        found: dict[str, int] = {}
        for name, (line, unit) in LINES.items():
            value = city.get(line)
            if isinstance(value, int) and is_span(value) and (value or name not in AGAIN):
                found[name] = value * unit
        return cls(**found)

    def to_read(self, urgency: str) -> int:
        """Seconds until a case has to have been read. An urgency that nobody decided about is high."""
        return getattr(self, _LATER.get(urgency, "high"))  # type: ignore[no-any-return]


_LATER = {"child": "medium", "other": "low"}  # all else is high: a crisis, and an urgency that nobody decided about

LINES: Mapping[str, tuple[str, int]] = {
    "high": ("deadline_high_hours", HOUR), "medium": ("deadline_medium_hours", HOUR), "low": ("deadline_low_hours", HOUR),
    "again_high": ("deadline_high_again_minutes", MINUTE), "again": ("deadline_again_minutes", MINUTE),
    "report": ("sexual_violence_to_police_hours", HOUR), "report_alarm": ("sexual_violence_alarm_hours", HOUR),
    "report_again": ("sexual_violence_alarm_again_hours", HOUR),
}  # fmt: skip
"""Each of `Deadlines` → its line in `data/city.yml`, and the unit that stands there in seconds."""

AGAIN = frozenset({"again_high", "again", "report_again"})
"""Those that must not be nought: a lead would be told without a pause."""


def is_span(value: object) -> bool:
    """Whether a value of `data/city.yml` is a length of time: a whole number from 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def read_by(urgency: str, created_at: int, deadlines: Deadlines) -> int:
    """By when a case has to have been read, in seconds since 1970."""
    return created_at + deadlines.to_read(urgency)


def report_by(created_at: int, deadlines: Deadlines) -> int:
    """By when the police have to know, if it is sexual violence."""
    return created_at + deadlines.report


def due_once_read(created_at: int, now: int, deadlines: Deadlines) -> int:
    """`due_at` of a case that has just been read: the alarm of the three days, and never in the middle of reading."""
    return max(created_at + deadlines.report_alarm, now + ANSWER_SECONDS)


def due_again(urgency: str, *, unread: bool, now: int, deadlines: Deadlines) -> int:
    """`due_at` once a lead has been told."""
    if not unread:
        return now + deadlines.report_again
    return now + (deadlines.again if urgency in _LATER else deadlines.again_high)


def overdue(
    urgency: str, status: str, created_at: int, *, open_clock: bool, now: int, deadlines: Deadlines, added_at: int | None = None
) -> Clock | None:  # fmt: skip
    """Which clock of a case has run out; None if none has. `open_clock`: `due_at` is not empty. `added_at`: since when something that was
    added to it is unread."""
    if status in UNREAD:
        return Clock.READ if read_by(urgency, created_at, deadlines) <= now else None
    if added_at is not None and read_by(urgency, added_at, deadlines) <= now:
        return Clock.READ
    return Clock.REPORT if open_clock and created_at + deadlines.report_alarm <= now else None
