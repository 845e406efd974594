"""What fulfils the ports of `actions`: sealing, receipts, cases and the budget of guesses, over the vault and the database. Units:
`bot.units`."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from actions.ports import IdentityRole, IssuedReceipt, NewCase, OpenedMailbox, Recipient, SealedKey, Unread
from actions.rows import Change, Delete, Insert
from bot.metrics import FORGED
from bot.storage.case_records import CaseRecords
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.writer import Writer
from bot.trust import Circle, Trust
from bot.vault import delivery
from bot.vault.draft import row_key
from bot.vault.errors import VaultError
from bot.vault.identity import seal_identity
from bot.vault.keys import generate_keypair
from bot.vault.mailbox import open_reply
from bot.vault.receipt import ReceiptKeys, derive, new_receipt, read_receipt
from bot.vault.row_tag import RowTags, same
from bot.vault.seal import seal, seal_key
from bot.vault.staff_entry import StaffReply, check_message

log = logging.getLogger(__name__)

KDF_AT_ONCE = 2  # Argon2id: 19 MiB and about 25 ms each; more at once than cores only makes everybody wait
_KDF_NICENESS = 10  # its threads give way to those that answer people: a code may take a moment longer, a reply may not
TRIES_PER_CONVERSATION = 6  # an hour
TRIES_PER_CHANNEL = 600  # an hour: 2**50 codes make that hopeless
TRIES_ALWAYS = 2  # an hour for every conversation, whatever others tried: a hundred pages that guess must not lock out a child with a code

_HOUR = 3600
_REREAD = 24 * _HOUR  # a reply that was read so long ago was put back by somebody; before that, a turn may be at it once more


def forged(kind: str, row_id: bytes) -> None:
    """Says that a row is not one that this service, or staff, wrote: somebody writes to the database."""
    FORGED.labels(kind).inc()
    log.error("row_forged", extra={"kind": kind, "row": row_id.hex()})


class CaseSealer:
    """`Sealer` over the vault. `delivery_public` is the server's own key for return addresses."""

    def __init__(self, delivery_public: Callable[[], bytes], tags: RowTags) -> None:
        self._delivery_public, self._tags = delivery_public, tags

    def new_case(self, recipients: Sequence[Recipient]) -> NewCase:
        """A fresh key pair; its private half leaves this function only sealed."""
        case_id = secrets.token_bytes(16)
        pair = generate_keypair()
        keys = tuple(
            SealedKey(
                recipient_id=r.id, version=r.version, tag=self._tags.reader(case_id, r.id),
                sealed=seal_key(pair.private, recipient_public=r.public_key, case_id=case_id, recipient_id=r.id),
            )
            for r in recipients
        )  # fmt: skip
        return NewCase(id=case_id, public_key=pair.public, keys=keys, tag=self._tags.case(case_id, pair.public))

    def seal(self, plaintext: bytes, *, public_key: bytes, case_id: bytes, record_id: bytes, version: int) -> bytes:
        """A sealed record."""
        return seal(plaintext, public_key=public_key, case_id=case_id, record_id=record_id, version=version)

    def seal_address(self, address: bytes, *, public_key: bytes, case_id: bytes, record_id: bytes) -> bytes:
        """A return address under both layers."""
        return delivery.seal_address(
            address, delivery_public=self._delivery_public(), case_public=public_key, case_id=case_id, record_id=record_id, version=1
        )  # fmt: skip

    def seal_identity(self, plaintext: bytes, *, roles: Sequence[IdentityRole], case_id: bytes, record_id: bytes) -> bytes:
        """An identity under both roles' locks."""
        keys = {role.name: role.public_key for role in roles}
        return seal_identity(plaintext, public_keys=keys, case_id=case_id, record_id=record_id, version=1)


def _give_way() -> None:
    """Lowers the priority of the calling thread: on Linux each thread has its own."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _KDF_NICENESS)


class ReceiptDesk:
    """`Receipts`: derivation runs in threads, few at a time. What a code leads to, and who wrote what lies there, is checked before any of
    it is told."""

    def __init__(self, reads: Reads, pepper: bytes, *, tags: RowTags, trust: Trust, keys: KeyStore) -> None:
        self._reads, self._pepper, self._tags, self._trust, self._keys = reads, pepper, tags, trust, keys
        self._threads = ThreadPoolExecutor(KDF_AT_ONCE, thread_name_prefix="kdf", initializer=_give_way)

    async def _derive(self, words: str) -> ReceiptKeys:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(derive, words, pepper=self._pepper))

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def issue(self, case_id: bytes) -> IssuedReceipt:
        """A new code for a case and what stands for it in the database."""
        words = new_receipt()
        keys = await self._derive(words)
        mailbox_id = secrets.token_bytes(16)
        tag = self._tags.receipt(keys.locator, case_id=case_id, mailbox_id=mailbox_id, mailbox_public=keys.mailbox_public)
        return IssuedReceipt(words=words, locator=keys.locator, mailbox_id=mailbox_id, mailbox_public=keys.mailbox_public, tag=tag)

    async def open(self, text: str) -> OpenedMailbox | None:
        """The case and the unread replies behind a typed code. A reply that does not open, or that no colleague can be shown to have
        written, is left where it is."""
        words = read_receipt(text)
        if words is None:
            return None
        keys = await self._derive(words)
        row = await self._reads.receipt(keys.locator)
        if row is None:
            return None
        made = self._tags.receipt(
            row.locator, case_id=row.case_id, mailbox_id=row.mailbox_id, mailbox_public=keys.mailbox_public
        )  # fmt: skip
        if not same(made, row.tag):
            forged("receipt", row.mailbox_id)
            return None
        case = await self._reads.case(row.case_id)
        if case is None:
            return None
        replies: list[str] = []
        ids: list[bytes] = []
        messages = await self._reads.mailbox(row.mailbox_id)
        circle = await self._trust.circle() if messages else Circle(holders={})
        read = await self._keys.buried([one.id for one in messages], for_seconds=_REREAD) if messages else frozenset()
        for message in messages:
            try:
                opened = open_reply(
                    message.sealed, mailbox_private=keys.mailbox_private, mailbox_id=row.mailbox_id, message_id=message.id
                )  # fmt: skip
                reply: object = json.loads(opened)["text"]
            except (VaultError, ValueError, KeyError, TypeError, RecursionError):
                continue
            if not isinstance(reply, str):
                continue
            if message.id in read or not self._written_by_staff(message, row, circle):
                forged("reply", message.id)  # or put back after it was read
                continue
            replies.append(reply)
            ids.append(message.id)
        return OpenedMailbox(
            case_id=row.case_id, status=case.status, public_key=case.public_key, replies=tuple(replies), reply_ids=tuple(ids)
        )  # fmt: skip

    def _written_by_staff(self, message: Any, receipt: Any, circle: Circle) -> bool:
        """Whether a colleague signed it whose certificate leads to a pinned root, and it came in through the console while they were
        here."""
        author = circle.holders.get(message.author_id) if message.author_id is not None else None
        if author is None or message.signature is None:
            return False
        signed = StaffReply(
            case_id=receipt.case_id, mailbox_id=receipt.mailbox_id, message_id=message.id, author_id=author.staff_id, sealed=message.sealed
        )  # fmt: skip
        try:
            check_message(signed, message.signature, author_public=author.signing_public)
        except (VaultError, ValueError):
            return False
        made = self._tags.reply(
            message.id, mailbox_id=receipt.mailbox_id, author_id=author.staff_id, signature=message.signature, sealed=message.sealed
        )  # fmt: skip
        return same(made, message.tag)


class StoredCases:
    """`Cases`: the public halves, as far as they are those that this service made."""

    def __init__(self, reads: Reads, tags: RowTags, records: CaseRecords) -> None:
        self._reads, self._tags, self._records = reads, tags, records

    async def public_key(self, case_id: bytes) -> bytes | None:
        """The public half of a case's key; None if there is no such case, or if somebody put another key there."""
        row = await self._reads.case(case_id)
        if row is None:
            return None
        if not self._tags.wrote_case(row):
            forged("case", row.id)
            return None
        public_key: bytes = row.public_key
        return public_key

    async def unread(self, case_id: bytes) -> Unread:
        """How a case that is there has to be read. Raises LookupError if it is not there."""
        row = await self._reads.case(case_id)
        if row is None:
            raise LookupError("no such case")
        return Unread(urgency=row.urgency, added_at=row.added_at, added_due=row.added_due)

    async def told_since(self, case_id: bytes, since: int) -> int:
        """How many messages were added to a case from a moment on (seconds since 1970)."""
        return await self._records.told_since(case_id, since)


class GuessBudget:
    """`Guesses`: counted per conversation and per channel and hour. The scope's name is an HMAC under the day's key."""

    def __init__(self, reads: Reads, keys: KeyStore) -> None:
        self._reads = reads
        self._keys = keys

    async def count(self, *, conversation_id: bytes, channel: str, now: datetime) -> Sequence[Change] | None:
        """One more try, or None if this conversation has used up the hour's, or this channel as a whole has and it had its two tries."""
        moment = int(now.timestamp())
        _, day_key = (await self._keys.day_keys(moment // 86_400))[0]
        scopes = (
            row_key(day_key, b"guess", b"conversation", conversation_id),
            row_key(day_key, b"guess", b"channel", channel.encode()),
        )
        hour = moment // _HOUR
        tried = await self._reads.guesses(scopes, hour)
        own, channels = (tried.get(scope, 0) for scope in scopes)
        if own >= TRIES_PER_CONVERSATION or (own >= TRIES_ALWAYS and channels >= TRIES_PER_CHANNEL):
            return None
        return [
            Insert(table="guess", row={"scope": scope, "hour": hour, "count": 1}, replace=True, add=("count",)) for scope in scopes
        ]  # fmt: skip


class StoredPrompts:
    """Which prompts a platform keeps for us, remembered in the database (`bot.channels.whatsapp.prompts.Stored`)."""

    def __init__(self, reads: Reads, writer: Writer, clock: Callable[[], float]) -> None:
        self._reads, self._writer, self._clock = reads, writer, clock

    async def find(self, digest: bytes) -> str | None:
        """The platform's name of the prompt with these words."""
        return await self._reads.prompt_sid(digest)

    async def keep(self, digest: bytes, sid: str) -> None:
        """Remembers it."""
        row = {"hash": digest, "sid": sid, "created_at": int(self._clock())}
        await self._writer.write([Insert(table="content_resource", row=row, replace=True)])

    async def forget(self, digest: bytes) -> None:
        """It is gone at the platform."""
        await self._writer.write([Delete(table="content_resource", key={"hash": digest})])
