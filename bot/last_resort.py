"""What is done and said when no turn can be made of a message: leaving, and danger, wait for no mending of ours.

Nothing here goes through the engine. The action and the words are those that the definitions would have led to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.leaving import leaves
from flows.library import INTERRUPTS, Library
from flows.message import Danger, Outbound
from flows.session import Session
from flows.signals import RunAction, Said

LEAVE = "leave"
ALERT = "raise_alert"


def resort(said: Said, session: Session, library: Library) -> tuple[RunAction, Session] | None:
    """The action that cannot wait, and the session that it is asked with; None where the message can wait."""
    if leaves(said.message, catalogue=library.catalogue, exit_word=session.facts.get("exit_word")):
        return RunAction(name=LEAVE, arguments={}, answers={}), session
    danger = said.understanding.danger
    if danger is None or library.catalogue.command(said.message.text) is not None:
        return None
    action = RunAction(name=ALERT, arguments={"kind": danger.value}, answers={})
    told = {} if _apart(session, library) else {"trigger": said.message.text}
    return action, session.evolve(facts={**session.facts, **told})


def _apart(session: Session, library: Library) -> bool:
    """Whether what was written may be the answer to a question that is kept apart."""
    if not session.frames:
        return False
    frame = session.frames[-1]
    flow = library.flow(frame.flow, frame.revision)
    return flow is not None and frame.step in flow.steps and flow.steps[frame.step].apart


def answer(action: RunAction, code: str, *, session: Session, library: Library, world: Mapping[str, Any]) -> list[Outbound]:
    """The bubbles: homework for who leaves; for who is in danger the numbers, and whether anybody was told."""
    if action.name == LEAVE:
        parts = ["homework"]
    else:
        kind = "danger" if action.arguments["kind"] == Danger.EMERGENCY.value else "self_harm"
        if code != "ok":
            parts = [kind, f"{kind}_closed"]
        else:
            parts = [kind, f"{kind}_{'on' if world.get('staffed') else 'off'}_duty", *(["danger_next"] if kind == "danger" else [])]
    reader = session.facts.get("reader")
    found = []
    for part in parts:
        words = library.catalogue.part(session.language, INTERRUPTS, part, "text", reader if isinstance(reader, str) else None)
        text, numbers = library.catalogue.fill(words or "", {"world": world})
        if text:
            found.append(Outbound(text=text, numbers=numbers, language=session.language))
    return found
