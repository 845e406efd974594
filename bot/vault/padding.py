"""Padding that hides how long a text was: ISO/IEC 7816-4 (the byte 0x80, then zeros) to a multiple of a step.

Everything that is padded here is encrypted with authentication afterwards, so there is no padding oracle to fear; the format is still
unambiguous and only the shortest padding is accepted, so that equal contents have exactly one padded form.
"""

from __future__ import annotations

from bot.vault.errors import PaddingError

STEP = 512
"""Step for sealed records, in bytes: a report of one letter and one of 511 look alike."""

_MARK = b"\x80"


def pad(data: bytes, step: int = STEP) -> bytes:
    """`data` plus 1 to `step` bytes, so that the length is a multiple of `step` bytes. `step` is at least 1."""
    size = len(data) + 1
    return (data + _MARK).ljust(size + -size % step, b"\0")


def unpad(padded: bytes, step: int = STEP) -> bytes:
    """What was given to `pad` with the same `step`. Raises PaddingError on anything that `pad` would not have made."""
    data = padded.rstrip(b"\0")
    if not padded or len(padded) % step or not data.endswith(_MARK) or len(padded) - len(data) >= step:
        raise PaddingError("These bytes are not padded as expected.")
    return data[:-1]
