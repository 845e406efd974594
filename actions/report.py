"""Filing a report: what was told becomes a sealed case, the reporter gets a code, and the bot forgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actions.case import address_left, open_case, readers, receipt_row
from actions.evidence import FACT, files_of, handed_over, without_pictures
from actions.identity import identity_record
from actions.ports import Outcome, Ports, Request
from actions.rows import Change
from flows.noted import CERTAIN, GUESSES


def recorded(answers: Mapping[str, Any], recording: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """The answers in the values of the national recording (SIMFONI PPA), field by field: what the monthly figures are made of.

    `recording` maps an answer's name to option → {field, value, local}. A field may hold several values; an option without a place in the
    national recording adds none.
    """
    values: dict[str, list[dict[str, str]]] = {}
    for name, rows in recording.items():
        answer = answers.get(name)
        for item in answer if isinstance(answer, list) else [answer]:
            row = rows.get(item) if isinstance(item, str) else None
            if row and row.get("field"):
                found = {part: str(row[part]) for part in ("value", "local") if row.get(part)}
                if found and found not in values.setdefault(str(row["field"]), []):
                    values[str(row["field"])].append(found)
    return values


def report_body(request: Request, ports: Ports, *, unfinished: bool = False) -> dict[str, Any]:
    """The content of a report's record: every answer as it was given, and the recording's values beside them."""
    answers = {name: value for name, value in request.answers.items() if value is not None}
    body: dict[str, Any] = {
        "channel": request.channel,
        "reader": request.facts.get("reader"),
        "answers": answers,
        "recording": recorded(answers, ports.recording),
        "unfinished": unfinished,
    }
    if request.facts.get("told"):
        body["told_before"] = request.facts["told"]
    if request.facts.get(GUESSES):
        body[GUESSES] = request.facts[GUESSES]
    if files := report_files(request):
        body["files"] = files
    return body


def report_files(request: Request) -> list[dict[str, Any]]:
    """The files that go with a report: no picture, if what was answered after it came says that none may."""
    kept = files_of(request.facts)
    return [file for file in kept if file.get("kind") != "image"] if without_pictures(request.answers) else kept


def urgency_of(request: Request) -> str:
    """How urgent a report is to be read: danger, child (a child alone writes), other. Never called low."""
    if request.facts.get("alert") or request.answers.get("danger_now") == "yes" or request.answers.get("unsafe") == "danger":
        return "danger"
    return "child" if request.facts.get("reader") == "child" else "other"


async def submit_report(request: Request, ports: Ports) -> Outcome:
    """ok with the code; closed if no unit could read it; insider if every unit that could is named as involved."""
    units = await ports.units.recipients()
    if not units:
        return Outcome(code="closed")
    to = readers(units, request.answers)
    if not to:
        return Outcome(code="insider")
    case, rows = await open_case(
        request, ports, kind="report", urgency=urgency_of(request), body=report_body(request, ports), to=to
    )  # fmt: skip
    words, row = await receipt_row(ports, case.id)
    rows.append(row)
    files = report_files(request)
    rows += handed_over(files, case.id)
    address, left = address_left(request, ports, case, agreed=request.answers.get("phone") == "own_here")
    rows += address
    identity = await identity_record(request, ports, case)
    if identity is not None:
        rows.append(identity)
    return Outcome(
        code="ok", result={"code": words, "pictures_left_out": len(files) < len(files_of(request.facts))}, rows=tuple(rows),
        forget=True, new_key=True, secret=True,
        facts={
            "told": None, GUESSES: None, CERTAIN: None, "trigger": None, "unfinished": None, "insider": request.answers.get("insider"),
            FACT: None, "pictures": None, **left,
        },
    )  # fmt: skip


async def seal_unfinished(request: Request, ports: Ports) -> list[Change]:
    """The rows that keep a report whose teller had to stop and had agreed to its being read. Empty if nobody could read it."""
    to = readers(await ports.units.recipients(), request.answers)
    if not to:
        return []
    case, rows = await open_case(
        request, ports, kind="unfinished", urgency=urgency_of(request), body=report_body(request, ports, unfinished=True), to=to
    )  # fmt: skip
    return [*rows, *handed_over(report_files(request), case.id)]
