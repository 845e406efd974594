"""What was told last about the desk, and whether anything may be sent at all: nothing is, while it is not safe."""

from __future__ import annotations

from typing import Any

from flows.catalogue import fold
from flows.desk import ACTIVE, CRISIS, DESK, WAITING, Desk, desk_of
from flows.message import InboundKind
from flows.scene import Scene
from flows.session import Session
from flows.signals import Said

SAFE_WORD = "safe_word"  # the fact: what a person whose telephone is shared writes first
QUIET = "quiet"  # in what was told last: it is not safe, and nothing is sent before the word


def told_of(scene: Scene) -> dict[str, Any]:
    """What was told last about the desk."""
    found = scene.facts.get(DESK)
    return dict(found) if isinstance(found, dict) else {}


def remember(scene: Scene, desk: Desk, **more: Any) -> None:
    """Keeps how the desk is now, as it was just told, with what else there is to keep."""
    told = told_of(scene)
    crisis = bool(told.get("crisis")) or desk.urgency in CRISIS
    scene.facts[DESK] = {**told, "state": desk.state if desk.on else WAITING, "with": desk.who, "safe": desk.safe, "crisis": crisis, **more}


def quiet(session: Session) -> bool:
    """Whether a reporter said that it is not safe, and has not given the word since."""
    found = session.facts.get(DESK)
    return isinstance(found, dict) and bool(found.get(QUIET))


def unsafe(scene: Scene) -> bool:
    """Whether nothing may be sent before the word: the desk says so; once it is over, what was told last."""
    desk = desk_of(scene.world)
    return desk.safe == "no" if desk.on else bool(told_of(scene).get(QUIET))


def word_given(scene: Scene, said: Said) -> bool:
    """Whether a message says that it is safe to write again: the word that was agreed upon; where none was, the common one."""
    agreed = scene.facts.get(SAFE_WORD) or fold(scene.common("talk_safe_word"))
    return said.message.kind is InboundKind.TEXT and fold(said.message.text) == agreed


def writes_first(scene: Scene, said: Said) -> bool:
    """Whether it is the sign of somebody who only wanted to write first: words, a place or a file, where no word was agreed upon. Who has
    talked with somebody gives the common word."""
    sign = said.message.kind in (InboundKind.TEXT, InboundKind.LOCATION, InboundKind.MEDIA)
    return sign and not scene.facts.get(SAFE_WORD) and told_of(scene).get("state") != ACTIVE
