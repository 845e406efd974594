"""What a log line may hold, rule by rule."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.redact import describe, loggable, place, redact, trace

ID = UUID("12345678-1234-4234-8234-123456789012")


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ("https://api.telegram.org/bot123456789:AAxyzABCDEFGHIJKLMNOPQRSTUV-12345/getMe", "AAxyz"),
        ("GET /chat?code=apel-batu HTTP/1.1", "apel"),
        ("https://bot.example.org/console#invite-apel", "apel"),
        ("call 0812-3456-7890-Budi", "3456"),
        ("+62 812 3456 7890", "812"),
        ("62.812.3456.7890", "3456"),
        ("(0542) 123 4567", "4567"),
        ("0812\u00a03456\u00a0789", "3456"),
        ("whatsapp:+628123456789", "8123"),
        ("chat 123456789", "123456789"),
        ("anak.bunda+x@contoh.co.id wrote", "bunda"),
        ("Authorization: Bearer abc.def, x", "abc"),
        ("{'Authorization': 'Basic enp6'}", "enp6"),
        ("Cookie: session=apel", "apel"),
        ("X-Telegram-Bot-Api-Secret-Token: apel", "apel"),
        ("postgresql+asyncpg://bot:rahasia@db/x", "rahasia"),
        ("from 192.168.4.17:5060", "168"),
        ("from 2001:db8::7", "db8"),
        ("from fe80::1ff:fe23:4567:890a", "fe23"),
        ("telegram_token=apel", "apel"),
    ],
)
def test_hidden(line: str, hidden: str) -> None:
    assert hidden in line
    assert hidden not in redact(line)


@pytest.mark.parametrize(
    "line",
    [
        f"case {ID} sealed",
        "conversation 1234567a90123456 ended",
        "row=17 ms=3.1 n=999999",
        "bot/turn.py:12 < bot/app.py:100",
        "at 12:00:01",
        "call 112 or 110",
    ],
)
def test_kept(line: str) -> None:
    assert redact(line) == line


@given(st.from_regex(r"(\+62|0)8[0-9]{2}[ .-]?[0-9]{3,4}[ .-]?[0-9]{3,4}", fullmatch=True), st.sampled_from(["", " ", ":", "'", "=", "("]))
def test_no_telephone_number_survives_in_any_spelling(number: str, before: str) -> None:
    shown = redact(f"x {before}{number} y")
    assert sum(character.isdigit() for character in shown) == 0


class Colour(enum.StrEnum):
    RED = "red"


@dataclass
class Update:
    text: str = "canary"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None), (True, True), (17, 17), (3.14159265358, 3.1416), (ID, str(ID)), (Colour.RED, "red"), ("kode_1", "kode_1"), ("", '""'),
        ("two words", "[text]"), ("kata\nbaru", "[text]"), ("x" * 65, "[text]"), ("081234567890", "[number]"), (b"bytes", "[bytes]"),
        (Update(), "[Update]"), ({"a": 1}, "[dict]"), ((1, "a b"), "1,[text]"), (datetime.now(UTC), "[datetime]"),
        (timedelta(seconds=2), "2s"), (ValueError("canary"), "ValueError"),
    ],
)  # fmt: skip
def test_a_value_becomes_an_id_a_code_or_its_kind(value: object, shown: object) -> None:
    assert loggable(value) == shown


class CodedError(Exception):
    def __init__(self, code: object) -> None:
        super().__init__("canary words")
        self.code = code


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (CodedError("chat_gone"), "CodedError(chat_gone)"),
        (CodedError(63016), "CodedError(63016)"),
        (CodedError("canary words"), "CodedError"),
        (CodedError("x081234567890"), "CodedError(x081234567890)"),
        (CodedError("A-081234567890"), "CodedError(A-[number])"),
        (CodedError(8123456789), "CodedError"),
        (OSError(28, "No space left on device: /canary"), "OSError(ENOSPC)"),
        (ValueError("canary"), "ValueError"),
    ],
)
def test_an_error_is_its_type_and_code(error: BaseException, shown: str) -> None:
    assert describe(error) == shown


def fail(with_words: str) -> None:
    try:
        raise KeyError(with_words)
    except KeyError as inner:
        raise CodedError("outer") from inner


def test_a_trace_names_files_lines_and_causes_but_no_message() -> None:
    with pytest.raises(CodedError) as caught:
        fail("canary")
    shown = trace(caught.value)
    assert shown.startswith("CodedError(outer) at tests/bot/test_redact.py:")
    assert "; because of KeyError at tests/bot/test_redact.py:" in shown
    assert "canary" not in shown


def test_a_trace_goes_into_groups_and_never_round_in_circles() -> None:
    one = ValueError("canary")
    one.__context__ = one
    shown = trace(ExceptionGroup("canary", [one, CodedError("x")]))
    assert "with ValueError" in shown
    assert "with CodedError(x)" in shown
    assert "canary" not in shown


def test_places_do_not_tell_about_the_machine() -> None:
    import httpx

    assert place(__file__) == "tests/bot/test_redact.py"
    assert place(httpx.__file__) == "httpx/__init__.py"
