"""A reporter's identity under two locks, whose keys two different offices hold: neither opens it alone, nor does anybody else.

The role whose name comes first (in the order of the bytes) is the outer one.

- inner: `envelope.wrap` of the content padded to a multiple of 1,024 bytes, to the second role's key,
  info = join("ruang-aman/1 identity inner", case id, record id, version as 8 bytes, first role, second role);
- outer: `envelope.wrap` of the inner layer to the first role's key, info = the same with "ruang-aman/1 identity outer".

It is not sealed to the case's key, to a unit or to recovery: none of those is asked for anywhere in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.vault.encoding import identifier, join, version_bytes
from bot.vault.envelope import unwrap, wrap
from bot.vault.errors import PaddingError, SealError
from bot.vault.padding import pad, unpad

ROLES = 2
IDENTITY_STEP = 1024
"""Nearly every identity has this size when padded: a name alone, and a name with three ways to reach somebody, look alike."""

_OUTER = b"ruang-aman/1 identity outer"
_INNER = b"ruang-aman/1 identity inner"


def _bound(label: bytes, roles: tuple[str, str], case_id: bytes, record_id: bytes, version: int) -> bytes:
    return join(label, identifier(case_id), identifier(record_id), version_bytes(version), *(role.encode() for role in roles))


def _ordered(keys: Mapping[str, bytes]) -> tuple[str, str]:
    """The two roles, outer one first. Raises ValueError unless there are two, with a name and a key of its own each."""
    if len(keys) != ROLES or len(set(keys.values())) != ROLES or "" in keys:
        raise ValueError("an identity is sealed to two roles with two different keys")
    first, second = sorted(keys, key=str.encode)
    return first, second


def seal_identity(plaintext: bytes, *, public_keys: Mapping[str, bytes], case_id: bytes, record_id: bytes, version: int) -> bytes:
    """`plaintext` sealed to two roles (role → raw public key, 32 bytes), bound to its place and to both names.

    Out: 98 bytes more than the plaintext padded to the next multiple of 1,024 bytes (up to 1,023 bytes → 1,122).
    Raises ValueError on any number of roles but two, on one key for both, and on ids, version or keys of the wrong form.
    """
    roles = _ordered(public_keys)
    outer, inner = (_bound(label, roles, case_id, record_id, version) for label in (_OUTER, _INNER))
    locked = wrap(pad(plaintext, IDENTITY_STEP), public_key=public_keys[roles[1]], info=inner)
    return wrap(locked, public_key=public_keys[roles[0]], info=outer)


def open_identity(blob: bytes, *, private_keys: Mapping[str, bytes], case_id: bytes, record_id: bytes, version: int) -> bytes:
    """What `seal_identity` sealed, opened with both private keys (role → raw private key).

    Raises SealError unless these are the two roles' own keys, each under its own name, and the bytes are unchanged in their own place.
    """
    try:
        roles = _ordered(private_keys)
        outer, inner = (_bound(label, roles, case_id, record_id, version) for label in (_OUTER, _INNER))
        locked = unwrap(blob, private_key=private_keys[roles[0]], info=outer)
        return unpad(unwrap(locked, private_key=private_keys[roles[1]], info=inner), IDENTITY_STEP)
    except (ValueError, PaddingError):
        raise SealError from None
