"""Everything that is wrong with the content, at once, before a child meets it. Pure: texts of files in, problems with file and line out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flows.inspection.apart import check_apart
from flows.inspection.commands import check_commands
from flows.inspection.content import Content, Source, Sources, read_content
from flows.inspection.directory import check_city, check_services, stale_services, undecided
from flows.inspection.graph import check_graph
from flows.inspection.limits import check_limits
from flows.inspection.names import check_names
from flows.inspection.questions import check_questions, stale_topics
from flows.inspection.recording import check_recording
from flows.inspection.telephone import check_numbers
from flows.inspection.words import check_words
from flows.marked import Problem

__all__ = ["Content", "Inspection", "Source", "Sources", "inspect"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """`problems` keep the content from being used; `warnings` want somebody's attention; `undecided` is what the city has not decided."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    undecided: tuple[str, ...]
    content: Content


def inspect(sources: Sources, *, actions: Mapping[str, frozenset[str]], today: date) -> Inspection:
    """Looks at all files. `actions` are the result codes of every action by its name; `today` decides what has aged."""
    content, problems = read_content(sources)
    if content.unreadable:  # whatever else could be said would only follow from that
        return Inspection(problems=tuple(sorted(set(problems))), warnings=(), undecided=(), content=content)
    for found in (
        check_graph(content, actions),
        check_names(content),
        check_apart(content),
        check_words(content),
        check_limits(content),
        check_numbers(content),
        check_services(content, today),
        check_city(content),
        check_commands(content),
        check_recording(content),
        check_questions(content, today),
    ):
        problems.extend(found)
    return Inspection(
        problems=tuple(sorted(set(problems))),
        warnings=tuple(sorted({*stale_services(content, today), *stale_topics(content, today)})),
        undecided=undecided(content),
        content=content,
    )
