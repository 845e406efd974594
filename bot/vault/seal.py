"""Sealing of case records to the case's public key, and of the case's private key to those who may read.

The bot holds the public half only: it appends to a case without being able to read it. Formats: `envelope`.

- record: `seal_body` with info = join("ruang-aman/1 case-record", case id, record id, version as 8 bytes) and the record id as
  associated data of the body;
- wrapped key: `wrap` of the 32 private bytes with info = join("ruang-aman/1 case-key", case id, recipient id): 81 bytes.

`join` puts a 32-bit big-endian length before each part (`encoding`). HPKE's base mode says nothing about who sealed: anyone with the public
key can make a record. What staff write is signed on top of this.
"""

from __future__ import annotations

from bot.vault.encoding import identifier, join, version_bytes
from bot.vault.envelope import open_body, seal_body, unwrap, wrap
from bot.vault.errors import SealError
from bot.vault.keys import KEY_BYTES, KeyPair, generate_keypair, public_of

__all__ = ["KeyPair", "SealError", "generate_keypair", "open_key", "open_sealed", "public_of", "seal", "seal_key"]

_RECORD = b"ruang-aman/1 case-record"
_KEY = b"ruang-aman/1 case-key"


def seal(plaintext: bytes, *, public_key: bytes, case_id: bytes, record_id: bytes, version: int) -> bytes:
    """`plaintext` sealed to a case, bound to its place there.

    In: any bytes; the case's raw public key (32 bytes); ids of 16 bytes; `version` from 0, counted up when a record is replaced.
    Out: 109 bytes more than the plaintext padded to the next multiple of 512 bytes (1 to 511 bytes → 621).
    Raises ValueError on ids, version or key of the wrong form.
    """
    info = join(_RECORD, identifier(case_id), identifier(record_id), version_bytes(version))
    return seal_body(plaintext, public_key=public_key, info=info, associated=record_id)


def open_sealed(blob: bytes, *, private_key: bytes, case_id: bytes, record_id: bytes, version: int) -> bytes:
    """What `seal` sealed. Raises SealError on a wrong key, a flipped bit, another case, row or version, and on bytes that are no record."""
    try:
        info = join(_RECORD, identifier(case_id), identifier(record_id), version_bytes(version))
    except ValueError:
        raise SealError from None
    return open_body(blob, private_key=private_key, info=info, associated=record_id)


def seal_key(private_key: bytes, *, recipient_public: bytes, case_id: bytes, recipient_id: bytes) -> bytes:
    """A case's private key (32 bytes) sealed to a unit or to recovery: 81 bytes. Raises ValueError on inputs of the wrong form."""
    if len(private_key) != KEY_BYTES:
        raise ValueError(f"a private key has {KEY_BYTES} bytes")
    return wrap(private_key, public_key=recipient_public, info=join(_KEY, identifier(case_id), identifier(recipient_id)))


def open_key(blob: bytes, *, private_key: bytes, case_id: bytes, recipient_id: bytes) -> bytes:
    """The case's private key that `seal_key` sealed, opened with the recipient's. Raises SealError on any difference."""
    try:
        info = join(_KEY, identifier(case_id), identifier(recipient_id))
    except ValueError:
        raise SealError from None
    key = unwrap(blob, private_key=private_key, info=info)
    if len(key) != KEY_BYTES:
        raise SealError
    return key
