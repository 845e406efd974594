"""Who a colleague is, and which key is a unit's: signed by a lead, checked by every browser.

- certificate: Ed25519 of the admitting lead over
  join("ruang-aman/1 certificate", staff id, unit id, role, sealing public, signing public). A unit's first lead signs his own: the unit's
  *root*.
- unit key: Ed25519 of a lead over join("ruang-aman/1 unit-key", unit id, version as 4 bytes, public).
- mark of a root: SHA-256(join(unit id, sealing public, signing public)); of a holder: SHA-256 of what a certificate signs. What is
  remembered of them elsewhere (a browser, the key store), to notice others in their place.
- fingerprint: six words of `words.txt` from the first 66 bits of SHA-256(join("ruang-aman/1 fingerprint", id, sealing public, signing
  public)). `id` is the unit's for its root, the colleague's for anybody else. They are read aloud and typed: who wants other keys under
  the same words has to make 2⁶⁶ pairs, for this one id.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bot.vault.encoding import identifier, join, short_version
from bot.vault.keys import KEY_BYTES
from bot.vault.signing import sign, verify
from bot.vault.word_code import WORDS

FINGERPRINT_WORDS = 6

_CERTIFICATE = b"ruang-aman/1 certificate"
_UNIT_KEY = b"ruang-aman/1 unit-key"
_FINGERPRINT = b"ruang-aman/1 fingerprint"
_WORD_BITS = 11


def _public(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a public key has {KEY_BYTES} bytes")
    return key


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """Who holds two keys: ids of 16 bytes, a role's name in ASCII, raw public keys."""

    staff_id: bytes
    unit_id: bytes
    role: str
    sealing_public: bytes
    signing_public: bytes

    def signed(self) -> bytes:
        """What a certificate signs. Raises ValueError on ids or keys of the wrong form."""
        keys = _public(self.sealing_public), _public(self.signing_public)
        return join(_CERTIFICATE, identifier(self.staff_id), identifier(self.unit_id), self.role.encode("ascii"), *keys)


def root_mark(holder: Holder) -> bytes:
    """What is remembered of a unit's root (32 bytes)."""
    return hashlib.sha256(join(identifier(holder.unit_id), _public(holder.sealing_public), _public(holder.signing_public))).digest()


def holder_mark(holder: Holder) -> bytes:
    """What is remembered of somebody who was admitted (32 bytes): id, unit, role and both keys."""
    return hashlib.sha256(holder.signed()).digest()


def certify(holder: Holder, *, private_key: bytes) -> bytes:
    """A lead's certificate for a colleague (64 bytes)."""
    return sign(holder.signed(), private_key=private_key)


def check_certificate(holder: Holder, certificate: bytes, *, lead_public: bytes) -> None:
    """Raises SignatureError unless that lead says that this is who holds these keys."""
    verify(holder.signed(), certificate, public_key=lead_public)


def _unit_key(unit_id: bytes, version: int, public_key: bytes) -> bytes:
    return join(_UNIT_KEY, identifier(unit_id), short_version(version), _public(public_key))


def sign_unit_key(public_key: bytes, *, unit_id: bytes, version: int, private_key: bytes) -> bytes:
    """A lead's word that a public key is the unit's, in this version (64 bytes)."""
    return sign(_unit_key(unit_id, version, public_key), private_key=private_key)


def check_unit_key(public_key: bytes, signature: bytes, *, unit_id: bytes, version: int, lead_public: bytes) -> None:
    """Raises SignatureError unless that lead says that this is the unit's key."""
    verify(_unit_key(unit_id, version, public_key), signature, public_key=lead_public)


def fingerprint(identity: bytes, *, sealing_public: bytes, signing_public: bytes) -> tuple[str, ...]:
    """The six words for two public keys. `identity`: the unit's id for its root, else the colleague's."""
    digest = hashlib.sha256(join(_FINGERPRINT, identifier(identity), _public(sealing_public), _public(signing_public))).digest()
    bits = int.from_bytes(digest, "big") >> (8 * len(digest) - FINGERPRINT_WORDS * _WORD_BITS)
    return tuple(WORDS[bits >> _WORD_BITS * place & len(WORDS) - 1] for place in reversed(range(FINGERPRINT_WORDS)))
