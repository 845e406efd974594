"""Coming back with the five words."""

from __future__ import annotations

from typing import Any

from actions.case import more_to_read, open_case, readers, sealed_record, seconds
from actions.evidence import FACT, files_of, handed_over
from actions.hand_off import Urgency
from actions.ports import Outcome, Ports, Request
from actions.rows import Change, Delete

MOST = 40
"""How many additions a case takes on one day, and for as long as nobody has read them: all of them come with every opening of the case.
Danger knows no such measure: the case of somebody who was in danger has none, and what is heard as danger becomes an alert anywhere."""


async def open_mailbox(request: Request, ports: Ports) -> Outcome:
    """found with status, replies and count; not_found; too_many once the hour's budget of tries is spent."""
    counted = await ports.guesses.count(conversation_id=request.conversation_id, channel=request.channel, now=request.now)
    if counted is None:
        return Outcome(code="too_many")
    opened = await ports.receipts.open(str(request.answers.get(request.last) or ""))
    if opened is None:
        return Outcome(code="not_found", rows=tuple(counted))
    # What was read is erased with the commit that stores the reply to the reporter.
    read = tuple(Delete(table="mailbox_message", key={"id": message}) for message in opened.reply_ids)
    return Outcome(
        code="found", rows=read, keep={"case": opened.case_id.hex()}, new_key=True, secret=True,
        result={"status": opened.status, "replies": "\n\n".join(opened.replies), "count": len(opened.replies)},
    )  # fmt: skip


async def _added(request: Request, ports: Ports, case_id: bytes) -> int:
    """How many additions a case got today and as long as nobody has read them; none where somebody is in danger."""
    case = await ports.cases.unread(case_id)
    if case.urgency in (Urgency.DANGER, Urgency.SELF_HARM):
        return 0
    today = seconds(request.now.astimezone(ports.zone).replace(hour=0, minute=0, second=0, microsecond=0))
    return await ports.cases.told_since(case_id, today if case.added_at is None else min(today, case.added_at))


async def may_add(request: Request, ports: Ports) -> Outcome:
    """Whether the case that the code opened takes one more addition; asked before somebody writes it. ok, or full."""
    known = request.answers.get("case")
    case_id = bytes.fromhex(known) if isinstance(known, str) else None
    if case_id is None or await ports.cases.public_key(case_id) is None:
        return Outcome(code="ok")  # `add_to_case` knows where it belongs then
    return Outcome(code="full" if await _added(request, ports, case_id) >= MOST else "ok")


async def add_to_case(request: Request, ports: Ports) -> Outcome:
    """Adds the last answer to the case that the code opened. If that is gone, or its key is not the one that it was made with, a new case
    takes it up for the lead units, and says where it belongs: nothing is sealed to a stranger, and nothing is lost. ok, or closed if there
    is no lead unit, or if the case got far too many from many chats that asked before (`may_add`)."""
    known = request.answers.get("case")  # goes when this part of the conversation ends: nothing links the chat to the case
    if not isinstance(known, str):
        return Outcome(code="closed")
    case_id = bytes.fromhex(known)
    public_key = await ports.cases.public_key(case_id)
    files = files_of(request.facts)
    body: dict[str, Any] = {"added": request.answers.get(request.last)} | ({"files": files} if files else {})
    rows: list[Change]
    if public_key is not None:
        if await _added(request, ports, case_id) >= 2 * MOST:
            return Outcome(code="closed")
        rows = [
            sealed_record(request, ports, case_id=case_id, public_key=public_key, kind="message", body=body),
            await more_to_read(request, ports, case_id),
        ]
    else:
        # Who is named in the case is not known here: no more than what a report gets where that is not sure.
        to = readers(await ports.units.recipients(), {"insider": ["unsure"]})
        if not to:
            return Outcome(code="closed")
        body["belongs_to"] = known
        case, rows = await open_case(request, ports, kind="unfinished", urgency="child", body=body, to=to)
        case_id = case.id
    rows += handed_over(files, case_id)
    return Outcome(code="ok", rows=tuple(rows), forget=True, keep={"case": known}, new_key=True, facts={FACT: None, "pictures": None})
