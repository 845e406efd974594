"""The log: one line an event, for people and for programs, with ids and codes only.

    2026-11-23T12:00:00.123Z INFO bot.jobs "forgot" conversations=2 rows=31 keys=2
    2026-11-23T12:00:01.004Z ERROR bot.deliver "delivery_failed" row=17 error="KeyError at bot/channels/telegram/channel.py:88 < …"

Our own loggers (bot, flows, nlu, actions) write their template with its arguments made loggable, and the fields given as `extra`. What a
library logs is never written in words, since it may be an address, an update or somebody's message: only who, where and which error.
Lines go to standard error; the service writes no log file.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import warnings
from types import TracebackType
from typing import Any, TextIO

from bot.redact import fill, format_fields, place, redact, trace

OWN = frozenset({"bot", "flows", "nlu", "actions"})
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
# They log addresses and query strings at INFO (httpx: the bot token is in the URL), updates and rows at DEBUG.
_TALKATIVE = (
    "httpx", "httpcore", "telegram", "twilio", "sqlalchemy", "aiosqlite", "asyncpg", "asyncio", "uvicorn", "apscheduler", "alembic",
)  # fmt: skip
_NEVER = frozenset({"uvicorn.access"})  # who called and with which query


def _is_own(name: str) -> bool:
    return name.partition(".")[0] in OWN


class PrivacyFilter(logging.Filter):
    """Lets through our own events, and warnings of libraries. An access log never."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the event is written at all."""
        if record.name in _NEVER:
            return False
        return _is_own(record.name) or record.levelno >= logging.WARNING


class EventFormatter(logging.Formatter):
    """One line: time (UTC), level, logger, the event in quotes, fields, and the error as types, codes and places."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without anything that a person wrote."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        parts = [f"{seconds}.{int(record.msecs):03d}Z", record.levelname, redact(record.name)]
        if _is_own(record.name) and isinstance(record.msg, str):
            parts.append(f'"{fill(record.msg, record.args)}"')
            extra = [(name, value) for name, value in record.__dict__.items() if name not in _STANDARD]
            if extra:
                parts.append(format_fields(extra))
        else:
            parts.append(f"at={place(record.pathname)}:{record.lineno}")
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None:
            parts.append(f'error="{trace(error)}"')
        return " ".join(parts).replace("\n", " ").replace("\r", " ")


class EventHandler(logging.StreamHandler[TextIO]):
    """Writes lines; a line that cannot be made or written is named by its type, never by its content (the library's own does print it)."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Says that a line was lost, on standard error, if even that is possible."""
        kind = sys.exc_info()[0]
        try:
            print(f"a log line of {record.name} could not be written: {kind.__name__ if kind else '?'}", file=sys.stderr)  # noqa: T201
        except (OSError, ValueError):
            return


def set_up_logging(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Makes this the only log of the process, and sends every unhandled error and warning through it.

    `level` is for our own events; libraries are heard from WARNING on. An event loop needs `watch_loop` as well.
    """
    handler = EventHandler(stream or sys.stderr)
    handler.setFormatter(EventFormatter())
    handler.addFilter(PrivacyFilter())
    for logger in [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]:
        logger.handlers.clear()
        logger.propagate = True
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _NEVER:
        logging.getLogger(name).disabled = True
    for name in OWN:
        logging.getLogger(name).setLevel(level)
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.WARNING)
    logging.lastResort = None
    logging.raiseExceptions = False
    sys.excepthook = _unhandled
    sys.unraisablehook = _unraisable
    threading.excepthook = _in_thread
    warnings.showwarning = _warning


def watch_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Sends what nobody caught in a task or a callback of this loop through the log."""
    loop.set_exception_handler(_in_loop)


_log = logging.getLogger("bot.unhandled")


def _unhandled(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _log.critical("unhandled error", exc_info=(kind, error, traceback))


def _in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        _log.error("unhandled error in a thread", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    error = unraisable.exc_value
    if error is not None:
        _log.error("error that could not be raised", exc_info=(type(error), error, error.__traceback__))


def _in_loop(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # context["message"] and the repr of a future, a handle or a task hold arguments: none of it is written.
    error = context.get("exception")
    kind = next((name for name in ("task", "future", "handle", "protocol", "transport", "socket", "asyncgen") if name in context), "loop")
    exc_info = (type(error), error, error.__traceback__) if isinstance(error, BaseException) else None
    _log.error("unhandled error in the event loop", extra={"where": kind}, exc_info=exc_info)


def _warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: TextIO | None = None, line: str | None = None
) -> None:
    _log.warning("python warning", extra={"category": category.__name__, "source": f"{place(filename)}:{lineno}"})
