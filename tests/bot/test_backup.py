"""A backup that is restored brings back what people sent, and nothing that has ended since."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from actions.rows import Delete
from bot.cli.backup import back_up, put_back
from bot.errors import OperatorError
from bot.settings import Settings, load_settings
from bot.storage.backup_file import BackupReader, BackupWriter, Header
from bot.storage.database import MIGRATIONS
from bot.storage.dump import KEPT, LEFT_OUT
from bot.storage.tables import metadata
from bot.vault.seal import open_key, open_sealed
from bot.vault.word_code import NUMBERS
from flows.message import Outbound
from tests.bot.house import UNIT, House, Phones, house
from tests.bot.test_keys_and_timers import REPORT
from tests.pinning import Author
from tests.stores import given, lost, run, sqlite_only

SEND = (*REPORT, "yes", "64.71.02", "own_code", "send")
NOW = 1_795_500_000
DAY = 86_400


def settings(folder: Path) -> Settings:
    return load_settings(from_environment=False, given=given(folder))


def code(bubbles: list[Outbound]) -> str:
    """The five words."""
    lines = [line for bubble in bubbles for line in bubble.text.splitlines()]
    return next(line for line in lines if len(line.split()) == 5 and all(word in NUMBERS for word in line.split()))


async def links(here: House) -> list[Any]:
    """Which conversations hand-offs point at."""
    async with here.service.engine.connect() as connection:
        return list((await connection.exec_driver_sql("select conversation_id from hand_off")).scalars())


async def reply(here: House, text: str) -> None:
    """What a counsellor writes, into every mailbox."""
    async with here.service.engine.connect() as connection:
        boxes = (await connection.exec_driver_sql("select * from receipt")).all()
    author = Author((await here.service.reads.units())[0].id)
    await author.joins(here.service)
    for number, box in enumerate(boxes):
        await author.answers(here.service, text, box, now=NOW, message_id=number.to_bytes(16, "big"))


async def reads(here: House) -> list[dict[str, Any]]:
    """What the unit reads."""
    found = []
    for case in await here.service.reads.all_cases():
        (sealed,) = await here.service.reads.case_keys(case.id)
        private = open_key(sealed.sealed, private_key=UNIT.private, case_id=case.id, recipient_id=sealed.recipient_id)
        for row in await here.service.reads.case_records(case.id):
            if row.kind != "return_address":
                opened = open_sealed(row.sealed, private_key=private, case_id=case.id, record_id=row.id, version=row.version)
                found.append(json.loads(opened))
    return found


def counted(folder: Path) -> dict[str, int]:
    """How many rows each table has."""
    return {name: run(folder / "ruang-aman.db", f'select count(*) as found from "{name}"')[0]["found"] for name in metadata.tables}


def test_every_table_is_kept_or_left_out_and_says_why() -> None:
    assert set(metadata.tables) == KEPT.keys() | LEFT_OUT.keys() - {"alembic_version"}
    assert KEPT.keys() & LEFT_OUT.keys() == set()


async def test_yesterdays_backup_brings_back_what_was_sent_and_nothing_that_has_ended(tmp_path: Path) -> None:
    file, data, clock = tmp_path / "backup", tmp_path / "data", [float(NOW)]
    async with house(data, clock=clock) as here:
        words = code(await here.talk("sent", *SEND))
        for person in ("open", "leaves", "erases", "sends"):
            await here.talk(person, *REPORT)
        await reply(here, "ibu Sekar menunggu di puskesmas")
        await here.talk("takes back", *REPORT, "yes", "64.71.02", "own_here", "send")
        assert len(await here.return_addresses()) == 1
        await back_up(settings(data), file, now=NOW)

        here.wait(3600)
        await here.say("leaves", "mtk")
        await here.say("takes back", "mtk")
        await here.talk("erases", "hapus", "yes")
        await here.talk("sends", "yes", "64.71.02", "own_code", "send")
        assert "ibu Sekar" in " ".join(bubble.text for bubble in await here.talk("reads", "/start", "check", words))
        here.wait(3600)
    lost(data)
    report, _, young = await put_back(settings(data), file, now=NOW + DAY)
    assert not young
    assert (report.rows["cases"], report.rows["conversation"], report.ended["conversation"]) == (2, 2, 4)  # chats: "sent", "open"
    assert report.ended["mailbox_message"] == 1

    async with house(data, clock=[float(NOW + 7200)]) as here:
        assert [record["answers"]["story"] for record in await reads(here)] == [REPORT[-1]] * 2
        assert await here.return_addresses() == [], "an address that was taken back"
        shown = await here.talk("reads", "/start", "check", words)
        assert "ibu Sekar" not in " ".join(bubble.text for bubble in shown), "a reply that was read came back"
        assert await here.rows("mailbox_message") == 0
        for person in ("leaves", "erases", "sends"):
            session = await here.service._conversation("telegram", person)
            assert session is None, person
        # The one that was open is asked what it stood at, and answers it.
        assert here.phones.options("open") == {}
        await here.talk("open", "ya", "ya")
        assert "64.71.02" in here.phones.options("open")


async def test_a_reply_that_nobody_has_read_comes_back(tmp_path: Path) -> None:
    file, data = tmp_path / "backup", tmp_path / "data"
    async with house(data) as here:
        words = code(await here.talk("7", *SEND))
        await reply(here, "ibu Sekar menunggu")
    await back_up(settings(data), file, now=NOW)
    lost(data)
    await put_back(settings(data), file, now=NOW)
    async with house(data) as here:
        assert "ibu Sekar" in " ".join(bubble.text for bubble in await here.talk("8", "/start", "check", words))


async def test_with_a_new_key_store_open_conversations_end_and_cases_and_codes_stay(tmp_path: Path) -> None:
    file, data, other = tmp_path / "backup", tmp_path / "data", tmp_path / "other"
    async with house(data) as here:
        words = code(await here.talk("7", *SEND))
        await here.talk("8", *REPORT)
    await back_up(settings(data), file, now=NOW)
    (other / "keys").mkdir(parents=True)
    (other / "keys" / "pepper").write_bytes((data / "keys" / "pepper").read_bytes())  # the offline copy
    report, _, _ = await put_back(settings(other), file, now=NOW)
    assert (report.rows["conversation"], report.ended["conversation"]) == (0, 2)
    async with house(other) as here:
        assert await here.service._conversation("telegram", "8") is None
        assert [record["answers"]["story"] for record in await reads(here)] == [REPORT[-1]]
        assert (await here.service._receipts.open(words)) is not None


class _Busy(Phones):
    """A platform that takes nothing."""

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        from bot.channels.base import TryLater

        raise TryLater("busy", after=3600)


async def test_what_waited_to_be_said_is_not_said_after_a_restore(tmp_path: Path) -> None:
    """It may have been said since; whoever holds the phone now must not be surprised by it."""
    file, data = tmp_path / "backup", tmp_path / "data"
    async with house(data, phones=_Busy()) as here:
        sending = asyncio.create_task(here.say("7", "/start"))
        while not await here.rows("outbox"):
            await asyncio.sleep(0.01)
        await here.service.turns.settle()
        await back_up(settings(data), file, now=NOW)
        sending.cancel()
    lost(data)
    report, _, _ = await put_back(settings(data), file, now=NOW)
    assert report.closed["out"] > 0
    async with house(data) as here:
        await here.service.settle()
        assert here.phones.seen["7"] == []
        async with here.service.engine.connect() as connection:
            rows = (await connection.exec_driver_sql("select distinct state, code, body from outbox")).all()
        assert [tuple(row) for row in rows] == [("dead", "restored", None)]


async def test_a_backup_beside_a_busy_service_is_one_moment_of_it(tmp_path: Path) -> None:
    """Every case has its key, its record and its code; every open conversation its address."""
    data = tmp_path / "data"
    async with house(data) as here:
        filed, enough = 0, False

        async def one(person: int) -> None:
            nonlocal filed
            while not enough:
                await here.talk(f"p{person}.{filed}", *SEND)
                filed += 1

        people = asyncio.gather(*(one(number) for number in range(4)))
        files = []
        for number in range(5):
            files.append(tmp_path / f"backup{number}")
            before = filed
            await back_up(settings(data), files[-1], now=NOW)
            while filed <= before:
                await asyncio.sleep(0.01)
        enough = True
        await people
    seen = set()
    for file in files:
        with BackupReader(file) as backup:
            ids: dict[str, list[Any]] = {}
            for part in backup.parts():
                names = [name for name, _ in part.columns]
                wanted = {"cases": "id", "case_key": "case_id", "case_record": "case_id", "receipt": "case_id", "conversation": "id"}
                column = names.index(wanted.get(part.table) or ("conversation_id" if part.table == "address" else names[0]))
                ids[part.table] = sorted(row[column] for row in part.rows)
        assert ids["cases"] == ids["case_key"] == ids["case_record"] == ids["receipt"]
        assert ids["conversation"] == ids["address"]
        seen.add(len(ids["cases"]))
    assert len(seen) > 1, "no backup fell between two reports"


# What is refused


@pytest.fixture
async def backup(tmp_path: Path) -> Path:
    async with house(tmp_path / "data") as here:
        await here.talk("7", *SEND)
    await back_up(settings(tmp_path / "data"), tmp_path / "backup", now=NOW)
    return tmp_path / "backup"


async def refused(file: Path, data: Path, says: str, **how: Any) -> None:
    """One sentence, and nothing is changed."""
    before = counted(data)
    with pytest.raises(OperatorError) as caught:
        await put_back(settings(data), file, now=how.pop("now", NOW), replace=how.pop("replace", True), **how)
    assert says in caught.value.sentence and "\n" not in caught.value.sentence, caught.value.sentence
    assert counted(data) == before


async def test_a_flipped_bit_anywhere_is_refused(backup: Path, tmp_path: Path) -> None:
    whole = backup.read_bytes()
    places = [*range(0, 40), *range(40, len(whole) - 40, len(whole) // 60), *range(len(whole) - 40, len(whole))]
    for place in places:
        backup.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(OperatorError, match="nothing was changed"), BackupReader(backup):
            pass
    backup.write_bytes(whole[:500] + bytes([whole[500] ^ 128]) + whole[501:])
    await refused(backup, tmp_path / "data", "damaged")


@pytest.mark.parametrize("left", [0, 5, 19, 20, 60, 1000, -33, -32, -1])
async def test_a_file_that_was_cut_off_is_refused(backup: Path, tmp_path: Path, left: int) -> None:
    backup.write_bytes(backup.read_bytes()[:left])
    await refused(backup, tmp_path / "data", "nothing was changed")


async def test_another_format_is_refused(backup: Path, tmp_path: Path) -> None:
    backup.write_bytes(backup.read_bytes().replace(b"BACKUP 1\n", b"BACKUP 2\n", 1))
    await refused(backup, tmp_path / "data", "newer version")


async def test_a_newer_schema_is_refused(tmp_path: Path, backup: Path) -> None:
    with BackupWriter(tmp_path / "newer", Header(revision="9999", created_at=NOW)):
        pass
    await refused(tmp_path / "newer", tmp_path / "data", "newer version")


@sqlite_only  # it is the database's own file that is given
async def test_a_file_that_is_none_is_refused(backup: Path, tmp_path: Path) -> None:
    await refused(tmp_path / "data" / "ruang-aman.db", tmp_path / "data", "no backup of Ruang Aman")
    await refused(tmp_path / "nowhere", tmp_path / "data", "cannot be read")


async def test_a_database_that_is_not_empty_is_left_alone(backup: Path, tmp_path: Path) -> None:
    await refused(backup, tmp_path / "data", "--replace", replace=False)
    report, _, _ = await put_back(settings(tmp_path / "data"), backup, now=NOW, replace=True)
    assert report.rows["cases"] == 1


async def test_a_backup_older_than_backups_are_kept_is_refused_unless_asked_for(backup: Path, tmp_path: Path) -> None:
    """What was erased since is not remembered any more."""
    await refused(backup, tmp_path / "data", "--old", now=NOW + 31 * DAY)
    await put_back(settings(tmp_path / "data"), backup, now=NOW + 31 * DAY, replace=True, old=True)


async def test_a_fault_in_the_middle_changes_nothing(backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The schema goes and comes back with the rows: all in one transaction."""
    from bot.storage import restore

    def fails(self: object, table: str, row: object) -> None:
        if table == "receipt":
            raise OperatorError("the power failed")

    monkeypatch.setattr(restore._Sieve, "__call__", fails)
    await refused(backup, tmp_path / "data", "the power failed")
    async with house(tmp_path / "data") as here:
        assert len(await reads(here)) == 1


async def test_a_file_that_is_there_is_not_overwritten_and_a_backup_that_failed_leaves_none(backup: Path, tmp_path: Path) -> None:
    before = backup.read_bytes()
    with pytest.raises(OperatorError, match="there already"):
        await back_up(settings(tmp_path / "data"), backup, now=NOW)
    assert backup.read_bytes() == before
    assert backup.stat().st_mode & 0o777 == 0o600
    with pytest.raises(RuntimeError), BackupWriter(tmp_path / "half", Header(revision="0003", created_at=NOW)):
        raise RuntimeError
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "data"]


# Older programs


@sqlite_only
async def test_a_backup_of_the_first_program_is_brought_to_todays_schema(tmp_path: Path) -> None:
    """A database of revision 0001 with a report in it, backed up as it is, restored here."""
    async with house(tmp_path / "data") as here:
        await here.talk("7", *SEND)
    old = tmp_path / "old" / "ruang-aman.db"
    old.parent.mkdir()
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS / "main"))
    engine = create_engine(f"sqlite:///{old}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with closing(sqlite3.connect(old)) as database:
        database.execute(f"attach '{tmp_path / 'data' / 'ruang-aman.db'}' as new")
        tables = database.execute("select name from main.sqlite_master where type = 'table' and name != 'alembic_version'").fetchall()
        for (name,) in tables:
            columns = ", ".join(row[1] for row in database.execute(f"pragma main.table_info({name})"))
            database.execute(f"insert into main.{name} ({columns}) select {columns} from new.{name}")
        database.commit()
    engine.dispose()
    await back_up(settings(old.parent), tmp_path / "backup", now=NOW)
    with BackupReader(tmp_path / "backup") as file:
        assert file.header.revision == "0001"
    lost(tmp_path / "data")
    await put_back(settings(tmp_path / "data"), tmp_path / "backup", now=NOW)
    async with house(tmp_path / "data") as here:
        assert [record["answers"]["story"] for record in await reads(here)] == [REPORT[-1]]
        assert await here.rows("audit") == 0  # a table that was not there then


async def test_a_purged_case_and_everything_of_it_stay_away(backup: Path, tmp_path: Path) -> None:
    """Its tombstone is in the key store."""
    data = tmp_path / "data"
    async with house(data) as here:
        (case,) = await here.service.reads.all_cases()
        await here.service.keys.entomb([Delete(table="cases", key={"id": case.id})], now=NOW)
    report, _, _ = await put_back(settings(data), backup, now=NOW, replace=True)
    assert report.ended["cases"] == 1
    left = counted(data)
    assert [name for name in ("cases", "case_key", "case_record", "receipt", "hand_off", "mailbox_message") if left[name]] == []


async def test_people_only_is_not_undone_by_a_backup_from_before(backup: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    run(data / "ruang-aman.db", "insert into switch values ('mode', 'people-only')")
    report, _, _ = await put_back(settings(data), backup, now=NOW, replace=True)
    assert report.mode == "people-only"


async def test_an_alert_that_comes_back_points_at_no_chat_that_has_ended_since(tmp_path: Path) -> None:
    file, data, clock = tmp_path / "backup", tmp_path / "data", [float(NOW)]
    async with house(data, clock=clock) as here:
        await here.talk("gone", "/start", "tolong aku dikejar bapak bawa parang")
        assert [link is not None for link in await links(here)] == [True]
        await back_up(settings(data), file, now=NOW)
        await here.say("gone", "mtk")
    lost(data)
    await put_back(settings(data), file, now=NOW + DAY)
    async with house(data, clock=[float(NOW + DAY)]) as here:
        assert await links(here) == [None]
