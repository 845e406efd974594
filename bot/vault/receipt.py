"""The receipt: five words with which a reporter comes back, and the keys that come out of them.

Nothing of the words is stored. The server keeps the locator (to find the mailbox) and the mailbox's public key (to seal replies to it).

Derivation, suite 1::

    seed    = Argon2id(password = the five words, UTF-8, one space between; salt = "ruang-aman/1 receipt"; secret = pepper;
                       19,456 KiB, 2 passes, 1 lane; 32 bytes)                                          RFC 9106
    locator = HKDF-SHA256(seed, salt empty, info "ruang-aman/1 receipt locator", 32 bytes)              RFC 5869
    private = HKDF-SHA256(seed, salt empty, info "ruang-aman/1 receipt mailbox", 32 bytes), an X25519 private key as it is

Why so: the mailbox is *found* by the words, so there can be no salt of its own per receipt, and the salt is a fixed label. What a salt
would give (one guess tries one receipt only) is given up: with n receipts, a thief of the pepper needs 2⁵⁰ / n guesses of about
30 ms for the first hit, a thousand processor years at n = 1,000. The pepper goes in as Argon2's own secret input (K), inside the slow
function: without it not a single guess can be checked, and no shortcut around the slow part exists with it. It outlives the key store,
is kept apart and backed up offline; with a new pepper all codes that were handed out are dead.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.vault.errors import ReceiptError
from bot.vault.keys import KEY_BYTES, public_of
from bot.vault.receipt_reader import read_receipt
from bot.vault.word_code import RANDOM_BITS, is_valid, to_words

__all__ = ["PEPPER_BYTES", "ReceiptKeys", "derive", "new_receipt", "read_receipt"]

PEPPER_BYTES = 32
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1

_SALT = b"ruang-aman/1 receipt"
_LOCATOR = b"ruang-aman/1 receipt locator"
_MAILBOX = b"ruang-aman/1 receipt mailbox"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiptKeys:
    """What five words become: 32 bytes each. The locator and the public half may be stored; the private half never is."""

    locator: bytes
    mailbox_private: bytes = field(repr=False)
    mailbox_public: bytes


def new_receipt() -> str:
    """Five words, one space between, from the operating system's random source. They are shown once and stored nowhere."""
    return " ".join(to_words(secrets.randbits(RANDOM_BITS)))


def _expanded(seed: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(seed)


def derive(words: str, *, pepper: bytes) -> ReceiptKeys:
    """The keys behind a receipt. Blocks for about 30 ms and takes 19 MiB: call it in a thread, few at a time.

    In: the words as `new_receipt` or `read_receipt` gave them, and the pepper (32 bytes).
    Raises ReceiptError on anything else than a receipt, ValueError on a pepper of another length.
    """
    if len(pepper) != PEPPER_BYTES:
        raise ValueError(f"the pepper has {PEPPER_BYTES} bytes")
    parts = words.split(" ")
    if not is_valid(parts):
        raise ReceiptError("These words are no code.")
    seed = Argon2id(salt=_SALT, length=KEY_BYTES, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB, secret=pepper).derive(
        words.encode("ascii")
    )
    private = _expanded(seed, _MAILBOX)
    return ReceiptKeys(locator=_expanded(seed, _LOCATOR), mailbox_private=private, mailbox_public=public_of(private))
