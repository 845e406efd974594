"""How staff are reached outside the console: a telephone number and a Telegram chat, each locked under the desk's key."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from actions.rows import Update
from bot import contexts
from bot.storage.writer import Writer
from bot.vault.draft import lock, unlock
from bot.vault.errors import VaultError

log = logging.getLogger(__name__)

_SHAPES = {"telephone": re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII), "telegram": re.compile(r"[1-9][0-9]{0,18}", re.ASCII)}


class Contacts:
    """`key` gives the desk's key of the key store."""

    def __init__(self, writer: Writer, key: Callable[[], bytes]) -> None:
        self._writer, self._key = writer, key

    async def set(self, staff_id: bytes, *, telephone: str | None, telegram: str | None, place: int | None) -> bool:
        """Writes down how somebody is reached (None: not), and their place in the on-call chain. False for what is no number (+62…), and no
        id of a private Telegram chat."""
        values: dict[str, Any] = {"on_call": place}
        for column, value in (("telephone", telephone), ("telegram", telegram)):
            if value is not None and not _SHAPES[column].fullmatch(value):
                return False
            values[column] = None if value is None else lock(self._key(), value.encode(), context=contexts.staff(column, staff_id))
        await self._writer.write([Update(table="staff", key={"id": staff_id}, values=values)])
        return True

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
