"""Case records, wrapped keys, mailbox messages and return addresses: they open in their own place, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.vault import delivery, mailbox, seal
from bot.vault.errors import SealError, VaultError
from tests.bot.vault.vault_cases import CONTENTS, IDS, flip

CASE = seal.generate_keypair()
OTHER = seal.generate_keypair()
SERVER = seal.generate_keypair()
A, B, C = b"a" * 16, b"b" * 16, b"c" * 16


@given(CONTENTS, IDS, IDS, st.integers(0, 2**64 - 1))
def test_a_record_opens_in_its_place(content: bytes, case: bytes, record: bytes, version: int) -> None:
    blob = seal.seal(content, public_key=CASE.public, case_id=case, record_id=record, version=version)
    assert seal.open_sealed(blob, private_key=CASE.private, case_id=case, record_id=record, version=version) == content
    if len(content) >= 4:  # shorter ones turn up in random bytes by chance
        assert content not in blob


Opener = Callable[..., bytes]
RECORD: dict[str, Any] = {"private_key": CASE.private, "case_id": A, "record_id": B, "version": 3}
KEY: dict[str, Any] = {"private_key": OTHER.private, "case_id": A, "recipient_id": C}
REPLY: dict[str, Any] = {"mailbox_private": CASE.private, "mailbox_id": A, "message_id": B}
INNER: dict[str, Any] = {"delivery_private": SERVER.private, "case_id": A}
OUTER: dict[str, Any] = {"case_private": CASE.private, "case_id": A, "record_id": B, "version": 3}


def record() -> bytes:
    return seal.seal(b"isi", public_key=CASE.public, case_id=A, record_id=B, version=3)


def wrapped_key() -> bytes:
    return seal.seal_key(CASE.private, recipient_public=OTHER.public, case_id=A, recipient_id=C)


def reply() -> bytes:
    return mailbox.seal_reply(b"isi", mailbox_public=CASE.public, mailbox_id=A, message_id=B)


def inner() -> bytes:
    return delivery.wrap_for_delivery(b"telegram:1", delivery_public=SERVER.public, case_id=A)


def outer() -> bytes:
    return delivery.wrap_for_case(inner(), case_public=CASE.public, case_id=A, record_id=B, version=3)


KINDS = [
    pytest.param(record, seal.open_sealed, RECORD, id="record"),
    pytest.param(wrapped_key, seal.open_key, KEY, id="key"),
    pytest.param(reply, mailbox.open_reply, REPLY, id="reply"),
    pytest.param(inner, delivery.unwrap_for_delivery, INNER, id="inner address"),
    pytest.param(outer, delivery.unwrap_for_case, OUTER, id="outer address"),
]


@pytest.mark.parametrize(("make", "opener", "place"), KINDS)
def test_every_flipped_bit_is_refused(make: Callable[[], bytes], opener: Opener, place: dict[str, Any]) -> None:
    blob = make()
    assert opener(blob, **place)
    # Every bit of the head, where the formats have their structure, and one of each byte of the rest.
    bits = [*range(min(len(blob), 110) * 8), *range(880, len(blob) * 8, 8)]
    for bit in bits:
        with pytest.raises(SealError):
            opener(flip(blob, bit), **place)


@pytest.mark.parametrize(("make", "opener", "place"), KINDS)
def test_every_other_length_is_refused(make: Callable[[], bytes], opener: Opener, place: dict[str, Any]) -> None:
    blob = make()
    for size in range(len(blob)):
        with pytest.raises(SealError):
            opener(blob[:size], **place)
    with pytest.raises(SealError):
        opener(blob + b"\0", **place)


@pytest.mark.parametrize(("make", "opener", "place"), KINDS)
def test_another_place_or_key_is_refused_with_one_and_the_same_message(
    make: Callable[[], bytes], opener: Opener, place: dict[str, Any]
) -> None:
    blob = make()
    said = set()
    for name, value in place.items():
        wrong: list[object]
        if name == "version":
            wrong = [value - 1, value + 1, -1, 2**64]
        elif "private" in name:
            wrong = [seal.generate_keypair().private, b"", b"short"]
        else:
            wrong = [b"z" * 16, b"", value + b"\0", value[:-1]]
        for other in wrong:
            with pytest.raises(SealError) as refusal:
                opener(blob, **{**place, name: other})
            said.add(str(refusal.value))
    assert len(said) == 1


@given(st.binary(max_size=900))
def test_any_bytes_are_refused_by_every_opener(anything: bytes) -> None:
    openers: list[tuple[Opener, dict[str, Any]]] = [
        (seal.open_sealed, RECORD),
        (seal.open_key, KEY),
        (mailbox.open_reply, REPLY),
        (delivery.unwrap_for_delivery, INNER),
        (delivery.unwrap_for_case, OUTER),
    ]
    for opener, place in openers:
        for blob in (anything, b"\x01" + anything):
            with pytest.raises(SealError):
                opener(blob, **place)


def test_kinds_are_not_interchangeable() -> None:
    # The same key and the same ids, but a reply is no record: the label in `info` separates them.
    with pytest.raises(SealError):
        seal.open_sealed(reply(), private_key=CASE.private, case_id=A, record_id=B, version=0)
    with pytest.raises(SealError):
        mailbox.open_reply(record(), mailbox_private=CASE.private, mailbox_id=A, message_id=B)


def test_parts_of_two_records_do_not_join() -> None:
    one, other = record(), record()
    for cut in (33, 81, 93):
        with pytest.raises(SealError):
            seal.open_sealed(one[:cut] + other[cut:], **RECORD)


def test_points_of_low_order_are_refused() -> None:
    # An all-zero encapsulated key would make the shared secret known to everybody (RFC 7748, 6.1; RFC 9180, 7.1.4).
    blob = record()
    for point in (bytes(32), b"\x01" + bytes(31)):
        with pytest.raises(SealError):
            seal.open_sealed(blob[:1] + point + blob[33:], **RECORD)
        with pytest.raises(ValueError, match=r".+"):
            seal.seal(b"isi", public_key=point, case_id=A, record_id=B, version=0)


def test_two_sealings_share_nothing() -> None:
    one, other = record(), record()
    assert one[1:33] != other[1:33]
    assert one[81:93] != other[81:93]
    assert one[93:] != other[93:]


@given(st.integers(0, 511), st.integers(0, 511))
def test_sizes_say_nothing_below_a_step(one: int, other: int) -> None:
    sizes = {len(seal.seal(b"a" * n, public_key=CASE.public, case_id=A, record_id=B, version=0)) for n in (one, other)}
    assert sizes == {621}


def test_exact_sizes() -> None:
    def size(n: int) -> int:
        return len(seal.seal(b"a" * n, public_key=CASE.public, case_id=A, record_id=B, version=0))

    assert size(1) == size(400) == 1 + 32 + 48 + 12 + 512 + 16 == 621
    assert size(512) == size(1023) == 621 + 512
    assert len(wrapped_key()) == 81
    assert len(reply()) == 621


@given(st.binary(max_size=delivery.MAX_ADDRESS))
def test_every_return_address_is_of_one_size_and_comes_back(address: bytes) -> None:
    blob = delivery.seal_address(address, delivery_public=SERVER.public, case_public=CASE.public, case_id=A, record_id=B, version=3)
    assert len(blob) == 621
    passed = delivery.unwrap_for_case(blob, **OUTER)
    assert len(passed) == 305
    assert delivery.unwrap_for_delivery(passed, **INNER) == address
    if len(address) >= 4:
        assert address not in passed  # what the counsellor's browser hands over


def test_neither_party_opens_the_address_alone() -> None:
    blob = outer()
    with pytest.raises(SealError):
        delivery.unwrap_for_delivery(blob, **INNER)
    with pytest.raises(SealError):
        delivery.unwrap_for_delivery(inner(), delivery_private=CASE.private, case_id=A)


def test_a_longer_address_is_refused() -> None:
    with pytest.raises(ValueError, match="255"):
        delivery.wrap_for_delivery(b"a" * 256, delivery_public=SERVER.public, case_id=A)


def test_sealing_refuses_ids_of_another_length() -> None:
    for wrong in (b"", b"a" * 15, b"a" * 17):
        with pytest.raises(ValueError, match="16"):
            seal.seal(b"isi", public_key=CASE.public, case_id=wrong, record_id=B, version=0)
        with pytest.raises(ValueError, match="16"):
            seal.seal(b"isi", public_key=CASE.public, case_id=A, record_id=wrong, version=0)
        with pytest.raises(ValueError, match="16"):
            seal.seal_key(CASE.private, recipient_public=OTHER.public, case_id=A, recipient_id=wrong)
        with pytest.raises(ValueError, match="16"):
            mailbox.seal_reply(b"isi", mailbox_public=CASE.public, mailbox_id=wrong, message_id=B)
    with pytest.raises(ValueError, match="version"):
        seal.seal(b"isi", public_key=CASE.public, case_id=A, record_id=B, version=-1)
    with pytest.raises(ValueError, match="32"):
        seal.seal_key(b"", recipient_public=OTHER.public, case_id=A, recipient_id=B)


def test_errors_and_reprs_hold_no_key() -> None:
    assert CASE.private.hex() not in repr(CASE)
    assert repr(CASE.private) not in repr(CASE)
    assert issubclass(SealError, VaultError)
