"""A browser's profile on disk as a thief reads it: every file, and what LevelDB has compressed in its tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_MAGIC = bytes.fromhex("57fb808b247547db")  # of a table of LevelDB, at its end
_FOOTER = 48


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def unsnappy(data: bytes) -> bytes:
    """What was compressed with Snappy (its raw format, as LevelDB has it). Raises ValueError or IndexError if it was not."""
    length, at = _varint(data, 0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            size = tag >> 2
            if size >= 60:
                extra = size - 59
                size = int.from_bytes(data[at : at + extra], "little")
                at += extra
            out += data[at : at + size + 1]
            at += size + 1
            continue
        if tag & 3 == 1:
            size, offset, at = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[at], at + 1
        else:
            width = 2 if tag & 3 == 2 else 4
            size, offset, at = (tag >> 2) + 1, int.from_bytes(data[at : at + width], "little"), at + width
        if not 0 < offset <= len(out):
            raise ValueError("no copy")
        for _ in range(size):
            out.append(out[-offset])
    if len(out) != length:
        raise ValueError("another length")
    return bytes(out)


def blocks(table: bytes) -> Iterator[bytes]:
    """The blocks of a table of LevelDB, decompressed; none if it is no table."""
    if table[-8:] != _MAGIC:
        return
    at = len(table) - _FOOTER
    _, at = _varint(table, at)
    _, at = _varint(table, at)
    where, at = _varint(table, at)
    length, at = _varint(table, at)
    index = _block(table, where, length)
    yield index
    for start, size in _handles(index):
        yield _block(table, start, size)


def _block(table: bytes, start: int, size: int) -> bytes:
    raw = table[start : start + size]
    return unsnappy(raw) if table[start + size] == 1 else raw


def _handles(index: bytes) -> list[tuple[int, int]]:
    """Where the blocks of data lie, from the block that says so: entries of (shared, own, value) lengths, then the restarts."""
    end = len(index) - 4 - 4 * int.from_bytes(index[-4:], "little")
    at, found = 0, []
    while at < end:
        _, at = _varint(index, at)
        own, at = _varint(index, at)
        value, at = _varint(index, at)
        start, after = _varint(index, at + own)
        size, _ = _varint(index, after)
        found.append((start, size))
        at += own + value
    return found


def contents(folder: Path) -> dict[str, bytes]:
    """Everything that lies in a profile: path → the file's name and bytes, and behind them the blocks of a table."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            found[str(path.relative_to(folder))] = b"\0".join((path.name.encode(), data, *blocks(data)))
    return found
