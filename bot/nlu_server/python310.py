"""Finds the Python 3.10 that Rasa 3.6 needs: one that is there and really runs, else one that uv fetches."""

from __future__ import annotations

import asyncio
import os
import shutil
import sysconfig
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from bot.nlu_server.errors import NluError

_PROBE = "import sys, venv, ensurepip, ctypes; sys.exit(sys.version_info[:2] != (3, 10))"
_PATIENCE = 20.0  # seconds for an interpreter to say who it is
_FETCHING = 600.0  # seconds for uv to fetch one: 30 MB


async def _said(*command: str, environment: Mapping[str, str], seconds: float) -> str | None:
    """What a command prints, or None if it does not run, fails or takes too long."""
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=dict(environment))
    except OSError:
        return None
    try:
        said, _ = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return said.decode("utf-8", "replace").strip() if process.returncode == 0 else None


def _uv() -> str | None:
    """The program uv: the one that was installed with the service, else one on PATH."""
    own = Path(sysconfig.get_path("scripts")) / "uv"
    return str(own) if own.is_file() else shutil.which("uv")


def _present(environment: Mapping[str, str]) -> Iterator[Path]:
    """Where a Python 3.10 may be. On PATH it may be a shim that does not run, and pyenv's are not on PATH."""
    found = shutil.which("python3.10", path=environment.get("PATH"))
    if found is not None:
        yield Path(found)
    home = environment.get("PYENV_ROOT") or f"{environment.get('HOME', '')}/.pyenv"
    yield from sorted(Path(home).glob("versions/3.10*/bin/python"), reverse=True)


async def _candidates(environment: Mapping[str, str], folder: Path) -> AsyncIterator[Path]:
    for path in _present(environment):
        yield path
    uv = _uv()
    if uv is None:
        return
    # Beside the program, not in somebody's home: who sets up is often not who runs it.
    there = {**environment, "UV_PYTHON_INSTALL_DIR": str(folder)}
    find = (uv, "python", "find", "--no-project", "--no-python-downloads", "3.10")
    found = await _said(*find, environment=there, seconds=_PATIENCE)
    if found:
        yield Path(found)
    if await _said(uv, "python", "install", "--no-bin", "3.10", environment=there, seconds=_FETCHING) is not None:
        found = await _said(*find, environment=there, seconds=_PATIENCE)
        if found:
            yield Path(found)


async def find_python(folder: Path, environment: Mapping[str, str] | None = None) -> Path:
    """A Python 3.10 with venv. `folder` takes one that has to be fetched. Raises NluError if there is none and none can be had."""
    variables = os.environ if environment is None else environment
    async for path in _candidates(variables, folder):
        if await _said(str(path), "-I", "-c", _PROBE, environment=variables, seconds=_PATIENCE) is not None:
            return path
    raise NluError(
        "no_python310",
        "Rasa needs Python 3.10 with venv; none was found, and none could be fetched: install one (for example: pyenv install 3.10).",
    )
