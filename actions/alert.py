"""Danger and hand-offs: a sealed case from the first message on, and a stored row that people find."""

from __future__ import annotations

from typing import Any

from actions.case import address_record, open_case, readers, receipt_row, sealed_record, seconds, told_about
from actions.ports import NewCase, Outcome, Ports, Request
from actions.rows import Change, Insert, Update


def _alert(request: Request) -> bytes | None:
    """The case of the alert that this conversation raised, or None."""
    alert = request.facts.get("alert")
    return bytes.fromhex(alert) if isinstance(alert, str) else None


async def _add(request: Request, ports: Ports, case_id: bytes, body: dict[str, Any]) -> list[Change] | None:
    public_key = await ports.cases.public_key(case_id)
    if public_key is None:
        return None
    return [sealed_record(request, ports, case_id=case_id, public_key=public_key, kind="message", body=body)]


async def _open(
    request: Request, ports: Ports, *, reason: str, urgency: str, body: dict[str, Any], kind: str
) -> tuple[NewCase, list[Change]] | None:  # fmt: skip
    units = readers(await ports.units.recipients(), told_about(request))
    if not units:
        return None
    case, rows = await open_case(request, ports, kind=kind, urgency=urgency, body=body, to=units)
    rows.append(
        Insert(
            table="hand_off",
            row={"id": ports.new_id(), "case_id": case.id, "reason": reason, "state": "waiting", "created_at": seconds(request.now)},
        )
    )
    return case, rows


async def raise_alert(request: Request, ports: Ports) -> Outcome:
    """Stores an alert with the words that alarmed. ok, or closed if nobody could read it. A second alert joins the first one's case."""
    kind = str(request.arguments.get("kind", "emergency"))
    body: dict[str, Any] = {"alert": kind}
    if request.facts.get("trigger"):
        body["words"] = request.facts["trigger"]
    known = _alert(request)
    if known is not None:
        more = await _add(request, ports, known, body)
        if more is not None:
            return Outcome(code="ok", rows=tuple(more), facts={"trigger": None})
    urgency = "danger" if kind == "emergency" else "self_harm"
    opened = await _open(request, ports, reason=urgency, urgency=urgency, body=body, kind="alert")
    if opened is None:
        return Outcome(code="closed", facts={"trigger": None})
    case, rows = opened
    return Outcome(code="ok", rows=tuple(rows), facts={"alert": case.id.hex(), "trigger": None})


async def append_note(request: Request, ports: Ports) -> Outcome:
    """Adds the last answer to the alert's case. ok, or closed if there is no such case."""
    case_id = _alert(request)
    if case_id is None:
        return Outcome(code="closed")
    answer = request.answers.get(request.last)
    rows = await _add(request, ports, case_id, {"question": request.last, "answer": answer})
    return Outcome(code="ok", rows=tuple(rows)) if rows is not None else Outcome(code="closed")


async def give_code(request: Request, ports: Ports) -> Outcome:
    """A code for the alert's case. ok with the code, or closed if there is no such case or it was given before."""
    case_id = _alert(request)
    if case_id is None or request.facts.get("code_given"):
        return Outcome(code="closed")
    words, row = await receipt_row(ports, case_id)
    return Outcome(code="ok", result={"code": words}, rows=(row,), facts={"code_given": True}, secret=True)


async def false_alarm(request: Request, ports: Ports) -> Outcome:
    """Notes that the person says that there is no danger. The case stays: two people close it, never the bot."""
    case_id = _alert(request)
    if case_id is None:
        return Outcome(code="ok")
    rows: list[Change] = [Update(table="hand_off", key={"case_id": case_id}, values={"state": "false_alarm"})]
    rows += await _add(request, ports, case_id, {"false_alarm": True}) or []
    return Outcome(code="ok", rows=tuple(rows), facts={"alert": None, "code_given": None})


async def hand_off(request: Request, ports: Ports) -> Outcome:
    """Stores a message for a counsellor. ok with the code, or closed if nobody could read it."""
    reason = str(request.arguments.get("reason", "asked"))
    urgency = reason if reason in ("danger", "self_harm") else "child" if request.facts.get("reader") == "child" else "other"
    answers = {name: value for name, value in request.answers.items() if value is not None}
    body: dict[str, Any] = {"reason": reason, "answers": answers}
    if request.facts.get("told"):
        body["told_before"] = request.facts["told"]
    opened = await _open(request, ports, reason=reason, urgency=urgency, body=body, kind="hand_off")
    if opened is None:
        return Outcome(code="closed")
    case, rows = opened
    words, row = await receipt_row(ports, case.id)
    rows.append(row)
    if request.answers.get("phone") == "own_here":
        rows.append(address_record(request, ports, case))
    return Outcome(code="ok", result={"code": words}, rows=tuple(rows), facts={"told": None}, forget=True, new_key=True, secret=True)
