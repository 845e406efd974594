"""One unambiguous way to join several byte strings into one, for HPKE `info`, associated data and HMAC input."""

from __future__ import annotations

import struct

ID_BYTES = 16
"""Length of every id (case, record, unit, mailbox, message) that is bound into a sealed record."""

_MAX_VERSION = 2**64 - 1


def join(*parts: bytes) -> bytes:
    """The parts, each with its length before it (32 bit, big-endian).

    Without the lengths (b"ab", b"c") and (b"a", b"bc") would look alike, and a record of one case could pass for one of another.
    """
    return b"".join([piece for part in parts for piece in (struct.pack(">I", len(part)), part)])


def identifier(value: bytes) -> bytes:
    """The id itself. Raises ValueError unless it is `ID_BYTES` bytes long."""
    if len(value) != ID_BYTES:
        raise ValueError(f"an id has {ID_BYTES} bytes, this has {len(value)}")
    return value


def version_bytes(version: int) -> bytes:
    """A version number as 8 bytes, big-endian. Raises ValueError outside 0 … 2⁶⁴-1."""
    if not 0 <= version <= _MAX_VERSION:
        raise ValueError("a version is between 0 and 2^64 - 1")
    return version.to_bytes(8, "big")


def short_version(version: int) -> bytes:
    """A version number as 4 bytes, big-endian: of unit keys and of staff entries. Raises ValueError outside 0 … 2³²-1."""
    if not 0 <= version < 2**32:
        raise ValueError("a version is between 0 and 2^32 - 1")
    return version.to_bytes(4, "big")
