"""What the service writes down once and relies on for years carries a tag of its own making: who can only write to the database makes none.

key = HKDF-SHA256(pepper, salt empty, info "ruang-aman/1 row tag", 32 bytes): it lives as long as the codes do, and outlives the key store.
tag = HMAC-SHA256(key, join("ruang-aman/1 " + what the row is, its parts …)), 32 bytes.

A tag says that this service wrote these values together, at some time. It says nothing about what was taken away.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.vault.encoding import ID_BYTES, identifier, join
from bot.vault.receipt import PEPPER_BYTES

TAG_BYTES = 32

_KEY = b"ruang-aman/1 row tag"
_CASE = b"ruang-aman/1 case row"
_READER = b"ruang-aman/1 reader of case"
_RECEIPT = b"ruang-aman/1 receipt row"
_REPLY = b"ruang-aman/1 reply row"
_BLOCK = b"ruang-aman/1 block of case"
_SESSION = b"ruang-aman/1 page of session"


class RowTags:
    """Makes and checks tags. Raises ValueError on a pepper of another length than 32 bytes, and on ids that have not 16."""

    def __init__(self, pepper: bytes) -> None:
        if len(pepper) != PEPPER_BYTES:
            raise ValueError(f"the pepper has {PEPPER_BYTES} bytes")
        self._key = HKDF(algorithm=SHA256(), length=TAG_BYTES, salt=None, info=_KEY).derive(pepper)

    def _tag(self, *parts: bytes) -> bytes:
        return hmac.digest(self._key, join(*parts), hashlib.sha256)

    def case(self, case_id: bytes, public_key: bytes) -> bytes:
        """That a public key is a case's."""
        return self._tag(_CASE, identifier(case_id), public_key)

    def wrote_case(self, row: Any) -> bool:
        """Whether a row of `cases` has the public key that this service gave it."""
        return same(self.case(row.id, row.public_key), row.tag)

    def reader(self, case_id: bytes, recipient_id: bytes) -> bytes:
        """That a case is sealed to a unit, or to the recovery key."""
        return self._tag(_READER, identifier(case_id), identifier(recipient_id))

    def wrote_reader(self, case_id: bytes, recipient_id: bytes, tag: bytes | None) -> bool:
        """Whether this service made somebody a reader of a case, whatever lengths the ids in the database have."""
        if len(case_id) != ID_BYTES or len(recipient_id) != ID_BYTES:
            return False
        return same(self.reader(case_id, recipient_id), tag)

    def receipt(self, locator: bytes, *, case_id: bytes, mailbox_id: bytes, mailbox_public: bytes) -> bytes:
        """That a code leads to this case and to this mailbox."""
        return self._tag(_RECEIPT, locator, identifier(case_id), identifier(mailbox_id), mailbox_public)

    def reply(self, message_id: bytes, *, mailbox_id: bytes, author_id: bytes, signature: bytes, sealed: bytes) -> bytes:
        """That a reply came in through the console, from somebody who worked here then."""
        ids = identifier(message_id), identifier(mailbox_id), identifier(author_id)
        return self._tag(_REPLY, *ids, signature, hashlib.sha256(sealed).digest())

    def block(self, case_id: bytes) -> bytes:
        """The id (16 bytes) of the block that a case led to: from the case the service finds it, from the row nobody finds the case."""
        return self._tag(_BLOCK, identifier(case_id))[:ID_BYTES]

    def page(self, session: bytes) -> bytes:
        """By which the pages of a session are known; `session` is the hash of its cookie."""
        return self._tag(_SESSION, session)


def same(made: bytes, stored: bytes | None) -> bool:
    """Whether a stored tag is the one that was made, in constant time; never if there is none."""
    return stored is not None and hmac.compare_digest(made, stored)
