"""Command words: heard at every wait, so none may mean two things, and none may swallow an answer."""

from __future__ import annotations

from collections.abc import Iterator

from flows.catalogue import COMMANDS, fold
from flows.inspection.content import Content
from flows.inspection.words import versions
from flows.marked import Marked, Problem


def check_commands(content: Content) -> Iterator[Problem]:
    """Every language has every command; no word stands for two, in whatever language; no label is a command that does something else."""
    meanings: dict[str, str] = {}
    for language in content.languages:
        source = content.sources.commands.get(language)
        if source is None:
            yield Problem(file=content.sources.strings[language].file, line=0, message=f"'{language}' has no command words (commands.yml)")
            continue
        table = content.commands[language]
        for name in sorted(set(COMMANDS) - table.keys()):
            yield Problem(file=source.file, line=0, message=f"there are no words for the command '{name}'")
        for name, words in table.items():
            line = table.line_of(name)
            if name not in COMMANDS:
                yield Problem(file=source.file, line=line, message=f"there is no command '{name}' (there are {', '.join(COMMANDS)})")
                continue
            if not isinstance(words, list) or not words or not all(isinstance(word, str) and fold(word) for word in words):
                yield Problem(file=source.file, line=line, message=f"the command '{name}' needs a list of words")
                continue
            for word in words:
                other = meanings.setdefault(fold(word), name)
                if other != name:
                    yield Problem(file=source.file, line=line, message=f"'{word}' means both '{other}' and '{name}'")
    yield from _labels(content, meanings)


def _labels(content: Content, meanings: dict[str, str]) -> Iterator[Problem]:
    """A tap on an option and the same words typed must do the same. Where the option is named as the command they do."""
    for language in content.languages:
        for flow, step in content.steps():
            entry, file, _ = content.entry(language, flow, step)
            given = entry.get("options") if isinstance(entry, Marked) else None
            for option in step.options:
                for label in versions(given.get(option.id)).values() if isinstance(given, Marked) else ():
                    command = meanings.get(fold(label))
                    if command not in (None, option.id, step.id) and isinstance(given, Marked):
                        message = f"the label '{label}' of '{flow.name}.{step.id}' is also a word for the command '{command}'"
                        yield Problem(file=file, line=given.line_of(option.id), message=message)
