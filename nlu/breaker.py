"""When not to ask: after some failures in a row nobody waits for the model for a while, then one question tries whether it is back."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """`failures` in a row open it for `pause` seconds, twice as long each time the trial fails, up to `longest`. Not thread-safe: it
    belongs to one event loop. `clock` gives seconds."""

    def __init__(
        self, *, failures: int = 3, pause: float = 5.0, longest: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:  # fmt: skip
        self._failures, self._first_pause, self._longest, self._clock = failures, pause, longest, clock
        self._pause = pause
        self._failed = 0
        self._until = 0.0
        self._trying = False

    @property
    def open(self) -> bool:
        """Whether questions are left out now (or one is on its way as a trial)."""
        return self._failed >= self._failures

    def enter(self) -> bool:
        """Whether this question may be asked. Who is let in must say how it went: `succeeded`, `failed`, or `left` if that is not known."""
        if not self.open:
            return True
        if self._trying or self._clock() < self._until:
            return False
        self._trying = True
        return True

    def succeeded(self) -> None:
        """An answer came: everybody may ask again."""
        self._failed, self._trying, self._pause = 0, False, self._first_pause

    def failed(self) -> bool:
        """No usable answer came in time. True if that has just opened it."""
        if self.open:
            if self._trying:  # else it was on its way when it opened: that says nothing new
                self._trying, self._pause = False, min(self._longest, self._pause * 2)
                self._until = self._clock() + self._pause
            return False
        self._failed += 1
        self._until = self._clock() + self._pause
        return self.open

    def left(self) -> None:
        """The question was given up before anything could be said about the model."""
        self._trying = False
