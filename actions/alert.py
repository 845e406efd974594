"""Danger and hand-offs: a sealed case from the first message on, and a stored row that people find."""

from __future__ import annotations

from typing import Any

from actions.case import address_left, more_to_read, open_case, readers, receipt_row, sealed_record, seconds, told_about
from actions.desk_row import alarmed, hand_off_of, linked, moved, wrote
from actions.evidence import FACT, files_of, given, handed_over
from actions.ports import NewCase, Outcome, Ports, Request
from actions.queue import MESSAGE, CameBack, FalseAlarm, SafeAnswered
from actions.rows import Change, Insert, Update
from flows.noted import CERTAIN, GUESSES

LATER = "later"
"""The answer of somebody who meets nobody at the desk: only a message, or to be called back."""


def _alert(request: Request) -> bytes | None:
    """The case of the alert that this conversation raised, or None."""
    alert = request.facts.get("alert")
    return bytes.fromhex(alert) if isinstance(alert, str) else None


def _noted(request: Request, case_id: bytes) -> list[Change]:
    """The hand-off of a case is changed, so that consoles hear that there is more in it."""
    hand_off = hand_off_of(request)
    return moved(request, [wrote(request)]) if hand_off is not None and hand_off.case_id == case_id else []


async def _add(request: Request, ports: Ports, case_id: bytes, body: dict[str, Any]) -> list[Change] | None:
    public_key = await ports.cases.public_key(case_id)
    if public_key is None:
        return None
    record = sealed_record(request, ports, case_id=case_id, public_key=public_key, kind="message", body=body)
    return [record, *(_noted(request, case_id) or [await more_to_read(request, ports, case_id)])]


async def _open(
    request: Request, ports: Ports, *, reason: str, urgency: str, body: dict[str, Any], kind: str, talk: bool
) -> tuple[NewCase, bytes, list[Change]] | None:  # fmt: skip
    """A case and its hand-off, with the hand-off's id; with `talk` the conversation is in it, and whoever takes it can speak there."""
    units = readers(await ports.units.recipients(), told_about(request))
    if not units:
        return None
    case, rows = await open_case(request, ports, kind=kind, urgency=urgency, body=body, to=units)
    hand_off_id = ports.new_id()
    rows.append(
        Insert(
            table="hand_off",
            row={
                "id": hand_off_id, "case_id": case.id, "reason": reason, "state": "waiting", "created_at": seconds(request.now),
                "urgency": urgency, "language": request.language, "version": 0, "waiting_since": seconds(request.now), "false_alarm": 0,
                "conversation_id": request.conversation_id if talk else None, "ended": None if talk else MESSAGE,
            },
        )
    )
    return case, hand_off_id, [*rows, *(linked(request, hand_off_id) if talk else ())]


async def raise_alert(request: Request, ports: Ports) -> Outcome:
    """Stores an alert with the words that alarmed. ok, or closed if nobody could read it. One that is raised while somebody waits for a
    person, or speaks with one, joins that and makes it as urgent: so does a second alert. Once people have ended that talk there is nobody
    to hear it there: then it is a new one, and rings."""
    kind = str(request.arguments.get("kind", "emergency"))
    body: dict[str, Any] = {"alert": kind}
    if request.facts.get("trigger"):
        body["words"] = request.facts["trigger"]
    if request.facts.get(GUESSES):
        body[GUESSES] = request.facts[GUESSES]
    hand_off = hand_off_of(request)
    if hand_off is not None:
        known = hand_off.case_id
        more = await _add(request, ports, known, body)
        if more is not None:
            more += moved(request, [alarmed(request, kind), wrote(request)])
            return Outcome(code="ok", rows=tuple(more), facts={"alert": known.hex(), "trigger": None})
    urgency = "danger" if kind == "emergency" else "self_harm"
    # What was sent before goes with it if the person agreed to being read; it stays in the report as well.
    files = files_of(request.facts) if request.facts.get("unfinished") == "yes" else []
    if files:
        body["files"] = files
    opened = await _open(request, ports, reason=urgency, urgency=urgency, body=body, kind="alert", talk=True)
    if opened is None:
        return Outcome(code="closed", facts={"trigger": None})
    case, _, rows = opened
    rows += handed_over(files, case.id)
    kept = {FACT: given(files)} if files else {}
    return Outcome(code="ok", rows=tuple(rows), facts={"alert": case.id.hex(), "trigger": None, "code_given": None, **kept})


async def append_note(request: Request, ports: Ports) -> Outcome:
    """Adds the last answer to the alert's case, with the voice that it was given in. ok, or closed if there is no such case."""
    case_id = _alert(request)
    if case_id is None:
        return Outcome(code="closed")
    body: dict[str, Any] = {"question": request.last, "answer": request.answers.get(request.last)}
    files = files_of(request.facts)
    heard = [file for file in files if file["id"] == request.facts.get("heard_file")]
    if heard:
        body["files"] = heard
    rows = await _add(request, ports, case_id, body)
    if rows is None:
        return Outcome(code="closed")
    if not heard:
        return Outcome(code="ok", rows=tuple(rows))
    rest = [given([file])[0] if file in heard else file for file in files]
    return Outcome(code="ok", rows=(*rows, *handed_over(heard, case_id)), facts={FACT: rest, "heard_file": None})


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
    hand_off = hand_off_of(request)
    here = hand_off is not None and hand_off.case_id == case_id
    rows: list[Change] = moved(request, [FalseAlarm(at=seconds(request.now)), wrote(request)]) if here else []
    # Nobody is woken for it any more. It has to be read all the same, and it is never called low.
    later = seconds(request.now) + ports.deadlines.medium
    rows.append(Update(table="cases", key={"id": case_id, "status": "stored"}, values={"due_at": later}))
    if not here:  # the talk is over, or was with somebody else: what is said of the alert counts all the same
        rows.append(Update(table="hand_off", key={"case_id": case_id}, values={"false_alarm": 1}))
    rows += await _add(request, ports, case_id, {"false_alarm": True}) or []
    return Outcome(code="ok", rows=tuple(rows), facts={"alert": None, "code_given": None})


async def hand_off(request: Request, ports: Ports) -> Outcome:
    """Stores a message for a counsellor. ok with the code, or closed if nobody could read it. With `talk` the conversation is in it:
    whoever takes it can speak there; if it is in one already (an alert was raised, a call back is booked), the words join that."""
    talk = bool(request.arguments.get("talk"))
    reason = str(request.arguments.get("reason", "asked"))
    urgency = reason if reason in ("danger", "self_harm") else "child" if request.facts.get("reader") == "child" else "other"
    answers = {name: value for name, value in request.answers.items() if value is not None}
    body: dict[str, Any] = {"reason": reason, "answers": answers}
    if request.facts.get("told"):
        body["told_before"] = request.facts["told"]
    if request.facts.get(GUESSES):
        body[GUESSES] = request.facts[GUESSES]
    # Those of a report that is open go along only if its teller agreed to its being read.
    report = "report" in request.drafts
    if talk and report and request.facts.get("unfinished") == "yes":
        body["report_so_far"] = {name: value for name, value in request.drafts["report"].items() if value is not None}
    files = files_of(request.facts) if not report or request.facts.get("unfinished") == "yes" else []
    if files:
        body["files"] = files
    joined = await _joined(request, ports, body) if talk else None
    opened = joined or await _open(request, ports, reason=reason, urgency=urgency, body=body, kind="hand_off", talk=talk)
    if opened is None:
        return Outcome(code="closed")
    case, hand_off_id, rows = opened
    words, row = await receipt_row(ports, case.id)
    rows.append(row)
    address, left = address_left(request, ports, case, agreed=request.answers.get("phone") == "own_here")
    rows += [*address, *handed_over(files, case.id)]
    facts: dict[str, Any] = {"told": None, **left}
    if not report:
        facts |= {FACT: None, "pictures": None, GUESSES: None, CERTAIN: None}
    elif files:
        facts[FACT] = given(files)
    kept = {"hand_off": hand_off_id.hex()} if talk else {}
    if talk and request.answers.get(LATER) == "callback":  # the rest of the way to it is asked after the code was given
        kept[LATER] = "callback"
    return Outcome(code="ok", result={"code": words}, rows=tuple(rows), facts=facts, keep=kept, forget=True, new_key=True, secret=True)


async def _joined(request: Request, ports: Ports, body: dict[str, Any]) -> tuple[NewCase, bytes, list[Change]] | None:
    """The hand-off that the conversation is in already, with more in its case; who was to be called back waits now."""
    hand_off = hand_off_of(request)
    public_key = await ports.cases.public_key(hand_off.case_id) if hand_off is not None else None
    if hand_off is None or public_key is None:
        return None
    now = seconds(request.now)
    rows: list[Change] = [
        sealed_record(request, ports, case_id=hand_off.case_id, public_key=public_key, kind="message", body=body),
        *moved(request, [CameBack(at=now), SafeAnswered(at=now, yes=True), wrote(request)]),
    ]
    return NewCase(id=hand_off.case_id, public_key=public_key), hand_off.id, rows
