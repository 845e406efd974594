"""Answers that are kept apart (`apart: true`: an identity): nothing else in the content may take hold of them."""

from __future__ import annotations

from collections.abc import Iterator

from flows.definition import Flow, Step
from flows.inspection.content import Content
from flows.inspection.names import saved
from flows.inspection.recording import REPORT
from flows.marked import Marked, Problem

KINDS = ("choice", "text")
# Each would carry the answer, or what was written in its place, to where it is not apart any more.
_NEVER_WITH = ("append_to", "begin_with", "danger", "remember", "secret")


def check_apart(content: Content) -> Iterator[Problem]:
    """Every question that is kept apart. That no condition and no text looks at its answer is `names.check_names`' to say: to those it does
    not exist."""
    for flow, step in content.steps():
        if step.type == "ask" and "apart" in step.settings:
            for message in _step(flow, step):
                yield Problem(file=flow.file, line=step.line, message=f"'{step.id}' {message}")
    yield from _recorded(content)


def _step(flow: Flow, step: Step) -> Iterator[str]:
    if step.settings["apart"] is not True:
        yield "says 'apart' without 'true': leave it out, or write apart: true"
        return
    if step.kind not in KINDS:
        yield f"cannot be kept apart: only questions of kind {' and '.join(KINDS)} can"
    if step.kind == "text" and step.options:
        yield "is kept apart, so its words are not looked at: it can have no options"
    if not step.skippable:
        yield "is kept apart, so it must be possible to pass it over"
    for key in _NEVER_WITH:
        if key in step.settings:
            yield f"is kept apart, so it can have no '{key}'"
    if step.save in saved(flow):
        yield f"is kept apart, but another question keeps its answer as '{step.save}' too"


def _recorded(content: Content) -> Iterator[Problem]:
    source, report = content.sources.recording, content.flows.get(REPORT)
    steps = content.recording.get("steps")
    if source is None or report is None or not isinstance(steps, Marked):
        return
    for name in steps:
        if name in report.steps and report.steps[name].apart:
            message = f"'{name}' is kept apart in the report: it has no place in the recording"
            yield Problem(file=source.file, line=steps.line_of(name), message=message)
