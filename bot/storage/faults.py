"""Which failures of a database pass by themselves, and what a refused write means.

Nothing outside `bot.storage` knows SQLAlchemy's errors.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError, TimeoutError


class Stale(Exception):
    """The row was changed by another process since it was read: read it again, and try again."""


class Lost(Exception):
    """The conversation is in another process's hands now: what was prepared here is not written."""


class Moved(Exception):
    """A row that the write relied on (`actions.rows.Require`) is not as it was: nothing was written."""


def is_outage(error: BaseException) -> bool:
    """Whether a failure is the store's and not the row's: unreachable, restarting, full, locked. Trying again later helps; giving a message
    up for it would lose it."""
    if isinstance(error, OSError | TimeoutError):  # a refused connection, a pool that was waited for too long
        return True
    if not isinstance(error, DBAPIError) or isinstance(error, IntegrityError):
        return False
    if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError | InternalError):
        return True
    return _sqlstate(error)[:2] in _OUTAGES


# Classes of SQLSTATE (PostgreSQL, appendix A): connection, what two writers did to each other, resources, locks, intervention, the system.
_OUTAGES = ("08", "25", "40", "53", "55", "57", "58")


def outage_code(error: BaseException) -> str:
    """What is wrong with the store, in a word for `/readyz` and the log: full, locked, read_only, too_many_connections, stopping,
    disk_error, damaged, unreachable; "" if it is not the store's fault."""
    if not is_outage(error):
        return ""
    if isinstance(error, DBAPIError):
        state = _sqlstate(error)
        if state in _CODES:
            return _CODES[state]
        said = str(error.orig)  # SQLite's own sentences (sqlite3.c, sqlite3ErrStr): no word of anybody's
        return next((code for sentence, code in _SENTENCES if sentence in said), "unreachable")
    return "unreachable"


_CODES = {
    "53100": "full", "55P03": "locked", "40P01": "locked", "25006": "read_only", "53300": "too_many_connections", "57P01": "stopping",
    "57P02": "stopping", "57P03": "stopping",
}  # fmt: skip
_SENTENCES = (
    ("disk is full", "full"), ("disk I/O error", "disk_error"), ("is locked", "locked"), ("readonly", "read_only"),
    ("malformed", "damaged"), ("not a database", "damaged"), ("unable to open", "unreachable"),
)  # fmt: skip


def _sqlstate(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def is_double(error: BaseException) -> bool:
    """Whether a row of the same key is there already."""
    if not isinstance(error, IntegrityError):
        return False
    return _sqlstate(error) == "23505" or "UNIQUE constraint failed" in str(error.orig)
