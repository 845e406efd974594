"""The working copy of a session during one `resume`: what steps read and change. It never leaves the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flows.definition import Flow, Option, Step
from flows.library import Library
from flows.message import Choice, Outbound
from flows.session import Frame, Session
from flows.signals import Said

REMEMBERED_PROMPTS = 24
LONGEST_TOLD = 40_000  # characters: ten of the longest messages; a session is written at every turn


@dataclass(kw_only=True, slots=True)
class OpenFrame:
    """A `Frame` that may be changed."""

    flow: Flow
    step: str
    answers: dict[str, Any] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)
    scratch: dict[str, Any] = field(default_factory=dict)

    def frozen(self) -> Frame:
        """The frame as the session keeps it."""
        return Frame(
            flow=self.flow.name, revision=self.flow.revision, step=self.step, answers=self.answers, order=tuple(self.order),
            kept=self.kept, scratch=self.scratch,
        )  # fmt: skip

    def forget(self) -> None:
        """Drops everything that was answered."""
        self.answers, self.order, self.kept, self.scratch = {}, [], {}, {}


class Scene:
    """One turn's stage. `sends` are the bubbles so far; `result` is what the last action told."""

    def __init__(self, session: Session, *, library: Library, world: Mapping[str, Any]) -> None:
        self.library = library
        self.world = world
        self.language = session.language
        self.facts: dict[str, Any] = dict(session.facts)
        self.result: dict[str, Any] = {}
        self.prompt = session.prompt
        self.asked = list(session.asked)
        self.last_tap = session.last_tap
        self.misses = session.misses
        self.sends: list[Outbound] = []
        self.replaces = False
        self.quiet = False  # nobody wrote: nothing is said
        self.code: Said | None = None  # a code that was typed before it was asked for
        self.first: str = ""  # the words that opened the chat: they may already be an answer to the menu
        self.frames: list[OpenFrame] = []
        for frame in session.frames:
            flow = library.flow(frame.flow, frame.revision)
            if flow is None:
                continue  # the flow was taken away: the one underneath goes on
            answers, order, kept, step = dict(frame.answers), list(frame.order), dict(frame.kept), frame.step
            if step not in flow.steps:
                # The revision is gone and its successor has no such step: start over, keeping what was answered.
                kept, answers, order, step = {**kept, **answers}, {}, [], flow.start
            order = [name for name in order if name in flow.steps]
            self.frames.append(
                OpenFrame(flow=flow, step=step, answers=answers, order=order, kept=kept, scratch=dict(frame.scratch))
            )  # fmt: skip

    @property
    def frame(self) -> OpenFrame:
        """The conversation that speaks."""
        return self.frames[-1]

    @property
    def step(self) -> Step:
        """The step at which it stands."""
        return self.frame.flow.steps[self.frame.step]

    @property
    def reader(self) -> str | None:
        """child, adult or professional, once known."""
        reader = self.facts.get("reader")
        return reader if isinstance(reader, str) else None

    @property
    def today(self) -> date:
        """The date where the reporter is."""
        return date.fromisoformat(str(self.world["today"]))

    def known(self) -> dict[str, Mapping[str, Any]]:
        """What conditions and texts may look at."""
        answers = self.frame.answers if self.frames else {}
        return {"answers": answers, "facts": self.facts, "world": self.world, "result": self.result}

    def words(self, part: str = "text", *, step: Step | None = None) -> str | None:
        """A text of the present (or given) step, before its placeholders are filled."""
        step = step or self.step
        where = str(step.settings.get("text", f"{self.frame.flow.name}.{step.id}"))
        flow, _, name = where.partition(".")
        return self.library.catalogue.part(self.language, flow, name, part, self.reader)

    def common(self, key: str) -> str:
        """One of the engine's own sentences."""
        return self.library.catalogue.common(self.language, key)

    def label(self, step: Step, option: str) -> str:
        """What an option is called."""
        where = str(step.settings.get("text", f"{self.frame.flow.name}.{step.id}"))
        flow, _, name = where.partition(".")
        return self.library.catalogue.fill(self.library.catalogue.option(self.language, flow, name, option, self.reader), self.known())[0]

    def heard(self, step: Step) -> dict[str, list[str]]:
        """Other words for the options that are offered now."""
        flow, _, name = str(step.settings.get("text", f"{self.frame.flow.name}.{step.id}")).partition(".")
        offered = {option.id for option in self.options(step)}
        return {option: words for option, words in self.library.catalogue.heard(flow, name).items() if option in offered}

    def options(self, step: Step) -> tuple[Option, ...]:
        """The options that are offered now."""
        known = self.known()
        return tuple(option for option in step.options if option.when is None or option.when.holds(known))

    def tell(
        self, template: str | None, *, choices: tuple[tuple[str, str], ...] = (), many: bool = False, ask_location: bool = False,
        extra: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Sends a bubble. Its choices, (option id, label), are numbered with the present prompt so that an old tap is recognised."""
        known = self.known()
        if extra:
            known["result"] = {**self.result, **extra}
        text, numbers = self.library.catalogue.fill(template or "", known)
        if not text and not choices:
            return
        code = str(known["result"].get("code") or "") if "{result.code}" in (template or "") else ""
        self.sends.append(
            Outbound(
                text=text, numbers=numbers, many=many, ask_location=ask_location, language=self.language, replaces=self.replaces, code=code,
                choices=tuple(Choice(id=f"{self.prompt}.{option}", label=label) for option, label in choices),
            )
        )  # fmt: skip
        self.replaces = False

    def keep_told(self, text: str) -> None:
        """Keeps words that no question asked for: the report begins with them."""
        told = self.facts.get("told")
        self.facts["told"] = (f"{told}\n{text}" if told else text)[:LONGEST_TOLD]

    def new_prompt(self) -> None:
        """Counts a question, so that its buttons can be told from older ones."""
        self.prompt += 1
        self.asked.append((self.prompt, self.frame.flow.name, self.frame.step))
        del self.asked[:-REMEMBERED_PROMPTS]

    def frozen(self, *, waiting: str = "") -> Session:
        """The session after this turn."""
        return Session(
            language=self.language, frames=tuple(frame.frozen() for frame in self.frames), facts=self.facts, prompt=self.prompt,
            asked=tuple(self.asked), last_tap=self.last_tap, misses=self.misses, waiting=waiting,
        )  # fmt: skip
