"""The return address of a reporter who agreed to be told in the chat that an answer waits: two locks, held by two different parties.

Inside, the address is sealed to the server's delivery key; that blob is sealed to the case. A counsellor's browser removes the outer
layer and hands over bytes that it cannot read; the server opens the inner layer, writes there, and forgets (`bot.heads_up`). Neither of
them alone gets from a stored case to a telephone number.

- inner: `envelope.wrap` of the address padded to exactly 256 bytes, info = join("ruang-aman/1 return-address", case id): 305 bytes;
- outer: `seal.seal` of those 305 bytes: 621 bytes, whatever the channel.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from bot.vault.encoding import identifier, join
from bot.vault.envelope import unwrap, wrap
from bot.vault.errors import PaddingError, SealError
from bot.vault.padding import pad, unpad
from bot.vault.seal import open_sealed, seal

ADDRESS_STEP = 256
MAX_ADDRESS = ADDRESS_STEP - 1
"""Longest return address, in bytes."""

_ADDRESS = b"ruang-aman/1 return-address"


def wrap_for_delivery(address: bytes, *, delivery_public: bytes, case_id: bytes) -> bytes:
    """The inner layer: 305 bytes for any address, so that a channel cannot be told by its length.

    In: channel and address in whatever form the channel reads (at most 255 bytes); the server's raw delivery public key.
    Raises ValueError on a longer address, or on an id or key of the wrong form.
    """
    if len(address) > MAX_ADDRESS:
        raise ValueError(f"a return address has at most {MAX_ADDRESS} bytes")
    return wrap(pad(address, ADDRESS_STEP), public_key=delivery_public, info=join(_ADDRESS, identifier(case_id)))


def unwrap_for_delivery(inner: bytes, *, delivery_private: bytes, case_id: bytes) -> bytes:
    """The address, opened by the server. Raises SealError on another key, case or bytes."""
    try:
        info = join(_ADDRESS, identifier(case_id))
        return unpad(unwrap(inner, private_key=delivery_private, info=info), ADDRESS_STEP)
    except (ValueError, PaddingError):
        raise SealError from None


def unwrap_with_any(inner: bytes, *, delivery_privates: Iterable[bytes], case_id: bytes) -> bytes:
    """The same with the one of several keys that fits: the server's key is changed from time to time, and an address does not say under
    which it lies (nobody else needs to know when it was left). Raises SealError if none fits."""
    for private in delivery_privates:
        with suppress(SealError):
            return unwrap_for_delivery(inner, delivery_private=private, case_id=case_id)
    raise SealError


def wrap_for_case(inner: bytes, *, case_public: bytes, case_id: bytes, record_id: bytes, version: int) -> bytes:
    """The outer layer, around what `wrap_for_delivery` made: a case record like any other."""
    return seal(inner, public_key=case_public, case_id=case_id, record_id=record_id, version=version)


def unwrap_for_case(blob: bytes, *, case_private: bytes, case_id: bytes, record_id: bytes, version: int) -> bytes:
    """The inner layer, opened by who holds the case key, still unreadable to them. Raises SealError as `seal.open_sealed` does."""
    return open_sealed(blob, private_key=case_private, case_id=case_id, record_id=record_id, version=version)


def seal_address(address: bytes, *, delivery_public: bytes, case_public: bytes, case_id: bytes, record_id: bytes, version: int) -> bytes:
    """Both layers at once: 621 bytes. Raises ValueError as the two functions do."""
    inner = wrap_for_delivery(address, delivery_public=delivery_public, case_id=case_id)
    return wrap_for_case(inner, case_public=case_public, case_id=case_id, record_id=record_id, version=version)
