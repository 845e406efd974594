"""Key and language → the words that a person reads, and the command words that are heard at every wait."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PLACEHOLDER = re.compile(r"\{([a-z_]+\.[a-z0-9_]+)\}")
COMMANDS = ("back", "skip", "repeat", "menu", "help", "counsellor", "exit", "erase", "language")
FIRST_LANGUAGE = "id"

_DIALLED = re.compile(r"^\+?[\d\- ]+$")  # what a telephone can dial; an address on the web is no number
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


def fold(text: str) -> str:
    """A message as command words are compared: casefolded, without punctuation at the ends, single spaces."""
    return " ".join(_EDGES.sub("", text.casefold()).split())


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """All words. `strings`: language → flow → step → part; `commands`: language → command → words; `numbers`: id → number."""

    strings: Mapping[str, Mapping[str, Any]]
    commands: Mapping[str, Mapping[str, tuple[str, ...]]]
    numbers: Mapping[str, str] = field(default_factory=dict)
    _words: Mapping[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)
    _fixed: frozenset[str] = field(init=False, repr=False, compare=False, default=frozenset())

    def __post_init__(self) -> None:
        """Builds the table of command words once: it is asked at every message."""
        words = {fold(word): command for table in self.commands.values() for command, listed in table.items() for word in listed}
        object.__setattr__(self, "_words", words)
        said = (text.strip() for text in _leaves(self.strings))
        object.__setattr__(self, "_fixed", frozenset(text for text in said if _impersonal(text)))

    def fixed(self, text: str) -> bool:
        """Whether these words, before placeholders are filled, are ours alone: they stand in the catalogue as they are, and nothing goes
        into them but numbers and what is so for everybody. A sentence that was put together from an answer does not stand there."""
        return text.strip() in self._fixed

    @property
    def labels(self) -> frozenset[str]:
        """Every option's label in every language, folded."""
        found: set[str] = set()
        for flows in self.strings.values():
            for flow in flows.values():
                for entry in flow.values() if isinstance(flow, Mapping) else ():
                    options = entry.get("options") if isinstance(entry, Mapping) else None
                    for label in options.values() if isinstance(options, Mapping) else ():
                        spoken = label.values() if isinstance(label, Mapping) else (label,)
                        found.update(fold(one) for one in spoken if isinstance(one, str))
        return frozenset(found)

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language that has strings, the first one first."""
        return tuple(sorted(self.strings, key=lambda name: (name != FIRST_LANGUAGE, name)))

    def part(self, language: str, flow: str, step: str, part: str, reader: str | None = None) -> str | None:
        """One text, in the reader's own version if there is one; None if the catalogue has none in this language."""
        entry = self.strings.get(language, {}).get(flow, {}).get(step)
        if isinstance(entry, str):
            return entry if part == "text" else None
        found = entry.get(part) if isinstance(entry, Mapping) else None
        if isinstance(found, Mapping):
            found = found.get(reader or "unknown", found.get("adult", found.get("child")))
        return found.strip() if isinstance(found, str) else None

    def option(self, language: str, flow: str, step: str, option: str, reader: str | None = None) -> str:
        """An option's label; the option's own id if the catalogue has none (a fault that `check` reports)."""
        entry = self.strings.get(language, {}).get(flow, {}).get(step)
        options = entry.get("options") if isinstance(entry, Mapping) else None
        found = options.get(option) if isinstance(options, Mapping) else None
        if isinstance(found, Mapping):
            found = found.get(reader or "unknown", found.get("adult", found.get("child")))
        return found if isinstance(found, str) else option

    def heard(self, flow: str, step: str, part: str = "heard") -> dict[str, list[str]]:
        """Other words for the options of a question, option → words, of every language: people mix them. `heard` are whole messages,
        `within` words that tell it somewhere in a message."""
        found: dict[str, list[str]] = {}
        for language in self.languages:
            entry = self.strings[language].get(flow, {}).get(step)
            listed = entry.get(part) if isinstance(entry, Mapping) else None
            for option, words in listed.items() if isinstance(listed, Mapping) else ():
                found.setdefault(option, []).extend(str(word) for word in words)
        return found

    def common(self, language: str, key: str) -> str:
        """One of the engine's own sentences, by key (`retry.choice` looks into `retry`)."""
        found: Any = self.strings.get(language, {}).get("common", {})
        for name in key.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        if isinstance(found, Mapping):
            found = found.get("text")
        if isinstance(found, str):
            return found.strip()
        return "" if language == FIRST_LANGUAGE else self.common(FIRST_LANGUAGE, key)

    def command(self, text: str) -> str | None:
        """The command that a whole message is, in any language, or None."""
        return self._words.get(fold(text.removeprefix("/")))

    def fill(self, template: str, known: Mapping[str, Mapping[str, Any]]) -> tuple[str, tuple[str, ...]]:
        """A text with its placeholders filled, and the telephone numbers that came into it. Unknown ones vanish."""
        used: list[str] = []

        def value(match: re.Match[str]) -> str:
            scope, _, name = match[1].partition(".")
            if scope == "number":
                number = self.numbers.get(name, "")
                if number and number not in used and _DIALLED.match(number):
                    used.append(number)
                return number
            found = known.get(scope, {}).get(name)
            return "" if found is None else str(found)

        return PLACEHOLDER.sub(value, template), tuple(used)


def _leaves(node: Any) -> Iterator[str]:
    """Every text in a tree of mappings and lists."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping | list | tuple):
        for child in node.values() if isinstance(node, Mapping) else node:
            yield from _leaves(child)


def _impersonal(text: str) -> bool:
    """Whether no placeholder of a text stands for an answer, a fact or a result."""
    return all(match[1].partition(".")[0] in ("number", "world") for match in PLACEHOLDER.finditer(text))
