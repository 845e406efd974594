"""What a passphrase becomes. The browser derives; the server gets one half of it, and never the passphrase.

seed = Argon2id(passphrase, salt of 16 bytes; 65,536 KiB, 3 passes, 4 lanes; 64 bytes)                          RFC 9106
auth = HKDF-SHA256(seed, salt empty, info "ruang-aman/1 staff auth", 32 bytes): sent; stored as an Argon2id hash
wrap = HKDF-SHA256(seed, salt empty, info "ruang-aman/1 staff wrap", 32 bytes): never leaves the browser

The passphrase is taken in Unicode's form NFC, as UTF-8, without space at its ends and with one space for every run of spaces, tabs and
line breaks between: a phone's keyboard adds them.

wrapped = 01 ‖ nonce (12) ‖ AES-256-GCM(wrap; sealing private ‖ signing private; associated data) : 93 bytes, where the associated data is
join("ruang-aman/1 staff-wrap", staff id, sealing public, signing public). Keys cannot be put under another name, nor another's public
halves beside them.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidKey, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.vault.encoding import identifier, join
from bot.vault.errors import SealError
from bot.vault.keys import KEY_BYTES, public_of
from bot.vault.signing import signing_public_of

SALT_BYTES = 16
AUTH_BYTES = 32
WRAPPED_BYTES = 1 + 12 + 2 * KEY_BYTES + 16
MEMORY_KIB = 64 * 1024
PASSES = 3
LANES = 4

_AUTH = b"ruang-aman/1 staff auth"
_WRAP = b"ruang-aman/1 staff wrap"
_WRAPPED = b"ruang-aman/1 staff-wrap"
_SPACES = re.compile("[ \t\r\n\u00a0\u3000]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffSecrets:
    """What a passphrase becomes: `auth` is for the server, `wrap` for nobody else."""

    auth: bytes = field(repr=False)
    wrap: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffKeys:
    """A colleague's two private keys, raw: X25519 to open with, Ed25519 to sign with."""

    sealing: bytes = field(repr=False)
    signing: bytes = field(repr=False)


def plain(passphrase: str) -> bytes:
    """The bytes that Argon2id is given."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", passphrase)).strip(" ").encode()


def _expanded(seed: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(seed)


def derive_secrets(passphrase: str, *, salt: bytes) -> StaffSecrets:
    """What the browser derives. Blocks for about a quarter of a second and takes 64 MiB. Raises ValueError on a salt of another length."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    seed = Argon2id(salt=salt, length=64, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB).derive(plain(passphrase))
    return StaffSecrets(auth=_expanded(seed, _AUTH), wrap=_expanded(seed, _WRAP))


def _associated(staff_id: bytes, keys: StaffKeys) -> bytes:
    return join(_WRAPPED, identifier(staff_id), public_of(keys.sealing), signing_public_of(keys.signing))


def wrap_keys(keys: StaffKeys, *, wrap: bytes, staff_id: bytes) -> bytes:
    """Both private keys under the wrap key (93 bytes)."""
    nonce = os.urandom(12)
    return b"\x01" + nonce + AESGCM(wrap).encrypt(nonce, keys.sealing + keys.signing, _associated(staff_id, keys))


def unwrap_keys(blob: bytes, *, wrap: bytes, staff_id: bytes, sealing_public: bytes, signing_public: bytes) -> StaffKeys:
    """What `wrap_keys` made. Raises SealError on another passphrase, person or public half, and on bytes that are none."""
    if len(blob) != WRAPPED_BYTES or blob[0] != 1:
        raise SealError
    try:
        associated = join(_WRAPPED, identifier(staff_id), sealing_public, signing_public)
        both = AESGCM(wrap).decrypt(blob[1:13], blob[13:], associated)
        keys = StaffKeys(sealing=both[:KEY_BYTES], signing=both[KEY_BYTES:])
    except (InvalidTag, ValueError):
        raise SealError from None
    if (public_of(keys.sealing), signing_public_of(keys.signing)) != (sealing_public, signing_public):
        raise SealError
    return keys


def hash_auth(auth: bytes) -> str:
    """What the server stores (PHC string). Blocks for about 30 ms and takes 19 MiB."""
    # A secret that is slow to guess already: OWASP's smallest, so that sign-ins cost the server little.
    return Argon2id(salt=os.urandom(16), length=32, iterations=2, lanes=1, memory_cost=19 * 1024).derive_phc_encoded(auth)


def auth_matches(auth: bytes, stored: str) -> bool:
    """Whether an auth secret is the one that was stored. Blocks as `hash_auth` does."""
    try:
        Argon2id.verify_phc_encoded(auth, stored)
    except (InvalidKey, ValueError):
        return False
    return True
