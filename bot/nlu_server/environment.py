"""Rasa's own environment: a folder `.venv-nlu` beside the program, made from `nlu/rasa/requirements.txt`, every file by its hash."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot.nlu_server.child import Child, Order, run
from bot.nlu_server.errors import NluError
from bot.nlu_server.python310 import find_python

FOLDER = ".venv-nlu"
_MARK = "installed"
_FETCHED = "python"  # the folder of a Python that had to be fetched; stays when the environment is made anew
_BUILDS = ("setuptools", "wheel")  # with these the few packages are built that come as source only
_BLOCK = re.compile(r"^[A-Za-z0-9][^\n]*(?:\n[ \t][^\n]*)*", re.MULTILINE)
_SETTINGS = "RUANG_AMAN_"

Progress = Callable[[int, int], None]


@asynccontextmanager
async def only_here(path: Path) -> AsyncIterator[None]:
    """One process at a time: waits until no other holds the file. Raises OSError if it cannot be made."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(1)
        yield
    finally:
        os.close(handle)


class Environment:
    """The environment of a program in `root`, for a list of requirements."""

    def __init__(self, root: Path, requirements: Path) -> None:
        self._folder = root / FOLDER
        self._requirements = requirements

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self._folder / "bin" / "python"

    def _wanted(self) -> str:
        return hashlib.sha256(self._requirements.read_bytes()).hexdigest()

    @property
    def installed(self) -> bool:
        """Whether it is there, whole, and what the requirements ask for."""
        with suppress(OSError):
            return self.python.exists() and (self._folder / _MARK).read_text(encoding="ascii").strip() == self._wanted()
        return False

    async def install(self, progress: Progress | None = None) -> None:
        """Makes it, if it is not there. Raises NluError if it cannot be made."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            async with only_here(self._folder / "lock"):
                if not self.installed:
                    await self._install(progress)
        except OSError:
            sentence = f"{FOLDER} beside the program cannot be written: run `make nlu` there as the program's owner."
            raise NluError("not_writable", sentence) from None

    async def _install(self, progress: Progress | None) -> None:
        base = await find_python(self._folder / _FETCHED)
        for entry in self._folder.iterdir():
            if entry.name not in (_FETCHED, "lock"):
                if entry.is_dir() and not entry.is_symlink():
                    await asyncio.to_thread(shutil.rmtree, entry)
                else:
                    entry.unlink()
        await self._run(base, "venv", str(self._folder), code="venv_failed")
        text = self._requirements.read_text(encoding="utf-8")
        blocks = [match[0] for match in _BLOCK.finditer(text)]
        builds = self._folder / "builds.txt"
        builds.write_text("\n".join(_named(blocks, _BUILDS)), encoding="utf-8")
        async with _watched(self._folder, len(blocks), progress):
            for chosen in (builds, self._requirements):
                if not await self._by_uv(chosen):
                    await self._by_pip(chosen)
        (self._folder / _MARK).write_text(self._wanted() + "\n", encoding="ascii")

    async def _by_uv(self, chosen: Path) -> bool:
        """uv does in a minute what takes pip several. It knows nothing of the mirror that pip may be set up for: then it fails at once."""
        if importlib.util.find_spec("uv") is None:
            return False
        given = (
            "--quiet", "--no-progress", "--require-hashes", "--no-build-isolation", "--python", str(self.python),
            "--compile-bytecode",  # Rasa's processes write nothing beside themselves: each start would compile all anew, for ten seconds
            "-r", str(chosen),
        )  # fmt: skip
        return (await self._child(Path(sys.executable), "uv", "pip", "install", *given)).process.returncode == 0

    async def _by_pip(self, chosen: Path) -> None:
        given = ("--no-input", "--disable-pip-version-check", "--require-hashes", "--no-build-isolation", "-r", str(chosen))
        await self._run(self.python, "pip", "install", *given, code="download_failed")

    async def _run(self, python: Path, module: str, *arguments: str, code: str) -> None:
        child = await self._child(python, module, *arguments)
        if child.process.returncode != 0:
            (self._folder / "install.log").write_text(child.tail + "\n", encoding="utf-8")
            raise NluError(code, f"Rasa's environment could not be made: the end of {FOLDER}/install.log says why; then run `make nlu`.")

    async def _child(self, python: Path, module: str, *arguments: str) -> Child:
        # pip keeps to the mirror and the proxy that the machine's owner has set for it.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
        return await run(
            Order(
                python=python, module=module, arguments=arguments, folder=self._folder, environment=environment, niceness=10, idle_disk=True
            )
        )  # fmt: skip


@asynccontextmanager
async def _watched(folder: Path, total: int, progress: Progress | None) -> AsyncIterator[None]:
    """Tells every second how many packages are in an environment."""

    async def look() -> None:
        while progress is not None:
            progress(min(total, sum(1 for _ in folder.glob("lib/python*/site-packages/*.dist-info"))), total)
            await asyncio.sleep(1)

    watching = asyncio.create_task(look())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait({watching})


def _named(blocks: list[str], names: tuple[str, ...]) -> Iterator[str]:
    for block in blocks:
        if block.partition("==")[0].strip().lower() in names:
            yield block
