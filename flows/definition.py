"""YAML → `Flow`: what a conversation is made of, with every mistake of the file found at once.

A flow's `revision` is a hash of its definition: a session goes on with the revision that it started with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.condition import Condition, read_condition
from flows.directory import NEEDS
from flows.marked import Marked, Problem, read

TYPES = ("say", "ask", "answer", "directory", "branch", "do", "handoff", "talk", "review", "go", "call", "end")
KINDS = ("choice", "many", "text", "number", "date", "place", "where", "media", "topic")

PLACES = frozenset({"outside_city", "unsure"})  # what a question of kind `place` may have a way for, besides `skip`
# The ways out of a step `talk`: while waiting (read on, be called back, leave the message alone, stop), ended by the person, by the desk,
# and after danger or self-harm, whoever ended it.
TALK_WAYS = ("read", "callback", "message", "stop", "end", "ended", "crisis")
LISTS = ("groups", "group", "next", "nearest")  # what a question of kind `topic` may list

_COMMON_KEYS = frozenset({"type", "when", "next"})
_KEYS: dict[str, frozenset[str]] = {
    "say": frozenset({"text"}),
    "ask": frozenset(
        {
            "kind", "options", "save", "skip", "remember", "append_to", "begin_with", "max", "min", "secret", "level", "accept", "danger",
            "no_pictures", "text", "apart", "list", "of", "known",
        }
    ),
    "answer": frozenset({"topic"}),
    "directory": frozenset({"need", "area"}),
    "branch": frozenset({"cases", "else"}),
    "do": frozenset({"action", "arguments"}),
    "handoff": frozenset({"reason", "talk"}),
    "talk": frozenset({"accept"}),
    "review": frozenset({"skip"}),
    "go": frozenset({"flow", "entry"}),
    "call": frozenset({"flow", "entry"}),
    "end": frozenset(),
}  # fmt: skip
_WITH_OPTIONS = ("choice", "many")
_MAY_HAVE_OPTIONS = (*_WITH_OPTIONS, "date", "where", "text", "number", "media", "topic")
ACCEPTED = ("voice", "image", "document")


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One answer offered. Shown only where its condition holds."""

    id: str
    when: Condition | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One way out of a branch."""

    when: Condition
    next: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step. `routes` maps an option, or a result code, to the next step; `otherwise` is the way for all else. Where `no_pictures`
    holds, a picture is refused although the question takes pictures."""

    id: str
    type: str
    line: int = 0
    kind: str = ""
    when: Condition | None = None
    routes: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    options: tuple[Option, ...] = ()
    cases: tuple[Case, ...] = ()
    no_pictures: Condition | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def save(self) -> str:
        """The name under which the answer is kept."""
        return str(self.settings.get("save", self.id))

    @property
    def skippable(self) -> bool:
        """Whether the question may be passed over (a rule of the report: every question may be skipped)."""
        return self.settings.get("skip", True) is not False

    @property
    def apart(self) -> bool:
        """Whether the answer is kept apart from all others: in no record, condition, text or draft, and not read back."""
        return self.settings.get("apart") is True

    def after(self, outcome: str | None) -> str | None:
        """The next step for an option or a result code."""
        if outcome is not None and outcome in self.routes:
            return self.routes[outcome]
        return self.otherwise

    def targets(self) -> tuple[str, ...]:
        """Every step that may follow, in the order of the definition, each once."""
        found = [*self.routes.values(), *(case.next for case in self.cases)]
        if self.otherwise is not None:
            found.append(self.otherwise)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """When a conversation may not go on for the moment, and at which steps: those that lead to what must not happen (`before`)."""

    when: Condition
    before: str
    steps: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """A conversation. `entries` are its doors by name, `start` the one that is used when none is named."""

    name: str
    revision: str
    start: str
    steps: Mapping[str, Step]
    entries: Mapping[str, str] = field(default_factory=dict)
    pause: Pause | None = None
    file: str = ""

    def door(self, entry: str | None) -> str:
        """The step behind an entry; the start if the entry is not named or not known."""
        return self.entries.get(entry, self.start) if entry else self.start


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def say(self, line: int, message: str) -> None:
        self.problems.append(Problem(file=self.file, line=line, message=message))

    def condition(self, data: Any, line: int) -> Condition | None:
        condition, problems = read_condition(data)
        for problem in problems:
            self.say(line, problem)
        return condition

    def routes(self, data: Any, line: int) -> tuple[dict[str, str], str | None]:
        if data is None:
            return {}, None
        if isinstance(data, str):
            return {}, data
        if isinstance(data, Mapping) and all(isinstance(value, str) for value in data.values()):
            routes = dict(data)
            otherwise = routes.pop("else", None)
            return routes, otherwise
        self.say(line, "'next' must be a step, or a mapping from answer to step")
        return {}, None

    def options(self, data: Any, line: int) -> tuple[Option, ...]:
        options: list[Option] = []
        for item in data if isinstance(data, list) else []:
            if isinstance(item, Marked) and isinstance(item.get("id"), str):
                for key in item.keys() - {"id", "when"}:
                    self.say(item.line_of(key), f"an option has no '{key}'")
                when = self.condition(item["when"], item.line_of("when")) if "when" in item else None
                options.append(Option(id=item["id"], when=when))
            elif isinstance(item, str):
                options.append(Option(id=item))
            else:
                self.say(line, f"an option must be a word or {{id: …, when: …}}, not {item!r}")
        if not options:
            self.say(line, "'options' must be a list")
        seen: set[str] = set()
        for option in options:
            if option.id in seen:
                self.say(line, f"the option '{option.id}' stands twice")
            if not option.id.replace("_", "a").isalnum() or not option.id.isascii() or len(option.id) > 40:
                self.say(line, f"the option '{option.id}' must be 1 to 40 letters, digits or _ (it travels in buttons)")
            seen.add(option.id)
        return tuple(options)

    def step(self, name: str, data: Any, line: int) -> Step | None:
        if not isinstance(data, Marked):
            self.say(line, f"the step '{name}' must be a mapping with a 'type'")
            return None
        kind_of_step = data.get("type")
        if kind_of_step not in TYPES:
            self.say(data.line_of("type"), f"the step '{name}' has no known type: use one of {', '.join(TYPES)}")
            return None
        for key in data.keys() - _COMMON_KEYS - _KEYS[kind_of_step]:
            self.say(data.line_of(key), f"the step '{name}' ({kind_of_step}) has no '{key}'")
        routes, otherwise = self.routes(data.get("next"), data.line_of("next"))
        options = self.options(data["options"], data.line_of("options")) if "options" in data else ()
        kind = ""
        if kind_of_step == "ask":
            kind = str(data.get("kind", ""))
            if kind not in KINDS:
                self.say(data.line_of("kind"), f"the question '{name}' has no known kind: use one of {', '.join(KINDS)}")
            if kind in _WITH_OPTIONS and not options:
                self.say(data.line, f"the question '{name}' needs options")
            if options and kind not in _MAY_HAVE_OPTIONS:
                self.say(data.line_of("options"), f"a question of kind {kind} makes its own options")
            if kind == "topic" and data.get("list") not in LISTS:
                self.say(data.line_of("list"), f"the question '{name}' must say which topics it lists: use one of {', '.join(LISTS)}")
            for key in routes.keys() - {o.id for o in options} - {"skip"} - (PLACES if kind == "place" else frozenset()):
                self.say(data.line_of("next"), f"'{key}' is no option of '{name}'")
        if kind_of_step == "directory":
            if "need" in data and data["need"] not in NEEDS:
                self.say(data.line_of("need"), f"'need' of '{name}' must be one of {', '.join(NEEDS)}")
            for key in routes.keys() - {"none"}:
                self.say(data.line_of("next"), f"'{name}' has only the ways none and else, not '{key}'")
        if kind_of_step == "talk":
            for way in routes.keys() - set(TALK_WAYS):
                self.say(data.line_of("next"), f"'{name}' has only the ways {', '.join(TALK_WAYS)}, not '{way}'")
        cases: list[Case] = []
        if kind_of_step == "branch":
            otherwise = data.get("else", otherwise)
            for item in data.get("cases") or []:
                if not isinstance(item, Marked) or not isinstance(item.get("next"), str) or item.keys() != {"when", "next"}:
                    self.say(data.line_of("cases"), f"a case of '{name}' must be {{when: …, next: …}}")
                    continue
                when = self.condition(item["when"], item.line_of("when"))
                if when is not None:
                    cases.append(Case(when=when, next=item["next"]))
            if not cases:
                self.say(data.line, f"the branch '{name}' needs cases")
        if kind_of_step in ("go", "call") and not isinstance(data.get("flow"), str):
            self.say(data.line, f"'{name}' must say which flow to go to")
        if kind_of_step == "do" and not isinstance(data.get("action"), str):
            self.say(data.line, f"'{name}' must say which action to do")
        if kind_of_step in ("end", "go"):
            if otherwise or routes:
                self.say(data.line_of("next"), f"nothing can follow '{name}': it ends this flow")
        elif otherwise is None and not (routes or cases):
            self.say(data.line, f"'{name}' must say what comes next")
        elif otherwise is None and kind_of_step in ("ask", "answer", "directory", "branch", "say", "call", "review", "talk"):
            every = kind_of_step == "ask" and {o.id for o in options} <= routes.keys() and (data.get("skip") is False or "skip" in routes)
            every = every or (kind_of_step == "talk" and routes.keys() >= set(TALK_WAYS))
            if not every:
                self.say(data.line_of("next"), f"'{name}' must say what comes next in all other cases (else)")
        when = self.condition(data["when"], data.line_of("when")) if "when" in data else None
        if when is not None and otherwise is None and kind_of_step not in ("end", "go"):
            self.say(data.line_of("when"), f"'{name}' may be passed over, so it must say what comes next then (else)")
        no_pictures = self.condition(data["no_pictures"], data.line_of("no_pictures")) if "no_pictures" in data else None
        self.accepts(name, data, no_pictures)
        known = {"type", "when", "next", "options", "cases", "else", "kind", "no_pictures"}
        settings = {key: value for key, value in data.items() if key not in known}
        return Step(
            id=name, type=kind_of_step, line=data.line, kind=kind, when=when, routes=routes, otherwise=otherwise,
            options=options, cases=tuple(cases), no_pictures=no_pictures, settings=settings,
        )  # fmt: skip

    def pause(self, data: Any, line: int, steps: Mapping[str, Step]) -> Pause | None:
        if not isinstance(data, Marked) or data.keys() != {"when", "before"} or data["before"] not in steps:
            self.say(line, "'pause' must be {when: …, before: a step of this flow}")
            return None
        when = self.condition(data["when"], line)
        if when is None:
            return None
        before = {data["before"]}
        growing = True
        while growing:
            more = {step.id for step in steps.values() if step.id not in before and before.intersection(step.targets())}
            growing = bool(more)
            before |= more
        return Pause(when=when, before=data["before"], steps=frozenset(before))

    def accepts(self, name: str, data: Marked, no_pictures: Condition | None) -> None:
        """Which files a question takes. Where pictures are taken, it must stand there when they are not: none of a naked child may come."""
        accept = data.get("accept")
        if accept is None:
            if data.get("kind") == "media":
                self.say(data.line, f"the question '{name}' must say which files it takes (accept: [{', '.join(ACCEPTED)}])")
            return
        if not isinstance(accept, list) or not accept or any(kind not in ACCEPTED for kind in accept):
            self.say(data.line_of("accept"), f"'accept' of '{name}' must be a list of {', '.join(ACCEPTED)}")
        elif "image" in accept and no_pictures is None:
            self.say(data.line_of("accept"), f"'{name}' takes pictures, so it must say when it does not (no_pictures: {{answers.…: …}})")


def read_flow(text: str, *, file: str) -> tuple[Flow | None, list[Problem]]:
    """A flow from its YAML text, and every problem found in it. The flow is None if it could not be read at all."""
    data, problems = read(text, file=file)
    reader = _Reader(file)
    reader.problems += problems
    if not data:
        if not problems:
            reader.say(0, "is empty")
        return None, reader.problems
    for key in data.keys() - {"flow", "start", "entries", "pause", "steps"}:
        reader.say(data.line_of(key), f"a flow has no '{key}'")
    name = data.get("flow")
    if not isinstance(name, str):
        reader.say(data.line, "must say its name (flow: …)")
        return None, reader.problems
    given = data.get("steps")
    if not isinstance(given, Marked) or not given:
        reader.say(data.line_of("steps"), "must have steps")
        return None, reader.problems
    steps = {key: step for key, value in given.items() if (step := reader.step(key, value, given.line_of(key))) is not None}
    start = data.get("start")
    if not isinstance(start, str):
        reader.say(data.line, "must say where it starts (start: …)")
        start = next(iter(steps), "")
    entries = data.get("entries") or {}
    if not isinstance(entries, Mapping):
        reader.say(data.line_of("entries"), "'entries' must map a name to a step")
        entries = {}
    for door, target in (("start", start), *entries.items()):
        if target not in given:
            reader.say(data.line_of("entries" if door != "start" else "start"), f"'{door}' leads to '{target}', which is no step")
    for step in steps.values():
        for target in step.targets():
            if target not in given:
                reader.say(step.line, f"'{step.id}' leads to '{target}', which is no step")
    pause = reader.pause(data["pause"], data.line_of("pause"), steps) if "pause" in data else None
    canonical = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    revision = hashlib.sha256(canonical.encode()).hexdigest()[:32]
    flow = Flow(name=name, revision=revision, start=start, steps=steps, entries=dict(entries), pause=pause, file=file)
    return flow, reader.problems
