"""A case whose key was changed: the key before the newest one lies in the case itself, in an entry that is sealed to the newest one.

The entry is a staff entry of its own kind, signed by the lead who changed the key and chained like all others. Its body:
{"kind": "key", "public": the public half of the new key, "former": the private half of the one before}, both in hex.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bot.vault.errors import SealError
from bot.vault.keys import KEY_BYTES, public_of
from bot.vault.seal import open_sealed

KIND = "key"


def keys_of(newest: bytes, entries: Sequence[Any], *, case_id: bytes) -> list[bytes]:
    """The private keys of a case, the newest first. `entries` are its records of kind `KIND` (id, version, sealed), in any order.

    Raises SealError if one of them leads from none of its keys to another: somebody changed the database.
    """
    keys, left = [newest], list(entries)
    while left:
        for entry in left:
            former = _former(entry, keys[-1], case_id)
            if former is not None:
                keys.append(former)
                left.remove(entry)
                break
        else:
            raise SealError
    return keys


def _former(entry: Any, key: bytes, case_id: bytes) -> bytes | None:
    """The key before a key, out of an entry; None if the entry is sealed to another one."""
    try:
        opened = open_sealed(entry.sealed, private_key=key, case_id=case_id, record_id=entry.id, version=entry.version)
    except SealError:
        return None
    try:
        body = json.loads(opened)
        former, public = bytes.fromhex(body["former"]), bytes.fromhex(body["public"])
    except (ValueError, KeyError, TypeError):
        raise SealError from None
    if len(former) != KEY_BYTES or public != public_of(key):
        raise SealError
    return former


def open_any(sealed: bytes, keys: Sequence[bytes], *, case_id: bytes, record_id: bytes, version: int) -> bytes:
    """A record of a case, with whichever of its keys it is sealed to. Raises SealError if that is none of them."""
    for key in keys:
        try:
            return open_sealed(sealed, private_key=key, case_id=case_id, record_id=record_id, version=version)
        except SealError:
            continue
    raise SealError
