"""An identity opens with both roles' keys in its own place, and with nothing less: the mathematics asks for two, no program does."""

from __future__ import annotations

import secrets
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.vault import identity, seal
from bot.vault.envelope import unwrap
from bot.vault.errors import SealError
from bot.vault.recovery import combine, new_recovery
from tests.bot.vault.vault_cases import CONTENTS, IDS, flip

HEAD, LEGAL = "uptd_head", "legal_companion"
KEYS = {HEAD: seal.generate_keypair(), LEGAL: seal.generate_keypair()}
PUBLIC = {role: pair.public for role, pair in KEYS.items()}
PRIVATE = {role: pair.private for role, pair in KEYS.items()}
A, B = b"a" * 16, b"b" * 16
PLACE: dict[str, Any] = {"case_id": A, "record_id": B, "version": 1}
WORDS = b'{"identity_name":"Ratna","identity_reach":"0812 7777 1234"}'


def sealed() -> bytes:
    return identity.seal_identity(WORDS, public_keys=PUBLIC, **PLACE)


@given(CONTENTS, IDS, IDS, st.integers(0, 2**64 - 1))
def test_both_keys_open_it_in_its_place(content: bytes, case: bytes, record: bytes, version: int) -> None:
    place: dict[str, Any] = {"case_id": case, "record_id": record, "version": version}
    blob = identity.seal_identity(content, public_keys=PUBLIC, **place)
    assert identity.open_identity(blob, private_keys=PRIVATE, **place) == content
    # In whichever order the two are handed over: their names say which is which.
    assert identity.open_identity(blob, private_keys=dict(reversed(PRIVATE.items())), **place) == content


def test_nothing_less_than_the_two_opens_it() -> None:
    """Every pair, in both names, of every key that there is: one role's alone, units', the case's, recovery's, the server's, somebody's."""
    made, shares = new_recovery()
    public = made.public
    recovery = combine(shares)
    assert seal.public_of(recovery) == public
    others = [recovery, *(seal.generate_keypair().private for _ in range(4)), secrets.token_bytes(32)]
    blob = sealed()
    tried = 0
    for first, second in product([*PRIVATE.values(), *others], repeat=2):
        if (first, second) == (PRIVATE[HEAD], PRIVATE[LEGAL]):
            continue
        with pytest.raises(SealError):
            identity.open_identity(blob, private_keys={HEAD: first, LEGAL: second}, **PLACE)
        tried += 1
    assert tried == 63
    for key in [*PRIVATE.values(), *others]:
        for keys in ({HEAD: key}, {LEGAL: key}, {}, {HEAD: key, LEGAL: key}, {HEAD: PRIVATE[HEAD], LEGAL: PRIVATE[LEGAL], "third": key}):
            with pytest.raises(SealError):
                identity.open_identity(blob, private_keys=keys, **PLACE)
        with pytest.raises(SealError):  # nor is it a case record
            seal.open_sealed(blob, private_key=key, **PLACE)


def test_the_first_key_alone_gets_at_bytes_that_say_nothing() -> None:
    """What the outer role can peel off by itself is the other's lock, of one size for every identity; the inner role peels nothing off."""
    first, second = sorted(KEYS, key=str.encode)
    outside, inside = (identity._bound(b"ruang-aman/1 identity " + layer, (first, second), A, B, 1) for layer in (b"outer", b"inner"))
    sizes = set()
    for words in (WORDS, b"x", b"y" * 1000):
        blob = identity.seal_identity(words, public_keys=PUBLIC, **PLACE)
        inner = unwrap(blob, private_key=PRIVATE[first], info=outside)
        assert words not in inner or len(words) < 4
        sizes.add((len(blob), len(inner)))
        with pytest.raises(SealError):
            unwrap(blob, private_key=PRIVATE[second], info=outside)
        with pytest.raises(SealError):
            unwrap(inner, private_key=PRIVATE[first], info=inside)
    assert sizes == {(1122, 1073)}


def test_names_swapped_or_other_names_are_refused() -> None:
    blob = sealed()
    for names in permutations((HEAD, LEGAL, "city_officer", "aaa", "zzz"), 2):
        keys = dict(zip(names, (PRIVATE[HEAD], PRIVATE[LEGAL]), strict=True))
        if names == (HEAD, LEGAL):
            assert identity.open_identity(blob, private_keys=keys, **PLACE) == WORDS
            continue
        with pytest.raises(SealError):
            identity.open_identity(blob, private_keys=keys, **PLACE)


@pytest.mark.parametrize(
    "moved", [{"case_id": B}, {"record_id": A}, {"version": 0}, {"version": 2}, {"version": -1}, {"case_id": b""}, {"record_id": b"short"}]
)
def test_another_place_is_refused(moved: dict[str, Any]) -> None:
    with pytest.raises(SealError):
        identity.open_identity(sealed(), private_keys=PRIVATE, **{**PLACE, **moved})


def test_every_changed_byte_and_every_other_length_is_refused() -> None:
    blob = sealed()
    for place in range(len(blob)):
        with pytest.raises(SealError):
            identity.open_identity(flip(blob, place * 8 + place % 8), private_keys=PRIVATE, **PLACE)
    for size in (*range(0, len(blob), 7), len(blob) - 1):
        with pytest.raises(SealError):
            identity.open_identity(blob[:size], private_keys=PRIVATE, **PLACE)
    with pytest.raises(SealError):
        identity.open_identity(blob + b"\0", private_keys=PRIVATE, **PLACE)


@given(st.integers(0, 1023), st.integers(0, 1023))
def test_sizes_say_nothing_below_a_step(one: int, other: int) -> None:
    assert {len(identity.seal_identity(b"a" * n, public_keys=PUBLIC, **PLACE)) for n in (one, other)} == {1122}


def test_one_key_for_both_roles_or_any_number_but_two_is_refused_when_sealing() -> None:
    third = seal.generate_keypair().public
    for keys in ({}, {HEAD: third}, {HEAD: third, LEGAL: third}, {**PUBLIC, "third": third}, {"": third, LEGAL: PUBLIC[LEGAL]}):
        with pytest.raises(ValueError, match="two roles"):
            identity.seal_identity(WORDS, public_keys=keys, **PLACE)
    with pytest.raises(ValueError, match=r".+"):
        identity.seal_identity(WORDS, public_keys={HEAD: bytes(32), LEGAL: third}, **PLACE)
