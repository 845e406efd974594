"""How far long work is: one line that is written over, where somebody looks at a terminal."""

from __future__ import annotations

import sys
import time

_EVERY = 0.2  # seconds


class Progress:
    """Is called with how much is done and of how much. Says nothing where standard error is no terminal, and leaves no line behind."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = 0.0
        self._wrote = False

    def __call__(self, done: int, total: int) -> None:
        if sys.stderr.isatty() and time.monotonic() - self._shown > _EVERY:
            self._shown, self._wrote = time.monotonic(), True
            print(f"\r\x1b[K{self._what}: {done:,} of {total:,}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Takes the line away."""
        if self._wrote:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
