"""A process of Rasa's environment: started through `launch.py`, heard until it is told to be silent, never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from bot.nlu_server.launch import TOO_LARGE

_LAUNCH = Path(__file__).with_name("launch.py")
_TAIL = 60  # lines that are kept to say why it failed
_LONGEST = 8192  # characters of one line
_LAST_WORDS = 1.0  # seconds for what is still in the pipe when it has ended


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What to run: a module with its arguments, in an interpreter, with `path` behind the interpreter's own, in a folder.

    `memory`: bytes that it may have resident, 0 for any number. `niceness`: 0 to 19. `environment` is all of its environment.
    """

    python: Path
    module: str
    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    path: tuple[Path, ...] = ()
    memory: int = 0
    niceness: int = 0
    idle_disk: bool = False


@dataclass(kw_only=True)
class Child:
    """A running process. `heard` is called with each line that it says, until `hush`."""

    process: asyncio.subprocess.Process
    heard: Callable[[str], None] | None = None
    _tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))
    _hushed: bool = False
    _reading: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, order: Order, *, heard: Callable[[str], None] | None = None) -> Child:
        """Starts it. Raises OSError if the interpreter cannot be started."""
        process = await asyncio.create_subprocess_exec(
            str(order.python), "-I", "-B", "-W", "ignore", str(_LAUNCH), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT, cwd=order.folder, env=dict(order.environment), start_new_session=True,
        )  # fmt: skip
        child = cls(process=process, heard=heard)
        child._reading = asyncio.create_task(child._listen())
        # By the pipe, not by the command line: everybody on the machine can see that, and the arguments hold a token.
        line = orjson.dumps(
            {
                "parent": os.getpid(), "module": order.module, "arguments": order.arguments, "path": [str(one) for one in order.path],
                "memory": order.memory, "niceness": order.niceness, "idle_disk": order.idle_disk,
            }
        )  # fmt: skip
        assert process.stdin is not None  # noqa: S101  a pipe was asked for
        with suppress(ConnectionError):  # it has ended already: `wait` tells
            process.stdin.write(line + b"\n")
            await process.stdin.drain()
        return child

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.returncode is None

    @property
    def too_large(self) -> bool:
        """Whether it ended since it had grown beyond its memory."""
        return self.process.returncode == TOO_LARGE

    @property
    def tail(self) -> str:
        """The last lines that it said before it was hushed."""
        return "\n".join(self._tail)

    def hush(self) -> None:
        """From now on nothing that it says is looked at or kept: people's sentences may be in it."""
        self._hushed = True
        self._tail.clear()

    async def _listen(self) -> None:
        pipe = self.process.stdout
        assert pipe is not None  # noqa: S101
        rest = ""
        while piece := await pipe.read(65536):
            if self._hushed:
                rest = ""
                continue
            *lines, rest = (rest + piece.decode("utf-8", "replace")).replace("\r", "\n").split("\n")
            rest = rest[-_LONGEST:]
            for line in lines:
                if line.strip():
                    self._tail.append(line[:_LONGEST])
                    if self.heard is not None:
                        self.heard(line[:_LONGEST])
        if rest.strip() and not self._hushed:
            self._tail.append(rest)

    async def wait(self) -> int:
        """Until it ends; gives its exit status (negative: the signal). Nothing that it started is left."""
        status = await self.process.wait()
        self._end_group()
        if self._reading is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._reading, _LAST_WORDS)
        return status

    async def stop(self) -> None:
        """Ends it and everything that it started, at once: it has nothing to save."""
        self._end_group()
        await self.wait()

    def _end_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


async def run(order: Order, *, heard: Callable[[str], None] | None = None) -> Child:
    """Runs something to its end; it does not outlive the caller. Raises OSError if the interpreter cannot be started."""
    child = await Child.start(order, heard=heard)
    try:
        await child.wait()
    finally:
        if child.running:
            await child.stop()
    return child
