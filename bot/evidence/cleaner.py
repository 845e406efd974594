"""The service's end of the worker: hands a file over, takes the cleaned one, and survives whatever the file does to it."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import suppress

from bot.evidence.errors import NotTaken
from bot.evidence.format import FORMATS, Format

log = logging.getLogger(__name__)

SECONDS = 40.0  # by the clock; the worker's own limit counts processor time
AT_ONCE = 2
LARGEST = 48 * 1024 * 1024  # bytes: a photo that came as WebP grows when it becomes PNG

_CODES = frozenset({"too_big", "wrong_type"})


class Cleaner:
    """Runs workers, few at a time. `command` starts one (a test puts a worker there that crashes)."""

    def __init__(self, command: tuple[str, ...] | None = None, *, seconds: float = SECONDS) -> None:
        self._command = command or (sys.executable, "-I", "-m", "bot.evidence.worker")
        self._seconds = seconds
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def clean(self, content: bytes) -> tuple[Format, bytes]:
        """The format and the bytes of the cleaned file. Raises NotTaken: too_big, wrong_type, or error if the worker broke or took too
        long."""
        async with self._slots:
            answer = await self._work(content)
        if answer[:1] == b"\x00":
            name, _, cleaned = answer[1:].partition(b"\x00")
            found = FORMATS.get(name.decode("ascii", "replace"))
            if found is not None and cleaned:
                return found, cleaned
        code = answer[1:].decode("ascii", "replace") if answer[:1] == b"\x01" else "error"
        raise NotTaken(code if code in _CODES else "error")

    async def _work(self, content: bytes) -> bytes:
        """What the worker answered; nothing if it broke."""
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={"PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"},
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._seconds):
                answer, _ = await asyncio.gather(_read(process), _write(process, content))
                await process.wait()
        except TimeoutError:
            log.warning("file_worker_slow")
            return b""
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            log.warning("file_worker_broke", extra={"code": process.returncode})
            return b""
        return answer


async def _read(process: asyncio.subprocess.Process) -> bytes:
    """All that the worker says; if it does not stop talking, it is ended and has said nothing."""
    answer = bytearray()
    assert process.stdout is not None  # noqa: S101  a pipe was asked for
    while piece := await process.stdout.read(1 << 20):
        answer += piece
        if len(answer) > LARGEST:
            process.kill()
            return b""
    return bytes(answer)


async def _write(process: asyncio.subprocess.Process, content: bytes) -> None:
    assert process.stdin is not None  # noqa: S101
    with suppress(ConnectionError):  # it ended before it had heard everything
        process.stdin.write(content)
        await process.stdin.drain()
    process.stdin.close()
