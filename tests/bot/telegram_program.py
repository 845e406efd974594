"""`python -m bot serve` as its operator runs it for Telegram, on a folder of its own, and what the unit reads with its key file."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from tests.bot.telegram_front import SECRET, Front, until
from tests.bot.telegram_person import Person
from tests.stores import copied, run
from tests.stores import environment as stores_environment

ROOT = Path(__file__).parents[2]
_READY = re.compile(r"Ruang Aman: http://localhost:(\d+)/chat")
# Lines that say that something is wrong with the program itself, not with the network.
_WRONG = re.compile(r"^.* (?:ERROR|CRITICAL) .*$", re.MULTILINE)


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """The environment of a command: nothing of the operator's own settings."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("RUANG_AMAN_")}
    return found | {"PYTHONPATH": str(ROOT), **stores_environment(data_dir)} | settings


def add_unit(folder: Path) -> None:
    """`unit add` on `folder/data`; the unit's key is in `folder/unit.key`."""
    command = [sys.executable, "-m", "bot", "unit", "add", "UPTD PPA", "--lead", "--no-passphrase", "--key", str(folder / "unit.key")]
    subprocess.run(command, cwd=folder, env=environment(folder / "data"), check=True, capture_output=True, timeout=60)


class Program:
    """One installation. Start, stop and kill it as often as needed: the data stay."""

    def __init__(self, folder: Path, front: Front, *, webhook: bool, template: Path) -> None:
        shutil.copy(template / "unit.key", folder)
        copied(template / "data", folder / "data")
        self.folder, self.front = folder, front
        self._data = folder / "data"
        self._environment = environment(
            self._data, RUANG_AMAN_TELEGRAM_TOKEN=front.token, RUANG_AMAN_TELEGRAM_API_URL=f"{front.url}/bot",
            RUANG_AMAN_TELEGRAM_MODE="webhook" if webhook else "polling", RUANG_AMAN_LOG_LEVEL="DEBUG",
        )  # fmt: skip
        if webhook:
            self._environment |= {"RUANG_AMAN_TELEGRAM_SECRET": SECRET, "RUANG_AMAN_PUBLIC_URL": front.url}
        self._webhook = webhook
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Returns once it serves and Telegram has heard of it."""
        begun, asked = len(self.log()), len(self.front.calls)
        with (self.folder / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "serve", "--port", "0"], cwd=self.folder, env=self._environment, stdout=log, stderr=log
            )
        process = self._process
        await until(lambda: _READY.search(self.log()[begun:]) or process.poll() is not None, "the program", seconds=40)
        ready = _READY.search(self.log()[begun:])
        assert ready is not None, self.log()[begun:]
        self.front.program_url = f"http://127.0.0.1:{ready[1]}"
        first = "setWebhook" if self._webhook else "deleteWebhook"
        await until(lambda: any(call.method == first for call in self.front.calls[asked:]), first)

    def kill(self) -> None:
        """As if the power had failed."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(20)
        self._process = None

    async def stop(self) -> tuple[int, float]:
        """SIGTERM; gives the exit code and the seconds that it took."""
        assert self._process is not None
        process, begun = self._process, time.monotonic()
        process.send_signal(signal.SIGTERM)
        await until(lambda: process.poll() is not None, "the program to end", seconds=40)
        self._process = None
        return process.returncode, time.monotonic() - begun

    def log(self) -> str:
        """All that it wrote to its standard streams."""
        file = self.folder / "service.log"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def wrong(self) -> list[str]:
        """The lines of the log that say that something is wrong with the program."""
        return _WRONG.findall(self.log())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What stands in its database."""
        return [tuple(row.values()) for row in run(self._data / "ruang-aman.db", query)]

    def files(self) -> bytes:
        """Every file of the installation."""
        return b"\n".join(path.read_bytes() for path in sorted(self._data.rglob("*")) if path.is_file())

    def tells_nothing_of(self, *people: Person) -> None:
        """Nothing of these chats stands in the log."""
        log = self.log()
        assert log
        for person in people:
            assert person.leaks(log) == []

    async def holds(self, query: str, rows: list[tuple[Any, ...]]) -> None:
        """Waits until the database answers this: the platform sees a message a moment before its row says so."""
        await until(lambda: self.rows(query) == rows, f"{rows} from {query}", instead=lambda: self.rows(query))

    async def counts(self, name: str, value: float, **labels: str) -> None:
        """Waits until a metric has this value."""
        for _ in range(500):
            found = await self.metric(name, **labels)
            if found == value:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{name} {labels} is {found}, not {value}")

    async def metric(self, name: str, **labels: str) -> float:
        """A value of /metrics; 0 if it is not there."""
        inside = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
        wanted = f"{name}{{{inside}}} "
        lines = (await self.front.page("/metrics")).splitlines()
        return next((float(line.removeprefix(wanted)) for line in lines if line.startswith(wanted)), 0.0)

    async def cases(self) -> list[str]:
        """The ids of the cases, as `open` lists them."""
        listed = await self._command("open")
        return re.findall(r"^([0-9a-f]{32}) ", listed, re.MULTILINE)

    async def opened(self, case: str) -> list[dict[str, Any]]:
        """The records of a case, as `open` shows them to the unit."""
        found: list[dict[str, Any]] = json.loads(await self._command("open", case, "--key", str(self.folder / "unit.key"), "--json"))
        return found

    async def _command(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *arguments, cwd=self.folder, env=environment(self._data), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        out, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        return out.decode()


def waits(program: Program) -> bool:
    """Whether anything has still to go out."""
    return program.rows("select count(*) from outbox where state in ('pending', 'sending')") != [(0,)]


# Given `webhook=True` or nothing: a running program and Telegram's end of it.
Bot = Callable[..., AbstractAsyncContextManager[tuple[Program, Front]]]
