"""What is inspected: the texts of the files as they were read, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.catalogue import FIRST_LANGUAGE
from flows.definition import Flow, Step, read_flow
from flows.marked import Marked, Problem, read
from flows.topics import Topic, read_topics

LESSON = "lesson_"  # the names of the conversations that teach begin with it


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A file: its name as people know it, and its text."""

    file: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """All files of the content. `strings` and `commands` by language; `lessons` are more strings, those of the lessons, in files of their
    own; `faq` and `intents` by language and the file's bare name. `others` are only searched for telephone numbers."""

    definitions: tuple[Source, ...]
    strings: Mapping[str, Source]
    commands: Mapping[str, Source]
    services: Source | None = None
    recording: Source | None = None
    city: Source | None = None
    lessons: Mapping[str, Source] = field(default_factory=dict)
    faq: Mapping[str, Mapping[str, Source]] = field(default_factory=dict)
    intents: Mapping[str, Mapping[str, Source]] = field(default_factory=dict)
    others: tuple[Source, ...] = ()

    def all(self) -> Iterator[Source]:
        """Every file."""
        yield from self.definitions
        yield from self.strings.values()
        yield from self.lessons.values()
        yield from self.commands.values()
        for folder in (self.faq, self.intents):
            for files in folder.values():
                yield from files.values()
        yield from (source for source in (self.services, self.recording, self.city) if source is not None)
        yield from self.others


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """The files, read. `strings` holds a language's words of all its files; `questions` the topics' files, by language and topic, and
    `topics` and `answers` what they hold. `numbers`: the directory's telephone numbers by id; `unreadable`: the files that hold nothing to
    look at."""

    sources: Sources
    flows: Mapping[str, Flow]
    strings: Mapping[str, Marked]
    commands: Mapping[str, Marked]
    services: Marked
    recording: Marked
    city: Marked
    questions: Mapping[str, Mapping[str, Marked]] = field(default_factory=dict)
    topics: Mapping[str, Topic] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
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

    def file_of(self, language: str, where: str) -> str:
        """The file that holds (or should hold) a conversation's words in a language: the lessons have one of their own."""
        lessons = self.sources.lessons.get(language)
        return lessons.file if lessons is not None and where.startswith(LESSON) else self.sources.strings[language].file

    def entry(self, language: str, flow: Flow, step: Step) -> tuple[Any, str, int]:
        """What the catalogue holds for a step (a text, a mapping or None), and the file and line where it stands or should."""
        where, _, name = str(step.settings.get("text", f"{flow.name}.{step.id}")).partition(".")
        table = self.strings[language].get(where)
        file = self.file_of(language, where)
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
    questions = {language: {name: marked(source) for name, source in files.items()} for language, files in sources.faq.items()}
    topics, answers = read_topics(questions, FIRST_LANGUAGE)
    content = Content(
        sources=sources,
        flows=flows,
        strings={
            language: _with_lessons(marked(source), marked(sources.lessons.get(language))) for language, source in sources.strings.items()
        },
        questions=questions,
        topics=topics,
        answers=answers,
        commands={language: marked(source) for language, source in sources.commands.items()},
        services=services,
        recording=marked(sources.recording),
        city=marked(sources.city),
        numbers=_numbers(services),
        unreadable=tuple(unreadable),
    )
    return content, problems


def _with_lessons(strings: Marked, lessons: Marked) -> Marked:
    """A language's words, those of the lessons among them. What stands in both files is the first one's; `check` says so."""
    for flow, steps in lessons.items():
        if flow not in strings:
            strings[flow] = steps
            strings.lines[flow] = lessons.lines.get(flow, 0)
    return strings


def _numbers(services: Marked) -> dict[str, str]:
    listed = services.get("services", services)
    entries = listed.items() if isinstance(listed, Marked) else ((entry.get("id"), entry) for entry in listed if isinstance(entry, Marked))
    return {str(name): str(entry["number"]) for name, entry in entries if isinstance(entry, Marked) and "number" in entry}
