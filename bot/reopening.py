"""Open conversations on their way out of a backup: what their people agreed to is as old as it is (`flows.restoring`)."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from bot.stored_session import locked_session, opened_session, talk_in
from bot.vault.errors import VaultError
from flows.restoring import from_backup
from flows.session import Session


def reopened(row: dict[str, Any], keys: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The row of a conversation with its session as it goes on, under the same key. One that cannot be read begins anew."""
    if row["session"] is None:
        return row
    key, held = keys[row["key_id"]], SimpleNamespace(**row)
    try:
        session = Session.from_json(opened_session(held, key))
    except (VaultError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return row  # its next turn finds the same, says so in the log and forgets it
    return row | {"session": locked_session(row["id"], key, from_backup(session).to_json(), talk_in(held, key))}
