"""X25519 key pairs as raw bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

KEY_BYTES = 32
"""Length of every private key, public key and symmetric key here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyPair:
    """An X25519 key pair: both halves raw, 32 bytes (RFC 7748). The private half is kept out of `repr`, and so out of tracebacks."""

    private: bytes = field(repr=False)
    public: bytes


def generate_keypair() -> KeyPair:
    """A fresh key pair from the operating system's random source."""
    private = X25519PrivateKey.generate()
    return KeyPair(private=private.private_bytes_raw(), public=private.public_key().public_bytes_raw())


def public_of(private_key: bytes) -> bytes:
    """The public half (32 bytes) of a raw private key. Raises ValueError unless that has 32 bytes."""
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()
