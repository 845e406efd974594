"""The working copy of a session during one `resume`: what steps read and change. It never leaves the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flows.definition import Flow, Option, Step
from flows.library import Library
from flows.message import Choice, Media, Outbound
from flows.opens import moment_in_words
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
    apart: dict[str, Any] = field(default_factory=dict)

    def given(self, step: Step) -> Any:
        """What was answered to a question; None if it was not asked, or passed over."""
        return (self.apart if step.apart else self.answers).get(step.save)

    def put(self, step: Step, value: Any) -> None:
        """Keeps an answer, as the last one that was given."""
        (self.apart if step.apart else self.answers)[step.save] = value
        if step.id in self.order:
            self.order.remove(step.id)
        self.order.append(step.id)

    def drop(self, step: Step) -> None:
        """Forgets one answer."""
        (self.apart if step.apart else self.answers).pop(step.save, None)

    def doubt(self, later: Sequence[Step]) -> None:
        """An earlier answer changes: these wait aside until the path meets their questions again. What is kept apart stays where it is."""
        for step in later:
            if not step.apart and step.save in self.answers:
                self.kept[step.save] = self.answers.pop(step.save)

    def settle(self) -> None:
        """The path has come to its end: answers whose questions it did not meet again are let go."""
        self.kept = {}
        met = {self.flow.steps[name].save for name in self.order if name in self.flow.steps}
        self.apart = {name: value for name, value in self.apart.items() if name in met}

    def words_apart(self) -> dict[str, str]:
        """The own words among the answers that are kept apart: an option only opened the way to them."""
        steps = [self.flow.steps[name] for name in self.order if name in self.flow.steps]
        return {step.save: self.apart[step.save] for step in steps if step.apart and step.kind == "text" and self.apart.get(step.save)}

    def frozen(self) -> Frame:
        """The frame as the session keeps it."""
        return Frame(
            flow=self.flow.name, revision=self.flow.revision, step=self.step, answers=self.answers, order=tuple(self.order),
            kept=self.kept, scratch=self.scratch, apart=self.apart,
        )  # fmt: skip

    def forget(self) -> None:
        """Drops everything that was answered."""
        self.answers, self.order, self.kept, self.scratch, self.apart = {}, [], {}, {}, {}


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
        self.unwanted: Media | None = None  # a file that no question was there for
        self.puzzled = False  # nothing in the definitions took what was typed
        self.aside: Said | None = None  # it is known what was meant by it: that is followed as soon as somebody would have to speak
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
                OpenFrame(
                    flow=flow, step=step, answers=answers, order=order, kept=kept, scratch=dict(frame.scratch), apart=dict(frame.apart)
                )
            )

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
        world, result = self._said(self.world, "opens", "blocked"), self._said(self.result, "when")
        return {"answers": answers, "facts": self.facts, "world": world, "result": result}

    def _said(self, values: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
        """`values` with its moments of these names as people say them."""
        said = {
            name: moment_in_words(values[name], self.world, self.library.catalogue, self.language) for name in names if values.get(name)
        }
        return {**values, **said} if said else values

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
        accept: tuple[str, ...] = (), extra: Mapping[str, Any] | None = None, personal: bool = False,
        about: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Sends a bubble. Its choices, (option id, label), are numbered with the present prompt so that an old tap is recognised.

        `about` holds a line about a choice, by its option's id.
        `personal` says that what is offered was picked by what this person answered: no platform may keep it, whatever its words are.
        """
        known = self.known()
        if extra:
            known["result"] = {**known["result"], **extra}
        text, numbers = self.library.catalogue.fill(template or "", known)
        if not text and not choices:
            return
        code = str(known["result"].get("code") or "") if "{result.code}" in (template or "") else ""
        ours = self.library.catalogue.fixed
        fixed = not personal and not extra and ours(template or "") and all(ours(label) for _, label in choices)
        self.sends.append(
            Outbound(
                text=text, numbers=numbers, many=many, ask_location=ask_location, language=self.language, replaces=self.replaces, code=code,
                accept=accept,
                fixed=fixed,
                choices=tuple(
                    Choice(id=f"{self.prompt}.{option}", label=label, description=(about or {}).get(option, ""))
                    for option, label in choices
                ),
            )
        )  # fmt: skip
        self.replaces = False

    def refuse(self, media: Media) -> None:
        """Says that no file is taken here; it goes from where the platform keeps it."""
        self.unwanted = media
        self.tell(self.common("media_closed"))

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
