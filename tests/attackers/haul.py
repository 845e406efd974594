"""What a thief gets out of stolen files: everything that he can search, and everything that he can open with the keys that he has."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot import contexts
from bot.storage.tables import metadata
from bot.vault.draft import unlock
from bot.vault.errors import VaultError
from bot.vault.file import open_file
from tests.attackers.canaries import found_in
from tests.stores import on_server, run


@dataclass(frozen=True, kw_only=True)
class Evening:
    """What `scene` left behind. `folder` holds the copies; `told` is scene.json; `log` is all that the process said."""

    folder: Path
    told: dict[str, Any]
    log: str
    temporary: frozenset[str]
    canaries: dict[str, str]

    def files(self, copy: str) -> list[Path]:
        """A copy without the key store: database, write-ahead log, shared memory."""
        found = [path for path in sorted((self.folder / copy).rglob("*")) if path.is_file() and "keys" not in path.parts[-2:]]
        assert found
        return found

    def keys(self, copy: str) -> Path:
        """The key store of a copy."""
        return self.folder / copy / "keys" / "keys.db"

    def named(self, values: Iterable[str]) -> set[str]:
        """The names of canaries."""
        names = {value: name for name, value in self.canaries.items()}
        return {names[value] for value in values}


@cache
def _tables(database: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows, read once. Of a file: read from a copy of the file and its log: SQLite changes what it opens, and this is evidence."""
    if on_server(database) is not None:
        names = [row["tablename"] for row in run(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        return {name: run(database, f'SELECT * FROM "{name}"') for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for path in database.parent.glob(f"{database.name}*"):
            shutil.copy(path, folder)
        with closing(sqlite3.connect(Path(folder) / database.name)) as connection:
            connection.row_factory = sqlite3.Row
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in names}


def rows(database: Path, table: str) -> list[dict[str, Any]]:
    """A table's rows."""
    return _tables(database)[table]


def every_value(database: Path) -> Iterator[tuple[str, str, Any, dict[str, Any]]]:
    """(table, column, value, row) of every value in a database."""
    for table, found in _tables(database).items():
        for row in found:
            for column, value in row.items():
                yield table, column, value, row


def conversation_keys(store: Path) -> set[bytes]:
    """All keys of conversations in a key store."""
    return {row["key"] for row in rows(store, "conversation_key")}


def _contexts(table: str, column: str, row: dict[str, Any]) -> Iterator[bytes]:
    """What a locked value may be bound to: the thief has read the source."""
    if table == "conversation":
        yield from (contexts.session(row["id"]), contexts.address(row["id"]), contexts.refs(row["id"]))
    elif table in ("inbox", "outbox"):
        yield contexts.row(table, column, row["id"], row["conversation_id"])


def opened(database: Path, keys: Iterable[bytes]) -> dict[str, bytes]:
    """Every value of the database that opens with one of the keys: where it stands → what it says."""
    found: dict[str, bytes] = {}
    for table, column, value, row in every_value(database):
        if not isinstance(value, bytes) or len(value) < 29 or table not in metadata.tables:
            continue
        for context in _contexts(table, column, row):
            for key in keys:
                try:
                    found[f"{table}.{column} {row['id']!r}"] = unlock(key, value, context=context)
                except VaultError:
                    continue
    return found | _files(database, list(found.values()))


def _files(database: Path, plain: list[bytes]) -> dict[str, bytes]:
    """The files whose keys stand in what was opened: of a session that tells of them, or of a message that brought one."""
    found: dict[str, bytes] = {}
    pieces = sorted(rows(database, "evidence_chunk"), key=lambda row: int(row["number"]))
    for text in plain:
        for file_id, key in re.findall(rb'([0-9a-f]{32})(?:","key":"|:)([0-9a-f]{64})', text):
            evidence_id = bytes.fromhex(file_id.decode())
            mine = [row["sealed"] for row in pieces if row["evidence_id"] == evidence_id]
            try:
                found[f"evidence {file_id.decode()}"] = open_file(mine, key=bytes.fromhex(key.decode()), evidence_id=evidence_id)
            except VaultError:
                continue
    return found


@cache
def _bytes_of(path: Path) -> bytes:
    return path.read_bytes()


@cache
def _in_clear(path: Path, canaries: tuple[str, ...]) -> dict[str, str]:
    return found_in(_bytes_of(path), canaries)


def remains(evening: Evening, files: Sequence[Path], keys: set[bytes]) -> dict[str, str]:
    """What is readable of every value that was ever locked and whose bytes are still in the files: rows that were deleted or changed
    since, free pages, the write-ahead log. Canary's name → where."""
    held = {key.hex() for key in keys}
    found: dict[str, str] = {}
    for lock in evening.told["locks"]:
        if lock["key"] not in held:
            continue
        # Suite, nonce and the first cipher block: no two values share them. A longer one may lie in pieces.
        start = bytes.fromhex(lock["blob"])[:29]
        where = next((path for path in files if start in _bytes_of(path)), None)
        if where is None:
            continue
        for name, canary in evening.canaries.items():
            if canary in lock["plain"] or json.dumps(canary)[1:-1] in lock["plain"]:
                found.setdefault(name, f"{where.name} {bytes.fromhex(lock['context']).partition(b'|')[0].decode()}")
    return found


def readable(evening: Evening, copy: str, store: Path | None) -> dict[str, str]:
    """Everything that can be read of a copy, with a key store or without: canary's name → where."""
    files = evening.files(copy)
    names = {value: name for name, value in evening.canaries.items()}
    found: dict[str, str] = {}
    for path in files:
        found |= {names[canary]: f"{path.name} in clear ({how})" for canary, how in _in_clear(path, tuple(names)).items()}
    if store is None:
        return found
    keys = conversation_keys(store)
    database = next(path for path in files if path.name.endswith(".db"))
    for place, plain in opened(database, keys).items():
        found |= {names[canary]: f"{place} ({how})" for canary, how in found_in(plain, names).items() if names[canary] not in found}
    return remains(evening, files, keys) | found
