"""How staff are reached outside the console: a telephone number and a Telegram chat, each locked under the desk's key."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from actions.rows import Update
from bot import contexts
from bot.vault.draft import lock, unlock
from bot.vault.errors import VaultError

log = logging.getLogger(__name__)

TELEPHONE, TELEGRAM = "telephone", "telegram"
LAST_PLACE = 9  # of the on-call chain
_SHAPES = {TELEPHONE: re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII), TELEGRAM: re.compile(r"[1-9][0-9]{0,18}", re.ASCII)}


def fits(column: str, value: str) -> bool:
    """Whether a value is a telephone number (+62…), or the id of a private Telegram chat."""
    return _SHAPES[column].fullmatch(value) is not None


class Contacts:
    """`key` gives the desk's key of the key store."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def changed(self, staff_id: bytes, **values: str | int | None) -> Update:
        """The row by which `telephone`, `telegram` (None: not any more) or `on_call` (the place in the chain) of somebody are others.

        Raises ValueError for what is no number and no chat.
        """
        stored: dict[str, Any] = {}
        for column, value in values.items():
            if column not in _SHAPES:
                stored[column] = value
            elif value is None:
                stored[column] = None
            elif not fits(column, str(value)):
                raise ValueError(column)
            else:
                stored[column] = lock(self._key(), str(value).encode(), context=contexts.staff(column, staff_id))
        return Update(table="staff", key={"id": staff_id}, values=stored)

    def read(self, row: Any, column: str) -> str | None:
        """What stands in a column of a colleague's row: telephone or telegram. None if there is nothing, or nothing that can be read."""
        locked = getattr(row, column)
        if locked is None:
            return None
        try:
            return unlock(self._key(), locked, context=contexts.staff(column, row.id)).decode()
        except (VaultError, ValueError):
            log.error("contact_unreadable", extra={"staff": row.id.hex(), "code": column})
            return None
