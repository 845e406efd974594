"""Row ids that keep the order of arrival, in one process and across a restart."""

from __future__ import annotations

import secrets
import time

_SINCE = 1_767_225_600  # 2026-01-01: microseconds since then leave room below 2**53, which a browser's numbers hold exactly


class RowIds:
    """Growing numbers: microseconds since 2026, times 64, plus chance (so that two replicas hardly ever meet). Below 2**53 until 2030;
    after that a page would still compare them as it got them."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """A number greater than every one before."""
        now = (time.time_ns() // 1000 - _SINCE * 1_000_000) * 64 + secrets.randbelow(64)
        self._last = max(self._last + 1, now)
        return self._last
