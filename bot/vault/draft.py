"""Locking of what the bot must read again to go on: sessions, inbox, outbox. Called for every message.

Under a 32-byte key of the conversation that lives in the key store only; when that key is destroyed, all of it is gone.

Format (suite 1)::

    0     1        suite, 0x01
    1     12       nonce, random
    13    m + 16   AES-256-GCM ciphertext and tag; m = length of the padded content, a multiple of 64; associated data = context

A random 96-bit nonce is good for 2³² messages under one key (NIST SP 800-38D, 8.3); a conversation's key lives at most 72 hours after the
last message, and no conversation comes near that number.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.vault.encoding import join
from bot.vault.errors import PaddingError, SealError
from bot.vault.padding import pad, unpad

# Messages of a chat are short, and the option that was tapped must not show in the length of its row: in 64-byte steps "ya" looks like
# "tidak" and like most short answers. The 512 bytes of reports would make most inbox and outbox rows five times as long, and these are
# written and erased thousands of times a second; what a longer message still shows dies with its conversation.
STEP = 64

_SUITE_BYTE = b"\x01"
_NONCE_END = 13


def lock(key: bytes, plaintext: bytes, *, context: bytes) -> bytes:
    """`plaintext` locked under a 32-byte key and bound to `context` (for example table name and row id, joined unambiguously).

    Out: 29 bytes more than the plaintext padded to the next multiple of 64 bytes. Raises ValueError on a key of another length.
    """
    if len(key) != 32:
        raise ValueError("a conversation key has 32 bytes")
    nonce = os.urandom(12)
    return _SUITE_BYTE + nonce + AESGCM(key).encrypt(nonce, pad(plaintext, STEP), context)


def unlock(key: bytes, blob: bytes, *, context: bytes) -> bytes:
    """What `lock` locked. Raises SealError on another key, another context, a flipped bit, and on bytes that were never locked."""
    if blob[:1] != _SUITE_BYTE or len(key) != 32:
        raise SealError
    try:
        return unpad(AESGCM(key).decrypt(blob[1:_NONCE_END], blob[_NONCE_END:], context), STEP)
    except (InvalidTag, ValueError, PaddingError):
        raise SealError from None


def row_key(day_key: bytes, *parts: bytes) -> bytes:
    """What stands in the database instead of a channel and an address: 32 bytes of HMAC-SHA256 over the parts, under the day's key.

    Without the day's key (three are live, then destroyed) nobody can tell whether a number ever wrote, not even by trying all numbers.
    Raises ValueError unless the key has 32 bytes.
    """
    if len(day_key) != 32:
        raise ValueError("a day key has 32 bytes")
    return hmac.digest(day_key, join(*parts), hashlib.sha256)
