"""Time-based one-time codes: six digits, SHA-1, steps of 30 seconds (RFC 6238), as every authenticator has them."""

from __future__ import annotations

import hmac
import re

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

STEP = 30
"""Seconds for which a code is good."""

DRIFT = 1
"""So many steps a telephone's clock may be before or behind ours (RFC 6238, 5.2: one is recommended)."""

SEED_BYTES = 20
"""Length of a seed: that of the hash (RFC 4226, 4, R6)."""

_CODE = re.compile(r"[0-9]{6}")


def code(seed: bytes, step: int) -> str:
    """The code of a step (seconds since 1970, divided by 30)."""
    return HOTP(seed, 6, SHA1()).generate(step).decode("ascii")  # noqa: S303 (in HMAC, and every authenticator's)


def used_step(seed: bytes, given: str, *, now: float, after: int) -> int | None:
    """The step that a code belongs to, if it is one of now, and later than `after`, the last that was used (RFC 6238, 5.2: no code works
    twice). None if not."""
    if not _CODE.fullmatch(given):
        return None
    current = int(now) // STEP
    found = None
    for step in range(current - DRIFT, current + DRIFT + 1):
        if hmac.compare_digest(code(seed, step), given) and step > after:
            found = step
    return found
