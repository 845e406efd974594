"""`pause:` in a definition: what is held back, what is not, and what `check` says of a mistake in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bot.shelf import load_shelf, read_sources
from flows.definition import read_flow
from flows.inspect import inspect
from flows.inspection.content import Source

FLOW = """
flow: tell
start: first
pause: {PAUSE}
steps:
  first: {type: ask, kind: text, next: {skip: aside, else: second}}
  second: {type: ask, kind: text, next: send}
  send: {type: do, action: submit_report, next: {ok: thanks, else: second}}
  thanks: {type: ask, kind: text, next: over}
  aside: {type: say, next: over}
  over: {type: end}
"""


def test_what_leads_to_it_is_held_back_and_what_comes_after_is_not() -> None:
    flow, problems = read_flow(FLOW.replace("{PAUSE}", "{when: {world.mode: people-only}, before: send}"), file="x")
    assert not problems and flow is not None and flow.pause is not None
    assert flow.pause.steps == {"first", "second", "send"}


@pytest.mark.parametrize(
    "pause", ["yes", "{when: {world.mode: people-only}}", "{when: {world.mode: x}, before: nowhere}", "{when: {mode: x}, before: send}",
              "{when: {world.mode: x}, before: send, then: over}"],
)  # fmt: skip
def test_a_mistake_in_it_is_named(pause: str) -> None:
    flow, problems = read_flow(FLOW.replace("{PAUSE}", pause), file="x")
    assert flow is not None and flow.pause is None
    assert problems and all(problem.line == 4 for problem in problems)


def test_in_the_report_every_question_before_sending_is_held_back() -> None:
    report = load_shelf().library.flows["report"]
    assert report.pause is not None
    asked = {step.id for step in report.steps.values() if step.type in ("ask", "review")}
    assert asked - report.pause.steps == {"after"}


def test_check_misses_the_door_and_an_unknown_name() -> None:
    sources = read_sources()

    def spoilt(text: str) -> str:
        return text.replace("  paused: paused\n", "").replace("{when: [{world.mode: people-only}", "{when: [{world.mud: x}")

    definitions = tuple(Source(file=source.file, text=spoilt(source.text)) for source in sources.definitions)
    found = inspect(replace(sources, definitions=definitions), actions={}, today=date(2026, 11, 23))
    messages = [problem.message for problem in found.problems]
    assert "'entries' must name 'paused': the engine opens it" in messages
    assert "'pause' asks about world.mud, which nothing sets" in messages
