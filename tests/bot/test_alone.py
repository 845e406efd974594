"""What must not happen beside a running service, on a database that several machines share."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from bot.cli.alone import _living, alone
from bot.cli.command import CommandError
from bot.storage import replicas
from tests.bot.house import house
from tests.bot.test_backup import settings
from tests.stores import postgres_only, run

pytestmark = postgres_only

_NOW = "extract(epoch from now())::bigint"
_BEAT = f"insert into replica values (?, {_NOW} - {{ago}}) on conflict (id) do update set seen_at = excluded.seen_at"


async def _beats(folder: Path, name: bytes, ago: int = 0) -> None:
    await asyncio.to_thread(run, folder / "ruang-aman.db", _BEAT.format(ago=ago), name.ljust(16))


async def _database(folder: Path) -> None:
    async with house(folder):
        pass


def test_a_process_that_was_killed_is_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(_database(tmp_path))
    begun = time.monotonic()
    with alone(settings(tmp_path)):
        assert time.monotonic() - begun < 10, "one that stopped has signed off"
    asyncio.run(_beats(tmp_path, b"killed", ago=replicas.SILENT_AFTER - 4))
    begun = time.monotonic()
    with alone(settings(tmp_path)):
        assert time.monotonic() - begun > 2
    assert capsys.readouterr().err.count("1 of the service's processes") == 1


def test_a_process_that_speaks_is_not(tmp_path: Path) -> None:
    asyncio.run(_database(tmp_path))

    async def both() -> int:
        async def beating() -> None:
            for _ in range(40):
                await _beats(tmp_path, b"alive")
                await asyncio.sleep(1)

        await _beats(tmp_path, b"killed", ago=5)
        await _beats(tmp_path, b"alive", ago=8)  # between two heartbeats, on a slow line
        beat = asyncio.create_task(beating())
        try:
            return await _living(settings(tmp_path))
        finally:
            beat.cancel()

    begun = time.monotonic()
    assert asyncio.run(both()) == 1
    assert time.monotonic() - begun < 20
    asyncio.run(_beats(tmp_path, b"alive"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.cli.alone.living", lambda engine, waits: asyncio.sleep(0, 2))
        with pytest.raises(CommandError, match="2 of the service's processes use this database"), alone(settings(tmp_path)):
            pass
