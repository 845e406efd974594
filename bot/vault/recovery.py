"""The recovery key: its private half exists only as three printed shares, any two of which give it back.

The shares are SLIP-39 (an open format for secrets on paper, with many independent implementations): 33 English words each, with a
checksum that finds up to three wrong words, and a digest that tells shares which do not belong together.
Why that library: docs/decisions/recovery-shares.md.

What it vouches with, for a new lead of a unit that has none: the Ed25519 key whose private half is
HKDF-SHA256(private, salt empty, info "ruang-aman/1 recovery signing", 32 bytes). Its public half is known from the beginning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics  # type: ignore[import-untyped]
from shamir_mnemonic.wordlist import WORDLIST  # type: ignore[import-untyped]

from bot.vault.errors import RecoveryError
from bot.vault.keys import KEY_BYTES, generate_keypair
from bot.vault.signing import signing_public_of

SHARES = 3
NEEDED = 2

_BY_PREFIX: dict[str, str] = {word[:4]: word for word in WORDLIST}  # SLIP-39: the first four letters say which word it is


_SIGNING = b"ruang-aman/1 recovery signing"


@dataclass(frozen=True, kw_only=True, slots=True)
class RecoveryPublic:
    """The public halves (32 bytes each): what is sealed to, and what a signature is checked with."""

    public: bytes
    signing_public: bytes


def signing_private_of(private: bytes) -> bytes:
    """The private half (32 bytes) that signs, out of the one that opens."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=_SIGNING).derive(private)


def new_recovery() -> tuple[RecoveryPublic, list[str]]:
    """A fresh recovery key: its public halves, and three shares of 33 words. Nothing else of it remains."""
    pair = generate_keypair()
    # No passphrase, so the slow step protects nothing: the least of it.
    shares: list[str]
    [shares] = generate_mnemonics(1, [(NEEDED, SHARES)], pair.private, iteration_exponent=0)
    return RecoveryPublic(public=pair.public, signing_public=signing_public_of(signing_private_of(pair.private))), shares


def _share(text: str) -> str:
    words = re.findall("[a-z]+", text.casefold())
    return " ".join(_BY_PREFIX.get(word[:4], word) for word in words)


def combine(shares: Sequence[str]) -> bytes:
    """The recovery private key (32 bytes) from two or all three shares, in any order, words in any case or by their first four letters.

    Raises RecoveryError, with what to do, if a share is mistyped, given twice or of another set, or if there are too few.
    """
    given = sorted({_share(share) for share in shares})
    if len(given) < NEEDED:
        raise RecoveryError("Two different shares are needed, each of 33 words on a line of its own.")
    try:
        keys: set[bytes] = {combine_mnemonics(list(pair)) for pair in combinations(given, NEEDED)}
    except (MnemonicError, ValueError):
        raise RecoveryError(
            "These shares do not fit together: compare each word with the paper, and take two shares of one printing."
        ) from None
    if len(keys) != 1 or len(key := keys.pop()) != KEY_BYTES:
        raise RecoveryError("These shares do not belong to one recovery key.")
    return key
