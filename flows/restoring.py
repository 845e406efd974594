"""A session that comes back from a backup: older than what the person saw last, and than what they agreed to last.

What was agreed about a report that stops in the middle is taken as withdrawn, and asked again. It is asked when the person writes, never
before: nobody gets a message that they do not expect. What they write then may be the answer to a question that the backup does not know,
so it is not taken as one to another, and they are told that. Danger, leaving and command words are heard as ever.
"""

from __future__ import annotations

from flows.library import START
from flows.scene import Scene
from flows.session import Session
from flows.signals import Said
from flows.steps.review import reopen

CONSENT = "unfinished"  # the fact that says whether an unfinished report may be read: yes, no, sealed
RESTORED = "restored"
_AFTER = 1000  # questions that may have been asked since the backup was made: none of their buttons fits one that is to come


def from_backup(session: Session) -> Session:
    """The session as it goes on after a restore."""
    facts = {name: value for name, value in session.facts.items() if name != CONSENT or value == "no"}
    if any(frame.flow != START for frame in session.frames):
        facts[RESTORED] = True
    return session.evolve(facts=facts, prompt=session.prompt + _AFTER)


def taken_up(scene: Scene, said: Said, command: str | None) -> bool:
    """Whether this is the first thing that somebody writes after a restore, and not to be taken: then that is said. Where an unfinished
    report may be read, whether it may is the pending question again; what was answered after it is used again."""
    if not scene.facts.pop(RESTORED, False):
        return False
    for frame in scene.frames:
        answered = [frame.flow.steps[name] for name in frame.order]
        step = next((each for each in answered if each.settings.get("remember") == CONSENT and frame.given(each) == "yes"), None)
        if step is not None:
            reopen(frame, step.id)
            frame.step = step.id
    alarming = said.understanding.danger is not None and command is None
    if alarming or command not in (None, "repeat", "back", "skip") or scene.step.settings.get("danger") == "quiet":
        return False
    scene.tell(scene.common("restored"))
    return True
