"""The recovery key: its private half exists only as three printed shares, any two of which give it back.

The shares are SLIP-39 (an open format for secrets on paper, with many independent implementations): 33 English words each, with a
checksum that finds up to three wrong words, and a digest that tells shares which do not belong together.
Why that library: docs/decisions/recovery-shares.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics  # type: ignore[import-untyped]
from shamir_mnemonic.wordlist import WORDLIST  # type: ignore[import-untyped]

from bot.vault.errors import RecoveryError
from bot.vault.keys import KEY_BYTES, generate_keypair

SHARES = 3
NEEDED = 2

_BY_PREFIX: dict[str, str] = {word[:4]: word for word in WORDLIST}  # SLIP-39: the first four letters say which word it is


def new_recovery() -> tuple[bytes, list[str]]:
    """A fresh recovery key: the raw public half (32 bytes) and three shares of 33 words. Nothing else of it remains."""
    pair = generate_keypair()
    # No passphrase, so the slow step protects nothing: the least of it.
    shares: list[str]
    [shares] = generate_mnemonics(1, [(NEEDED, SHARES)], pair.private, iteration_exponent=0)
    return pair.public, shares


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
