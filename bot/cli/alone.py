"""What must not happen beside a running service: on this data directory, or, with PostgreSQL, on any machine."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bot.cli.command import CommandError
from bot.cli.single import only_one
from bot.settings import Settings
from bot.storage.database import open_engine, unusable
from bot.storage.replicas import living


def _say(count: int) -> None:
    print(f"{count} of the service's processes were here within the last half minute: looking whether they still are …", file=sys.stderr)


async def _living(settings: Settings) -> int:
    engine = open_engine(settings.database_url.get_secret_value())
    try:
        with unusable("main"):
            return await living(engine, _say)
    finally:
        await engine.dispose()


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Keeps a service from starting on this data directory meanwhile. Raises CommandError if one runs."""
    with only_one(settings):
        if settings.database_file is None and (count := asyncio.run(_living(settings))):
            raise CommandError(f"{count} of the service's processes use this database: stop them all first.")
        yield
