"""What was there before the service remembered anything: taken over once, at the first start, and after a restore; never on the sly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.cli.backup import back_up, put_back
from bot.settings import load_settings
from bot.vault.keys import generate_keypair
from tests.bot.house import UNIT, House, add_unit, house
from tests.pinning import Author
from tests.stores import given

NOW = 1_795_500_000


async def filed(here: House, address: str) -> str:
    """Somebody reports; gives the code."""
    told = await here.talk(address, "/start", "report", "yes", "self_13_17", "Ada yang memukulku.", "yes", "lewati", "own_code", "send")
    return next(line for bubble in told for line in bubble.text.splitlines() if len(line.split()) == 5)


async def forgotten(here: House, *tables: str) -> None:
    """As a database and a key store were that an older program made."""
    async with here.service.engine.begin() as connection:
        for table in tables:
            await connection.exec_driver_sql(f"UPDATE {table} SET tag = NULL")


async def unpinned(here: House) -> None:
    async with here.service.keys._engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM pin")


async def value(here: House, query: str) -> Any:
    async with here.service.engine.connect() as connection:
        return (await connection.exec_driver_sql(query)).scalar_one()


async def test_an_installation_of_before_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its unit receives, its codes work, what is added arrives: and it is said that it was taken on trust."""
    async with house(tmp_path) as here:
        code = await filed(here, "+628111")
        await forgotten(here, "cases", "receipt")
        await unpinned(here)
    async with house(tmp_path) as here:
        assert "pins_adopted" in caplog.text
        assert [unit.public_key for unit in await here.service.units.recipients()] == [UNIT.public]
        records = await here.rows("case_record")
        shown = await here.talk("+628112", "/start", "check", code, "add", "Aku lupa sesuatu.")
        assert "Kodenya cocok" in " ".join(bubble.text for bubble in here.phones.seen["+628112"]) and shown
        assert await here.rows("case_record") == records + 1 and await here.rows("cases") == 1


async def test_it_is_done_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Later, rows without a tag and units without a pin are somebody's who writes to the database."""
    async with house(tmp_path) as here:
        code = await filed(here, "+628111")
        await forgotten(here, "receipt")
        row = "x'" + bytes(16).hex() + "', 'Lain', 'service', 1, x'" + generate_keypair().public.hex() + "', 1"
        if here.service.engine.dialect.name != "sqlite":
            row = row.replace("x'", "'\\x")
        async with here.service.engine.begin() as connection:
            await connection.exec_driver_sql(f"INSERT INTO unit (id, name, kind, lead, public_key, created_at) VALUES ({row})")
    caplog.clear()
    async with house(tmp_path) as here:
        assert "pins_adopted" not in caplog.text and "key_not_pinned" in caplog.text
        assert [unit.public_key for unit in await here.service.units.recipients()] == [UNIT.public]
        assert not here.service.units.pinned
        await here.talk("+628112", "/start", "check", code)
        assert "Kodenya cocok" not in " ".join(bubble.text for bubble in here.phones.seen["+628112"])
        assert await value(here, "SELECT count(*) FROM receipt WHERE tag IS NULL") == 1


async def test_a_restored_backup_is_followed_as_far_as_pins_vouch_for_it(tmp_path: Path) -> None:
    """A unit that was added after the backup has its key in a file: it receives again. A key that somebody put into the backup's database
    is not followed."""
    settings = load_settings(from_environment=False, given=given(tmp_path))
    school, stranger = generate_keypair(), generate_keypair()
    async with house(tmp_path) as here:
        code = await filed(here, "+628111")
        true = f"SELECT count(*) FROM unit WHERE public_key = x'{UNIT.public.hex()}'"
        assert await value(here, true.replace("x'", "'\\x") if here.service.engine.dialect.name != "sqlite" else true) == 1
        swap = f"UPDATE unit SET public_key = x'{stranger.public.hex()}'"
        async with here.service.engine.begin() as connection:
            await connection.exec_driver_sql(swap.replace("x'", "'\\x") if here.service.engine.dialect.name != "sqlite" else swap)
    await back_up(settings, tmp_path / "backup", now=NOW)
    async with house(tmp_path) as here:
        await add_unit(here.service, school, name="school", kind="school", lead=False)
    await put_back(settings, tmp_path / "backup", now=NOW + 60, replace=True)
    async with house(tmp_path) as here:
        found = {unit.name: unit.public_key for unit in await here.service.units.recipients()}
        assert found == {"unit": UNIT.public, "school": school.public} and not here.service.units.pinned
        assert await here.rows("unit") == 2
        await here.talk("+628112", "/start", "check", code)
        assert "Kodenya cocok" in " ".join(bubble.text for bubble in here.phones.seen["+628112"])


async def test_a_reply_that_waited_before_is_told_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        code = await filed(here, "+628111")
        async with here.service.engine.connect() as connection:
            (receipt,) = (await connection.exec_driver_sql("SELECT * FROM receipt")).all()
        author = Author((await here.service.reads.units())[0].id)
        await author.joins(here.service)
        await author.answers(here.service, "Kami datang besok.", receipt, now=NOW)
    async with house(tmp_path) as here:
        await here.talk("+628112", "/start", "check", code)
        assert "Kami datang besok." in " ".join(bubble.text for bubble in here.phones.seen["+628112"])
