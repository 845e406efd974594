"""Cases over HTTP: sealed records, replies into the reporter's mailbox, notes, status, the three days. What staff write is signed and
chained."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from actions import audit
from actions.access import allowed
from actions.block import lifts
from actions.rows import Change, Insert, Require, Update
from bot.adapters import forged
from bot.blocks import Blocks
from bot.console.auth import Staff
from bot.console.body import BadRequest
from bot.console.guard import Asked, answer, body_of, hex_of, identifier, one_of
from bot.console.hand_offs import blob, entry_of, page_json, record_json, second_of
from bot.console.reach import Reach
from bot.console.reading import Reading
from bot.desk.errors import Refused
from bot.desk.mailbox import Mailbox, Message
from bot.desk.replies import DOUBTFUL
from bot.heads_up import UNREACHABLE, Tell
from bot.storage.audit import AuditChain
from bot.storage.case_file import CaseFile
from bot.storage.faults import Moved
from bot.storage.sharing import CASE_CHANGED, notice
from bot.storage.writer import Writer
from bot.vault.errors import SignatureError
from bot.vault.row_tag import RowTags, same
from bot.vault.signing import SIGNATURE_BYTES
from bot.vault.staff_entry import FIRST, StaffEntry, check_entry, link

REOPENED = "reopened"
STATUSES = ("assessed", "in_progress", "referred", "closed", REOPENED)
_MOST_MAILBOXES = 4
_LOOKS = 3  # at a case whose key is changed meanwhile


def hand_off_json(row: Any) -> dict[str, Any]:
    """What is in clear of a conversation that a case had: who had it, how it ended, what came of it. `owner` is the last of `owners`;
    `closing` and `closed` are who closed it first and for good (in a crisis the same person where there was nobody else)."""
    ids = {"owner": row.owner_id, "closing": row.closing_id, "closed": row.closed_by}
    return {
        "id": row.id.hex(), "state": row.state, "urgency": row.urgency, "at": row.created_at, "taken_at": row.taken_at,
        "ended_at": row.ended_at, "ended": row.ended, "outcome": row.outcome, "risk": row.risk, "rating": row.rating,
        "owners": row.owners or 0, "false_alarm": bool(row.false_alarm),
        **{name: value.hex() if value else None for name, value in ids.items()},
    }  # fmt: skip


class Cases:
    """Endpoints under /console/j/case/{id}, and files. `changed` tells the consoles that a case is another than before."""

    def __init__(
        self, *, cases: CaseFile, writer: Writer, reach: Reach, reading: Reading, clock: Callable[[], float],
        changed: Callable[[bytes], None], mailbox: Mailbox, tags: RowTags, tell: Tell,
        blocks: Blocks, chain: AuditChain,
    ) -> None:  # fmt: skip
        self._cases, self._writer, self._reach, self._reading, self._clock, self._changed = cases, writer, reach, reading, clock, changed
        self._mailbox, self._tags, self._tell, self._blocks, self._chain = mailbox, tags, tell, blocks, chain

    async def opened(self, request: Request, asked: Asked) -> Response:
        """The sealed case. Its key, sealed to the unit, comes with the first look, which is on the audit chain, and by which its status
        says that it was read, before that; `since` (seconds) gives what came later, without it."""
        since = second_of(request, "since")
        if await self._cases.key_for(asked.id, asked.staff.unit_id) is None:
            return answer({"error": "not_there"}, 404)
        if since:
            await self._reach.goes_on(asked.staff, asked.id, audit.CASE_OPENED)
        else:
            await self._reach.opened(asked.staff, asked.id, audit.CASE_OPENED)
            if "status" in allowed(asked.staff.role)["case"]:  # who reads and does nothing is not who it waits for
                await self._reading.opened(asked.id)
        case, held = await self._held(asked, since)
        if case is None:
            return answer({"error": "not_there"}, 404)
        mailboxes = await self._mailboxes(case.id)
        waiting = await self._cases.waiting_in(case.id)
        hand_offs = [hand_off_json(each) for each in await self._cases.hand_offs_of(case.id)]
        return answer(
            {
                "id": case.id.hex(), "kind": case.kind, "urgency": case.urgency, "status": case.status, "language": case.language,
                "created_at": case.created_at, "public_key": case.public_key.hex(), "unit_id": asked.staff.unit_id.hex(),
                "head": (case.head or FIRST).hex(), "now": int(self._clock()), **held,
                "hand_offs": hand_offs, "block": await self._block(asked),
                "mailboxes": [{"id": box.mailbox_id.hex(), "public": box.mailbox_public.hex()} for box in mailboxes],
                "waiting": [
                    {"id": m.id.hex(), "at": m.created_at, "sha256": hashlib.sha256(m.sealed).hexdigest()} for m in waiting
                ],
            }
        )  # fmt: skip

    async def _held(self, asked: Asked, since: int) -> tuple[Any, dict[str, Any]]:
        """A case's row and what is sealed in it, as they are at one time: its key may be changed meanwhile. The row is None if there is no
        such case any more."""
        case = await self._cases.case(asked.id)
        for _ in range(_LOOKS):
            if since:
                held: dict[str, Any] = {"records": [record_json(each) for each in await self._cases.records.later(asked.id, since)]}
            else:
                key = await self._cases.key_for(asked.id, asked.staff.unit_id) or b""
                held = {**page_json(await self._cases.records.newest(asked.id)), "key": base64.b64encode(key).decode()}
            held["told"] = (case.told or 0) if case is not None else 0
            was, case = case, await self._cases.case(asked.id)
            if case is None or was is None or case.public_key == was.public_key:
                break
        return case, held
    async def _block(self, asked: Asked) -> dict[str, Any] | None:
        """The block that this case led to, if it holds: until when, and whether whoever looks may lift it."""
        block = await self._blocks.of_case(asked.id)
        may = "unblock" in allowed(asked.staff.role)["case"]
        return {"until": block.until, "lifts": may and lifts(asked.staff, block.staff_id)} if block is not None else None

    async def _mailboxes(self, case_id: bytes) -> list[Any]:
        """A case's mailboxes, as far as this service made them: nobody is answered into a box that somebody else put there."""
        rows = await self._cases.mailboxes(case_id)
        return [
            row
            for row in rows
            if same(
                self._tags.receipt(
                    row.locator, case_id=row.case_id, mailbox_id=row.mailbox_id, mailbox_public=row.mailbox_public
                ),
                row.tag,
            )
        ]  # fmt: skip

    async def earlier(self, request: Request, asked: Asked) -> Response:
        """What was said before a second."""
        await self._reach.goes_on(asked.staff, asked.id, audit.CASE_OPENED)
        return answer(page_json(await self._cases.records.earlier(asked.id, second_of(request, "before"))))

    async def reply(self, request: Request, asked: Asked) -> Response:
        """A reply: one message sealed to each of the case's mailboxes and signed, and the same words sealed to the case, signed."""
        body = await body_of(request)
        boxes = {box.mailbox_id for box in await self._mailboxes(asked.id)}
        messages = body.get("messages")
        if not isinstance(messages, list) or not 1 <= len(messages) <= _MOST_MAILBOXES:
            raise BadRequest
        taken: list[Message] = []
        for message in messages:
            if not isinstance(message, dict):
                raise BadRequest
            if (box := identifier(message.get("mailbox_id"))) not in boxes:
                await self._reach.strange_case(asked.staff, await self._cases.case_of_mailbox(box))
                raise BadRequest
            signature = hex_of(message.get("signature"))
            if len(signature) != SIGNATURE_BYTES:
                raise BadRequest
            taken.append(
                Message(
                    id=identifier(message.get("id")), mailbox_id=identifier(message.get("mailbox_id")), sealed=blob(message.get("sealed")),
                    signature=signature,
                )
            )  # fmt: skip
        staff = asked.staff
        try:
            rows = await self._mailbox.rows(
                taken, case_id=asked.id, unit_id=staff.unit_id, author_id=staff.id, now=int(self._clock())
            )  # fmt: skip
        except Refused as refused:
            raise BadRequest(refused.code, 422) from None
        return await self._entered(asked, "reply", body, rows)

    async def tell(self, request: Request, asked: Asked) -> Response:
        """Says in the reporter's chat that an answer waits, if they agreed to it and one does. The address comes as it lies in the case
        under its outer layer, which this browser took off: it reads nothing of it. That it was used is on the audit chain. The code says
        what became of it (`bot.heads_up`). One that its reporter took back is not used, whoever still holds it."""
        body = await body_of(request)
        inner, record_id = blob(body.get("address")), identifier(body.get("record_id"))
        known = await self._cases.records.has(asked.id, record_id, "return_address")
        if not known:
            await self._reach.strange_case(asked.staff, await self._cases.case_of_record(record_id))
        case = await self._cases.case(asked.id)
        if case is None or not await self._cases.waiting_in(asked.id):
            raise BadRequest
        if not known:
            return answer({"code": UNREACHABLE})
        await self._reach.opened(asked.staff, asked.id, audit.ADDRESS_USED)
        left = Require(table="case_record", key={"id": record_id}, values={"case_id": asked.id, "kind": "return_address"})
        return answer({"code": await self._tell(asked.id, record_id, inner, case.language, [left])})

    async def note(self, request: Request, asked: Asked) -> Response:
        """Words to colleagues."""
        return await self._entered(asked, "note", await body_of(request))

    async def status(self, request: Request, asked: Asked) -> Response:
        """How far the work is, as the reporter sees it with the code; why is sealed."""
        body = await body_of(request)
        values: dict[str, Any] = {"status": one_of(body.get("status"), STATUSES)}
        case = await self._cases.case(asked.id)
        if values["status"] == REOPENED and case is not None:  # there may be something new in it: what was answered before is asked again
            values["due_at"] = self._reading.due(case.created_at)
        return await self._entered(asked, "status", body, values=values)

    async def duty(self, request: Request, asked: Asked) -> Response:
        """Whether the police have to know within three days (UU 12/2022 Art. 41) is answered: no, or they do. Which of the two is sealed;
        in clear is that nobody need be reminded any more."""
        return await self._entered(asked, "duty", await body_of(request), values={"due_at": None})

    async def unblock(self, request: Request, asked: Asked) -> Response:
        """Lifts the block that this case led to: whoever set it, or a lead."""
        body, block = await body_of(request), await self._blocks.of_case(asked.id)
        if block is None or not lifts(asked.staff, block.staff_id):
            return answer({"error": "over" if block is None else "not_yours"}, 409)
        holds = Require(table="block", key={"id": self._tags.block(asked.id)}, values={"until": block.until})
        return await self._entered(asked, "note", body, self._blocks.lifted(asked.id), action=audit.ADDRESS_UNBLOCKED, requires=[holds])

    async def _entered(
        self, asked: Asked, kind: str, body: Mapping[str, Any], along: Sequence[Change] = (), values: Mapping[str, Any] | None = None, *,
        action: str = "", requires: Sequence[Require] = (),
    ) -> Response:  # fmt: skip
        """Writes a staff entry, if it is signed by who sends it, follows the last one and is sealed to the key that the case has; with
        `action` it is on the audit chain, too."""
        parts = entry_of(body)
        signature, public_key = parts.pop("signature"), parts.pop("public_key")
        entry = StaffEntry(case_id=asked.id, author_id=asked.staff.id, **parts)
        await self._signed(asked.staff, entry, signature)
        row = {
            "id": entry.record_id, "case_id": entry.case_id, "version": entry.version, "kind": kind, "created_at": int(self._clock()),
            "sealed": entry.sealed, "author_id": entry.author_id, "signature": signature, "previous": entry.previous,
        }  # fmt: skip
        case = await self._cases.case(asked.id)
        if case is not None and not self._tags.wrote_case(case):
            forged("case", case.id)
            return answer({"error": DOUBTFUL}, 409)
        head = link(entry, signature)
        rows = [
            Insert(table="case_record", row=row), *along,
            Update(table="cases", key={"id": asked.id}, values={"head": head, **(values or {})}),
        ]  # fmt: skip
        before = None if entry.previous == FIRST else entry.previous
        relied_on = [Require(table="cases", key={"id": asked.id}, values={"head": before, "public_key": public_key}), *requires]
        notices = (notice(CASE_CHANGED, asked.id),)
        try:
            if case is not None and case.public_key != public_key:
                raise Moved  # whose key it was that this is sealed to, nobody vouches for
            if action:
                await self._chain.append(
                    action=action, subject=asked.id, actors=[asked.staff.id], at=row["created_at"], along=rows, requires=relied_on,
                    notices=notices,
                )  # fmt: skip
            else:
                await self._writer.write(rows, requires=relied_on, notices=notices)
        except Moved:
            case = await self._cases.case(asked.id)
            return answer({"error": "behind", "head": ((case.head if case is not None else None) or FIRST).hex()}, 409)
        self._changed(asked.id)
        return answer({"code": "ok", "head": head.hex(), "at": row["created_at"]})

    async def _signed(self, staff: Staff, entry: StaffEntry, signature: bytes) -> None:
        author = await self._mailbox.author(staff.id, staff.unit_id)
        try:
            if author is None:
                raise SignatureError
            check_entry(entry, signature, author_public=author.signing_public)
        except SignatureError:
            raise BadRequest("forged", 422) from None

    async def file(self, request: Request, asked: Asked) -> Response:
        """Sealed pieces of a file, from one on: the file's key lies in the sealed case. Each look at its beginning goes to the audit chain,
        and the first of a session wherever it begins."""
        first = int(request.path_params["first"])
        look = self._reach.goes_on if first else self._reach.opened
        await look(asked.staff, asked.id, audit.FILE_OPENED)
        pieces = await self._cases.file_pieces(asked.id, first)
        return answer({"pieces": [base64.b64encode(piece).decode() for piece in pieces]})
