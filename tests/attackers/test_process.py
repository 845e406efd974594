"""What the process lets out by itself: log, metrics, state, error answers, its memory."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from bot.logs import EventFormatter, PrivacyFilter
from tests.attackers.canaries import found_in
from tests.attackers.haul import Evening
from tests.attackers.town import SECRET, TOKEN

pytestmark = pytest.mark.own_store

ROOT = Path(__file__).parents[2]


def test_the_log_holds_nothing_that_anybody_wrote(evening: Evening) -> None:
    """At DEBUG, with asyncio's debug mode, every library's logger turned up and every Python warning shown, through failures of the
    database, of Telegram, of actions, of the engine, of tasks, callbacks and libraries that carry somebody's words in the error."""
    assert found_in(evening.log.encode(), evening.canaries.values()) == {}
    for event in (
        "telegram_store_failed", "write_failed", "turn_failed", "action_failed", "delivery_later", "delivery_unwritten",
        "unhandled error in the event loop", "some.library", '"an event [text]" words=[text] number=[number]',
    ):  # fmt: skip
        assert event in evening.log, event


def test_the_log_holds_no_address_and_no_token(evening: Evening) -> None:
    """Nor what looks like one: runs of digits, IP addresses, URLs with a query, fragments of the token."""
    lines = evening.log.splitlines()[1:]
    assert len(lines) > 15
    for line in lines:
        bare = re.sub(r"^\S+Z | (?:row|update)=\d+| (?:hand_off|staff)=[0-9a-f]{32}(?= |$)", "", line)
        assert not re.search(r"\d{7,}|\d+\.\d+\.\d+\.\d+|https?://|[?&]\w+=", bare), line
    for part in (TOKEN.partition(":")[2][:12], TOKEN.partition(":")[2][-12:], SECRET[-8:]):
        assert part not in evening.log


def test_every_line_of_the_log_is_one_of_ours(evening: Evening) -> None:
    """No traceback, no print of a library, no warning in its own words: time, level, logger, and then ids and codes."""
    shape = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z (DEBUG|INFO|WARNING|ERROR|CRITICAL) [\w.]+ \S.*|hardened (True|False) (True|False)")
    assert [line for line in evening.log.splitlines() if not shape.fullmatch(line)] == []


def test_metrics_and_states_hold_nothing_that_anybody_wrote(evening: Evening) -> None:
    """/metrics, /readyz, /healthz, the page, and the answer to a path that is not there."""
    text = (evening.folder / "http.txt").read_text("utf-8")
    assert "ruang_aman_received_total" in text and '"reports":"open"' in text.replace(" ", "")
    assert found_in(text.encode(), evening.canaries.values()) == {}
    labels = set(re.findall(r'="([^"]*)"', "\n".join(line for line in text.splitlines() if line.startswith("ruang_aman_"))))
    assert labels
    assert not [label for label in labels if not re.fullmatch(r"[a-z_]{1,24}|[\d.+Inf]{1,6}", label)]


def test_the_file_modes_keep_others_out(evening: Evening) -> None:
    """The data directory and the keys are the service's alone."""
    for folder in (evening.folder / "data", evening.folder / "data" / "keys"):
        assert folder.stat().st_mode & 0o077 == 0
    for path in [evening.folder / "data" / "keys" / "pepper", *(evening.folder / "staff").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_errors_tell_no_words_even_without_our_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The formatter alone: whatever a library logs, in any of the ways that logging knows."""
    import logging

    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(EventFormatter())
    words = "kata rahasia milik anak 4471"
    logger = logging.Logger("telegram.ext", logging.DEBUG)
    logger.addHandler(handler)
    try:
        try:
            raise KeyError(words)
        except KeyError as error:
            raise ExceptionGroup(words, [ValueError(words), OSError(5, words, words)]) from error
    except ExceptionGroup:
        logger.exception(words, extra={"update": words})
    logger.error({words: words})
    logger.error("%(a)s", {"a": words})
    logger.error(words, stack_info=True)
    logger.error("%s %s", words)
    assert "telegram.ext" in out.getvalue()
    assert found_in(out.getvalue().encode(), [words]) == {}
    assert PrivacyFilter().filter(logging.makeLogRecord({"name": "uvicorn.access", "levelno": logging.ERROR})) is False


# The real program


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _serve(folder: Path, port: int, *, log: Any) -> subprocess.Popen[bytes]:
    def unlimited() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)

    environment = {name: value for name, value in os.environ.items() if not name.startswith("RUANG_AMAN_")} | {
        "RUANG_AMAN_DATA_DIR": str(folder / "data"), "RUANG_AMAN_LOG_LEVEL": "DEBUG", "RUANG_AMAN_TELEGRAM_TOKEN": TOKEN,
        "RUANG_AMAN_TELEGRAM_API_URL": "http://127.0.0.1:9/bot", "PYTHONASYNCIODEBUG": "1", "RUANG_AMAN_NLU_URL": "off",
        "TMPDIR": str(folder / "tmp"),
    }  # fmt: skip
    (folder / "tmp").mkdir()
    return subprocess.Popen(
        [sys.executable, "-W", "always", "-m", "bot", "serve", "--port", str(port)],
        cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=unlimited,
    )  # fmt: skip


def _until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the service did not start")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc, prctl")
def test_serve_closes_its_memory_and_says_nothing(tmp_path: Path) -> None:
    """`serve` with a token whose Telegram cannot be reached: no core file when it dies, nothing of its memory for other users' eyes, and
    neither the token nor a message that was in it in its log or in a temporary file."""
    words = "beringin tua di ujung gang buntu 5173"
    port = _free_port()
    with (tmp_path / "log.txt").open("wb") as log:
        process = _serve(tmp_path, port, log=log)
        try:
            _until_ready(port, process)
            body = json.dumps({"id": "12345678-1234-1234-1234-123456789012", "kind": "text", "text": words}).encode()
            headers = {"Authorization": "Bearer " + "t" * 43, "Content-Type": "application/json"}
            posted = urllib.request.Request(f"http://127.0.0.1:{port}/chat/messages", data=body, headers=headers)
            with urllib.request.urlopen(posted, timeout=10) as answer:
                assert answer.status == 202
            limits = Path(f"/proc/{process.pid}/limits").read_text("ascii")
            assert re.search(r"Max core file size\s+0\s+0", limits)
            # The kernel gives the files of a process that is not dumpable to root; that of this test is our own. As root both are root's.
            assert Path(f"/proc/{process.pid}/environ").stat().st_uid == 0
            assert os.getuid() == 0 or Path("/proc/self/environ").stat().st_uid == os.getuid()
            time.sleep(0.3)
            process.send_signal(signal.SIGABRT)
            status = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            assert status is not None
            assert status.si_code == os.CLD_KILLED  # CLD_DUMPED is the other one
        finally:
            process.kill()
            process.wait()
    said = (tmp_path / "log.txt").read_bytes()
    assert b"telegram_poll_retry" in said
    assert found_in(said, [words, TOKEN, TOKEN.partition(":")[2], "t" * 43]) == {}
    assert b"Traceback" not in said
    assert list((tmp_path / "tmp").iterdir()) == []
    for path in (tmp_path / "data").rglob("*"):  # killed in the middle: what lies there is locked
        if path.is_file():
            assert found_in(path.read_bytes(), [words, "t" * 43]) == {}, path.name


@pytest.mark.parametrize("command", ["serve", "demo", "chat"])
def test_every_command_that_hears_people_closes_its_memory(command: str) -> None:
    """Whoever takes messages in calls it before anything else is there."""
    source = (ROOT / "bot" / "cli" / f"{command}.py").read_text("utf-8")
    assert "harden_process()" in source
