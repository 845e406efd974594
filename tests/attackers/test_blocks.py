"""Who would like the list of blocked addresses: a thief of the database learns none, cannot test one, and cannot tell which chat it is. Who
writes to the database silences nobody whom the desk did not, nor for longer."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Any

import pytest

from bot.metrics import FORGED
from bot.storage.tables import metadata
from bot.vault.draft import row_key
from bot.vault.encoding import join
from bot.vault.row_tag import RowTags
from tests.attackers.canaries import found_in
from tests.bot.desk.sitting import Office, Person, office
from tests.bot.desk.test_blocking import DANGER, RUDE, SAID, block, talked, words
from tests.stores import copied, run

NUMBER = "6281355550199"
DAY = 86_400
_INSERT = "INSERT INTO block (row_key, day, id, until, staff_id, tag) VALUES (?, ?, ?, ?, ?, ?)"


async def _blocked(it: Office, number: str = NUMBER) -> tuple[Person, bytes]:
    rina, hand_off_id = await talked(it, number)
    assert (await block(it, rina, hand_off_id, hours=72)).ok
    return rina, hand_off_id


def _rows(database: Path) -> list[dict[str, Any]]:
    return run(database, "SELECT * FROM block")


def _put(database: Path, row: dict[str, Any]) -> None:
    run(database, _INSERT, *(row[name] for name in ("row_key", "day", "id", "until", "staff_id", "tag")))


async def test_a_thief_of_the_database_learns_no_address_and_cannot_test_one(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with office(data) as it:
        await _blocked(it)
        copied(data, tmp_path / "stolen")
    stolen = tmp_path / "stolen" / "ruang-aman.db"
    (row,) = _rows(stolen)
    files = [path for path in (tmp_path / "stolen").rglob("*") if path.is_file() and "keys" not in path.parts]
    assert found_in(b"\n".join(path.read_bytes() for path in files), [NUMBER]) == {}
    held = [
        value for name in metadata.tables for found in run(stolen, f'SELECT * FROM "{name}"') for value in found.values()
        if isinstance(value, bytes)
    ]  # fmt: skip
    names = {row["row_key"], row["tag"], row["id"]}
    # Everything that he holds, tried as the key: no name of the very number comes out.
    parts = (b"block", b"telegram", NUMBER.encode())
    made = {row_key(value[:32], *parts) for value in held if len(value) >= 32}
    made |= {hmac.digest(value, join(*parts), hashlib.sha256) for value in held} | {hashlib.sha256(join(*parts)).digest()}
    assert len(made) > 20 and not made & names
    # Nothing of the row stands anywhere else, but for who set it: not with the conversation, and not with the case.
    assert [value in names for value in held].count(True) == len(names)


async def test_nothing_ties_it_to_the_chat_or_to_the_case_in_the_database(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with office(data) as it:
        _, hand_off_id = await _blocked(it)
        case_id = (await it.hand_off(hand_off_id)).case_id
        pepper = bytes.fromhex((data / "keys" / "pepper").read_text(encoding="ascii").strip())
        await it.service.jobs.timers()
        await it.service.settle()
    (row,) = _rows(data / "ruang-aman.db")
    (address,) = run(data / "ruang-aman.db", "SELECT row_key FROM address")
    assert row["row_key"] != address["row_key"], "the same number has another name there"
    assert row["id"] == RowTags(pepper).block(case_id), "who has the pepper as well finds the case"
    for other in (secrets.token_bytes(32), case_id * 2):
        assert row["id"] != RowTags(other).block(case_id)


async def test_with_the_key_store_an_address_can_be_tested_until_the_keys_death_and_never_after(tmp_path: Path) -> None:
    """Said in the threat table: who has both learns which numbers wrote within three days, and so which of them are blocked."""
    data, clock = tmp_path / "data", [1_795_500_000.0]
    async with office(data, clock=clock) as it:
        await _blocked(it)
        copied(data, tmp_path / "stolen")
    (row,) = _rows(tmp_path / "stolen" / "ruang-aman.db")

    def tested(store: Path) -> bool:
        keys = [found["key"] for found in run(store, "SELECT key FROM day_key")]
        return row["row_key"] in {row_key(key, b"block", b"telegram", NUMBER.encode()) for key in keys}

    assert tested(tmp_path / "stolen" / "keys" / "keys.db")
    clock[0] = (clock[0] // DAY + 3) * DAY
    async with office(data, clock=clock) as it:
        await it.service.jobs.forget()
        assert await it.rows("block") == 0
    assert not tested(data / "keys" / "keys.db"), "an old copy of the database and today's key store say nothing"


async def test_a_writer_makes_no_block_and_lengthens_none(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with office(data) as it:
        await _blocked(it, "1")
        (row,) = _rows(data / "ruang-aman.db")
        await it.say("2", "/start")
        address = run(data / "ruang-aman.db", "SELECT * FROM address ORDER BY conversation_id")
        forged = [
            {**row, "row_key": each["row_key"], "id": secrets.token_bytes(16), "until": row["until"] + 1000 * DAY} for each in address
        ]  # fmt: skip
        for each in (*forged, {**row, "row_key": secrets.token_bytes(32), "id": secrets.token_bytes(16)}):
            _put(data / "ruang-aman.db", each)
        it.wait(60)
        assert "report" in it.phones.options("2"), "nobody was blocked"
        assert SAID not in words(await it.say("2", "menu"))
        before = FORGED.labels("block")._value.get()
        run(data / "ruang-aman.db", "UPDATE block SET until = ? WHERE row_key = ?", row["until"] + 1000 * DAY, row["row_key"])
        it.wait(700)
        await it.say("1", "menu")
        assert "report" in it.phones.options("1"), "one that was lengthened blocks nobody"
        assert FORGED.labels("block")._value.get() > before, "and it is noticed"


@pytest.mark.parametrize("hours", [1, 71])
async def test_a_writer_who_puts_a_lifted_one_back_does_no_more_than_it_did(tmp_path: Path, hours: int) -> None:
    data = tmp_path / "data"
    async with office(data) as it:
        _, hand_off_id = await _blocked(it, "1")
        (row,) = _rows(data / "ruang-aman.db")
        await it.service.writer.write(it.service.blocks.lifted((await it.hand_off(hand_off_id)).case_id))
        it.wait(700)
        await it.say("1", "menu")
        assert "report" in it.phones.options("1")
        _put(data / "ruang-aman.db", row)
        for _ in range(hours // 20):
            it.wait(20 * 3600)
            assert SAID in words(await it.say("1", RUDE))
        assert "112" in words(await it.say("1", DANGER)), "no row keeps a cry for help from being heard"
        assert run(data / "ruang-aman.db", "SELECT count(*) AS found FROM hand_off WHERE urgency = 'danger'")[0]["found"] == 1
    async with office(data, clock=[float(row["until"])]) as it:
        assert await it.service.blocks.of("telegram", "1") is None, "its own time ends it"
