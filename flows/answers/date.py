"""When something happened, as exactly as somebody remembers: a day, or "last week"."""

from __future__ import annotations

from typing import Any

from flows.answers.kind import Answer, Offer, Reading, labelled, not_text, retry
from flows.definition import Step
from flows.matching import match_choice, match_heard
from flows.matching import parse_date as parse
from flows.message import Inbound
from flows.scene import Scene


class Date:
    """The answer is {"code": how long ago, "since": ISO date or null, "until": ISO date, "text": typed}, or an option's id."""

    def offer(self, step: Step, scene: Scene) -> Offer:
        """The rough answers that can be tapped."""
        return Offer(options=labelled(step, scene))

    def read(self, step: Step, scene: Scene, message: Inbound, tapped: str | None) -> Reading:
        """An option, or a date in words or figures that is not in the future."""
        options = labelled(step, scene)
        if tapped is not None:
            return Answer(value=tapped, option=tapped) if tapped in dict(options) else retry(step, scene, "date")
        refusal = not_text(step, scene, message, "date")
        if refusal is not None:
            return refusal
        # "today", typed, is a date and also an option: the option is the simpler answer.
        chosen = (match_heard(message.text, scene.heard(step)) or match_choice(message.text, options)) if options else None
        if chosen is not None:
            return Answer(value=chosen, option=chosen)
        guess = parse(message.text, scene.today)
        if guess is None:
            return retry(step, scene, "date")
        since = guess.since.isoformat() if guess.since else None
        return Answer(value={"code": guess.code.value, "since": since, "until": guess.until.isoformat(), "text": message.text})

    def show(self, step: Step, scene: Scene, value: Any) -> str:
        """The words that were typed, or the option's label."""
        return str(value["text"]) if isinstance(value, dict) else scene.label(step, str(value))
