"""What conditions and texts may ask about: a name that nothing sets would be false, or a gap in a sentence, without anybody noticing."""

from __future__ import annotations

from collections.abc import Iterator

from flows.catalogue import PLACEHOLDER
from flows.condition import Condition
from flows.definition import Flow, Step
from flows.inspection.content import Content
from flows.marked import Problem
from flows.signals import WORLD
from flows.topics import GROUPS

# Set by the engine (flows/engine.py) or an action; `remember` in a definition sets more.
FACTS = frozenset(
    {"greeted", "told", "trigger", "alert", "resumed", "unfinished", "reader", "language", "exit_word", "files", "nearest", "in_care"}
)
RESULT = frozenset({"code", "status", "replies", "count", "pictures_left_out", "with", "ahead", "minutes", "when", "clock", "date"})
READERS = frozenset({"child", "adult", "professional"})
_SKIPPED = frozenset({"skipped", True, False})
_WHERE_IS = "the names are answers.…, facts.…, world.…, result.… and number.…"


def saved(flow: Flow) -> dict[str, list[Step]]:
    """The questions of a flow by the name under which their answer is kept; not those whose answers are kept apart."""
    found: dict[str, list[Step]] = {}
    for step in flow.steps.values():
        if step.type == "ask" and not step.apart:
            found.setdefault(step.save, []).append(step)
    return found


def remembered(content: Content) -> frozenset[str]:
    """Every fact that some question or the engine sets."""
    facts = set(FACTS)
    for _, step in content.steps():
        remember = step.settings.get("remember")
        facts |= {remember} if isinstance(remember, str) else set(remember) if isinstance(remember, dict) else set()
        target = step.settings.get("append_to")
        if isinstance(target, str) and target.startswith("facts."):
            facts.add(target.removeprefix("facts."))
    return frozenset(facts)


def check_names(content: Content) -> Iterator[Problem]:
    """Every condition, and every name of another question that a step points to."""
    facts = remembered(content)
    for flow in content.flows.values():
        for message in _condition(flow, flow.pause.when, facts) if flow.pause is not None else ():
            yield Problem(file=flow.file, line=0, message=f"'pause' {message}")
    for flow, step in content.steps():
        conditions = [step.when, step.no_pictures, *(case.when for case in step.cases), *(option.when for option in step.options)]
        for condition in conditions:
            if condition is not None:
                for message in _condition(flow, condition, facts):
                    yield Problem(file=flow.file, line=step.line, message=f"'{step.id}' {message}")
        for option in step.options if step.kind == "topic" else ():
            if option.id in content.topics or (option.id in GROUPS and step.settings.get("list") == "groups"):
                message = f"the option '{option.id}' of '{step.id}' is also the name of a topic, or of a shelf of them"
                yield Problem(file=flow.file, line=step.line, message=message)
        of = step.settings.get("of")
        if step.kind == "topic" and (step.settings.get("list") in ("group", "next")) != (of is not None):
            message = f"'{step.id}' must say of which answer (of: …) it lists the topics, if it lists a group's or the next ones"
            yield Problem(file=flow.file, line=step.line, message=message)
        for key in ("append_to", "begin_with"):
            target = step.settings.get(key)
            if not isinstance(target, str):
                continue
            scope, _, fact = target.partition(".")
            known = fact in facts if scope == "facts" else any(other.kind == "text" for other in saved(flow).get(target, ()))
            if not known:
                message = f"'{step.id}': {key} names '{target}', which is no text answer of this flow"
                yield Problem(file=flow.file, line=step.line, message=message)


def _condition(flow: Flow, condition: Condition, facts: frozenset[str]) -> Iterator[str]:
    for name in sorted(condition.names()):
        scope, _, key = name.partition(".")
        known = {"answers": saved(flow).keys(), "facts": facts, "world": WORLD, "result": RESULT}.get(scope, frozenset())
        if key not in known:
            yield f"asks about {name}, which nothing sets"
            continue
        if scope == "answers":
            possible = _values(saved(flow)[key])
            for value in sorted(condition.values(name) - possible, key=str):
                yield f"asks whether {name} is '{value}', which is never an answer of it"
        if name == "facts.reader":
            for value in sorted(condition.values(name) - READERS - _SKIPPED, key=str):
                yield f"asks whether {name} is '{value}': a reader is {', '.join(sorted(READERS))}"


def _values(steps: list[Step]) -> frozenset[object]:
    """What an answer can equal. Own words can equal nothing: an option of a text question is kept as the words of its label."""
    possible: set[object] = set(_SKIPPED)
    for step in steps:
        if step.kind in ("choice", "many", "where", "date"):
            possible |= {option.id for option in step.options}
        if step.kind == "number":
            possible |= set(range(int(step.settings.get("min", 0)), int(step.settings.get("max", 200)) + 1))
    return frozenset(possible)


def check_placeholders(content: Content, flow: Flow, text: str) -> Iterator[str]:
    """What is wrong with the placeholders of one text of a flow, in words."""
    facts = remembered(content)
    known = {"answers": saved(flow).keys(), "facts": facts, "world": WORLD, "result": RESULT, "number": content.numbers.keys()}
    for name in PLACEHOLDER.findall(text):
        scope, _, key = name.partition(".")
        if scope not in known:
            yield f"{{{name}}} means nothing: {_WHERE_IS}"
        elif key not in known[scope]:
            advice = "is not in data/services.yml" if scope == "number" else "is set by nothing"
            yield f"{{{name}}} {advice}"
    rest = PLACEHOLDER.sub("", text)
    if "{" in rest or "}" in rest:
        yield "has a brace that belongs to no placeholder: write {scope.name}"
