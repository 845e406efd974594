"""The pepper: what codes, tags and the service's own signature hang on, in a file apart from the database."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from bot.errors import OperatorError


class PepperError(OperatorError):
    """The pepper is missing although receipts exist: no code could be opened any more."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"The pepper file is {code}, and codes that were handed out cannot be opened without it: "
            "put the offline copy back (RUANG_AMAN_PEPPER_FILE), then start again."
        )


def read_pepper(path: Path, *, receipts_exist: bool) -> bytes:
    """The pepper; made at the first start. Raises PepperError if it is missing although codes were handed out, or damaged."""
    if not path.exists():
        if receipts_exist:
            raise PepperError("missing")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):  # another process started at the same moment: its is the one
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(handle, secrets.token_hex(32).encode("ascii") + b"\n")
            os.close(handle)
    for _ in range(20):
        if path.stat().st_size:
            break
        time.sleep(0.05)  # it is just being written
    try:
        pepper = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        pepper = b""
    if len(pepper) != 32:
        raise PepperError("damaged")
    return pepper
