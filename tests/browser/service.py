"""The real service as its operator runs it: a process of its own on loopback, SQLite in a folder, one unit with a key file."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from bot.cli.open import records_of
from bot.cli.staff import invite
from bot.cli.store import opened
from bot.cli.unit import add_unit
from bot.settings import load_settings
from bot.vault.key_file import read_key_file
from tests.stores import environment as stores_environment
from tests.stores import given

ROOT = Path(__file__).parents[2]
UNIT = "UPTD PPA"
T = TypeVar("T")


def _run(work: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: Playwright keeps an event loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


class RealService:
    """One service with one unit. `stop`, `kill` and `start` keep port and data, as an operator's restart does. `stores` are other stores
    than those of the tests (`tests.stores.on_postgres`); `beside` is another service, of whose data this is one more process. Without
    `keyed` the unit has no key file: its first lead's browser makes the key. `more` are settings in the process's environment."""

    def __init__(
        self, folder: Path, *, stores: dict[str, str] | None = None, beside: RealService | None = None, keyed: bool = True,
        more: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.stores = beside.stores if beside is not None else stores or {}
        self.key_file = folder / "unit.key"
        self.more = more or {}
        data = beside.settings.data_dir if beside is not None else folder / "data"
        self.settings = load_settings(from_environment=False, given={**given(data), **self.stores})
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        if beside is None:
            file = self.key_file if keyed else None
            _run(add_unit(self.settings, name=UNIT, kind="service", lead=True, key_file=file, passphrase=None))

    def start(self) -> None:
        """Serves; returns once it is ready for people."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RUANG_AMAN_")}
        environment |= {**stores_environment(self.settings.data_dir), "PYTHONPATH": str(ROOT)}
        environment |= {f"RUANG_AMAN_{name.upper()}": value for name, value in (self.stores | self.more).items()}
        with (self.folder / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "serve", "--port", str(self.port)], cwd=self.folder, env=environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(self.url + "/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError("the service did not start:\n" + self.log())
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends the process, by SIGKILL as if the power had failed."""
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(20)
        self._process = None

    def log(self) -> str:
        """All that the service has logged."""
        return (self.folder / "service.log").read_text(encoding="utf-8", errors="replace")

    def invited(self, role: str) -> str:
        """The link that `ruang-aman staff invite` prints."""
        token, _ = _run(invite(self.settings, unit=UNIT, role=role))
        return f"{self.url}/console#join={token}"

    def cases(self) -> list[str]:
        """The ids of all cases, in hex."""

        async def listed() -> list[str]:
            async with opened(self.settings) as store:
                return [row.id.hex() for row in await store.reads.all_cases()]

        return _run(listed())

    def records(self, case: str) -> list[dict[str, Any]]:
        """What the unit reads when it opens a case with its key file."""
        key = read_key_file(self.key_file)
        return _run(records_of(self.settings, case=case, recipient=key.unit_id, private=key.private))


@contextmanager
def serving(service: RealService) -> Iterator[RealService]:
    """A service that runs as long as the context lasts; no fault of ours is in its log then."""
    service.start()
    yield service
    service.stop()
    assert "Traceback" not in service.log()
