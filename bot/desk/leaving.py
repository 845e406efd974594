"""Somebody goes, in two stores: the row that says so, and what the service remembers apart from the database (`bot.storage.pins`)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from actions.rows import Delete
from bot.storage.key_store import KeyStore
from bot.storage.staff import REMOVED, StaffStore

log = logging.getLogger(__name__)


class Leaving:
    """That somebody is about to go is written down in the key store first: what fails after the row was written is finished later. A row
    alone makes nobody gone, whoever wrote it. `clock` gives seconds since 1970."""

    def __init__(self, *, store: StaffStore, keys: KeyStore, clock: Callable[[], float]) -> None:
        self._store, self._keys, self._clock = store, keys, clock

    async def begins(self, staff_id: bytes) -> None:
        """Before the row is written."""
        await self._keys.pins.leaving(staff_id)

    async def stays(self, staff_id: bytes) -> None:
        """The row was not written, and will not be."""
        await self._keys.pins.stays(staff_id)

    async def ends(self, staff_id: bytes) -> None:
        """The row is written: no backup brings them back, and nothing that they sign is believed. What fails now is done by `finish`."""
        try:
            await self._end(staff_id)
        except Exception:
            log.exception("removal_delayed")

    async def finish(self) -> None:
        """Whoever has gone, and of whom that is not remembered yet."""
        for staff_id in await self._keys.pins.under_way():
            row = await self._store.member(staff_id)
            if row is not None and row.state == REMOVED["state"]:
                await self._end(staff_id)

    async def _end(self, staff_id: bytes) -> None:
        # After the row, not before: if it was not written, somebody who is there must not be missing from a backup.
        await self._keys.entomb([Delete(table="staff", key={"id": staff_id})], now=int(self._clock()))
        await self._keys.pins.left([staff_id])
