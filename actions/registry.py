"""The actions, by the name that a definition uses, with the result codes that each may give."""

from __future__ import annotations

from dataclasses import dataclass

from actions.alert import append_note, false_alarm, give_code, hand_off, raise_alert
from actions.block import CLOSED, answer_blocked
from actions.erase import erase, erase_later, leave
from actions.errors import UnknownAction
from actions.evidence import drop_file, remove_files, take_file
from actions.follow_up import add_to_case, may_add, open_mailbox
from actions.ports import Action, Outcome, Ports, Request
from actions.report import submit_report
from actions.talk import book_callback, end_talk, may_call, pass_on, rate, stop_waiting


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An action and every code that it may come back with: `check` demands a way on for each."""

    run: Action
    codes: tuple[str, ...]


ACTIONS: dict[str, Entry] = {
    "submit_report": Entry(run=submit_report, codes=("ok", "closed", "insider", "error")),
    "raise_alert": Entry(run=raise_alert, codes=("ok", "closed", "error")),
    "append_note": Entry(run=append_note, codes=("ok", "closed", "error")),
    "give_code": Entry(run=give_code, codes=("ok", "closed", "error")),
    "false_alarm": Entry(run=false_alarm, codes=("ok", "error")),
    "hand_off": Entry(run=hand_off, codes=("ok", "closed", "error")),
    "pass_on": Entry(run=pass_on, codes=("ok", "closed", "error")),
    "stop_waiting": Entry(run=stop_waiting, codes=("ok", "closed", "error")),
    "end_talk": Entry(run=end_talk, codes=("ok", "closed", "error")),
    "book_callback": Entry(run=book_callback, codes=("ok", "past", "nobody", "closed", "error")),
    "may_call": Entry(run=may_call, codes=("ok", "closed", "error")),
    "answer_blocked": Entry(run=answer_blocked, codes=("now", "later", "error")),
    "rate": Entry(run=rate, codes=("ok", "closed", "error")),
    "open_mailbox": Entry(run=open_mailbox, codes=("found", "not_found", "too_many", "error")),
    "may_add": Entry(run=may_add, codes=("ok", "full", "error")),
    "add_to_case": Entry(run=add_to_case, codes=("ok", "closed", "error")),
    "leave": Entry(run=leave, codes=("sealed", "erased", "kept", "error")),
    "erase_later": Entry(run=erase_later, codes=("ok", "error")),
    "take_file": Entry(run=take_file, codes=("ok", "too_big", "wrong_type", "unreachable", "error")),
    "drop_file": Entry(run=drop_file, codes=("ok", "error")),
    "remove_files": Entry(run=remove_files, codes=("ok", "error")),
    "erase": Entry(run=erase, codes=("wiped", "partly", "error")),
}


async def run(name: str, request: Request, ports: Ports) -> Outcome:
    """Runs an action; from a blocked address none that would bring something to the desk. Raises UnknownAction for a name that is not in
    the registry."""
    entry = ACTIONS.get(name)
    if entry is None:
        raise UnknownAction(name)
    if request.blocked and name in CLOSED:
        return Outcome(code="closed")
    return await entry.run(request, ports)
