"""What staff write: to the reporter, and for colleagues. Signed by its author, chained in its case, and written only while it may be."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from actions.access import Who
from actions.audit import RELAYED
from actions.desk import reply_rows
from actions.heard import answered
from actions.queue import HandOff, Refusal, State
from actions.rows import Change, Insert, Require, Update
from bot.adapters import forged
from bot.channels.base import Channel
from bot.deliver import Deliver
from bot.desk.ledger import Ledger
from bot.desk.views import OK, Entry, Reply, Result
from bot.hand_offs import talked_in
from bot.outbox import bubble_rows
from bot.row_ids import RowIds
from bot.storage.audit import AuditChain
from bot.storage.desk import DeskStore, doubled
from bot.storage.faults import Moved
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.sharing import BUBBLE, HAND_OFF, Sharing, notice
from bot.storage.writer import Writer
from bot.trust import Trust
from bot.vault.errors import VaultError
from bot.vault.row_tag import RowTags
from bot.vault.staff_entry import FIRST, StaffEntry, check_entry, link
from flows.message import Outbound

log = logging.getLogger(__name__)

LONGEST = 4_000  # characters of a reply
_LARGEST = 256 * 1024  # bytes of a sealed entry
_TRIES = 5

FORGED, TOO_LONG, EMPTY, BEHIND, GONE = "forged", "too_long", "empty", "behind", "gone"
DOUBTFUL = "doubtful_key"
"""Codes of entries: the signature is not the author's; the text is too long, or there is none; the entry before is another one by now (read
the case again, and sign anew); the conversation is not there any more; the case's key is not one that this service made."""


class Replies:
    """Who may sign is looked up each time: whoever was removed signs nothing more, and a row in the database makes nobody an author."""

    def __init__(
        self, *, store: DeskStore, reads: Reads, writer: Writer, keys: KeyStore, ids: RowIds, channels: Mapping[str, Channel],
        deliver: Deliver, sharing: Sharing, chain: AuditChain, ledger: Ledger, trust: Trust, tags: RowTags,
    ) -> None:  # fmt: skip
        self._trust, self._tags = trust, tags
        self._store, self._reads, self._writer, self._keys, self._ids = store, reads, writer, keys, ids
        self._channels, self._deliver, self._sharing, self._chain, self._ledger = channels, deliver, sharing, chain, ledger

    async def reply(self, staff: Who, hand_off: HandOff, reply: Reply) -> Result:
        """Sends what its owner wrote, and keeps it sealed. Refused in the very commit if somebody else has it by then."""
        if not reply.text.strip():
            return Result.no(EMPTY)
        if len(reply.text) > LONGEST:
            return Result.no(TOO_LONG)
        for _ in range(_TRIES):
            result = await self._reply(staff, hand_off, reply)
            again = await self._store.hand_off(hand_off.id) if result.code == Refusal.STALE else None
            if again is None:
                return result
            hand_off = again
        return result

    async def _reply(self, staff: Who, hand_off: HandOff, reply: Reply) -> Result:
        refusal = _may_speak(staff, hand_off)
        if refusal is not None:
            return Result.no(refusal, hand_off.version)
        talked = await talked_in(hand_off, self._reads, self._keys)
        if talked is None or talked[0].channel not in self._channels:
            return Result.no(GONE, hand_off.version)
        where, key = talked
        entry = await self.entry_rows(staff, hand_off, reply, kind="said")
        if isinstance(entry, str):
            return Result.no(entry, hand_off.version)
        pull = self._channels[where.channel].pull
        # `invites`: where a platform's day is over there is a reply only because the reporter asked to be called back and let us begin.
        bubbles, waiting = bubble_rows(
            [Outbound(text=reply.text, invites=True)], [(where.key_id, key)], row=where, ids=self._ids, pull=pull, now=self._ledger.now
        )  # fmt: skip
        wanted = reply_rows(hand_off, owner=staff.id, key_id=where.key_id)
        rows = [*wanted.rows, *entry, *(_named(row, reply.record_id) for row in bubbles)]
        ours = where.id in await self._sharing.take({where.id})
        notices = (notice(HAND_OFF, hand_off.id), *((notice(BUBBLE, where.id),) if pull else ()))
        result = await self._write(hand_off, rows, [*wanted.requires, self.head(hand_off, reply)], notices)
        if result.ok and ours:
            self._deliver.enqueue(waiting)
        return result

    async def reaches(self, hand_off: HandOff | None) -> bool:
        """Whether what is said to the reporter of a hand-off goes to the conversation that it was begun in; True where nothing can be
        said."""
        if hand_off is None or hand_off.conversation_id is None:
            return True
        return await talked_in(hand_off, self._reads, self._keys) is not None

    async def note(self, staff: Who, hand_off: HandOff, entry: Entry, *, kind: str = "note") -> Result:
        """Keeps what somebody wrote for colleagues. `relayed`: that help from elsewhere was called, which is in the audit chain as well."""
        rows = await self.entry_rows(staff, hand_off, entry, kind=kind)
        if isinstance(rows, str):
            return Result.no(rows, hand_off.version)
        for _ in range(_TRIES):
            bump = Update(table="hand_off", key={"id": hand_off.id}, values={"version": hand_off.version + 1, **answered(hand_off)})
            seen = Require(table="hand_off", key={"id": hand_off.id}, values={"version": hand_off.version})
            requires = [seen, self.head(hand_off, entry)]
            result = await self._write(
                hand_off, [*rows, bump], requires, (notice(HAND_OFF, hand_off.id),), by=staff.id if kind == "relayed" else None
            )  # fmt: skip
            again = await self._store.hand_off(hand_off.id) if result.code == Refusal.STALE else None
            if again is None:
                break
            hand_off = again
        return result

    async def _write(
        self, hand_off: HandOff, rows: Sequence[Change], requires: Sequence[Require], notices: Sequence[str], *, by: bytes | None = None
    ) -> Result:  # fmt: skip
        """Writes them, or says why not. With `by` it stands in the audit chain that this person called for help."""
        try:
            if by is None:
                await self._writer.write(rows, requires=requires, notices=notices)
            else:
                await self._chain.append(
                    action=RELAYED, subject=hand_off.case_id, actors=[by], at=self._ledger.now, along=rows, requires=requires,
                    notices=notices,
                )  # fmt: skip
        except Moved:
            case = await self._store.case(hand_off.case_id)
            relied_on = next(each.values for each in requires if each.table == "cases")
            same = case is None or all(getattr(case, name) == value for name, value in relied_on.items())
            return Result.no(Refusal.STALE if same else BEHIND)
        except Exception as error:
            if doubled(error):
                return Result.no(BEHIND)  # the record is there: the answer to the first try was not heard
            raise
        self._ledger.changed(hand_off.id, hand_off.version + 1, gone=hand_off.state is State.CLOSED)
        return Result(code=OK, version=hand_off.version + 1)

    async def entry_rows(self, staff: Who, hand_off: HandOff, entry: Entry, *, kind: str) -> list[Change] | str:
        """The rows of an entry, or why it is not one."""
        author = (await self._trust.circle({staff.unit_id})).here(staff.id)
        signed = StaffEntry(
            case_id=hand_off.case_id, record_id=entry.record_id, version=entry.version, author_id=staff.id, previous=entry.previous,
            sealed=entry.sealed,
        )  # fmt: skip
        if author is None:
            log.error("staff_entry_forged", extra={"staff": staff.id.hex(), "hand_off": hand_off.id.hex()})
            return FORGED
        if len(entry.sealed) > _LARGEST:
            return TOO_LONG
        try:
            check_entry(signed, entry.signature, author_public=author.signing_public)
        except (VaultError, ValueError):
            log.error("staff_entry_forged", extra={"staff": staff.id.hex(), "hand_off": hand_off.id.hex()})
            return FORGED
        case = await self._store.case(hand_off.case_id)
        if case is not None and not self._tags.wrote_case(case):
            forged("case", case.id)
            return DOUBTFUL
        if case is not None and case.public_key != entry.public_key:
            return BEHIND  # whose key it was that this is sealed to, nobody vouches for
        row = {
            "id": entry.record_id, "case_id": hand_off.case_id, "version": entry.version, "kind": kind, "created_at": self._ledger.now,
            "sealed": entry.sealed, "author_id": staff.id, "signature": entry.signature, "previous": entry.previous,
        }  # fmt: skip
        head = Update(table="cases", key={"id": hand_off.case_id}, values={"head": link(signed, entry.signature)})
        return [Insert(table="case_record", row=row), head]

    @staticmethod
    def head(hand_off: HandOff, entry: Entry) -> Require:
        """That the entry before is the one that this one names, and that the case has the key that it is sealed to."""
        head = None if entry.previous == FIRST else entry.previous
        return Require(table="cases", key={"id": hand_off.case_id}, values={"head": head, "public_key": entry.public_key})


def _may_speak(staff: Who, hand_off: HandOff) -> Refusal | None:
    if hand_off.state is not State.ACTIVE:
        return Refusal.OVER if hand_off.state in (State.WRAP_UP, State.CLOSED) else Refusal.NOT_NOW
    if hand_off.owner_id != staff.id:
        return Refusal.TAKEN
    if hand_off.conversation_id is None:
        return Refusal.OVER
    return Refusal.UNSAFE if hand_off.safe == "no" else None


def _named(row: Change, record_id: bytes) -> Change:
    """The outbox row with the record that it belongs to: the console shows what became of it."""
    if not isinstance(row, Insert) or row.table != "outbox":
        raise TypeError("a bubble is a row of the outbox")
    named: dict[str, Any] = {**row.row, "record_id": record_id}
    return Insert(table="outbox", row=named)
