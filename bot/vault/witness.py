"""What a reporter tells is signed by nobody: a child has no key. The service that took it in vouches for it, so that whoever can only write
to the database adds nothing to a case, changes nothing in it and takes nothing out of its middle unnoticed.

key = Ed25519 from the seed HKDF-SHA256(pepper, salt empty, info "ruang-aman/1 witness", 32 bytes): it lives as long as the codes do.
signed = join("ruang-aman/1 told", case id, record id, version as 4 bytes, number as 4 bytes, kind, time as 8 bytes, SHA-256(sealed bytes))

`number` counts what the service wrote to a case, from 1 on; 0 is what may be taken back (a return address) and is not counted. `time` is
the row's `created_at`, in seconds since 1970.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.vault.encoding import identifier, join, short_version, version_bytes
from bot.vault.errors import SignatureError
from bot.vault.receipt import PEPPER_BYTES
from bot.vault.signing import sign, signing_public_of, verify

TAKEN_BACK = frozenset({"return_address"})
"""Kinds of records that a reporter can take back: their going is no gap."""

_SEED = b"ruang-aman/1 witness"
_TOLD = b"ruang-aman/1 told"


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A record as it is vouched for."""

    case_id: bytes
    record_id: bytes
    version: int
    number: int
    kind: str
    at: int
    sealed: bytes

    def signed(self) -> bytes:
        """What the service signs. Raises ValueError on ids, version, number or time of the wrong form."""
        return join(
            _TOLD, identifier(self.case_id), identifier(self.record_id), short_version(self.version), short_version(self.number),
            self.kind.encode(), version_bytes(self.at), hashlib.sha256(self.sealed).digest(),
        )  # fmt: skip


def told_of(row: Any) -> Told:
    """A row of `case_record`."""
    return Told(
        case_id=row.case_id, record_id=row.id, version=row.version, number=row.number or 0, kind=row.kind, at=row.created_at,
        sealed=row.sealed,
    )  # fmt: skip


class Witness:
    """Signs. Raises ValueError on a pepper of another length than 32 bytes."""

    def __init__(self, pepper: bytes) -> None:
        if len(pepper) != PEPPER_BYTES:
            raise ValueError(f"the pepper has {PEPPER_BYTES} bytes")
        self._private = HKDF(algorithm=SHA256(), length=32, salt=None, info=_SEED).derive(pepper)
        self.public = signing_public_of(self._private)

    def sign(self, told: Told) -> bytes:
        """The signature (64 bytes)."""
        return sign(told.signed(), private_key=self._private)

    def wrote(self, row: Any) -> bool:
        """Whether a row of `case_record` is one that the service wrote, unchanged and in its place."""
        try:
            check_told(told_of(row), row.signature or b"", witness_public=self.public)
        except (SignatureError, ValueError):
            return False
        return row.author_id is None and (row.kind in TAKEN_BACK) == (not row.number)


def check_told(told: Told, signature: bytes, *, witness_public: bytes) -> None:
    """Raises SignatureError unless the service wrote exactly this, in this place."""
    verify(told.signed(), signature, public_key=witness_public)


def complete(numbers: Iterable[int], told: int) -> bool:
    """Whether of what the service wrote to a case, so many records in all, none is missing, and none is there twice."""
    counted = sorted(number for number in numbers if number)
    return counted[: max(told, 0)] == list(range(1, told + 1)) and counted == list(range(1, len(counted) + 1))
