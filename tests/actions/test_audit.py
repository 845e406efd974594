"""The audit chain as values: every change of it is named, and a cut end is named against a head that was noted."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.audit import CASE_OPENED, IDENTITY_OPENED, Link, faults, following

CASE, ONE, OTHER = b"c" * 16, b"1" * 16, b"2" * 16


def chain(length: int) -> list[Link]:
    links: list[Link] = []
    for number in range(length):
        action, actors = (IDENTITY_OPENED, [ONE, OTHER]) if number % 3 == 2 else (CASE_OPENED, [ONE])
        last = links[-1] if links else None
        links.append(following(last, at=1_795_500_000 + number, action=action, subject=CASE if number % 4 else None, actors=actors))
    return links


def test_an_untouched_chain_holds() -> None:
    for length in (0, 1, 2, 9):
        links = chain(length)
        assert list(faults(links)) == []
        for link in links:
            assert list(faults(links, head=(link.entry.number, link.hash))) == []


def test_the_hash_is_what_the_documentation_says() -> None:
    """By hand, so that somebody else can check a chain without this program."""
    first, second = following(None, at=7, action="case_opened", subject=CASE, actors=[ONE]), None
    entry = f'[1,7,"case_opened","{CASE.hex()}",["{ONE.hex()}"]]'
    assert first.hash == hashlib.sha256(b"ruang-aman/2 audit" + bytes(32) + hashlib.sha256(entry.encode()).digest()).digest()
    second = following(first, at=8, action="identity_opened", subject=None, actors=[ONE, OTHER])
    entry = f'[2,8,"identity_opened",null,["{ONE.hex()}","{OTHER.hex()}"]]'
    assert second.hash == hashlib.sha256(b"ruang-aman/2 audit" + first.hash + hashlib.sha256(entry.encode()).digest()).digest()


def before(length: int) -> list[Link]:
    """A chain as it was hashed by the versions before: the entry itself, without a digest between."""
    links: list[Link] = []
    for link in chain(length):
        subject = f'"{link.entry.subject.hex()}"' if link.entry.subject is not None else "null"
        actors = ",".join(f'"{actor.hex()}"' for actor in link.entry.actors)
        entry = f'[{link.entry.number},{link.entry.at},"{link.entry.action}",{subject},[{actors}]]'
        previous = links[-1].hash if links else bytes(32)
        links.append(replace(link, hash=hashlib.sha256(b"ruang-aman/1 audit" + previous + entry.encode()).digest()))
    return links


def test_a_chain_of_before_holds_and_goes_on() -> None:
    links = before(5)
    links.append(following(links[-1], at=1_795_600_000, action=CASE_OPENED, subject=CASE, actors=[ONE]))
    assert list(faults(links, head=(5, links[4].hash))) == []
    links[2] = replace(links[2], entry=replace(links[2].entry, actors=(OTHER,)))
    assert [fault.split(" is ")[0] for fault in faults(links)] == ["entry 3"]


CHANGES = [
    {"at": 1}, {"action": "case_recovered"}, {"subject": ONE}, {"subject": None}, {"actors": ()}, {"actors": (OTHER,)},
    {"actors": (ONE, OTHER, ONE)},
]  # fmt: skip


@given(st.integers(0, 8), st.sampled_from(CHANGES))
def test_a_changed_entry_is_named(at: int, change: dict[str, object]) -> None:
    links = chain(9)
    entry = replace(links[at].entry, **change)  # type: ignore[arg-type]
    if entry == links[at].entry:
        return
    links[at] = replace(links[at], entry=entry)
    found = list(faults(links))
    assert len(found) == 1 and found[0].startswith(f"entry {at + 1} is not what was written")


@given(st.integers(0, 7))
def test_a_changed_entry_whose_hash_was_made_anew_shows_in_the_next(at: int) -> None:
    links = chain(9)
    forged = following(links[at - 1] if at else None, at=links[at].entry.at, action="case_opened", subject=OTHER, actors=[OTHER])
    links[at] = forged
    (found,) = faults(links)
    assert found.startswith(f"entry {at + 2} is not what was written") and found.endswith(f"or entry {at + 1} was")


@given(st.integers(0, 7))
def test_a_removed_entry_is_named(at: int) -> None:
    links = chain(9)
    del links[at]
    found = list(faults(links))
    assert found == [f"entry {at + 1} is missing"]


def test_several_removed_entries_are_named() -> None:
    links = chain(9)
    assert list(faults([*links[:2], *links[5:]])) == ["entries 3 to 5 are missing"]


@given(st.integers(0, 7))
def test_exchanged_entries_are_named(at: int) -> None:
    links = chain(9)
    # As the database would show them: each has the other's number now.
    one, two = links[at], links[at + 1]
    links[at] = replace(two, entry=replace(two.entry, number=one.entry.number))
    links[at + 1] = replace(one, entry=replace(one.entry, number=two.entry.number))
    found = list(faults(links))
    assert any(fault.startswith(f"entry {at + 1} is") for fault in found), found


def test_a_doubled_number_is_named() -> None:
    links = chain(3)
    assert list(faults([links[0], links[1], links[1], links[2]])) == ["entry 2 stands where entry 3 should"]


def test_a_cut_end_shows_only_against_a_noted_head() -> None:
    """The limit of every chain, and what is done about it."""
    links = chain(9)
    head = (9, links[-1].hash)
    assert list(faults(links[:6])) == []
    assert list(faults(links[:6], head=head)) == ["entry 9, whose hash was noted, is missing: the end of the chain was cut off"]
    anew = [*links[:6]]
    while len(anew) < 9:
        anew.append(following(anew[-1], at=5, action="case_opened", subject=CASE, actors=[ONE]))
    assert list(faults(anew)) == []
    assert list(faults(anew, head=head)) == ["entry 9 has another hash than the one that was noted: the chain was made anew"]


@pytest.mark.parametrize("wrong", [b"", b"0812", b"Ratna Wulandari", b"1" * 17])
def test_nothing_but_ids_gets_in(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="ids of 16 bytes"):
        following(None, at=1, action=CASE_OPENED, subject=CASE, actors=[ONE, wrong])
    with pytest.raises(ValueError, match="ids of 16 bytes"):
        following(None, at=1, action=CASE_OPENED, subject=wrong, actors=[ONE])
