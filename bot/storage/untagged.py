"""Rows from before the service put tags on what it writes, in portions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import tables

_AT_A_TIME = 1_000


class Untagged:
    """Over the engine that reads."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def portions(self) -> AsyncIterator[tuple[Sequence[Any], Sequence[Any]]]:
        """Cases and receipts without a tag, up to 1,000 of each at a time. Whoever reads on has given those of before their tags."""
        case, receipt = tables.cases.c, tables.receipt.c
        while True:
            async with self._engine.connect() as connection:
                cases = (await connection.execute(select(case.id, case.public_key).where(case.tag.is_(None)).limit(_AT_A_TIME))).all()
                receipts = (
                    await connection.execute(select(tables.receipt).where(receipt.tag.is_(None)).limit(_AT_A_TIME))
                ).all()
            if not cases and not receipts:
                return
            yield cases, receipts
