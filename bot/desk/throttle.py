"""How fast somebody may try passphrases: the pause grows with each failure, per name and per address, and ends after half a minute at most.

Nobody is locked out: whoever hammers at a colleague's name makes strangers wait, and not a browser in which that colleague has signed in
before (it holds a token that says so, and has a count of its own; OWASP calls these device cookies). A try counts when it begins, by
compare-and-set, so that a thousand at once are not one. Names and addresses are kept as HMAC under the key of the day.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from actions.rows import Change, Delete, Insert, Require, Update
from bot.storage.faults import Moved, is_double
from bot.storage.key_store import KeyStore
from bot.storage.staff import StaffStore
from bot.storage.writer import Writer
from bot.vault.draft import row_key

FORGOTTEN = 3600
"""Seconds without a failure after which all is forgotten."""

_TRIES = 8
_DAY = 86_400


class TooFast(Exception):
    """Not now: try again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What is counted together: `free` failures cost nothing, then the pause doubles from one second up to `most`."""

    parts: tuple[bytes, ...]
    free: int
    most: int

    def pause(self, failures: int) -> int:
        """Seconds to wait after so many failures."""
        return 0 if failures < self.free else min(self.most, 2 ** min(30, failures - self.free))


def of_name(name: str) -> Scope:
    """All tries at a name from browsers that are new to it."""
    return Scope(parts=(b"name", name.encode()), free=3, most=30)


def of_address(address: str) -> Scope:
    """All tries from an address. Behind a proxy that is everybody's: so it bears more, and pauses less."""
    return Scope(parts=(b"address", address.encode()), free=20, most=10)


def of_browser(name: str, token: bytes) -> Scope:
    """Tries at a name in a browser in which it was signed in with before, or in a session of its own."""
    return Scope(parts=(b"browser", name.encode(), token), free=5, most=30)


class Throttle:
    """The counts, in the database: they hold for all processes."""

    def __init__(self, store: StaffStore, writer: Writer, keys: KeyStore, clock: Callable[[], float]) -> None:
        self._store, self._writer, self._keys, self._clock = store, writer, keys, clock

    async def _keyed(self, scopes: Sequence[Scope], now: int) -> dict[bytes, Scope]:
        _, key = (await self._keys.day_keys(now // _DAY))[0]
        return {row_key(key, b"sign-in", *scope.parts): scope for scope in scopes}

    async def begin(self, scopes: Sequence[Scope]) -> None:
        """One more try, counted as a failure until it is known better. Raises TooFast."""
        for attempt in range(_TRIES):
            now = int(self._clock())
            keyed = await self._keyed(scopes, now)
            seen = await self._store.tries(list(keyed))
            changes: list[Change] = []
            requires: list[Require] = []
            waits = [0]
            for key, scope in keyed.items():
                row = seen.get(key)
                failures = 0 if row is None or row.at < now - FORGOTTEN else row.failures
                if row is None:
                    changes.append(Insert(table="sign_in_try", row={"scope": key, "failures": 1, "at": now}))
                else:
                    waits.append(row.at + scope.pause(failures) - now)
                    changes.append(Update(table="sign_in_try", key={"scope": key}, values={"failures": failures + 1, "at": now}))
                    requires.append(Require(table="sign_in_try", key={"scope": key}, values={"failures": row.failures, "at": row.at}))
            if max(waits) > 0:
                raise TooFast(max(waits))
            try:
                await self._writer.write(changes, requires=requires)
                return
            except Moved:
                pass
            except Exception as error:
                if not is_double(error):
                    raise
            await asyncio.sleep(random.uniform(0, 0.02) * (attempt + 1))  # noqa: S311 (those that collided must not collide again)
        raise TooFast(1)

    async def good(self, scopes: Sequence[Scope]) -> None:
        """The try was none: the right person came. An address keeps what others did from it."""
        keyed = await self._keyed(scopes, int(self._clock()))
        seen = await self._store.tries(list(keyed))
        changes: list[Change] = []
        for key, scope in keyed.items():
            row = seen.get(key)
            if row is not None and scope.parts[0] == b"address":
                values = {"failures": max(0, row.failures - 1)}
                changes.append(Update(table="sign_in_try", key={"scope": key, "failures": row.failures}, values=values))
            else:
                changes.append(Delete(table="sign_in_try", key={"scope": key}))
        await self._writer.write(changes)
