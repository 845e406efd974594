"""The log under attack: canaries go in by every door, none comes out."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

from bot.logs import set_up_logging, watch_loop

CANARY = "Ayah tiriku memukulku semalam"
PHONE = "+62 812-3456-7890"
TOKEN = "123456789:AAcanaryTokenThatMustNotBeSeenAnywhere0"
CANARIES = (CANARY, "tiriku", "Ayah", PHONE, "3456", TOKEN, "AAcanary")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """A log that is read by the test; afterwards logging is as it was."""
    root = logging.root
    before = (root.handlers[:], root.level, logging.lastResort, logging.raiseExceptions)
    hooks = (sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning)
    others = {
        name: (logger.handlers[:], logger.propagate, logger.level, logger.disabled)
        for name, logger in root.manager.loggerDict.items()
        if isinstance(logger, logging.Logger)
    }
    stream = io.StringIO()
    set_up_logging("DEBUG", stream)
    yield stream
    root.handlers[:], root.level, logging.lastResort, logging.raiseExceptions = before
    sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning = hooks
    for name, (handlers, propagate, level, disabled) in others.items():
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate, logger.disabled = handlers, propagate, disabled
        logger.setLevel(level)


def written(log: io.StringIO, *expected: str) -> str:
    """What was written: it must hold what is expected (else a test that finds no canary proves nothing), and no canary."""
    text = log.getvalue()
    for part in expected:
        assert part in text, text
    for canary in CANARIES:
        assert canary not in text, text
    return text


def test_our_own_events_keep_ids_codes_and_times(log: io.StringIO) -> None:
    logging.getLogger("bot.turn").info("turn of %s took %.1f ms", "a1b2c3d4e5f60718", 3.14159, extra={"step": "report.safe", "row": 17})
    line = written(log)
    assert line.endswith('Z INFO bot.turn "turn of a1b2c3d4e5f60718 took 3.1 ms" step=report.safe row=17\n')


@pytest.mark.parametrize("name", ["bot.turn", "telegram.Bot", "sqlalchemy.engine", "uvicorn.error", "something.else", "root"])
def test_words_given_as_arguments_or_fields_do_not_come_out(log: io.StringIO, name: str) -> None:
    logger = logging.getLogger(name)
    logger.warning("got %s from %s", CANARY, PHONE, extra={"said": CANARY, "chat": PHONE, "update": {"text": CANARY}})
    logger.warning("got %(text)s", {"text": CANARY})
    logger.warning("wrong %d", CANARY)
    logger.error(ValueError(CANARY))
    assert len(written(log, name, "WARNING").splitlines()) == 4


def test_a_library_that_builds_its_own_sentence_is_heard_without_words(log: io.StringIO) -> None:
    logging.getLogger("telegram.ext").error(f"update caused error: {CANARY} {TOKEN}")  # noqa: G004 - as libraries do
    written(log, "ERROR telegram.ext at=tests/bot/test_logs.py:")


def test_addresses_with_the_token_are_not_logged_at_all(log: io.StringIO) -> None:
    for name in ("httpx", "httpcore.connection", "telegram.Bot", "aiosqlite", "uvicorn.error"):
        logging.getLogger(name).info("POST https://api.telegram.org/bot%s/sendMessage", TOKEN)
        logging.getLogger(name).debug("%s", CANARY)
    logging.getLogger("uvicorn.access").error('1.2.3.4 - "GET /chat?code=%s"', CANARY)
    assert written(log) == ""


def test_a_library_that_lowers_its_own_level_is_still_not_heard(log: io.StringIO) -> None:
    logger = logging.getLogger("chatty.library")
    logger.setLevel(logging.DEBUG)
    logger.debug("%s", CANARY)
    assert written(log) == ""


def test_handlers_that_others_made_are_gone(log: io.StringIO) -> None:
    spy = io.StringIO()
    logger = logging.getLogger("uvicorn.error")
    logger.addHandler(logging.StreamHandler(spy))
    set_up_logging("INFO", log)
    logger.warning("%s", CANARY)
    assert spy.getvalue() == ""
    written(log, "uvicorn.error")


def test_exceptions_are_types_codes_and_places(log: io.StringIO) -> None:
    class SeedError(Exception):
        code = "seed_failed"

    try:
        try:
            raise ValueError(CANARY, PHONE)
        except ValueError as inner:
            raise SeedError(f"{CANARY} {TOKEN}") from inner
    except SeedError:
        logging.getLogger("bot.turn").exception("turn failed")
        logging.getLogger("httpx").exception("request to %s failed", PHONE)
    text = written(log, "SeedError(seed_failed) at tests/bot/test_logs.py:", "because of ValueError at tests/bot/test_logs.py:")
    assert "Traceback" not in text
    assert len(text.splitlines()) == 2


def test_one_event_is_one_line(log: io.StringIO) -> None:
    logging.getLogger("bot.turn").info("first\nsecond", extra={"a": "x\ny"})
    assert len(written(log).splitlines()) == 1


def test_warnings_are_named_not_quoted(log: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        set_up_logging("INFO", log)
        warnings.warn(f"{CANARY} {PHONE}", UserWarning, stacklevel=1)
    written(log, "UserWarning", "source=tests/bot/test_logs.py:")


def test_unhandled_errors_of_tasks_and_callbacks(log: io.StringIO) -> None:
    async def fails() -> None:
        raise RuntimeError(CANARY)

    def call_back(text: str) -> None:
        raise RuntimeError(text)

    async def main(watched: bool) -> None:
        loop = asyncio.get_running_loop()
        if watched:
            watch_loop(loop)
        loop.create_task(fails(), name=CANARY)  # noqa: RUF006 - nobody keeps it: that is what is tested
        loop.call_soon(call_back, f"{CANARY} {TOKEN}")
        await asyncio.sleep(0.01)
        gc.collect()

    asyncio.run(main(watched=True))
    text = written(log, "unhandled error in the event loop", "RuntimeError at tests/bot/test_logs.py:")
    assert len(text.splitlines()) == 2
    asyncio.run(main(watched=False))  # a loop that nobody set up: the library's own words must not come out either
    assert len(written(log, "ERROR asyncio at=").splitlines()) == 4


def test_unhandled_errors_of_threads_and_destructors(log: io.StringIO) -> None:
    def fails() -> None:
        raise RuntimeError(CANARY)

    thread = threading.Thread(target=fails, name=CANARY)
    thread.start()
    thread.join()

    class Closing:
        def __del__(self) -> None:
            raise RuntimeError(CANARY)

    closing = Closing()
    del closing
    gc.collect()
    written(log, "unhandled error in a thread", "error that could not be raised", "RuntimeError at tests/bot/test_logs.py:")


def test_a_line_that_cannot_be_written_is_not_printed_instead(log: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, CANARY)

    set_up_logging("INFO", Full())
    logging.getLogger("bot.turn").info("said %s", CANARY)
    captured = capsys.readouterr()
    assert captured.err == "a log line of bot.turn could not be written: OSError\n"
    assert captured.out == ""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


def test_an_unhandled_error_of_the_process_is_one_line() -> None:
    done = run(f"from bot.logs import set_up_logging; set_up_logging(); raise ValueError({CANARY!r})")
    assert done.returncode == 1
    assert "CRITICAL bot.unhandled" in done.stderr
    assert "ValueError at" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not any(canary in done.stderr for canary in CANARIES)
