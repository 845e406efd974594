from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.vault.draft import lock, row_key, unlock
from bot.vault.errors import SealError
from tests.bot.vault.vault_cases import CONTENTS, KEYS, flip

KEY = b"k" * 32


@given(KEYS, CONTENTS, st.binary(max_size=80))
def test_roundtrip(key: bytes, content: bytes, context: bytes) -> None:
    assert unlock(key, lock(key, content, context=context), context=context) == content


def test_every_flipped_bit_is_refused() -> None:
    blob = lock(KEY, b"isi", context=b"outbox 7")
    for bit in range(len(blob) * 8):
        with pytest.raises(SealError):
            unlock(KEY, flip(blob, bit), context=b"outbox 7")


def test_every_other_length_is_refused() -> None:
    blob = lock(KEY, b"isi", context=b"")
    for size in range(len(blob)):
        with pytest.raises(SealError):
            unlock(KEY, blob[:size], context=b"")


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_another_context_is_refused(one: bytes, other: bytes) -> None:
    blob = lock(KEY, b"isi", context=one)
    if one == other:
        assert unlock(KEY, blob, context=other) == b"isi"
    else:
        with pytest.raises(SealError):
            unlock(KEY, blob, context=other)


def test_another_key_is_refused() -> None:
    blob = lock(KEY, b"isi", context=b"")
    for wrong in (b"l" * 32, b"", KEY[:16], KEY + b"\0"):
        with pytest.raises(SealError):
            unlock(wrong, blob, context=b"")


def test_sizes_come_in_steps_of_64() -> None:
    def size(text: str) -> int:
        return len(lock(KEY, text.encode(), context=b""))

    assert size("ya") == size("tidak") == size("a" * 63) == 1 + 12 + 64 + 16
    assert size("a" * 64) == 1 + 12 + 128 + 16


def test_no_two_lockings_share_a_nonce() -> None:
    assert len({lock(KEY, b"isi", context=b"")[1:13] for _ in range(2000)}) == 2000


def test_a_short_key_is_never_used_to_lock() -> None:
    # AES would take 16 bytes silently.
    with pytest.raises(ValueError, match="32"):
        lock(KEY[:16], b"isi", context=b"")
    with pytest.raises(ValueError, match="32"):
        row_key(b"", b"telegram")


@given(KEYS, st.lists(st.binary(max_size=6), max_size=4), st.lists(st.binary(max_size=6), max_size=4))
def test_row_keys_tell_different_parts_apart(key: bytes, one: list[bytes], other: list[bytes]) -> None:
    assert (row_key(key, *one) == row_key(key, *other)) == (one == other)


def test_row_key_is_hmac_sha256_over_length_prefixed_parts() -> None:
    expected = hmac.new(KEY, b"\0\0\0\x08telegram\0\0\0\x0212", hashlib.sha256).digest()
    assert row_key(KEY, b"telegram", b"12") == expected
    assert row_key(b"l" * 32, b"telegram", b"12") != expected
