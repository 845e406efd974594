"""YAML text → plain values that remember the line of every key, so that a problem can be named with file and line.

Booleans are YAML 1.2's (`true`, `false`): `yes` and `no` are words, because they are answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Problem:
    """Something in a file that a person has to mend. `line` counts from 1; 0 means the file as a whole."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class Marked(dict[str, Any]):
    """A mapping read from YAML. `lines` holds the line (from 1) of each key, `line` that of the mapping itself."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}
        self.line = 0

    def line_of(self, key: str) -> int:
        """The line of a key, or of the mapping if the key is not there."""
        return self.lines.get(key, self.line)


# libyaml's parser, where PyYAML was built with it (its wheels are): ten times as fast, and two hundred files are read at every start.
SAFE_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast, where it was built in


class _Loader(SAFE_LOADER):  # type: ignore[misc]
    """SafeLoader with YAML 1.2 booleans and without dates: `2026-11-23` stays the text that was written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def _plain(loader: _Loader, node: yaml.Node, file: str, problems: list[Problem]) -> Any:
    if isinstance(node, yaml.MappingNode):
        mapping = Marked()
        mapping.line = node.start_mark.line + 1
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in mapping:
                problems.append(Problem(file=file, line=line, message=f"'{key}' stands twice"))
            mapping[key] = _plain(loader, value_node, file, problems)
            mapping.lines[key] = line
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, item, file, problems) for item in node.value]
    return loader.construct_object(node)


def read(text: str, *, file: str) -> tuple[Marked, list[Problem]]:
    """The mapping that a YAML text holds, and what is wrong with the text. `file` only names it in the problems."""
    problems: list[Problem] = []
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        data = _plain(loader, node, file, problems) if node is not None else Marked()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return Marked(), [Problem(file=file, line=mark.line + 1 if mark else 0, message=f"not YAML: {error.problem}")]
    except yaml.YAMLError:
        return Marked(), [Problem(file=file, line=0, message="not YAML")]
    finally:
        loader.dispose()
    if not isinstance(data, Marked):
        return Marked(), [Problem(file=file, line=1, message="must be a mapping (key: value)")]
    return data, problems


def day_of(value: object) -> date | None:
    """The day that a value names, written 2026-11-23; None if it names none."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def walk(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, int]]:
    """Every leaf under a read mapping as (path, value, line)."""
    if isinstance(data, Marked):
        for key, value in data.items():
            if isinstance(value, Marked):
                yield from walk(value, (*path, key))
            else:
                yield (*path, key), value, data.line_of(key)
