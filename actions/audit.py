"""The audit chain: what was opened, by which keys. Ids and words of ours only; each entry holds the hash of all that stands before it.

`hash = SHA-256("ruang-aman/2 audit" ‖ hash of the entry before (32 zero bytes for the first) ‖ SHA-256(entry))`, where the entry is compact
JSON in ASCII: `[number, at, action, subject in hex or null, [actors in hex]]`. Entries of before are hashed as they are, under
"ruang-aman/1 audit". Whoever notes a head (number and hash) elsewhere can tell later whether anything up to it was changed, removed, put in
or moved. What comes after the last noted head can be cut off unnoticed.

Between hash and entry stands a digest, so that a lead's browser can follow the chain without being told what other units did.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DOMAIN = b"ruang-aman/2 audit"
_BEFORE = b"ruang-aman/1 audit"
START = bytes(32)
ID_BYTES = 16

CASE_OPENED = "case_opened"
CASE_RECOVERED = "case_recovered"  # opened with two recovery shares
IDENTITY_OPENED = "identity_opened"
HAND_OFF_OPENED = "hand_off_opened"
FILE_OPENED = "file_opened"
ADDRESS_USED = "return_address_used"  # the reporter was told in the chat that an answer waits
REFUSED = "access_refused"  # somebody asked for what is another unit's, or not for their role
# Of staff: the subject is a colleague's id (of an invitation: the unit's), the actor the colleague who did it; nobody: the command line.
STAFF_INVITED = "staff_invited"
INVITE_TAKEN_BACK = "invitation_taken_back"
STAFF_JOINED = "staff_joined"
STAFF_ADMITTED = "staff_admitted"  # without the unit's key
KEY_GIVEN = "unit_key_given"  # admitted with the unit's key, or given it anew
STAFF_REMOVED = "staff_removed"
STAFF_RECOVERED = "staff_admitted_by_recovery"  # a new lead, by two recovery shares; the actor is the recovery key
STAFF_CHANGED = "staff_changed"  # languages, skills, or how many conversations at a time
UNIT_KEY_MADE = "unit_key_made"  # the subject is the unit
UNIT_KEY_CHANGED = "unit_key_changed"
CASE_KEYS_HANDED_OUT = "case_keys_handed_out"  # a portion of those under a former key of the unit, which is the subject
CASE_KEY_CHANGED = "case_key_changed"  # a case has another key pair from now on
CASE_KEYS_SEALED_ANEW = "case_keys_sealed_anew"  # some of a unit's cases, to its newest key; the subject is the unit
SIGNED_IN = "signed_in"  # the subject is the session
SIGNED_OUT = "sessions_ended"
CONTACT_CHANGED = "contact_changed"  # a chat or a telephone number was linked, or is not any more
# What is decided for the whole service: the subject is the unit whose lead did it.
HOURS_CHANGED = "hours_changed"
HOLIDAYS_CHANGED = "holidays_changed"
REPLIES_CHANGED = "replies_changed"
FOR_ALL = (HOURS_CHANGED, HOLIDAYS_CHANGED, REPLIES_CHANGED)
ADDRESS_BLOCKED = "address_blocked"  # the one that a case came from, which nobody sees; the subject is the case
ADDRESS_UNBLOCKED = "address_unblocked"
RELAYED = "relayed"  # help from elsewhere was called for this case: who answered stands sealed in it


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """`number` counts from 1, `at` is seconds since 1970; `subject` is the id of what it was done to, `actors` the ids of the keys that
    did it."""

    number: int
    at: int
    action: str
    subject: bytes | None
    actors: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """An entry as it is stored, with its hash."""

    entry: Entry
    hash: bytes


def written(entry: Entry) -> bytes:
    """An entry as it is hashed."""
    subject = entry.subject.hex() if entry.subject is not None else None
    parts = [entry.number, entry.at, entry.action, subject, [actor.hex() for actor in entry.actors]]
    return json.dumps(parts, separators=(",", ":")).encode("ascii")


def digest(entry: Entry) -> bytes:
    """What stands for an entry (32 bytes) before whoever may not know what is in it."""
    return hashlib.sha256(written(entry)).digest()


def chained(previous: bytes, entry: Entry) -> bytes:
    """The hash (32 bytes) of an entry after the one whose hash is `previous`. Raises ValueError if that has not 32 bytes."""
    if len(previous) != len(START):
        raise ValueError("a hash has 32 bytes")
    return hashlib.sha256(DOMAIN + previous + digest(entry)).digest()


def _holds(previous: bytes, link: Link) -> bool:
    return link.hash in (chained(previous, link.entry), hashlib.sha256(_BEFORE + previous + written(link.entry)).digest())


def following(last: Link | None, *, at: int, action: str, subject: bytes | None, actors: Sequence[bytes]) -> Link:
    """The next link of the chain. Raises ValueError on an id that has not 16 bytes: nothing else has a place here."""
    if any(len(identifier) != ID_BYTES for identifier in (*actors, *([subject] if subject is not None else []))):
        raise ValueError("an audit entry holds ids of 16 bytes only")
    entry = Entry(number=last.entry.number + 1 if last else 1, at=at, action=action, subject=subject, actors=tuple(actors))
    return Link(entry=entry, hash=chained(last.hash if last else START, entry))


def faults(links: Sequence[Link], *, head: tuple[int, bytes] | None = None) -> Iterator[str]:
    """What is wrong with a chain, oldest first as it was read, one sentence each; nothing if all of it holds.

    `head` is one that was noted earlier (number, hash): an end that was cut off since, or a chain that was made anew, is found by it.
    """
    previous, expected = START, 1
    for link in links:
        number = link.entry.number
        if number > expected:
            missing = f"entry {expected} is" if number == expected + 1 else f"entries {expected} to {number - 1} are"
            yield f"{missing} missing"
        elif number < expected:
            yield f"entry {number} stands where entry {expected} should"
        elif not _holds(previous, link):
            before = f", or entry {number - 1} was" if number > 1 else ""
            yield f"entry {number} is not what was written: it was changed or moved{before}"
        previous, expected = link.hash, number + 1
    if head is not None:
        number, noted = head
        found = next((link.hash for link in links if link.entry.number == number), None)
        if found is None:
            yield f"entry {number}, whose hash was noted, is missing: the end of the chain was cut off"
        elif found != noted:
            yield f"entry {number} has another hash than the one that was noted: the chain was made anew"
