"""A thief of backups: the file by itself, with today's key store, and with the pepper beside it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from bot.cli.backup import back_up, put_back
from bot.settings import load_settings
from bot.storage.backup_file import BackupReader
from bot.storage.database import open_engine, sqlite_url
from bot.storage.restore import Known, restore
from tests.attackers.canaries import found_in
from tests.attackers.haul import Evening, conversation_keys, every_value, readable, rows
from tests.attackers.test_files import ADDRESSES, STILL_OPEN

pytestmark = pytest.mark.own_store


class Everything(frozenset[bytes]):
    """A thief does not ask which keys are dead: he takes every row."""

    def __contains__(self, item: object) -> bool:
        return True


@pytest.fixture(scope="session")
def stolen(evening: Evening, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Backups of three moments, each in a folder of the evening's with every row of it in a database."""
    folder = tmp_path_factory.mktemp("stolen")

    async def take(copy: str) -> None:
        data = folder / copy
        shutil.copytree(evening.folder / copy, data)
        settings = load_settings(from_environment=False, given={"data_dir": data})
        target = evening.folder / f"backup of {copy}"
        target.mkdir()
        await back_up(settings, target / "backup", now=int(evening.told["now"]))
        engine = open_engine(sqlite_url(target / "ruang-aman.db"))
        with BackupReader(target / "backup") as file:
            await restore(engine, file, Known(alive=Everything(), tombstones={}), replace=False, progress=lambda done, total: None)
        await engine.dispose()

    async def all_of_them() -> None:
        for copy in ("before", "live", "data"):
            await take(copy)

    asyncio.run(all_of_them())
    return folder


@pytest.mark.parametrize("copy", ["before", "live", "data"])
def test_a_backup_by_itself_says_nothing(evening: Evening, stolen: Path, copy: str) -> None:
    """Neither the file as it is nor the rows in it."""
    assert readable(evening, f"backup of {copy}", None) == {}
    assert len(list(every_value(evening.folder / f"backup of {copy}" / "ruang-aman.db"))) > 100


@pytest.mark.parametrize("copy", ["before", "live", "data"])
def test_a_backup_holds_no_key(evening: Evening, stolen: Path, copy: str) -> None:
    """No key of the key store, no pepper: not in the file, and not in the values in it."""
    keys = evening.folder / copy / "keys"
    pepper = bytes.fromhex((keys / "pepper").read_text("ascii").strip())
    secrets = {*conversation_keys(keys / "keys.db"), *(row["key"] for row in rows(keys / "keys.db", "day_key")), pepper}
    secrets |= {row["private"] for row in rows(keys / "keys.db", "server_key")}
    assert len(secrets) > 4
    values = {value for _, _, value, _ in every_value(evening.folder / f"backup of {copy}" / "ruang-aman.db") if isinstance(value, bytes)}
    assert not [key.hex() for key in secrets if any(key in value for value in values)]


@pytest.mark.parametrize("copy", ["before", "live"])
def test_a_backup_and_todays_key_store_open_what_is_open_still(evening: Evening, stolen: Path, copy: str) -> None:
    """And nothing of what was sent, left or erased since."""
    found = readable(evening, f"backup of {copy}", evening.keys("data"))
    assert "open story" in found, "this thief can open at all"
    assert {name: place for name, place in found.items() if name not in STILL_OPEN | ADDRESSES} == {}


async def test_a_restored_service_holds_no_more_than_the_one_of_today(evening: Evening, stolen: Path, tmp_path: Path) -> None:
    """Yesterday's backup beside today's key store, as the operator restores it: whoever left or erased since stays away."""
    data = tmp_path / "data"
    shutil.copytree(evening.folder / "data", data)
    settings = load_settings(from_environment=False, given={"data_dir": data})
    await put_back(settings, evening.folder / "backup of before" / "backup", now=int(evening.told["now"]), replace=True)
    shutil.copytree(data, evening.folder / "restored")
    found = readable(evening, "restored", evening.keys("restored"))
    assert {name: place for name, place in found.items() if name not in STILL_OPEN | ADDRESSES | {"bot token", "webhook secret"}} == {}
    assert found_in((data / "ruang-aman.db").read_bytes(), evening.canaries.values()) == {}
