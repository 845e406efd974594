"""What fulfils the ports of `actions`: sealing, receipts, units, cases and the budget of guesses, over the vault and the database."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial

from actions.ports import IdentityRole, IssuedReceipt, NewCase, OpenedMailbox, Recipient
from actions.rows import Change, Delete, Insert
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.writer import Writer
from bot.vault import delivery
from bot.vault.draft import row_key
from bot.vault.errors import VaultError
from bot.vault.identity import ROLES, seal_identity
from bot.vault.keys import generate_keypair
from bot.vault.mailbox import open_reply
from bot.vault.receipt import ReceiptKeys, derive, new_receipt, read_receipt
from bot.vault.seal import seal, seal_key

KDF_AT_ONCE = 2  # Argon2id: 19 MiB and about 25 ms each; more at once than cores only makes everybody wait
_KDF_NICENESS = 10  # its threads give way to those that answer people: a code may take a moment longer, a reply may not
TRIES_PER_CONVERSATION = 6  # an hour
TRIES_PER_CHANNEL = 600  # an hour: 2**50 codes make that hopeless
TRIES_ALWAYS = 2  # an hour for every conversation, whatever others tried: a hundred pages that guess must not lock out a child with a code

_HOUR = 3600


class CaseSealer:
    """`Sealer` over the vault. `delivery_public` is the server's own key for return addresses."""

    def __init__(self, delivery_public: Callable[[], bytes]) -> None:
        self._delivery_public = delivery_public

    def new_case(self, recipients: Sequence[Recipient]) -> NewCase:
        """A fresh key pair; its private half leaves this function only sealed."""
        case_id = secrets.token_bytes(16)
        pair = generate_keypair()
        keys = tuple(
            (r.id, seal_key(pair.private, recipient_public=r.public_key, case_id=case_id, recipient_id=r.id)) for r in recipients
        )  # fmt: skip
        return NewCase(id=case_id, public_key=pair.public, keys=keys)

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
    """`Receipts`: derivation runs in threads, few at a time."""

    def __init__(self, reads: Reads, pepper: bytes) -> None:
        self._reads = reads
        self._pepper = pepper
        self._threads = ThreadPoolExecutor(KDF_AT_ONCE, thread_name_prefix="kdf", initializer=_give_way)

    async def _derive(self, words: str) -> ReceiptKeys:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(derive, words, pepper=self._pepper))

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def issue(self) -> IssuedReceipt:
        """A new code and what stands for it in the database."""
        words = new_receipt()
        keys = await self._derive(words)
        return IssuedReceipt(words=words, locator=keys.locator, mailbox_id=secrets.token_bytes(16), mailbox_public=keys.mailbox_public)

    async def open(self, text: str) -> OpenedMailbox | None:
        """The case and the unread replies behind a typed code. A reply that does not open is left where it is."""
        words = read_receipt(text)
        if words is None:
            return None
        keys = await self._derive(words)
        row = await self._reads.receipt(keys.locator)
        case = await self._reads.case(row.case_id) if row is not None else None
        if row is None or case is None:
            return None
        replies: list[str] = []
        ids: list[bytes] = []
        for message in await self._reads.mailbox(row.mailbox_id):
            try:
                opened = open_reply(
                    message.sealed, mailbox_private=keys.mailbox_private, mailbox_id=row.mailbox_id, message_id=message.id
                )  # fmt: skip
                reply: object = json.loads(opened)["text"]
            except (VaultError, ValueError, KeyError, TypeError, RecursionError):
                continue
            if not isinstance(reply, str):
                continue
            replies.append(reply)
            ids.append(message.id)
        return OpenedMailbox(
            case_id=row.case_id, status=case.status, public_key=case.public_key, replies=tuple(replies), reply_ids=tuple(ids)
        )  # fmt: skip


class StoredUnits:
    """`Units`, held in memory: they change by command, and the command tells. `roles` are the names of the city's two identity roles."""

    def __init__(self, reads: Reads, *, roles: Sequence[str] = ()) -> None:
        self._reads = reads
        self._named = frozenset(roles)
        self._roles: tuple[IdentityRole, ...] = ()
        self._units: tuple[Recipient, ...] = ()
        self._recovery: Recipient | None = None

    async def refresh(self) -> None:
        """Reads them anew."""
        rows = await self._reads.units()
        self._units = tuple(
            Recipient(id=row.id, name=row.name, kind=row.kind, lead=bool(row.lead), public_key=row.public_key)
            for row in rows
            if row.public_key is not None
        )
        row = await self._reads.recovery()
        self._recovery = (
            Recipient(id=row.id, name="recovery", kind="recovery", lead=False, public_key=row.public_key) if row is not None else None
        )  # fmt: skip
        self._roles = self._disjoint(
            [IdentityRole(id=r.id, name=r.role, kind=r.kind, public_key=r.public_key) for r in await self._reads.identity_roles()]
        )  # fmt: skip

    def _disjoint(self, roles: Sequence[IdentityRole]) -> tuple[IdentityRole, ...]:
        """The roles, if they are the city's two and nobody holds two keys with one: neither the other role, nor a unit, nor recovery."""
        others = {unit.public_key for unit in (*self._units, *([self._recovery] if self._recovery else []))}
        keys = {role.public_key for role in roles}
        if len(roles) != ROLES or {role.name for role in roles} != self._named or len(keys) != ROLES or keys & others:
            return ()
        return tuple(roles)

    @property
    def any(self) -> bool:
        """Whether a report could be read by anybody."""
        return bool(self._units)

    async def recipients(self) -> tuple[Recipient, ...]:
        """All units."""
        return self._units

    async def recovery(self) -> Recipient | None:
        """The recovery key."""
        return self._recovery

    @property
    def role_kinds(self) -> tuple[str, ...]:
        """The kinds of the units that the two identity roles belong to; none while no identity can be taken."""
        return tuple(sorted({role.kind for role in self._roles}))

    async def identity_roles(self) -> tuple[IdentityRole, ...]:
        """The two identity roles."""
        return self._roles


class StoredCases:
    """`Cases`: the public halves."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def public_key(self, case_id: bytes) -> bytes | None:
        """The public half of a case's key."""
        row = await self._reads.case(case_id)
        return row.public_key if row is not None else None


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
