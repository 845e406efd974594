"""Whoever copied the key store before `keys rotate`, and whoever takes the machine after it: the keys that were changed are nowhere on it.

Raw bytes are searched: free pages, journals, the write-ahead log, a PostgreSQL server's whole folder.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.cli.keys import rotate
from tests import stores
from tests.attackers.test_postgres import CARELESS, GRANTS, KEY_SERVER, _copy, _database, _name
from tests.bot.house import house
from tests.bot.test_backup import DAY, NOW, SEND, settings
from tests.bot.test_keys_and_timers import REPORT
from tests.postgres import SETTINGS, PostgresServer, binaries
from tests.stores import run

pytestmark = pytest.mark.own_store


async def _written(data: Path) -> tuple[set[bytes], set[bytes]]:
    """Some conversations; gives the keys that rotating changes, and those that it keeps: the day's, until its day is over,
    and the one that return addresses were sealed to."""
    async with house(data) as here:
        await here.talk("7", *REPORT)
        await here.talk("8", *SEND)
        await here.talk("9", *REPORT, "yes", "64.71.02", "own_here", "send")
    store = data / "keys" / "keys.db"
    changed = {row["key"] for row in run(store, "select key from conversation_key")}
    server = {row["name"]: row["private"] for row in run(store, "select name, private from server_key")}
    kept = {row["key"] for row in run(store, "select key from day_key")} | {server["delivery"]}
    assert len(changed) >= 3 and kept
    return changed | {server["desk"]}, kept


def _held(*folders: Path) -> bytes:
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files
    return b"\n".join(path.read_bytes() for path in files)


async def test_no_key_that_was_changed_is_in_any_file(tmp_path: Path) -> None:
    data = tmp_path / "data"
    changed, kept = await _written(data)
    before = _held(data)
    assert all(key in before for key in changed | kept), "the search finds"
    await rotate(settings(data), now=NOW)
    after = _held(data)
    assert [key.hex() for key in changed if key in after] == []
    assert all(key in after for key in kept)
    async with house(data, clock=[float(NOW + 4 * DAY)]) as here:
        await here.service.jobs.forget()
    late = _held(data)
    assert sum(key in late for key in kept) == 1, "return addresses of before still open, and nothing else"


@pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed: apt install postgresql")
async def test_no_key_that_was_changed_is_on_the_key_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command does it alone: no service runs afterwards that would."""
    data = tmp_path / "data"
    main, keys = PostgresServer(SETTINGS), PostgresServer(SETTINGS | CARELESS | KEY_SERVER)
    try:
        urls = {"database_url": _database(main), "key_store": _database(keys)}
        for grant in GRANTS:
            keys.sql(grant, database=_name(urls["key_store"]))
        monkeypatch.setattr(stores, "ON_POSTGRES", True)
        monkeypatch.setitem(stores._made, data, urls)
        changed, kept = await _written(data)
        keys.sql("CHECKPOINT")
        await asyncio.to_thread(_copy, keys, tmp_path / "before")
        before = _held(tmp_path / "before")
        assert all(key in before for key in changed | kept), "the search finds"
        await rotate(settings(data), now=NOW)
        await asyncio.to_thread(_copy, keys, tmp_path / "after")
        after = _held(tmp_path / "after", data)
        assert [key.hex() for key in changed if key in after] == []
        assert [key.hex() for key in changed if key.hex().encode() in (keys.folder / "server.log").read_bytes()] == []
        assert all(key in after for key in kept)
    finally:
        main.end()
        keys.end()
