"""What is inspected: the texts of the files as they were read, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.catalogue import FIRST_LANGUAGE
from flows.definition import Flow, Step, read_flow
from flows.marked import Marked, Problem, read


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A file: its name as people know it, and its text."""

    file: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """All files of the content. `strings` and `commands` by language; `others` are only searched for telephone numbers."""

    definitions: tuple[Source, ...]
    strings: Mapping[str, Source]
    commands: Mapping[str, Source]
    services: Source | None = None
    recording: Source | None = None
    city: Source | None = None
    others: tuple[Source, ...] = ()

    def all(self) -> Iterator[Source]:
        """Every file."""
        yield from self.definitions
        yield from self.strings.values()
        yield from self.commands.values()
        yield from (source for source in (self.services, self.recording, self.city) if source is not None)
        yield from self.others


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """The files, read. `numbers`: the directory's telephone numbers by id; `unreadable`: the files that hold nothing to look at."""

    sources: Sources
    flows: Mapping[str, Flow]
    strings: Mapping[str, Marked]
    commands: Mapping[str, Marked]
    services: Marked
    recording: Marked
    city: Marked
    numbers: Mapping[str, str] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language that has strings, the first one first."""
        return tuple(sorted(self.strings, key=lambda name: (name != FIRST_LANGUAGE, name)))

    def steps(self) -> Iterator[tuple[Flow, Step]]:
        """Every step of every conversation."""
        for flow in self.flows.values():
            for step in flow.steps.values():
                yield flow, step

    def entry(self, language: str, flow: Flow, step: Step) -> tuple[Any, str, int]:
        """What the catalogue holds for a step (a text, a mapping or None), and the file and line where it stands or should."""
        where, _, name = str(step.settings.get("text", f"{flow.name}.{step.id}")).partition(".")
        table = self.strings[language].get(where)
        file = self.sources.strings[language].file
        if not isinstance(table, Marked):
            return None, file, self.strings[language].line_of(where)
        return table.get(name), file, table.line_of(name)


def read_content(sources: Sources) -> tuple[Content, list[Problem]]:
    """The files, read, and every problem of reading them."""
    problems: list[Problem] = []
    unreadable: list[str] = []

    def marked(source: Source | None) -> Marked:
        if source is None:
            return Marked()
        data, found = read(source.text, file=source.file)
        problems.extend(found)
        if found and not data:
            unreadable.append(source.file)
        return data

    flows: dict[str, Flow] = {}
    for source in sources.definitions:
        flow, found = read_flow(source.text, file=source.file)
        problems.extend(found)
        if flow is None:
            unreadable.append(source.file)
            continue
        if source.file.rpartition("/")[2] != f"{flow.name}.yml":
            problems.append(Problem(file=source.file, line=1, message=f"the file must be called {flow.name}.yml, as the flow in it"))
        if flow.name in flows:
            problems.append(Problem(file=source.file, line=1, message=f"there is another flow '{flow.name}'"))
        flows[flow.name] = flow
    services = marked(sources.services)
    content = Content(
        sources=sources,
        flows=flows,
        strings={language: marked(source) for language, source in sources.strings.items()},
        commands={language: marked(source) for language, source in sources.commands.items()},
        services=services,
        recording=marked(sources.recording),
        city=marked(sources.city),
        numbers=_numbers(services),
        unreadable=tuple(unreadable),
    )
    return content, problems


def _numbers(services: Marked) -> dict[str, str]:
    listed = services.get("services", services)
    entries = listed.items() if isinstance(listed, Marked) else ((entry.get("id"), entry) for entry in listed if isinstance(entry, Marked))
    return {str(name): str(entry["number"]) for name, entry in entries if isinstance(entry, Marked) and "number" in entry}
