"""What a kind of answer is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from flows.definition import Step
from flows.message import Inbound
from flows.move import Act
from flows.scene import Scene


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """What is shown with a question: a text of its own instead of the step's (for a second half), and options (id, label). `about` holds
    a line about an option, by its id."""

    text: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    many: bool = False
    ask_location: bool = False
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The message was an answer. `option` is the route to take, if one was chosen."""

    value: Any
    option: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """Ask again. `text` is said first. `miss` counts it as not understood; a half answer or one more tick is no miss.
    `whole` repeats the question's own words; otherwise `text` stands in for them. `told`: the words were no answer, and were kept."""

    text: str | None = None
    miss: bool = True
    whole: bool = True
    told: bool = False


Reading = Answer | Again | Act


class Kind(Protocol):
    """A kind of answer. All three are pure but for `scene.frame.scratch`, where a half answer is kept."""

    def offer(self, step: Step, scene: Scene) -> Offer:
        """What is shown with the question."""

    def read(self, step: Step, scene: Scene, message: Inbound, tapped: str | None) -> Reading:
        """What a message means here. `tapped` is the option of a tap on this very question."""

    def show(self, step: Step, scene: Scene, value: Any) -> str:
        """The answer in words, for the review."""


def retry(step: Step, scene: Scene, kind: str) -> Again:
    """Not understood: the step's own kind sentence, or the common one of the kind."""
    return Again(text=scene.words("retry", step=step) or scene.common(f"retry.{kind}"))


def labelled(step: Step, scene: Scene) -> tuple[tuple[str, str], ...]:
    """The step's options as (id, label)."""
    return tuple((option.id, scene.label(step, option.id)) for option in scene.options(step))


def not_text(step: Step, scene: Scene, message: Inbound, kind: str) -> Again | None:
    """For questions that are answered in words: the sentence for a file, a sticker or a pin that cannot be taken here."""
    if message.text:
        return None
    if message.media is not None:
        return Again(text=scene.common("media_closed"))
    if message.location is not None or message.tap is not None:
        return retry(step, scene, kind)
    return Again(text=scene.common("unsupported"))
