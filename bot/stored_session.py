"""What a conversation's row holds under its key: the session, and beside it the talk that the conversation is in.

The talk stands there because whoever writes to the database can put any id into any row, and locks nothing: a hand-off and a conversation
belong together if the locked words of the conversation say so, and not because two rows do.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from bot import contexts
from bot.vault.draft import lock, unlock
from bot.vault.errors import VaultError
from flows.session import Session

log = logging.getLogger(__name__)

_TALK = "d"  # beside the session's own names


class LostSession(Exception):
    """A session of a program that is not this one, or a damaged one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Talk:
    """The hand-off that a conversation was linked to, and its case."""

    hand_off_id: bytes
    case_id: bytes


def stored_session(row: Any, key: bytes) -> Session | None:
    """What the row holds under its conversation's key; None if it holds none yet. Raises LostSession."""
    if row.session is None:
        return None
    try:
        return Session.from_json(opened_session(row, key))
    except (VaultError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        log.error("session_unreadable")
        raise LostSession from None


def opened_session(row: Any, key: bytes) -> Any:
    """The row's session as JSON. Raises VaultError, and ValueError where it is no JSON."""
    return orjson.loads(unlock(key, row.session, context=contexts.session(row.id)))


def talk_in(row: Any, key: bytes) -> Talk | None:
    """The talk that the row's session names; None if it names none, or cannot be read."""
    if row.session is None:
        return None
    try:
        hand_off_id, case_id = (bytes.fromhex(each) for each in opened_session(row, key)[_TALK])
    except (VaultError, ValueError, KeyError, TypeError):
        return None
    return Talk(hand_off_id=hand_off_id, case_id=case_id)


def locked_session(conversation_id: bytes, key: bytes, session: Mapping[str, Any], talk: Talk | None) -> bytes:
    """A session (as JSON) as the row holds it, with the talk that the conversation is in."""
    named = {_TALK: [talk.hand_off_id.hex(), talk.case_id.hex()]} if talk is not None else {}
    others = {name: value for name, value in session.items() if name != _TALK}
    return lock(key, orjson.dumps({**others, **named}), context=contexts.session(conversation_id))
