"""A unit's private key, sealed to a member, and to the unit's next key.

- to a member: `envelope.wrap` of the 32 private bytes with
  info = join("ruang-aman/1 unit-member", unit id, version as 4 bytes, staff id): 81 bytes;
- to the next version: `envelope.wrap` to that version's public key with
  info = join("ruang-aman/1 unit-former", unit id, the next version as 4 bytes): 81 bytes. Who has the newest key opens all that came
  before.
"""

from __future__ import annotations

from bot.vault.encoding import identifier, join, short_version
from bot.vault.envelope import unwrap, wrap
from bot.vault.errors import SealError
from bot.vault.keys import KEY_BYTES

SEALED_BYTES = 81

_MEMBER = b"ruang-aman/1 unit-member"
_FORMER = b"ruang-aman/1 unit-former"


def _member(unit_id: bytes, version: int, staff_id: bytes) -> bytes:
    return join(_MEMBER, identifier(unit_id), short_version(version), identifier(staff_id))


def _former(unit_id: bytes, version: int) -> bytes:
    return join(_FORMER, identifier(unit_id), short_version(version))


def _sealed(private_key: bytes, public_key: bytes, info: bytes) -> bytes:
    if len(private_key) != KEY_BYTES:
        raise ValueError(f"a private key has {KEY_BYTES} bytes")
    return wrap(private_key, public_key=public_key, info=info)


def _opened(blob: bytes, private_key: bytes, info: bytes) -> bytes:
    key = unwrap(blob, private_key=private_key, info=info)
    if len(key) != KEY_BYTES:
        raise SealError
    return key


def seal_to_member(unit_private: bytes, *, member_public: bytes, unit_id: bytes, version: int, staff_id: bytes) -> bytes:
    """The unit's private key for one member. Raises ValueError on inputs of the wrong form."""
    return _sealed(unit_private, member_public, _member(unit_id, version, staff_id))


def open_as_member(blob: bytes, *, private_key: bytes, unit_id: bytes, version: int, staff_id: bytes) -> bytes:
    """The unit's private key, opened with the member's. Raises SealError on any difference."""
    return _opened(blob, private_key, _member(unit_id, version, staff_id))


def seal_former(former_private: bytes, *, unit_public: bytes, unit_id: bytes, version: int) -> bytes:
    """The private key of the version before, for whoever has version `version`. Raises ValueError on inputs of the wrong form."""
    return _sealed(former_private, unit_public, _former(unit_id, version))


def open_former(blob: bytes, *, unit_private: bytes, unit_id: bytes, version: int) -> bytes:
    """The private key of the version before `version`, opened with that version's. Raises SealError on any difference."""
    return _opened(blob, unit_private, _former(unit_id, version))
