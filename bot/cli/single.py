"""One process for one data directory: two writers on one SQLite file would each hold what the other does not know."""

from __future__ import annotations

import fcntl
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType

from bot.cli.command import CommandError
from bot.settings import Settings


def only_one(settings: Settings) -> AbstractContextManager[object]:
    """Holds the data directory, unless its stores are made for several processes."""
    return nullcontext() if settings.shared else OnlyOne(settings.data_dir)


class OnlyOne:
    """Holds a lock file while the process lives. Raises CommandError if another process holds it."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "running.lock"
        self._file: int | None = None

    def __enter__(self) -> OnlyOne:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            raise CommandError(
                "The data directory cannot be written: check RUANG_AMAN_DATA_DIR and who owns it."
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise CommandError(
                "Ruang Aman is already running with this data directory: stop it, or set another RUANG_AMAN_DATA_DIR."
            ) from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            os.close(self._file)
