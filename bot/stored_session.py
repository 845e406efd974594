"""The session of a conversation's row, as it is locked there."""

from __future__ import annotations

import logging
from typing import Any

import orjson

from bot import contexts
from bot.vault.draft import unlock
from bot.vault.errors import VaultError
from flows.session import Session

log = logging.getLogger(__name__)


class LostSession(Exception):
    """A session of a program that is not this one, or a damaged one."""


def stored_session(row: Any, key: bytes) -> Session | None:
    """What the row holds under its conversation's key; None if it holds none yet. Raises LostSession."""
    if row.session is None:
        return None
    try:
        return Session.from_json(orjson.loads(unlock(key, row.session, context=contexts.session(row.id))))
    except (VaultError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        log.error("session_unreadable")
        raise LostSession from None
