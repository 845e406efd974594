"""Leaving at once, and wiping. The key dies first; what the key locked cannot be read by anybody after that."""

from __future__ import annotations

from dataclasses import replace

from actions.case import seconds
from actions.ports import Outcome, Ports, Request
from actions.report import seal_unfinished
from actions.rows import Insert

WIPE_AFTER = 47 * 3600

# Something was told if any of these was answered; a report of taps alone counts as one too.
_TOLD = ("story", "types", "danger_now", "area")


async def leave(request: Request, ports: Ports) -> Outcome:
    """Quick exit, or a day of silence (`silence: true`: then nothing is said, and the chosen words and language stay for the next time).

    sealed: an unfinished report whose teller agreed to its being read; erased: everything is gone. An alert that was raised stays.
    """
    silent = bool(request.arguments.get("silence"))
    draft = replace(request, answers=request.drafts.get("report", {}))
    told = any(draft.answers.get(name) for name in _TOLD) or bool(draft.facts.get("told"))
    rows = await seal_unfinished(draft, ports) if told and draft.facts.get("unfinished") == "yes" else []
    kept = {name: request.facts[name] for name in ("exit_word", "language") if request.facts.get(name)} if silent else {}
    return Outcome(code="sealed" if rows else "erased", facts=kept, rows=tuple(rows), reset=True, new_key=True, wipe=not silent)


async def erase_later(request: Request, ports: Ports) -> Outcome:
    """Sets the conversation's "wipe" timer for 47 hours after its first message: Telegram lets a bot delete messages for 48. ok."""
    due = max(seconds(request.started) + WIPE_AFTER, seconds(request.now) + 60)
    row = {"conversation_id": request.conversation_id, "name": "wipe", "due_at": due}
    return Outcome(code="ok", rows=(Insert(table="timer", row=row, replace=True),))


async def erase(request: Request, ports: Ports) -> Outcome:
    """Erases the open conversation. wiped; the platform's messages are deleted as far as the platform allows."""
    return Outcome(code="wiped", reset=True, new_key=True, wipe=True)
