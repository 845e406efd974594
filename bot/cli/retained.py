"""How long things are kept: the city's numbers (data/city.yml), with the defaults for what it says nothing about."""

from __future__ import annotations

from bot.shelf import Shelf, load_shelf
from bot.storage.retention import Terms

DEFAULTS = {
    "backup_days": 30, "retention_report_days": 1825, "retention_message_days": 90, "retention_alert_days": 30,
    "retention_mailbox_days": 365,
}  # fmt: skip


def days(name: str, shelf: Shelf | None = None) -> int:
    """A number of days; what is no number of one or more counts as not said."""
    said = (shelf or load_shelf()).city.get(name)
    return said if isinstance(said, int) and not isinstance(said, bool) and said > 0 else DEFAULTS[name]


def terms() -> Terms:
    """How long each kind of record is kept."""
    shelf = load_shelf()
    return Terms(
        report=days("retention_report_days", shelf), message=days("retention_message_days", shelf),
        alert=days("retention_alert_days", shelf), mailbox=days("retention_mailbox_days", shelf),
    )  # fmt: skip
