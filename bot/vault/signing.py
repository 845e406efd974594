"""Ed25519 signatures (RFC 8032) over raw bytes: who wrote it, who answers for it."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bot.vault.errors import SignatureError
from bot.vault.keys import KeyPair

SIGNATURE_BYTES = 64


def generate_signing() -> KeyPair:
    """A fresh key pair to sign with, both halves raw (32 bytes)."""
    private = Ed25519PrivateKey.generate()
    return KeyPair(private=private.private_bytes_raw(), public=private.public_key().public_bytes_raw())


def signing_public_of(private_key: bytes) -> bytes:
    """The public half (32 bytes) of a raw private key. Raises ValueError unless that has 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def sign(message: bytes, *, private_key: bytes) -> bytes:
    """The signature (64 bytes). What is signed begins with a label (`encoding.join`), so that it can stand for nothing else."""
    return Ed25519PrivateKey.from_private_bytes(private_key).sign(message)


def verify(message: bytes, signature: bytes, *, public_key: bytes) -> None:
    """Raises SignatureError unless the key's holder signed exactly these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise SignatureError from None
