"""Sealing of files in pieces, so that one can be stored, moved and opened without ever being whole in one row.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015), as age and Tink use it: AES-256-GCM over pieces under a key that is
made for this file alone; the nonce counts them and marks the last, so that none can be left out, swapped, repeated or cut off.

Format (suite 1) of piece number i, from 0::

    0     1       suite, 0x01
    1     65552   AES-256-GCM ciphertext and tag of 65,536 bytes; nonce = i as 11 bytes, big-endian ‖ 0x01 if it is the last, else 0x00;
                  associated data = 0x01 ‖ evidence id

The content is padded (`padding`) to a multiple of 65,536 bytes before it is cut: every piece of every file has one length, and a voice
message of a second looks like one of half a minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.vault.encoding import identifier
from bot.vault.errors import PaddingError, SealError
from bot.vault.keys import KEY_BYTES
from bot.vault.padding import pad, unpad

PIECE = 64 * 1024
"""Bytes of padded content in each piece."""

_SUITE_BYTE = b"\x01"


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def seal_file(content: bytes, *, key: bytes, evidence_id: bytes) -> Iterator[bytes]:
    """`content` in sealed pieces of 65,553 bytes, at least one.

    `key` is 32 fresh random bytes, never used for a second file: the nonces are the same for every file. Raises ValueError on a key or an
    id of another length.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"a file's key has {KEY_BYTES} bytes")
    cipher, associated = AESGCM(key), _SUITE_BYTE + identifier(evidence_id)
    padded = memoryview(pad(content, PIECE))
    count = len(padded) // PIECE
    for number in range(count):
        piece = padded[number * PIECE : (number + 1) * PIECE]
        yield _SUITE_BYTE + cipher.encrypt(_nonce(number, number == count - 1), piece, associated)


def open_file(pieces: Sequence[bytes], *, key: bytes, evidence_id: bytes) -> bytes:
    """What `seal_file` sealed, from all its pieces in their order.

    Raises SealError on another key or id, on a piece that is missing, changed, repeated or out of its place, and on bytes that are no file.
    """
    if len(key) != KEY_BYTES or not pieces:
        raise SealError
    cipher, last = AESGCM(key), len(pieces) - 1
    content = bytearray()
    try:
        associated = _SUITE_BYTE + identifier(evidence_id)
        for number, piece in enumerate(pieces):
            if piece[:1] != _SUITE_BYTE:
                raise SealError
            content += cipher.decrypt(_nonce(number, number == last), piece[1:], associated)
        return unpad(bytes(content), PIECE)
    except (InvalidTag, ValueError, PaddingError):
        raise SealError from None
