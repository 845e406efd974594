"""Thieves of PostgreSQL: the data folder as it lies there, dumps, the log, and whoever may only connect and listen.

The database and the key store are on two servers. The key store's is set, and its role has the rights, as docs/operator.md says, read from
there; nobody helps it along. Raw bytes are searched: rows that were deleted, the write-ahead log, pages that nobody uses any more.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from bot.cli.identity_key import add_role
from bot.cli.unit import add_unit
from bot.storage.database import open_engine
from bot.storage.key_server import FORGETFUL
from bot.storage.key_store import KeyStore
from bot.storage.sharing import CHANNEL
from bot.storage.tables import metadata
from tests.attackers.canaries import found_in
from tests.attackers.scene import (
    CANARIES,
    LIVE,
    OPEN,
    OPERATORS,
    ROLES,
    Locks,
    _answered,
    _at_the_desk,
    _case_of,
    _ended,
    _people,
    _up_to_the_review,
)
from tests.attackers.test_files import guesses
from tests.attackers.town import Town, configured, town
from tests.postgres import SETTINGS, PostgresServer, binaries

pytestmark = [
    pytest.mark.own_store,
    pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed: apt install postgresql"),
    pytest.mark.timeout(300),
]

OPERATOR = (Path(__file__).parents[2] / "docs" / "operator.md").read_text("utf-8")
# What the page has the key store's server do, and what it has its administrator grant.
KEY_SERVER = dict(re.findall(r"^  (\w+) = (\w+)", OPERATOR, re.MULTILINE))
GRANTS = re.findall(r"^  (GRANT .*;)", OPERATOR, re.MULTILINE)
CARELESS = {"log_min_messages": "info", "log_statement": "all", "log_min_duration_statement": "0"}
ROLE = "ruang_aman"
STILL_OPEN = OPEN | LIVE | {"danger words", "danger place", "danger chat id"}
# Who wrote within 72 hours.
ADDRESSES = frozenset({"child chat id", "hand-off chat id", "erased chat id", "unfinished chat id", "talk chat id"})


@dataclass
class Night:
    """What two thieves carried away: copies of both servers' folders at two moments, dumps, the log, notices."""

    folder: Path
    canaries: dict[str, str] = field(default_factory=dict)
    locks: list[dict[str, str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    dumps: dict[str, bytes] = field(default_factory=dict)
    live: set[str] = field(default_factory=set)  # keys that the store had after the evening, in hexadecimal
    number_told: dict[str, bool] = field(default_factory=dict)
    queries: str = ""
    pristine: set[bytes] = field(default_factory=set)
    _raw: dict[str, bytes] = field(default_factory=dict)

    def raw(self, copy: str) -> bytes:
        """Every byte of a copy that was not there before anybody wrote; of long runs of zeros, some."""
        if copy not in self._raw:
            files = [path for path in sorted((self.folder / copy).rglob("*")) if path.is_file()]
            assert len(files) > 500, "no data folder of PostgreSQL"
            held = (path.read_bytes() for path in files)
            changed = (content for content in held if hashlib.sha256(content).digest() not in self.pristine)
            self._raw[copy] = re.sub(rb"\0{64,}", bytes(64), b"\n".join(changed))
        return self._raw[copy]

    def keys_in(self, copy: str) -> set[str]:
        """Every key of a conversation, live or dead, whose bytes lie in a copy of the key store's server. In hexadecimal."""
        raw = self.raw(copy)
        return {key for key in {lock["key"] for lock in self.locks} if bytes.fromhex(key) in raw}

    def readable(self, copy: str, keys: set[str]) -> set[str]:
        """The names of the canaries that lie in a copy of the database under one of these keys."""
        raw = self.raw(copy)
        found = set()
        for lock in self.locks:
            if lock["key"] in keys and bytes.fromhex(lock["blob"])[:29] in raw:
                found |= {name for name, said in self.canaries.items() if said in lock["plain"] or json.dumps(said)[1:-1] in lock["plain"]}
        return found


def _copy(server: PostgresServer, target: Path) -> None:
    """The data folder of a running server, file by file; what vanishes meanwhile is not there."""

    def one(source: str, to: str) -> str:
        try:
            return shutil.copyfile(source, to)
        except FileNotFoundError:
            return to

    shutil.copytree(server.data, target, copy_function=one, ignore=shutil.ignore_patterns("postmaster.*"))


async def _settings(folder: Path, urls: dict[str, str]) -> None:
    settings = configured(folder / "data", "http://localhost/bot", **urls)
    for name, kind, lead in (("UPTD PPA", "service", True), ("Dinas Pendidikan", "school", False)):
        await add_unit(settings, name=name, kind=kind, lead=lead, key_file=folder / f"{name}.key", passphrase=None)
    for role, kind in ROLES.items():
        await add_role(settings, role=role, roles=tuple(ROLES), kind=kind, key_file=folder / f"{role}.key", passphrase=None)


@asynccontextmanager
async def _listening(url: str, notices: list[str]) -> AsyncIterator[None]:
    """Somebody who may connect to the database hears everything that processes tell each other."""
    engine = open_engine(url, pool=NullPool)
    async with engine.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        await raw.add_listener(CHANNEL, lambda connection, pid, channel, payload: notices.append(payload))
        yield
    await engine.dispose()


def _database(server: PostgresServer) -> str:
    """A database of the service's own role, which is nobody special; gives its address."""
    server.sql(f"CREATE ROLE {ROLE} LOGIN")
    name = server.create()
    server.sql(f'ALTER DATABASE "{name}" OWNER TO {ROLE}')
    return server.url(name).replace("//postgres@", f"//{ROLE}@")


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


async def _played(night: Night, main: PostgresServer, keys: PostgresServer) -> None:
    urls = {"database_url": _database(main), "key_store": _database(keys)}
    for grant in GRANTS:
        keys.sql(grant, database=_name(urls["key_store"]))
    for server in (main, keys):
        server.sql("CHECKPOINT")
        held = (path for path in server.data.rglob("*") if path.is_file() and path.parent.name != "pg_wal")
        night.pristine |= {hashlib.sha256(path.read_bytes()).digest() for path in held}
    await _settings(night.folder, urls)
    locks = Locks()
    with ExitStack() as stack:
        for module in ("bot.intake", "bot.stored_session", "bot.outbox", "bot.rollover", "bot.deliver", "bot.clearing"):
            stack.enter_context(patch(f"{module}.lock", locks))
        now = time.time()
        async with _listening(urls["database_url"], night.notices), town(night.folder / "data", now=now, **urls) as here:
            await _evening(night, here, main, keys)
            night.locks = locks.made


async def _evening(night: Night, here: Town, main: PostgresServer, keys: PostgresServer) -> None:
    people = await _people(here)
    await _up_to_the_review(people)
    here.codes |= await _at_the_desk(here, people)
    codes = await _ended(here, people) | here.codes
    await _answered(here, await _case_of(here, codes["child"]))
    await here.service.settle()
    night.canaries = CANARIES | {f"code of {name}": code for name, code in codes.items()}
    name = str(here.service.engine.url.database)
    night.dumps["then"] = main.dump(name)
    await asyncio.to_thread(_copy, main, night.folder / "main then")
    await asyncio.to_thread(_copy, keys, night.folder / "keys then")
    found = await _asked(here.service.keys._engine, "SELECT key FROM conversation_key")
    night.live = {row["key"].hex() for row in found}
    for name in ("child chat id", "open chat id", "erased chat id"):
        night.number_told[name] = await _tells(here, night.canaries[name])
    night.queries = main.sql("SELECT query FROM pg_stat_statements") + main.sql("SELECT query FROM pg_stat_activity")
    await _a_minute_or_two(here)
    await asyncio.to_thread(_copy, keys, night.folder / "keys late")
    night.dumps["keys"] = keys.dump(str(here.service.keys._engine.url.database))
    here.now += 73 * 3600
    await here.service.jobs.forget()
    await _a_minute_or_two(here)
    await asyncio.to_thread(_copy, keys, night.folder / "keys after 73 hours")


async def _a_minute_or_two(here: Town) -> None:
    """What the service does by itself within two minutes."""
    await here.service.jobs.sweep()
    while here.service.keys.stained:
        await here.service.jobs.scrub()


async def _asked(engine: AsyncEngine, query: str) -> list[dict[str, Any]]:
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.exec_driver_sql(query)).mappings()]


async def _tells(here: Town, number: str) -> bool:
    """Whether the database says that this number wrote, to who tries every value in it as the key."""
    values = {
        value
        for table in metadata.tables
        for row in await _asked(here.service.engine, f'SELECT * FROM "{table}"')
        for value in row.values()
        if isinstance(value, bytes) and len(value) >= 8
    }
    starts = {value[:16] for value in values if len(value) >= 16}
    return any(guess[:16] in starts for guess in guesses(number, [value for value in values if len(value) <= 64]))


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """Twelve conversations, with both stores on servers of their own that log every statement; the database's with all its values."""
    folder = tmp_path_factory.mktemp("night")
    (folder / "data" / "keys").mkdir(parents=True, mode=0o700)
    main = PostgresServer(SETTINGS | CARELESS | {"shared_preload_libraries": "pg_stat_statements"})
    main.sql("CREATE EXTENSION pg_stat_statements")
    keys = PostgresServer(SETTINGS | CARELESS | KEY_SERVER)
    stolen = Night(folder=folder)
    try:
        asyncio.run(_played(stolen, main, keys))
        for name, server in (("main", main), ("keys", keys)):
            stolen.dumps[f"{name} log"] = (server.folder / "server.log").read_bytes()
        yield stolen
    finally:
        main.end()
        keys.end()


def test_the_data_folder_and_a_dump_hold_no_word_of_anybody(night: Night) -> None:
    assert len(night.locks) > 100, "everybody really spoke"
    assert found_in(night.raw("main then"), night.canaries.values()) == {}
    assert found_in(night.dumps["then"], night.canaries.values()) == {}
    assert found_in(night.raw("keys then"), night.canaries.values()) == {}


def test_the_database_does_not_say_who_wrote(night: Night) -> None:
    """Chat ids are numbers of ten digits: their hashes would be found by trying all of them. Only an HMAC under a key says nothing."""
    assert night.number_told == {"child chat id": False, "open chat id": False, "erased chat id": False}


def test_the_databases_own_log_holds_nothing_that_could_be_read(night: Night) -> None:
    """Every statement with its values, as a server logs them that is set to: what people wrote is locked before it gets there."""
    log = night.dumps["main log"]
    assert log.count(b"INSERT INTO") > 20 and log.count(b"parameters: $1") > 20
    assert found_in(log, night.canaries.values()) == {}


def test_statements_are_told_apart_from_their_values(night: Night) -> None:
    """In what a server keeps about statements (pg_stat_statements, pg_stat_activity), and in the text of them in its log."""
    said = [line for line in night.dumps["main log"].decode().splitlines() if "DETAIL:" not in line]
    assert "INSERT INTO" in night.queries and len(said) > 100
    for text in (night.queries, "\n".join(said)):
        assert found_in(text.encode(), night.canaries.values()) == {}
        assert re.findall(r"\\x[0-9a-f]{16,}", text) == []


def test_the_key_servers_log_holds_no_key(night: Night) -> None:
    """Keys are values of statements there: the operator's page has the server leave values out."""
    log = night.dumps["keys log"].lower()
    assert log.count(b"insert into") > 20, "it logs every statement"
    assert [lock for lock in night.locks if lock["key"].encode() in log] == []
    assert found_in(log, night.canaries.values()) == {}


def test_whoever_listens_hears_ids(night: Night) -> None:
    assert night.notices, "pages are told of their bubbles"
    assert [one for one in night.notices if not re.fullmatch(r"([mbkdf]:[0-9a-f]{32}|p:)(:([0-9a-f]{32})?){2}", one)] == []


def test_at_once_the_key_servers_folder_still_holds_the_keys_that_died(night: Night) -> None:
    """The proof that the thief's search finds, and what SECURITY.md says: within a minute or two he reads what has just ended."""
    keys = night.keys_in("keys then")
    assert len(keys - night.live) >= 6
    assert OPEN - {"open file", "open file's EXIF"} <= night.readable("main then", keys)
    assert {"erased story", "left story"} <= night.readable("main then", keys)


def test_two_minutes_later_only_keys_of_open_conversations_are_left(night: Night) -> None:
    """Not in the tables' files, not in the log, not in a dump. The service did it alone."""
    assert night.keys_in("keys late") <= night.live
    assert not [lock for lock in night.locks if lock["key"] not in night.live and lock["key"].encode() in night.dumps["keys"]]
    left = night.readable("main then", night.keys_in("keys late")) - OPERATORS - STILL_OPEN - ADDRESSES
    assert left == set()


def test_an_old_copy_of_the_database_and_the_key_store_of_day_three_open_nothing(night: Night) -> None:
    assert night.keys_in("keys after 73 hours") == set()
    assert night.readable("main then", night.keys_in("keys after 73 hours")) == set()


async def test_a_server_that_keeps_dead_keys_is_named_at_the_start(caplog: pytest.LogCaptureFixture) -> None:
    """A careless one: every setting and right of the page is missed."""
    careless = PostgresServer(SETTINGS | {"archive_mode": "on", "wal_keep_size": "64MB", "log_parameter_max_length_on_error": "-1"})
    try:
        store = KeyStore(open_engine(_database(careless), wal=False))
        await store.open()
        await store.destroy([(await store.create(now=1))[0]])
        await store.scrub()
        await store.close()
    finally:
        careless.end()
    named = {record.code for record in caplog.records if record.getMessage() == "key_server_keeps_dead_keys"}  # type: ignore[attr-defined]
    assert named == {*FORGETFUL, "pg_switch_wal", "pg_checkpoint"}
    assert [record.getMessage() for record in caplog.records].count("key_server_refused") == 2


def test_the_page_names_every_setting_and_right_that_is_looked_at() -> None:
    assert FORGETFUL.items() <= KEY_SERVER.items()
    assert all(any(right in grant for grant in GRANTS) for right in ("pg_switch_wal", "pg_checkpoint"))
