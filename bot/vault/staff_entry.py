"""What staff write is signed by its author and chained per case: nobody who can write to the database adds, changes or takes out an entry
unnoticed.

signed = join("ruang-aman/1 staff-entry", case id, record id, version as 4 bytes, author id, previous (32 bytes), SHA-256(sealed bytes))

`previous` is SHA-256(signed ‖ signature) of the staff entry before it in the same case, 32 zero bytes for the first.

A message in a mailbox is signed by itself, for the bot that tells it and cannot read the case:

signed = join("ruang-aman/1 staff-reply", case id, mailbox id, message id, author id, SHA-256(sealed bytes))
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bot.vault.encoding import identifier, join, short_version
from bot.vault.signing import sign, verify

FIRST = bytes(32)
"""`previous` of a case's first staff entry."""

_ENTRY = b"ruang-aman/1 staff-entry"
_REPLY = b"ruang-aman/1 staff-reply"


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffEntry:
    """An entry as it is signed: ids of 16 bytes, the sealed record itself."""

    case_id: bytes
    record_id: bytes
    version: int
    author_id: bytes
    previous: bytes
    sealed: bytes

    def signed(self) -> bytes:
        """What the author signs. Raises ValueError on ids, version or `previous` of the wrong form."""
        if len(self.previous) != len(FIRST):
            raise ValueError("a hash has 32 bytes")
        ids = identifier(self.case_id), identifier(self.record_id), short_version(self.version), identifier(self.author_id)
        return join(_ENTRY, *ids, self.previous, hashlib.sha256(self.sealed).digest())


def sign_entry(entry: StaffEntry, *, private_key: bytes) -> bytes:
    """The author's signature (64 bytes)."""
    return sign(entry.signed(), private_key=private_key)


def check_entry(entry: StaffEntry, signature: bytes, *, author_public: bytes) -> None:
    """Raises SignatureError unless the author wrote exactly this, in this place."""
    verify(entry.signed(), signature, public_key=author_public)


def link(entry: StaffEntry, signature: bytes) -> bytes:
    """What the next entry of the case has as `previous`."""
    return hashlib.sha256(entry.signed() + signature).digest()


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffReply:
    """A message in a reporter's mailbox as it is signed: ids of 16 bytes, and what is sealed to the mailbox."""

    case_id: bytes
    mailbox_id: bytes
    message_id: bytes
    author_id: bytes
    sealed: bytes

    def signed(self) -> bytes:
        """What the author signs. Raises ValueError on ids of the wrong form."""
        ids = (identifier(one) for one in (self.case_id, self.mailbox_id, self.message_id, self.author_id))
        return join(_REPLY, *ids, hashlib.sha256(self.sealed).digest())


def sign_message(reply: StaffReply, *, private_key: bytes) -> bytes:
    """The author's signature (64 bytes)."""
    return sign(reply.signed(), private_key=private_key)


def check_message(reply: StaffReply, signature: bytes, *, author_public: bytes) -> None:
    """Raises SignatureError unless the author wrote exactly this, for this mailbox of this case."""
    verify(reply.signed(), signature, public_key=author_public)
