"""Where trained models lie: beside the program, as Rasa expects them, and where that cannot be written, in the data directory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

KEPT = 2
_PREFIX, _SUFFIX = "ruang-aman-", ".tar.gz"


def model_name(fingerprint: str) -> str:
    """The name of the model with a fingerprint, without its ending."""
    return f"{_PREFIX}{fingerprint}"


class Models:
    """The folders in which models are looked for, in this order; the first one that can be written takes new ones. Models of other names
    are Rasa users' own, and are neither used nor touched."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def find(self, fingerprint: str) -> Path | None:
        """The model that was made of exactly this."""
        paths = (folder / f"{model_name(fingerprint)}{_SUFFIX}" for folder in self._folders)
        return next((path for path in paths if path.is_file()), None)

    def writable(self) -> Path:
        """The folder for a new one, made if it is not there. Raises OSError if there is none."""
        for folder in self._folders:
            with suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                if os.access(folder, os.W_OK | os.X_OK):
                    return folder
        raise PermissionError("no folder for models can be written")

    def keep(self, made: Path, fingerprint: str) -> Path:
        """Puts a new model in its place, and drops older ones of ours beyond `KEPT`. Raises OSError."""
        place = made.with_name(f"{model_name(fingerprint)}{_SUFFIX}")
        target = self.writable() / place.name
        made.replace(target)
        ours = sorted(target.parent.glob(f"{_PREFIX}*{_SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in [path for path in ours if path != target][KEPT - 1 :]:
            old.unlink(missing_ok=True)
        return target
