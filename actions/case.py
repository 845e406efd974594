"""Opening a case and adding to it. The only place where words of a reporter become a record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from actions.deadline import read_by
from actions.ports import NewCase, Ports, Recipient, Request
from actions.rows import Change, Delete, Insert, Require, Update

RECORD_FORMAT = 1
# The answer that names where the alleged perpetrator works → the kind of unit that must not receive the report.
INSIDER_KINDS = {"school": "school", "health": "health", "kelurahan": "kelurahan", "police": "police", "this_service": "service"}


def seconds(now: datetime) -> int:
    """Whole seconds since 1970 of an aware datetime."""
    if now.tzinfo is None:
        raise ValueError("a time without a zone")
    return int(now.timestamp())


def record_bytes(kind: str, body: Mapping[str, Any], *, language: str, now: datetime) -> bytes:
    """A record as it is sealed: JSON with its kind, language and time of telling."""
    record = {"format": RECORD_FORMAT, "kind": kind, "language": language, "told_at": now.isoformat(timespec="seconds")}
    return json.dumps({**record, **body}, ensure_ascii=False, separators=(",", ":")).encode()


def readers(units: Sequence[Recipient], answers: Mapping[str, Any]) -> tuple[Recipient, ...]:
    """The units that may receive a report: none of a kind where the alleged perpetrator works; the lead alone where that is not sure.

    Whoever is named as involved is never sealed to, so that no mistake of a colleague can show it to them. Where it was not said (a child
    is not asked, and neither is who cries for help), this service and the lead read it: they pass on to a school or an office what it has
    to know. All units only if there is none of these.
    """
    insiders = answers.get("insider") or []
    if not insiders:
        return tuple(unit for unit in units if unit.kind == "service" or unit.lead) or tuple(units)
    named = {INSIDER_KINDS[name] for name in insiders if name in INSIDER_KINDS}
    if "unsure" in insiders or "service" in named:
        return tuple(unit for unit in units if unit.lead and unit.kind not in named - {"service"})
    return tuple(unit for unit in units if unit.kind not in named)


def told_about(request: Request) -> Mapping[str, Any]:
    """The answers that say where the alleged perpetrator works: of the report that is open, or of the one that was sent before."""
    draft = request.drafts.get("report", {})
    return draft if draft.get("insider") else {"insider": request.facts.get("insider")}


async def open_case(
    request: Request, ports: Ports, *, kind: str, urgency: str, body: Mapping[str, Any], to: Sequence[Recipient]
) -> tuple[NewCase, list[Change]]:
    """A new case sealed to some units and to recovery, with its first record. Raises ValueError if there is no unit."""
    if not to:
        raise ValueError("a case that nobody could read")
    recovery = await ports.units.recovery()
    case = ports.sealer.new_case((*to, recovery) if recovery is not None else tuple(to))
    now = seconds(request.now)
    rows: list[Change] = [
        Insert(
            table="cases",
            row={
                "id": case.id, "kind": kind, "urgency": urgency, "status": "stored", "language": request.language,
                "public_key": case.public_key, "created_at": now, "due_at": read_by(urgency, now, ports.deadlines), "tag": case.tag,
            },
        ),
        *(
            Insert(table="case_key", row={
                "case_id": case.id, "recipient_id": key.recipient_id, "sealed": key.sealed, "version": key.version, "born": key.version,
                "tag": key.tag,
            })
            for key in case.keys
        ),
        _record(request, ports, case_id=case.id, public_key=case.public_key, kind=kind, body=body),
    ]  # fmt: skip
    return case, rows


def sealed_record(
    request: Request, ports: Ports, *, case_id: bytes, public_key: bytes, kind: str, body: Mapping[str, Any]
) -> Insert:  # fmt: skip
    """One more record of a case that is there. It is written only while that is the case's key: whoever has gone has the one before."""
    record = _record(request, ports, case_id=case_id, public_key=public_key, kind=kind, body=body)
    return replace(record, relies=Require(table="cases", key={"id": case_id}, values={"public_key": public_key}))


async def more_to_read(request: Request, ports: Ports, case_id: bytes) -> Update:
    """That somebody added to a case to which nobody is listening now: it has to be read as a new one has, whoever has closed it. What was
    added before and is unread keeps its time; it is written anew, for somebody may be opening the case at this moment."""
    known, now = await ports.cases.unread(case_id), seconds(request.now)
    waits = known.added_at is not None
    values = {
        "added_at": known.added_at if waits else now,
        "added_due": known.added_due if waits else read_by(known.urgency, now, ports.deadlines),
    }
    return Update(table="cases", key={"id": case_id}, values=values)


def _record(request: Request, ports: Ports, *, case_id: bytes, public_key: bytes, kind: str, body: Mapping[str, Any]) -> Insert:
    record_id = ports.new_id()
    content = record_bytes(kind, body, language=request.language, now=request.now)
    sealed = ports.sealer.seal(content, public_key=public_key, case_id=case_id, record_id=record_id, version=1)
    return Insert(
        table="case_record",
        row={"id": record_id, "case_id": case_id, "version": 1, "kind": kind, "created_at": seconds(request.now), "sealed": sealed},
    )


ADDRESSES = "addresses"
"""The fact that names the return addresses that were left in this talk, so that leaving or erasing it takes them back."""


def address_left(request: Request, ports: Ports, case: NewCase, *, agreed: bool) -> tuple[list[Change], dict[str, Any]]:
    """The return address, if the reporter agreed to our writing first in the chat, and the fact that names it."""
    if not agreed:
        return [], {}
    row = _address_record(request, ports, case)
    return [row], {ADDRESSES: [*request.facts.get(ADDRESSES, ()), row.row["id"].hex()]}


def addresses_taken_back(request: Request) -> list[Change]:
    """Who leaves or erases a chat is not written to in it by themselves any more: the code still opens the answer."""
    return [Delete(table="case_record", key={"id": bytes.fromhex(record_id)}) for record_id in request.facts.get(ADDRESSES, ())]


def _address_record(request: Request, ports: Ports, case: NewCase) -> Insert:
    record_id = ports.new_id()
    # The record's own id: what lies in one record is not used in the name of another one.
    left = {"channel": request.channel, "address": request.address, "record": record_id.hex()}
    address = json.dumps(left, separators=(",", ":")).encode()
    sealed = ports.sealer.seal_address(address, public_key=case.public_key, case_id=case.id, record_id=record_id)
    row = {
        "id": record_id, "case_id": case.id, "version": 1, "kind": "return_address", "created_at": seconds(request.now), "sealed": sealed,
    }  # fmt: skip
    return Insert(table="case_record", row=row)


async def receipt_row(ports: Ports, case_id: bytes) -> tuple[str, Insert]:
    """A new code for a case: the five words, and the row that stands for them."""
    issued = await ports.receipts.issue(case_id)
    row = {
        "locator": issued.locator, "case_id": case_id, "mailbox_id": issued.mailbox_id, "mailbox_public": issued.mailbox_public,
        "tag": issued.tag,
    }  # fmt: skip
    return issued.words, Insert(table="receipt", row=row)
