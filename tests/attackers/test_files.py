"""Thieves of files: the database with its log and temporary files, the same with the key store, old copies with today's keys."""

from __future__ import annotations

import hashlib
import hmac
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.storage.tables import metadata
from bot.vault.draft import row_key
from tests.attackers.canaries import found_in
from tests.attackers.haul import Evening, conversation_keys, every_value, opened, readable, rows
from tests.attackers.scene import CANARIES, LIVE, OPEN, OPERATORS
from tests.attackers.town import town
from tests.stores import sqlite_only

pytestmark = sqlite_only  # the same evening's thieves of a server: test_postgres.py

COPIES = ("before", "live", "answered", "late", "data")  # "data" is what lies there after a graceful stop
FILES = frozenset(name for name in CANARIES if " file" in name)  # never a text of any row
LATER = 73 * 3600

# Conversations that were still open at the end: their words may be read by who has the keys. Whoever raised an alert and goes on
# writing is one of them; numbers that wrote in the last 72 hours are no secret from that thief either.
# Of a talk at the desk what was passed on is under a key of the conversation's that is changed every 24 hours.
STILL_OPEN = OPEN | LIVE | {"danger words", "danger place", "danger chat id"}
ADDRESSES = frozenset({"child chat id", "hand-off chat id", "erased chat id", "unfinished chat id", "talk chat id"})
NOTES = frozenset({"talk note", "live talk note", "talk reason"})  # sealed in the browser


def _database(files: list[Path]) -> Path:
    (found,) = [path for path in files if path.name.endswith(".db")]
    return found


def test_the_search_finds_what_is_there(evening: Evening, tmp_path: Path) -> None:
    """The thief's search is no test if it cannot find."""
    for name, canary in evening.canaries.items():
        for spelled in (canary, canary.upper(), canary.encode("utf-16-le").hex()):
            assert found_in(b"\0\x80" + spelled.encode() + b"\xff", [canary]), (name, spelled)


def test_everybody_really_spoke(evening: Evening) -> None:
    """Every planted word passed through the service: it was locked, sent or given a row at some time."""
    passed = "\n".join(lock["plain"] for lock in evening.told["locks"]) + "\n".join(evening.told["sent"])
    never = {name for name, canary in evening.canaries.items() if canary.lower() not in passed.lower()}
    # Names and the page's token never get as far as a row; the address is the token's hash.
    assert never == {"child first name", "child username", "webhook secret", "left token", "adult token", "follow-up token"} | FILES | NOTES


@pytest.mark.parametrize("copy", COPIES)
def test_without_the_key_store_nothing_is_read(evening: Evening, copy: str) -> None:
    """Database, write-ahead log and shared memory, at any moment of the evening."""
    assert readable(evening, copy, None) == {}


@pytest.mark.parametrize("copy", COPIES)
def test_the_key_store_and_the_pepper_hold_no_words(evening: Evening, copy: str) -> None:
    """Keys alone say nothing."""
    for path in sorted((evening.folder / copy / "keys").iterdir()):
        assert found_in(path.read_bytes(), evening.canaries.values()) == {}, path.name


def guesses(number: str, keys: list[bytes]) -> Iterator[bytes]:
    """What a number may have become, unkeyed or under anything that might be a key."""
    spelled = {number, f"telegram:{number}", f"telegram|{number}", f"telegram{number}", f"+{number}", f"0{number}"}
    for text in spelled:
        raw = text.encode()
        for algorithm in ("md5", "sha1", "sha256", "sha512", "blake2b", "blake2s", "sha3_256"):
            yield hashlib.new(algorithm, raw).digest()
        for key in keys:
            for algorithm in ("sha256", "sha1", "sha512"):
                yield hmac.digest(key, raw, algorithm)
            yield hashlib.sha256(key + raw).digest()
            yield hashlib.sha256(raw + key).digest()
    for key in keys:
        if len(key) == 32:
            yield row_key(key, b"address", b"telegram", number.encode())


def _told_apart(database: Path, number: str, keys: list[bytes]) -> bool:
    """Whether the database says that this number wrote."""
    values = {value for _, _, value, _ in every_value(database) if isinstance(value, bytes)}
    digests = {value[:16] for value in values if len(value) >= 16}
    return any(guess[:16] in digests for guess in guesses(number, keys))


@pytest.mark.parametrize("name", ["child chat id", "open chat id", "erased chat id"])
def test_nobody_can_tell_whether_a_number_wrote(evening: Evening, name: str) -> None:
    """Not by hashing the number, bare or with anything in the database as key."""
    database = _database(evening.files("late"))
    everything = [value for _, _, value, _ in every_value(database) if isinstance(value, bytes) and 8 <= len(value) <= 64]
    assert len(everything) > 100
    assert not _told_apart(database, evening.canaries[name], everything)


def test_with_the_key_store_a_number_of_today_is_recognised(evening: Evening) -> None:
    """The other way round: this thief may tell, for 72 hours. It shows that the test above would notice."""
    days = [row["key"] for row in rows(evening.keys("late"), "day_key")]
    assert _told_apart(_database(evening.files("late")), evening.canaries["child chat id"], days)
    assert not _told_apart(_database(evening.files("late")), "5550109999", days)


def test_with_the_key_store_open_conversations_are_read(evening: Evening) -> None:
    """What the service must read again, its thief can read: said in the promises, and the proof that these thieves can open at all."""
    found = readable(evening, "data", evening.keys("data"))
    assert {"open story", "open exit word", "open chat id"} <= set(found)


def test_with_the_key_store_nothing_that_was_sent_left_or_erased_is_read(evening: Evening) -> None:
    """Server stopped, database and key store taken together."""
    found = readable(evening, "data", evening.keys("data"))
    assert {name: place for name, place in found.items() if name not in STILL_OPEN | ADDRESSES | OPERATORS} == {}


@pytest.mark.parametrize("copy", ["live", "answered", "late"])
def test_a_copy_of_the_running_service_with_its_keys(evening: Evening, copy: str) -> None:
    """The same while it runs: the write-ahead log keeps what rows said a moment ago, under keys that may live on."""
    found = readable(evening, copy, evening.keys(copy))
    assert {name: place for name, place in found.items() if name not in STILL_OPEN | ADDRESSES} == {}


@pytest.mark.parametrize("today", ["live", "data"])
def test_an_old_copy_and_todays_keys(evening: Evening, today: str) -> None:
    """A backup from before anything was sent: only who has not ended since can be read."""
    found = readable(evening, "before", evening.keys(today))
    assert "open story" in found
    assert {name: place for name, place in found.items() if name not in STILL_OPEN | ADDRESSES} == {}


def test_dead_keys_are_gone_from_the_key_store(evening: Evening) -> None:
    """No trace in the file of a key that was destroyed, and no journal beside it."""
    files = sorted((evening.folder / "data" / "keys").iterdir())
    assert [path.name for path in files] == ["keys.db", "pepper"]
    live = conversation_keys(evening.keys("data"))
    dead = {bytes.fromhex(lock["key"]) for lock in evening.told["locks"]} - live
    assert len(dead) >= 6
    for copy in ("live", "late", "data"):
        raw = evening.keys(copy).read_bytes()
        assert [key.hex() for key in dead if key in raw and key not in conversation_keys(evening.keys(copy))] == []


def test_free_pages_hold_nothing_after_a_stop(evening: Evening) -> None:
    """Locked bytes that no row holds any more are overwritten in the file, and the write-ahead log is empty."""
    files = evening.files("data")
    assert [path.name for path in files if path.stat().st_size] == ["ruang-aman.db"]
    raw = _database(files).read_bytes()
    rowed = b"\0".join(value for _, _, value, _ in every_value(_database(files)) if isinstance(value, bytes))
    left = [lock for lock in evening.told["locks"] if (start := bytes.fromhex(lock["blob"])[:29]) in raw and start not in rowed]
    assert left == []


async def test_after_73_hours_old_copies_and_todays_keys_open_nothing(evening: Evening, tmp_path: Path) -> None:
    """Nobody wrote for 73 hours; the service ran on. Every copy of the evening is dead, and nobody's number is known."""
    data = tmp_path / "data"
    shutil.copytree(evening.folder / "data", data)
    async with town(data, now=evening.told["now"] + LATER) as here:
        await here.service.jobs.forget()
    store = data / "keys" / "keys.db"
    assert conversation_keys(store) == set()
    days = [row["key"] for row in rows(store, "day_key")]
    assert days
    for copy in COPIES:
        assert readable(evening, copy, store) == {}
        assert not _told_apart(_database(evening.files(copy)), evening.canaries["open chat id"], days)
    assert opened(data / "ruang-aman.db", days) == {}
    for table in ("conversation", "address", "inbox", "outbox", "timer"):
        assert rows(data / "ruang-aman.db", table) == [], table


def test_no_temporary_file_was_made(evening: Evening) -> None:
    """Nothing beside the database, its log and the key store; SQLite's own journal of the key store is there for a moment only."""
    ours = {"ruang-aman.db", "ruang-aman.db-wal", "ruang-aman.db-shm", "ruang-aman.db-journal", "keys.db", "keys.db-journal", "pepper"}
    assert {"ruang-aman.db", "keys.db", "pepper"} <= evening.temporary  # the watch works
    assert evening.temporary - ours == set()


def test_every_table_was_in_use(evening: Evening) -> None:
    """A table that no conversation touched would not have been attacked."""
    used = {table for copy in COPIES for table, _, _, _ in every_value(_database(evening.files(copy)))}
    # A key's death is over within the turn; nobody tried a wrong code; one process has nobody to agree with; only WhatsApp keeps prompts.
    # Those of the desk are attacked in test_staff.py.
    of_the_desk = {"staff", "invite", "unit_key", "unit_member", "staff_session", "sign_in_try", "presence", "desk_setting", "contact_code"}
    assert set(metadata.tables) - used <= {"key_death", "guess", "replica", "claim", "content_resource"} | of_the_desk
