"""Sessions: who is signed in, until when. The cookie's value is known to the browser alone; here is its hash.

A session ends after half an hour in which nobody did anything, and after twelve hours at the latest. It says who somebody is and opens
nothing: what is sealed takes the keys that only the passphrase gives.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from actions.rows import Change, Delete, Insert, Update
from bot.storage.staff import StaffStore
from bot.storage.writer import Writer
from bot.vault.row_tag import RowTags

IDLE = 30 * 60
"""Seconds without anything done by a person."""

LONGEST = 12 * 3600
"""Seconds from sign-in."""

TOKEN_BYTES = 32

_SEEN_EVERY = 60  # seconds: so often, at most, a session's row is written


@dataclass(frozen=True, kw_only=True, slots=True)
class NewSession:
    """A session that is to be written: the cookie's value, the page's token (hex), its id, the row."""

    token: str
    csrf: str
    id: bytes
    row: Change


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """A session that is on, with the row of whose it is. `key` names its row; `seen_at` is when somebody did something last."""

    id: bytes
    key: bytes
    staff: Any
    csrf: bytes
    seen_at: int


def csrf_matches(given: str, expected: bytes) -> bool:
    """Whether a page's token is the one whose hash is kept."""
    return hmac.compare_digest(_hashed(given), expected)


def _hashed(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


class SessionBook:
    """All sessions. `clock` gives seconds since 1970."""

    def __init__(self, store: StaffStore, writer: Writer, tags: RowTags, clock: Callable[[], float]) -> None:
        self._store, self._writer, self._tags, self._clock = store, writer, tags, clock

    def csrf_of(self, token: str) -> str:
        """The token of a session's pages (hex): all have the same, and a page gets it for the passphrase alone. It follows from the cookie
        and from what this service alone knows: whoever has the cookie has none, and whoever writes a row of their own makes none."""
        return self._tags.page(_hashed(token)).hex()

    def new(self, staff_id: bytes) -> NewSession:
        """A session for somebody who has just proved who they are."""
        token, now = secrets.token_urlsafe(TOKEN_BYTES), int(self._clock())
        csrf, session_id = self.csrf_of(token), secrets.token_bytes(16)
        row = {
            "token": _hashed(token), "id": session_id, "staff_id": staff_id, "csrf": _hashed(csrf), "created_at": now, "seen_at": now,
            "until": now + LONGEST,
        }  # fmt: skip
        return NewSession(token=token, csrf=csrf, id=session_id, row=Insert(table="staff_session", row=row))

    async def of(self, token: str) -> Open | None:
        """The session of a cookie, if it is on."""
        found = await self._store.session(_hashed(token)) if token else None
        if found is None:
            return None
        session, staff = found
        now = int(self._clock())
        if not csrf_matches(self.csrf_of(token), session.csrf):
            return None
        if session.until <= now or session.seen_at < now - IDLE or staff.state not in ("new", "active"):
            return None
        return Open(id=session.id, key=session.token, staff=staff, csrf=session.csrf, seen_at=session.seen_at)

    async def used(self, session: Open) -> None:
        """A person did something in it: it is not idle."""
        now = int(self._clock())
        if session.seen_at <= now - _SEEN_EVERY:
            await self._writer.write([Update(table="staff_session", key={"token": session.key}, values={"seen_at": now})])

    async def all_of(self, staff_id: bytes) -> Sequence[Any]:
        """Somebody's sessions that are on, the newest first."""
        now = int(self._clock())
        return [row for row in await self._store.sessions(staff_id) if row.until > now and row.seen_at >= now - IDLE]

    async def end(self, staff_id: bytes, session_id: bytes | None) -> None:
        """Ends one session of somebody's, or all of them."""
        key = {"staff_id": staff_id} | ({"id": session_id} if session_id is not None else {})
        await self._writer.write([Delete(table="staff_session", key=key)])
