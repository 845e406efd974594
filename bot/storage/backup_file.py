"""The file of a backup: what it looks like, how it is written, and how it is read again.

Format 1::

    "RUANG-AMAN BACKUP 1\\n"      so that `head -1` says what this is
    gzip stream                  of JSON lines:
        {"revision", "created_at"}                         the schema's revision, seconds since 1970
        {"table", "columns": [[name, kind], …], "rows"}    kind: int, text, bytes; rows: how many lines follow
        [value, …]                                         one row; bytes in base64
        {"end": true, "rows"}                              all rows of the file
    SHA-256                      32 bytes, over everything before

The hash finds a flipped bit and a file that was cut off. It is no signature: who can write a backup can make a fitting hash, as who can
write the database can write into it.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import orjson

from bot.errors import OperatorError

MAGIC = b"RUANG-AMAN BACKUP "
FORMAT = 1
KINDS = ("int", "text", "bytes")
_DIGEST = hashlib.sha256().digest_size
_PORTION = 1 << 20


class BackupError(OperatorError):
    """A backup cannot be written, or a file is none that can be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What a backup says of itself: the revision of the schema, and when it was made (seconds since 1970)."""

    revision: str
    created_at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The rows of one table. `columns` are (name, kind); `rows` are read while the file is: each part before the next."""

    table: str
    columns: tuple[tuple[str, str], ...]
    count: int
    rows: Iterator[list[Any]]


class _Hashed(io.RawIOBase):
    """What is written through it is hashed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return self._file.write(data)


class _Upto(io.RawIOBase):
    """A file up to a length."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file, self._left = file, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(min(len(buffer), self._left))
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class BackupWriter:
    """Writes FILE.part, readable for this user alone, and gives it its name when it is complete and on the disk. What ends with an error
    leaves no file."""

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._header = header
        self.rows = 0

    def __enter__(self) -> BackupWriter:
        if self._path.exists():
            raise BackupError(f"{self._path} is there already: nothing was written. Choose another name, or move it away.")
        try:
            self._part.unlink(missing_ok=True)  # of a backup that was killed
            self._file = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except OSError as error:
            raise BackupError(f"{self._path} cannot be written ({error.strerror}): choose a folder that this user may write to.") from None
        self._hashed = _Hashed(self._file)
        self._hashed.write(MAGIC + f"{FORMAT}\n".encode())
        self._zipped = gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=self._hashed, mtime=0)
        self._line({"revision": self._header.revision, "created_at": self._header.created_at})
        return self

    def _line(self, value: Any) -> None:
        self._zipped.write(orjson.dumps(value) + b"\n")

    def begin(self, table: str, columns: Sequence[tuple[str, str]], count: int) -> None:
        """The next table. `count` rows must follow."""
        self._bytes = [index for index, (_, kind) in enumerate(columns) if kind == "bytes"]
        self._line({"table": table, "columns": [list(column) for column in columns], "rows": count})

    def row(self, values: Sequence[Any]) -> None:
        """A row of the table that was begun last, in the order of its columns."""
        row = list(values)
        for index in self._bytes:
            if row[index] is not None:
                row[index] = base64.b64encode(row[index]).decode("ascii")
        self._line(row)
        self.rows += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None:
                self._line({"end": True, "rows": self.rows})
                self._zipped.close()
                self._file.write(self._hashed.hash.digest())
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                os.rename(self._part, self._path)
                _sync_folder(self._path.parent)
                return
        except OSError as failed:
            error = failed
        self._file.close()
        self._part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise BackupError(
                f"{self._path} could not be written ({error.strerror}): make room, or choose another disk; nothing was left there."
            ) from None


class BackupReader:
    """Reads a backup. Entering it reads the file to its end once, so that a file that is not whole is refused before anything is done.

    Raises BackupError, in one sentence, for everything that is wrong with the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.header = Header(revision="", created_at=0)
        self.rows = 0

    def __enter__(self) -> BackupReader:
        try:
            self._file = self._path.open("rb")
        except OSError as error:
            raise BackupError(f"{self._path} cannot be read ({error.strerror}): check its name and whose it is.") from None
        try:
            self._check()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def _damaged(self) -> BackupError:
        return BackupError(f"{self._path} is damaged or not complete: nothing was changed. Use another copy of it, or an older backup.")

    def _check(self) -> None:
        first = self._file.readline(64)
        if not first.startswith(MAGIC) or not first.endswith(b"\n"):
            raise BackupError(f"{self._path} is no backup of Ruang Aman: nothing was changed.")
        version = first[len(MAGIC) :].strip()
        if version != str(FORMAT).encode():
            if not version.isdigit() or int(version) < FORMAT:
                raise self._damaged()
            raise BackupError(f"{self._path} was made by a newer version of this program: nothing was changed. Install that version first.")
        self._begin, self._length = len(first), self._path.stat().st_size - _DIGEST - len(first)
        digest, left = hashlib.sha256(first), self._length
        while left > 0 and (data := self._file.read(min(_PORTION, left))):
            digest.update(data)
            left -= len(data)
        if left != 0 or self._file.read() != digest.digest():
            raise self._damaged()
        self.header = self._read_header(lines := self._lines())
        count = 0
        for part in self._parts(lines):
            for _ in part.rows:
                count += 1
        self.rows = count

    def _lines(self) -> Iterator[Any]:
        self._file.seek(self._begin)
        try:
            with gzip.GzipFile(mode="rb", fileobj=io.BufferedReader(_Upto(self._file, self._length), _PORTION)) as zipped:
                for line in zipped:
                    yield orjson.loads(line)
        except (OSError, EOFError, zlib.error, orjson.JSONDecodeError):
            raise self._damaged() from None

    def _read_header(self, lines: Iterator[Any]) -> Header:
        match next(lines, None):
            case {"revision": str(revision), "created_at": int(created_at)}:
                return Header(revision=revision, created_at=created_at)
        raise self._damaged()

    def parts(self) -> Iterator[Part]:
        """Every table with its rows. Read each part's rows before going on to the next."""
        lines = self._lines()
        self._read_header(lines)
        return self._parts(lines)

    def _parts(self, lines: Iterator[Any]) -> Iterator[Part]:
        total = 0
        for line in lines:
            match line:
                case {"end": True, "rows": int(rows)} if rows == total:
                    if next(lines, None) is None:
                        return
                case {"table": str(table), "columns": list(columns), "rows": int(count)}:
                    named = tuple((str(name), str(kind)) for name, kind in columns)
                    if all(kind in KINDS for _, kind in named):
                        yield Part(table=table, columns=named, count=count, rows=self._rows(lines, named, count))
                        total += count
                        continue
            raise self._damaged()
        raise self._damaged()

    def _rows(self, lines: Iterator[Any], columns: tuple[tuple[str, str], ...], count: int) -> Iterator[list[Any]]:
        encoded = [index for index, (_, kind) in enumerate(columns) if kind == "bytes"]
        for _ in range(count):
            row = next(lines, None)
            if not isinstance(row, list) or len(row) != len(columns):
                raise self._damaged()
            for index in encoded:
                if row[index] is not None:
                    try:
                        row[index] = base64.b64decode(row[index], validate=True)
                    except (binascii.Error, TypeError, ValueError):
                        raise self._damaged() from None
            yield row
