"""Blocked addresses. A row is found by an HMAC of channel and address under the key of a day, as a conversation is, and under a name of
its own: without the key store nobody learns which address is blocked, nor which conversation. When the day's key dies, it is noise.

A row carries a tag under the same key. Whoever can only write to the database makes none, lengthens none and moves none; a row that was
lifted can be put back, until it would have ended.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from actions.block import holds
from actions.rows import Change, Delete, Insert, Update
from bot.adapters import forged
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.vault.draft import row_key
from bot.vault.row_tag import RowTags

_DAY = 86_400
_NAME, _TAG = b"block", b"block tag"


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A block that holds: until when (seconds since 1970), by whom, and rows to be written with what is done next, so that it is found
    on."""

    until: int
    staff_id: bytes
    rows: tuple[Change, ...] = ()

    def until_in(self, zone: tzinfo) -> str:
        """Until when, as an ISO time of the city's clock: `world.blocked`."""
        return datetime.fromtimestamp(self.until, zone).isoformat(timespec="minutes")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Named:
    """What an address is called under one day's key."""

    day: int
    key: bytes
    name: bytes


class Blocks:
    """All blocks. `tags` give the id of a case's block; `clock` gives seconds since 1970."""

    def __init__(self, *, reads: Reads, keys: KeyStore, tags: RowTags, clock: Callable[[], float]) -> None:
        self._reads, self._keys, self._tags, self._clock = reads, keys, tags, clock

    async def of(self, channel: str, address: str) -> Block | None:
        """The block of an address, if one holds now. One that was found under an older day's key goes under today's, so that it lasts."""
        now, names = int(self._clock()), await self._names(channel, address)
        found = {row.row_key: row for row in await self._reads.blocks([each.name for each in names])}
        for each in names:
            row = found.get(each.name)
            if row is None or not self._ours(row, each.key) or not holds(row.until, now):
                continue
            return Block(until=row.until, staff_id=row.staff_id, rows=self._moved(row, names[0]))
        return None

    async def rows(self, channel: str, address: str, *, case_id: bytes, until: int, staff_id: bytes) -> list[Change]:
        """The rows that block an address, in the place of a block that there is."""
        names = await self._names(channel, address)
        row = {"id": self._tags.block(case_id), "until": until, "staff_id": staff_id}
        gone = [Delete(table="block", key={"row_key": each.name}) for each in names]
        return [*gone, *self.lifted(case_id), Insert(table="block", row={**row, **_under(names[0], **row)})]

    async def of_case(self, case_id: bytes) -> Block | None:
        """The block that a case led to, if it holds now."""
        now = int(self._clock())
        row = await self._reads.block(self._tags.block(case_id))
        if row is None or not holds(row.until, now):
            return None
        keys = await self._keys.day_keys(now // _DAY)
        ours = any(day == row.day and self._same(row, key) for day, key in keys)
        return Block(until=row.until, staff_id=row.staff_id) if ours else None

    def lifted(self, case_id: bytes) -> tuple[Delete, ...]:
        """The rows that lift it."""
        return (Delete(table="block", key={"id": self._tags.block(case_id)}),)

    async def _names(self, channel: str, address: str) -> list[_Named]:
        """What an address is called under each live day's key, newest first."""
        days = await self._keys.day_keys(int(self._clock()) // _DAY)
        return [_Named(day=day, key=key, name=row_key(key, _NAME, channel.encode(), address.encode())) for day, key in days]

    def _moved(self, row: Any, today: _Named) -> tuple[Change, ...]:
        if row.row_key == today.name:
            return ()
        values = _under(today, id=row.id, until=row.until, staff_id=row.staff_id)
        return (Update(table="block", key={"row_key": row.row_key}, values=values),)

    @staticmethod
    def _same(row: Any, key: bytes) -> bool:
        made = _tag(key, row.row_key, id=row.id, until=row.until, staff_id=row.staff_id)
        return hmac.compare_digest(made, row.tag)

    def _ours(self, row: Any, key: bytes) -> bool:
        if not self._same(row, key):
            forged("block", row.id)
            return False
        return True


def _under(named: _Named, **values: Any) -> dict[str, Any]:
    """Name, day and tag of a row under a day's key."""
    return {"row_key": named.name, "day": named.day, "tag": _tag(named.key, named.name, **values)}


def _tag(key: bytes, name: bytes, *, id: bytes, until: int, staff_id: bytes) -> bytes:
    return row_key(key, _TAG, name, id, str(until).encode(), staff_id)
