"""What the vault's tests share: strategies for ids and texts, and a way to flip one bit."""

from __future__ import annotations

from hypothesis import strategies as st

IDS = st.binary(min_size=16, max_size=16)
KEYS = st.binary(min_size=32, max_size=32)
CONTENTS = st.one_of(
    st.binary(max_size=1300),
    # Contents that look like padding themselves are where an ambiguous format breaks.
    st.lists(st.sampled_from([b"\x80", b"\x00", b"\x80\x00", b"a"]), max_size=700).map(b"".join),
)


def flip(blob: bytes, bit: int) -> bytes:
    """`blob` with one bit flipped; `bit` is taken modulo its length in bits."""
    place, shift = divmod(bit % (len(blob) * 8), 8)
    return blob[:place] + bytes([blob[place] ^ (1 << shift)]) + blob[place + 1 :]
