"""Open conversations on their way out of a backup: what their people agreed to is as old as it is (`flows.restoring`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from bot import contexts
from bot.vault.draft import lock, unlock
from bot.vault.errors import VaultError
from flows.restoring import from_backup
from flows.session import Session


def reopened(row: dict[str, Any], keys: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The row of a conversation with its session as it goes on, under the same key. One that cannot be read begins anew."""
    if row["session"] is None:
        return row
    key, context = keys[row["key_id"]], contexts.session(row["id"])
    try:
        session = Session.from_json(orjson.loads(unlock(key, row["session"], context=context)))
    except (VaultError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return row  # its next turn finds the same, says so in the log and forgets it
    return row | {"session": lock(key, orjson.dumps(from_backup(session).to_json()), context=context)}
