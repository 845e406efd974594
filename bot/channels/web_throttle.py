"""How fast the web chat listens. Who is too fast is asked to come again in a moment, with the same message: nobody is dropped silently.

Nothing here knows an IP address: Indonesian mobile networks put thousands of people behind one, and what is not looked at cannot leak.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable


class Bucket:
    """A token bucket: `burst` at once, then `per_second`."""

    __slots__ = ("_at", "_burst", "_level", "_per_second")

    def __init__(self, *, burst: float, per_second: float, now: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._level = burst
        self._at = now

    def take(self, now: float) -> float:
        """0.0 if one more may pass now, else the number of seconds until one may."""
        self._level = min(self._burst, self._level + (now - self._at) * self._per_second)
        self._at = now
        if self._level >= 1.0:
            self._level -= 1.0
            return 0.0
        return (1.0 - self._level) / self._per_second


class Throttle:
    """The limits of one process. All methods give 0.0 (go on) or the number of seconds after which to come again.

    The defaults let a person type, correct and tap as fast as anyone can, and a city of 750,000 start 300 conversations a minute. A
    conversation counts as new when this process has not heard from it among the last `remembered` ones; so after a restart, returning
    ones count once.
    """

    def __init__(
        self,
        *,
        burst: float = 20,
        per_second: float = 2,
        new_per_minute: float = 300,
        remembered: int = 50_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst = burst
        self._per_second = per_second
        self._remembered = remembered
        self._clock = clock
        now = clock()
        self._new = Bucket(burst=new_per_minute, per_second=new_per_minute / 60, now=now)
        self._leaving = Bucket(burst=new_per_minute, per_second=new_per_minute / 60, now=now)
        self._talking: OrderedDict[str, Bucket] = OrderedDict()
        self._fetching: OrderedDict[str, Bucket] = OrderedDict()

    def message(self, address: str) -> float:
        """One more message of this address."""
        now = self._clock()
        if address not in self._talking and (wait := self._new.take(now)):
            return wait
        return self._bucket(self._talking, address, now).take(now)

    def fetch(self, address: str) -> float:
        """One more stream or confirmation of this address."""
        now = self._clock()
        return self._bucket(self._fetching, address, now).take(now)

    def leave(self, address: str) -> float:
        """One "leave quickly". The page cannot repeat it, so a conversation that we know of is never held up."""
        return 0.0 if address in self._talking else self._leaving.take(self._clock())

    def _bucket(self, buckets: OrderedDict[str, Bucket], address: str, now: float) -> Bucket:
        bucket = buckets.get(address)
        if bucket is None:
            bucket = buckets[address] = Bucket(burst=self._burst, per_second=self._per_second, now=now)
            if len(buckets) > self._remembered:
                buckets.popitem(last=False)
        else:
            buckets.move_to_end(address)
        return bucket
