"""What was there before the service remembered anything: taken over once, at the first start, and after a restore; never on the sly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.cli.backup import back_up, put_back
from bot.settings import load_settings
from bot.storage.reading import rows_of
from bot.storage.untagged import Untagged
from bot.vault.keys import generate_keypair
from bot.witnessing import vouch_for_before
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


async def test_what_cases_hold_from_before_is_vouched_for_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A database that an older program made: what reporters told is signed and numbered at the first start, in the order in which it came.
    What lies there unsigned later on is somebody's who writes to the database."""
    async with house(tmp_path) as here:
        code = await filed(here, "+628111")
        await here.talk("+628112", "/start", "check", code, "add", "Aku lupa sesuatu.")
        assert await value(here, "SELECT told FROM cases") == 2
        async with here.service.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE case_record SET signature = NULL, number = NULL WHERE author_id IS NULL")
            await connection.exec_driver_sql("UPDATE case_record SET created_at = created_at + 1 WHERE kind = 'message'")
            await connection.exec_driver_sql("UPDATE cases SET told = NULL")
        await unpinned(here)
    async with house(tmp_path) as here:
        assert "records_vouched_for" in caplog.text
        [case] = await here.service.reads.all_cases()
        records = await here.service.reads.case_records(case.id)
        assert [(row.kind, row.number) for row in records] == [("report", 1), ("message", 2)]
        assert all(map(here.service.witness.wrote, records)) and case.told == 2
        await here.talk("+628112", "/start", "check", code, "add", "Dan satu lagi.")
        assert await value(here, "SELECT told FROM cases") == 3
        async with here.service.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE case_record SET signature = NULL WHERE number = 3")
    caplog.clear()
    async with house(tmp_path) as here:
        assert "records_vouched_for" not in caplog.text
        assert await value(here, "SELECT count(*) FROM case_record WHERE signature IS NULL") == 1


async def test_two_processes_that_vouch_at_the_same_moment_do_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """The first start of several processes after an upgrade: while one looks which cases there are, the other signs them all, and reporters
    add something. Both start, and nothing is counted twice."""
    async with house(tmp_path) as here:
        codes = [await filed(here, f"+62811{number}") for number in range(3)]
        async with here.service.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE case_record SET signature = NULL, number = NULL WHERE author_id IS NULL")
            await connection.exec_driver_sql("UPDATE cases SET told = NULL")
        await unpinned(here)
        how = {
            "pins": here.service.keys.pins, "untagged": Untagged(here.service.reading), "writer": here.service.writer,
        }  # fmt: skip
        looks = 0

        async def read(source: Any, statement: Any) -> Any:
            nonlocal looks
            found = await rows_of(source, statement)
            looks += 1
            if looks == 3:  # which cases there are, and all of the first one
                await vouch_for_before(here.service.witness, **how)
                for number, code in enumerate(codes):
                    await here.talk(f"+62899{number}", "/start", "check", code, "add", "Aku lupa sesuatu.")
            return found

        monkeypatch.setattr("bot.storage.untagged.rows_of", read)
        await vouch_for_before(here.service.witness, **how)
        assert looks > 3
        for case in await here.service.reads.all_cases():
            records = await here.service.reads.case_records(case.id)
            assert [row.number for row in records] == [1, 2] and case.told == 2
            assert all(map(here.service.witness.wrote, records))


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
