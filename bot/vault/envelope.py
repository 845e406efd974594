"""The two shapes of sealing to a public key, shared by records, mailbox messages, wrapped keys and return addresses.

Suite 1 is DHKEM(X25519, HKDF-SHA256) + HKDF-SHA256 + AES-256-GCM in HPKE's base mode (RFC 9180), and AES-256-GCM for bodies.

- `wrap` (short, fixed content: a key, a padded address)::

      0      1        suite, 0x01
      1      32       enc: HPKE's encapsulated key
      33     n + 16   HPKE ciphertext and tag of the n bytes; HPKE's aad is empty

- `seal_body` (texts of any length)::

      0      1        suite, 0x01
      1      32       enc
      33     48       HPKE ciphertext and tag of the 32-byte data key; HPKE's aad is empty
      81     12       nonce, random
      93     m + 16   AES-256-GCM ciphertext and tag under the data key; m = length of the padded content, a multiple of 512

The first byte says the suite, so that a post-quantum one can follow without a change to any row. It is authenticated: the label at the
front of every `info` names the suite too ("ruang-aman/1 …").
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from bot.vault.errors import PaddingError, SealError
from bot.vault.keys import KEY_BYTES
from bot.vault.padding import pad, unpad

SUITE = 1
ENC_BYTES = 32
TAG_BYTES = 16
NONCE_BYTES = 12

_SUITE_BYTE = bytes([SUITE])
_HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_WRAPPED_KEY_END = 1 + ENC_BYTES + KEY_BYTES + TAG_BYTES
_BODY_START = _WRAPPED_KEY_END + NONCE_BYTES


def wrap(content: bytes, *, public_key: bytes, info: bytes) -> bytes:
    """`content` sealed to a raw public key, bound to `info`. Adds 49 bytes. Raises ValueError on a public key that is none."""
    return _SUITE_BYTE + _HPKE.encrypt(content, X25519PublicKey.from_public_bytes(public_key), info)


def unwrap(blob: bytes, *, private_key: bytes, info: bytes) -> bytes:
    """What `wrap` sealed. Raises SealError on any difference in key, `info` or bytes."""
    if blob[:1] != _SUITE_BYTE:
        raise SealError
    try:
        return _HPKE.decrypt(blob[1:], X25519PrivateKey.from_private_bytes(private_key), info)
    except (InvalidTag, ValueError):
        raise SealError from None


def seal_body(content: bytes, *, public_key: bytes, info: bytes, associated: bytes) -> bytes:
    """`content` padded, under a fresh data key, and that key sealed to `public_key` and bound to `info`.

    Length of the answer: 109 bytes more than the padded content. Raises ValueError on a public key that is none.
    """
    data_key = os.urandom(KEY_BYTES)
    nonce = os.urandom(NONCE_BYTES)
    head = wrap(data_key, public_key=public_key, info=info)
    return head + nonce + AESGCM(data_key).encrypt(nonce, pad(content), associated)


def open_body(blob: bytes, *, private_key: bytes, info: bytes, associated: bytes) -> bytes:
    """What `seal_body` sealed. Raises SealError on any difference in key, `info`, associated data or bytes."""
    data_key = unwrap(blob[:_WRAPPED_KEY_END], private_key=private_key, info=info)
    try:
        return unpad(AESGCM(data_key).decrypt(blob[_WRAPPED_KEY_END:_BODY_START], blob[_BODY_START:], associated))
    except (InvalidTag, ValueError, PaddingError):
        raise SealError from None
