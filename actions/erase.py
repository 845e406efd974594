"""Leaving at once, and wiping. The key dies first; what the key locked cannot be read by anybody after that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from actions.block import AGAIN
from actions.case import ADDRESSES, addresses_taken_back, seconds
from actions.desk_row import moved, refusal
from actions.evidence import FACT, files_of, given
from actions.ports import Outcome, Ports, Request
from actions.queue import SILENCE_SECONDS, Erased, Event, Left, Refusal, Silent
from actions.report import seal_unfinished
from actions.rows import Delete, Insert

WIPE = "wipe"
WIPE_AFTER = 47 * 3600
WIPE_NOT_BEFORE = 3600  # whoever asks for it late in a long conversation must have time to write the code down

# Something was told if any of these was answered; a report of taps alone counts as one too.
_TOLD = ("story", "types", "danger_now", "area")
SEALED = "sealed"  # what `unfinished` says once a copy was sealed and the talk goes on


async def leave(request: Request, ports: Ports) -> Outcome:
    """Quick exit, or a day of silence (`silence: true`: then nothing is said, and the chosen words and language stay for the next time).

    sealed: an unfinished report whose teller agreed to its being read; erased: everything is gone. An alert that was raised stays, and no
    silence ends the talk about it, nor the wait for a call back that was agreed upon: what may be read is sealed then, once, and all else
    waits as it is (kept, if there is nothing to seal).
    """
    silent = bool(request.arguments.get("silence"))
    draft = replace(request, answers=request.drafts.get("report", {}))
    told = any(draft.answers.get(name) for name in _TOLD) or bool(draft.facts.get("told") or draft.facts.get("files"))
    agreed = ("yes",) if silent else ("yes", SEALED)
    rows = await seal_unfinished(draft, ports) if told and draft.facts.get("unfinished") in agreed else []
    crisis = request.hand_off is not None and request.hand_off.urgency.crisis
    now = seconds(request.now)
    event: Event = Silent(at=now, last_at=now - SILENCE_SECONDS) if silent else Left(at=now)
    agreed_upon = refusal(request, event) is Refusal.TOO_SOON
    if silent and (request.facts.get("alert") or crisis or agreed_upon):
        return Outcome(code="sealed" if rows else "kept", facts=_sealed_once(request) if rows else {}, rows=tuple(rows))
    kept = {name: request.facts[name] for name in ("exit_word", "language", ADDRESSES) if request.facts.get(name)} if silent else {}
    sealed = bool(rows)
    if not silent:
        rows = [*rows, *_nothing_later(request), *addresses_taken_back(request)]
    rows = [*rows, *moved(request, [event])]
    return Outcome(code="sealed" if sealed else "erased", facts=kept, rows=tuple(rows), reset=True, new_key=True, wipe=not silent)


def _sealed_once(request: Request) -> dict[str, Any]:
    """A copy was sealed and the talk goes on: that is not done twice, and the files belong to the case by now."""
    files = files_of(request.facts)
    return {"unfinished": SEALED, **({FACT: given(files)} if files else {})}


def _nothing_later(request: Request) -> tuple[Delete, ...]:
    """What is wiped now must not be wiped once more later, in the middle of another talk; and whoever left is written nothing by us, for
    somebody else may hold the telephone by then."""
    return tuple(Delete(table="timer", key={"conversation_id": request.conversation_id, "name": name}) for name in (WIPE, AGAIN))


async def erase_later(request: Request, ports: Ports) -> Outcome:
    """Sets the conversation's "wipe" timer for 47 hours after its first message (Telegram lets a bot delete messages for 48), but never
    within the hour. ok."""
    due = max(seconds(request.started) + WIPE_AFTER, seconds(request.now) + WIPE_NOT_BEFORE)
    row = {"conversation_id": request.conversation_id, "name": WIPE, "due_at": due}
    return Outcome(code="ok", rows=(Insert(table="timer", row=row, replace=True),))


async def erase(request: Request, ports: Ports) -> Outcome:
    """Erases the open conversation. wiped; the platform's messages are deleted as far as the platform allows.

    `later: true` is the wipe that was asked for long before: it takes the messages away, but never ends a talk about danger or with a
    person.
    """
    talk = bool(request.arguments.get("later") and (request.facts.get("alert") or request.hand_off is not None))
    gone = () if talk else [*moved(request, [Erased(at=seconds(request.now))]), *addresses_taken_back(request)]
    return Outcome(code="wiped", rows=(*_nothing_later(request), *gone), reset=not talk, new_key=True, wipe=True)
