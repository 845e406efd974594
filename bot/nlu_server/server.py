"""Rasa's server as a process of ours: prepared, started, watched, started again. It serves this machine alone and ends with us."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.nlu_server.child import Child, Order
from bot.nlu_server.environment import Environment, Progress
from bot.nlu_server.errors import NluError
from bot.nlu_server.models import Models
from bot.nlu_server.probe import understands
from bot.nlu_server.project import Project
from bot.nlu_server.state import NluState
from bot.nlu_server.training import rasa_environment, train
from bot.nlu_server.watched import Watched
from nlu.rasa_backend import Endpoint

log = logging.getLogger(__name__)

MEMORY = 2 * 1024**3  # bytes; measured in use: see docs/decisions/nlu.md
_NICENESS = 5
_HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """Seconds. `start`: until it must understand; `probe`: for one answer to a probe, `every`: between two, `misses` of them in a row
    mean that it hangs; `pause`: before it is started again, twice as long each time up to `longest_pause`, from the beginning after
    `steady` good ones; `retry`: before installing or training is tried again, likewise up to `longest_retry`."""

    start: float = 300.0
    probe: float = 10.0
    every: float = 30.0
    misses: int = 3
    pause: float = 1.0
    longest_pause: float = 60.0
    steady: float = 300.0
    retry: float = 60.0
    longest_retry: float = 3600.0
    looking: float = 0.5


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


class NluServer(Watched):
    """Keeps one Rasa server running. `changed` is called with every new state. `module` is what is run as Rasa, `path` where else it is
    looked for: a test puts something smaller there."""

    def __init__(
        self, project: Project, environment: Environment, models: Models, *, changed: Callable[[NluState], None] | None = None,
        progress: Progress | None = None, patience: Patience | None = None, module: str = "rasa", path: tuple[Path, ...] = (),
        memory: int = MEMORY,
    ) -> None:  # fmt: skip
        self._project, self._environment, self._models = project, environment, models
        self._progress, self._patience = progress, patience or Patience()
        super().__init__(endpoint=None, changed=changed)
        self._module, self._path, self._memory = module, path, memory

    async def stop(self) -> None:
        """Ends it, and whatever was being installed or trained."""
        await super().stop()
        self._endpoint = None

    def _tell(self, state: NluState) -> None:
        log.info("nlu_state", extra={"state": state.value})

    async def _run(self) -> None:
        if not self._project.complete:
            log.warning("nlu_no_project")
            self._now(NluState.OFF)
            return
        pause = self._patience.retry
        while True:
            try:
                model = await self._prepared()
                break
            except NluError as error:
                log.error("nlu_not_prepared", extra={"code": error.code})
            except Exception as error:  # whatever it was: people are served without a model, and it is tried again
                log.error("nlu_not_prepared", extra={"code": type(error).__name__}, exc_info=error)
            self._now(NluState.OFF)
            await asyncio.sleep(pause)
            pause = min(self._patience.longest_retry, pause * 2)
        await self._serve(model)

    async def _prepared(self) -> Path:
        """The model, with everything that it needs to run. Raises NluError."""
        if not self._environment.installed:
            self._now(NluState.INSTALLING)
            await self._environment.install(self._progress)
        found = self._models.find(await asyncio.to_thread(self._project.fingerprint))
        if found is None:
            self._now(NluState.TRAINING)
            found = await train(
                self._project, self._environment, self._models, progress=self._progress, module=self._module, path=self._path
            )  # fmt: skip
        return found

    async def _serve(self, model: Path) -> None:
        pause = self._patience.pause
        while True:
            self._now(NluState.STARTING)
            begun = time.monotonic()
            try:
                code = await self._one_life(model)
            except Exception as error:
                code = type(error).__name__
                log.error("nlu_server_failed", exc_info=error)
            log.warning("nlu_server_ended", extra={"code": code})
            self._now(NluState.STARTING)
            if time.monotonic() - begun > self._patience.steady:
                pause = self._patience.pause
            await asyncio.sleep(pause)
            pause = min(self._patience.longest_pause, pause * 2)

    async def _one_life(self, model: Path) -> str:
        """From its start to its end; gives a code for why it ended."""
        endpoint = Endpoint(url=f"http://{_HOST}:{_free_port()}", token=secrets.token_urlsafe(24))
        with tempfile.TemporaryDirectory(prefix="ruang-aman-nlu-", ignore_cleanup_errors=True) as folder:
            child = await Child.start(self._order(model, endpoint, Path(folder)))
            ending = asyncio.create_task(child.wait())
            try:
                code = await self._until_up(child, ending, endpoint)
                if code:
                    self._write_down(child)
                    return code
                child.hush()
                self._endpoint = endpoint
                self._now(NluState.READY)
                return await self._until_down(child, ending, endpoint)
            finally:
                self._endpoint = None
                await child.stop()
                await ending

    def _order(self, model: Path, endpoint: Endpoint, folder: Path) -> Order:
        port = endpoint.url.rpartition(":")[2]
        arguments = ("run", "--enable-api", "--model", str(model), "--interface", _HOST, "--port", port, "--auth-token", endpoint.token)
        return Order(
            python=self._environment.python, module=self._module, arguments=arguments, folder=folder,
            path=(*self._path, self._project.root), environment=rasa_environment(folder, level="ERROR"),
            memory=self._memory, niceness=_NICENESS,
        )  # fmt: skip

    async def _until_up(self, child: Child, ending: asyncio.Task[int], endpoint: Endpoint) -> str:
        """Returns an empty text once it understands, else a code for why it does not."""
        give_up = time.monotonic() + self._patience.start
        while time.monotonic() < give_up:
            await asyncio.wait({ending}, timeout=self._patience.looking)
            if ending.done():
                return _ended(child)
            if await understands(endpoint, self._patience.probe):
                return ""
        return "slow_start"

    async def _until_down(self, child: Child, ending: asyncio.Task[int], endpoint: Endpoint) -> str:
        missed = 0
        while missed < self._patience.misses:
            await asyncio.wait({ending}, timeout=self._patience.every)
            if ending.done():
                return _ended(child)
            missed = 0 if await understands(endpoint, self._patience.probe) else missed + 1
        return "hangs"

    def _write_down(self, child: Child) -> None:
        """What it said while nobody had asked it anything yet: the only words of Rasa's that are kept."""
        with suppress(OSError):
            (self._models.writable() / "start.log").write_text(child.tail + "\n", encoding="utf-8")


def _ended(child: Child) -> str:
    return "memory" if child.too_large else f"exit_{child.process.returncode}"
