"""Signing in: a secret that the browser derives from the passphrase, and a code of an authenticator.

Whoever tries learns one thing: it was wrong. A name that nobody has gets a salt, takes as long, and pauses like any other.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from actions import audit
from actions.rows import Change, Require, Update
from bot import contexts
from bot.desk import totp
from bot.desk.errors import Refused
from bot.desk.session import IDLE, LONGEST, NewSession, SessionBook
from bot.desk.throttle import FORGOTTEN, Scope, Throttle, of_address, of_browser, of_name
from bot.storage.audit import AuditChain
from bot.storage.faults import Moved
from bot.storage.key_store import KeyStore
from bot.storage.staff import StaffStore
from bot.vault.draft import lock, unlock
from bot.vault.encoding import join
from bot.vault.errors import SealError
from bot.vault.staff_auth import AUTH_BYTES, SALT_BYTES, auth_matches, hash_auth

log = logging.getLogger(__name__)

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
"""What somebody signs in with. A tilde marks the former rows of those who lost their passphrase."""

_AT_ONCE = 2  # Argon2id: 19 MiB and about 30 ms each
_SALT = b"ruang-aman/1 no such name"
_BROWSER = b"ruang-aman/1 known browser"
_BROWSER_BYTES = 16
_TIDY_EVERY = 3600


def name_of(given: str) -> str:
    """A name as it is kept: what a telephone's keyboard adds is taken off."""
    return given.strip().lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """Somebody came in: their row, their new session, and what their browser shows at the next sign-in to be told from strangers."""

    staff: Any
    session: NewSession
    browser: str


class SignIn:
    """The door. Without `second_factor` (the demo) no code is asked for."""

    def __init__(
        self, *, store: StaffStore, chain: AuditChain, keys: KeyStore, sessions: SessionBook, throttle: Throttle,
        clock: Callable[[], float], second_factor: bool,
    ) -> None:  # fmt: skip
        self._store, self._chain, self._keys = store, chain, keys
        self._sessions, self._throttle, self._clock = sessions, throttle, clock
        self.second_factor = second_factor
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sign-in")
        self._nobody = ""
        self._tidied = 0.0

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hashed(self, auth: bytes) -> str:
        """What is stored of an auth secret."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, hash_auth, auth)

    async def _matches(self, auth: bytes, stored: str) -> bool:
        if not self._nobody:
            self._nobody = await self.hashed(secrets.token_bytes(AUTH_BYTES))
        matches = await asyncio.get_running_loop().run_in_executor(self._threads, auth_matches, auth, stored or self._nobody)
        return matches and bool(stored)

    async def salt(self, name: str) -> bytes:
        """The salt of a name; of one that nobody has, 16 bytes that stay the same."""
        row = await self._store.named(name_of(name))
        invented = hmac.digest(self._keys.desk, join(_SALT, name_of(name).encode()), hashlib.sha256)[:SALT_BYTES]
        return row.salt if row is not None and row.auth else invented

    # Second factor

    def locked_seed(self, seed: bytes, staff_id: bytes) -> bytes:
        """A seed as it is stored."""
        return lock(self._keys.desk, seed, context=contexts.staff("totp", staff_id))

    def _step(self, row: Any, code: str) -> int | None:
        if row.totp is None:
            return None
        try:
            seed = unlock(self._keys.desk, row.totp, context=contexts.staff("totp", row.id))
        except SealError:
            log.error("second_factor_unreadable")
            return None
        return totp.used_step(seed, code, now=self._clock(), after=row.totp_step)

    # Browsers in which somebody has signed in before

    def _mark(self, name: str, nonce: bytes) -> bytes:
        return hmac.digest(self._keys.desk, join(_BROWSER, name.encode(), nonce), hashlib.sha256)

    def browser_of(self, name: str) -> str:
        """What a browser keeps after a sign-in, for that name."""
        nonce = secrets.token_bytes(_BROWSER_BYTES)
        return (nonce + self._mark(name, nonce)).hex()

    def _scopes(self, name: str, address: str, browser: str) -> Sequence[Scope]:
        try:
            token = bytes.fromhex(browser)
        except ValueError:
            token = b""
        if token and hmac.compare_digest(self._mark(name, token[:_BROWSER_BYTES]), token[_BROWSER_BYTES:]):
            return (of_browser(name, token[:_BROWSER_BYTES]),)
        return (of_name(name), of_address(address))

    # In

    async def sign_in(self, *, name: str, auth: bytes, code: str, address: str, browser: str = "") -> SignedIn:
        """Lets somebody in. `browser` is what `SignedIn.browser` gave before.

        Raises TooFast, and Refused("wrong") for whatever is not right.
        """
        name = name_of(name)
        scopes = self._scopes(name, address, browser)
        await self._throttle.begin(scopes)
        row = await self._store.named(name) if NAME.fullmatch(name) else None
        usable = row is not None and row.state in ("new", "active")
        matches = await self._matches(auth, row.auth if row is not None and usable else "")
        if row is None or not matches:
            raise Refused("wrong")
        values: dict[str, Any] = {}
        if self.second_factor:
            step = self._step(row, code)
            if step is None:
                raise Refused("wrong")
            values["totp_step"] = step
        session = self._sessions.new(row.id)
        changes: list[Change] = [session.row]
        if values:
            changes.append(Update(table="staff", key={"id": row.id}, values=values))
        seen = {"state": row.state, "auth": row.auth, "totp_step": row.totp_step}
        try:
            await self._chain.append(
                action=audit.SIGNED_IN, subject=session.id, actors=[row.id], at=int(self._clock()), along=changes,
                requires=[Require(table="staff", key={"id": row.id}, values=seen)],
            )  # fmt: skip
        except Moved:  # the same code, a moment earlier; or they were removed meanwhile
            raise Refused("wrong") from None
        await self._throttle.good(scopes)
        await self._tidy()
        return SignedIn(staff=row, session=session, browser=self.browser_of(name))

    async def unlock(self, row: Any, *, auth: bytes, session_id: bytes) -> None:
        """Whether whoever has a session knows the passphrase as well: a page that was loaded anew gets the wrapped keys.

        Raises TooFast or Refused("wrong").
        """
        scopes = (of_browser(row.name, session_id),)
        await self._throttle.begin(scopes)
        if not await self._matches(auth, row.auth):
            raise Refused("wrong")
        await self._throttle.good(scopes)

    async def end(self, staff_id: bytes, session_id: bytes | None) -> None:
        """Ends one session, or all of somebody's. Raises Refused("unknown") for one that is somebody else's; that is kept."""
        whose = await self._store.whose_session(session_id) if session_id is not None else staff_id
        if session_id is not None and whose not in (None, staff_id):
            await self._chain.append(action=audit.REFUSED, subject=session_id, actors=[staff_id], at=int(self._clock()))
            raise Refused("unknown")
        await self._sessions.end(staff_id, session_id)
        await self._chain.append(
            action=audit.SIGNED_OUT, subject=session_id or staff_id, actors=[staff_id], at=int(self._clock())
        )  # fmt: skip

    async def _tidy(self) -> None:
        now = self._clock()
        if now - self._tidied > _TIDY_EVERY:
            self._tidied = now
            await self._store.tidy(now=int(now), idle_since=int(now) - max(IDLE, LONGEST), tried_before=int(now) - FORGOTTEN)
