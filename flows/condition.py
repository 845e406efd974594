"""`when:` in a definition: a question about what is known, answered without any code.

A mapping means "all of these", a list of mappings "any of these". A value is what the name must equal; a list means one of them.
Where the known value is itself a list (several ticked options), one of them in common is enough. `true` matches anything that is there
and not empty, `false` the rest; `skipped` matches a question that was passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SCOPES = ("answers", "facts", "world", "result")


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """An "or" of "and"s: `any_of[i]` is a group of (dotted name, accepted values)."""

    any_of: tuple[tuple[tuple[str, tuple[Any, ...]], ...], ...]

    def holds(self, known: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether it is true of what is known: scope → name → value."""
        return any(all(_matches(_look_up(known, name), accepted) for name, accepted in group) for group in self.any_of)

    def names(self) -> frozenset[str]:
        """The dotted names that it asks about."""
        return frozenset(name for group in self.any_of for name, _ in group)

    def values(self, name: str) -> frozenset[Any]:
        """Every value that it compares a name with."""
        return frozenset(value for group in self.any_of for asked, accepted in group if asked == name for value in accepted)


_ABSENT = object()


def _look_up(known: Mapping[str, Mapping[str, Any]], name: str) -> Any:
    scope, _, key = name.partition(".")
    return known.get(scope, {}).get(key, _ABSENT)


def _matches(value: Any, accepted: tuple[Any, ...]) -> bool:
    if value is _ABSENT:
        return False in accepted
    if value is None:
        return "skipped" in accepted or False in accepted
    if any(wanted is True for wanted in accepted) and value:
        return True
    if any(wanted is False for wanted in accepted) and not value:
        return True
    if isinstance(value, list | tuple):
        return any(item in accepted for item in value)
    return any(value == wanted and isinstance(value, bool) == isinstance(wanted, bool) for wanted in accepted)


def read_condition(data: Any) -> tuple[Condition | None, list[str]]:
    """A condition from YAML data, and what is wrong with it in words."""
    groups = data if isinstance(data, list) else [data]
    problems: list[str] = [] if groups else ["'when' must name what to look at, for example {answers.who: self}"]
    read: list[tuple[tuple[str, tuple[Any, ...]], ...]] = []
    for group in groups:
        if not isinstance(group, Mapping) or not group:
            problems.append("'when' must name what to look at, for example {answers.who: self}")
            continue
        terms: list[tuple[str, tuple[Any, ...]]] = []
        for name, value in group.items():
            scope, dot, key = str(name).partition(".")
            if scope not in SCOPES or not dot or not key:
                problems.append(f"'when' cannot look at '{name}': it must start with one of {', '.join(s + '.' for s in SCOPES)}")
            terms.append((str(name), tuple(value) if isinstance(value, list) else (value,)))
        read.append(tuple(terms))
    return (None if problems else Condition(any_of=tuple(read))), problems
