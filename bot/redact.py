"""What may stand in a log: ids and codes. Everything else is replaced by a word that says what it was.

This is the last line of defence, not the first: our own log calls pass ids and codes only. Words that anyone wrote, numbers, names, IP
addresses and tokens never stand in a log. An id that is a plain number of seven digits or more would be taken for a telephone number.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

# Random ids: a UUID, or 16 hexadecimal digits and more with a letter among them.
_ID = r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b|\b(?=[0-9]*[a-f])[0-9a-f]{16,64}\b"

# Seven digits are the shortest telephone number that anyone has here; the separators are those that people and programs write.
_DIGITS = r"\+?(?<![A-Za-z0-9])\(?\d(?:[ \u00a0().\-/]{0,3}\d){6,}"

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|cookie|set-cookie|x-telegram-bot-api-secret-token|x-twilio-signature|[a-z_-]*(?:token|secret|password|passwd))"
            r"(\\?[\"']?\s*[:=]\s*)[^\n]+"
        ),
        r"\1\2[hidden]",
    ),
    (re.compile(r"(?i)\b(bearer|basic|digest)\s+[^\s,;]+"), r"\1 [hidden]"),
    (re.compile(r"(?<!\d)\d{3,}:[A-Za-z0-9_-]{8,}"), "[token]"),
    (re.compile(r"(://)[^\s/@]+@"), r"\1[hidden]@"),
    (re.compile(r"([?#])[^\s\"'<>?#]*=[^\s\"'<>]*"), r"\1[query]"),
    (re.compile(r"(https?://[^\s\"'<>?#]*)[?#][^\s\"'<>]+"), r"\1?[query]"),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    (re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4}|(?<![\w:])[0-9a-fA-F:]*::[0-9a-fA-F:]+"), "[address]"),
    (re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)"), "[address]"),
)
_NUMBER = re.compile(rf"(?P<keep>{_ID})|{_DIGITS}")
_CODE = re.compile(r"[A-Za-z0-9_.:/@+\-]{1,64}")
_ERROR_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,39}")
_MOST_FRAMES = 12
_MOST_CAUSES = 5


def redact(text: str) -> str:
    """A line without tokens, credentials, query strings, e-mail and IP addresses, and runs of seven digits or more. Random ids stay."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return _NUMBER.sub(lambda match: match[0] if match["keep"] else "[number]", text)


def loggable(value: Any) -> Any:
    """A value as it may stand in a log: numbers, times, enums and single words that look like an id stay, all else becomes its kind."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Enum):
        return loggable(value.value)
    if isinstance(value, float):
        return float(f"{value:.5g}")  # more digits would look like a telephone number
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return f"[{type(value).__name__}]"
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.5g}s"
    if isinstance(value, str):
        return redact(value) if _CODE.fullmatch(value) else "[text]" if value else '""'
    if isinstance(value, BaseException):
        return describe(value)
    if isinstance(value, list | tuple | set | frozenset) and len(value) <= 10:
        return ",".join(str(loggable(item)) for item in value)
    return f"[{type(value).__name__}]"


def describe(error: BaseException) -> str:
    """An error as type and code, without its message: `Refused(chat_gone)`, `OSError(ENOSPC)`."""
    code = _code(error)
    return f"{type(error).__qualname__}({code})" if code else type(error).__qualname__


def _code(error: BaseException) -> str:
    for name in ("code", "sqlite_errorname", "sqlstate", "errno"):
        found = getattr(error, name, None)
        if isinstance(found, Enum):
            found = found.value
        if name == "errno" and isinstance(found, int):
            found = errno.errorcode.get(found, "")
        if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 1_000_000:
            return str(found)
        if isinstance(found, str) and _ERROR_CODE.fullmatch(found):
            return redact(found)
    return ""


def trace(error: BaseException) -> str:
    """Where an error came from and what caused it, in one line: types, codes and `file:line`, innermost first. No message, no value."""
    parts: list[str] = []
    todo: list[tuple[str, BaseException]] = [("", error)]
    seen: set[int] = set()
    while todo and len(parts) < _MOST_CAUSES:
        relation, current = todo.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        parts.append(f"{relation}{describe(current)} at {_frames(current.__traceback__)}")
        if isinstance(current, BaseExceptionGroup):
            todo += [("with ", inner) for inner in current.exceptions]
        if current.__cause__ is not None:
            todo.append(("because of ", current.__cause__))
        elif current.__context__ is not None and not current.__suppress_context__:
            todo.append(("while handling ", current.__context__))
    return "; ".join(parts)


def _frames(traceback: TracebackType | None) -> str:
    frames: list[str] = []
    while traceback is not None:
        frames.append(f"{place(traceback.tb_frame.f_code.co_filename)}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return " < ".join(reversed(frames[-_MOST_FRAMES:])) or "?"


_PROJECT = Path(__file__).resolve().parent.parent


def place(file: str) -> str:
    """A source file's name without the part that only this machine has."""
    path = Path(file)
    if path.is_relative_to(_PROJECT):
        short = path.relative_to(_PROJECT)
        if short.parts[0] != ".venv":
            return short.as_posix()
    for index, part in enumerate(path.parts):
        if part == "site-packages":
            return Path(*path.parts[index + 1 :]).as_posix()
    return "/".join(path.parts[-2:])


def format_fields(fields: Iterable[tuple[str, Any]]) -> str:
    """Pairs as `name=value`, each value made loggable."""
    return " ".join(f"{name}={loggable(value)}" for name, value in fields)


def fill(template: str, args: Any) -> str:
    """A log call's template with its arguments made loggable. The template itself stands in our source, so it holds nobody's words."""
    if not args:
        return redact(template)
    safe: Any = {key: loggable(value) for key, value in args.items()} if isinstance(args, Mapping) else tuple(loggable(arg) for arg in args)
    try:
        return redact(template % safe)
    except (TypeError, ValueError, KeyError):
        return redact(template)
