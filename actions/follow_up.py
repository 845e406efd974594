"""Coming back with the five words."""

from __future__ import annotations

from typing import Any

from actions.case import sealed_record
from actions.evidence import FACT, files_of, handed_over
from actions.ports import Outcome, Ports, Request
from actions.rows import Delete


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


async def add_to_case(request: Request, ports: Ports) -> Outcome:
    """Adds the last answer to the case that the code opened. ok, or closed if it is gone."""
    known = request.answers.get("case")  # goes when this part of the conversation ends: nothing links the chat to the case
    public_key = await ports.cases.public_key(bytes.fromhex(known)) if isinstance(known, str) else None
    if not isinstance(known, str) or public_key is None:
        return Outcome(code="closed")
    body: dict[str, Any] = {"added": request.answers.get(request.last)}
    files = files_of(request.facts)
    if files:
        body["files"] = files
    row = sealed_record(request, ports, case_id=bytes.fromhex(known), public_key=public_key, kind="message", body=body)
    rows = (row, *handed_over(files, bytes.fromhex(known)))
    return Outcome(code="ok", rows=rows, forget=True, keep={"case": known}, new_key=True, facts={FACT: None, "pictures": None})
