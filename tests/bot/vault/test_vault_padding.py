from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.vault.errors import PaddingError, VaultError
from bot.vault.padding import pad, unpad
from tests.bot.vault.vault_cases import CONTENTS


@given(CONTENTS, st.sampled_from([64, 256, 512]))
def test_roundtrip_and_shortest_step(content: bytes, step: int) -> None:
    padded = pad(content, step)
    assert unpad(padded, step) == content
    assert len(padded) % step == 0
    assert 1 <= len(padded) - len(content) <= step


@given(CONTENTS, CONTENTS)
def test_different_contents_never_look_alike(one: bytes, other: bytes) -> None:
    assert (pad(one) == pad(other)) == (one == other)


@given(st.binary(max_size=1100))
def test_only_what_pad_makes_is_accepted(anything: bytes) -> None:
    try:
        content = unpad(anything)
    except VaultError:
        return
    assert pad(content) == anything


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\0" * 512,
        b"a" * 512,
        b"a\x80" + b"\0" * 509,  # one byte short
        b"\x80" + b"\0" * 1023,  # a whole step too much
        pad(b"a") + b"\0" * 512,
    ],
)
def test_refuses(broken: bytes) -> None:
    with pytest.raises(PaddingError):
        unpad(broken)


def test_a_letter_and_a_page_of_400_bytes_look_alike() -> None:
    assert len(pad(b"a")) == len(pad(b"a" * 400)) == len(pad(b"a" * 511)) == 512
    assert len(pad(b"a" * 512)) == 1024
