"""The way through a conversation: every step can be reached, every step leads to an end, nothing runs in a circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flows.blocking import BLOCKED, ENDED
from flows.definition import Flow, Step
from flows.inspection.content import Content
from flows.library import COUNSELLOR, INTERRUPTS, LEARN, PAUSED, START
from flows.marked import Problem

WAITS = frozenset({"ask", "review", "talk"})
LEAVES = frozenset({"end", "go"})
HAND_OFF = "hand_off"

# Doors that the engine opens by name (flows/engine.py): without one of them a person would get no answer there.
DOORS: Mapping[str, frozenset[str]] = {
    INTERRUPTS: frozenset({"danger", "self_harm", "help", "counsellor", "exit", "erase", "language", "lost"}),
    START: frozenset({"menu"}),
    COUNSELLOR: frozenset({"joined"}),  # where the desk can be talked with
    LEARN: frozenset({"asked", "nearest"}),  # where there are topics
}


def check_graph(content: Content, actions: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    """Everything about ways. `actions` are the result codes that each action declares, by its name."""
    talks = any(step.type == "talk" for _, step in content.steps())
    pausing = any(flow.pause is not None for flow in content.flows.values())
    for name, doors in DOORS.items():
        if pausing and name == INTERRUPTS:
            doors = doors | {PAUSED}
        if talks and name == INTERRUPTS:
            doors = doors | {"untaken", "untaken_danger", BLOCKED, ENDED}
        if (name == LEARN and not content.topics) or (name == COUNSELLOR and not talks):
            continue
        flow = content.flows.get(name)
        if flow is None:
            yield Problem(file="flows/definitions", line=0, message=f"there must be a flow '{name}'")
            continue
        for door in sorted(doors - flow.entries.keys()):
            yield Problem(file=flow.file, line=0, message=f"'entries' must name '{door}': the engine opens it")
    for flow in content.flows.values():
        yield from _reach(flow)
        yield from _exits(flow)
        yield from _circles(flow)
        for step in flow.steps.values():
            yield from _jump(content, flow, step)
            yield from _action(flow, step, actions)


def _reach(flow: Flow) -> Iterator[Problem]:
    seen: set[str] = set()
    todo = [flow.start, *flow.entries.values()]
    while todo:
        name = todo.pop()
        if name in seen or name not in flow.steps:
            continue
        seen.add(name)
        todo.extend(flow.steps[name].targets())
    for step in flow.steps.values():
        if step.id not in seen:
            yield Problem(file=flow.file, line=step.line, message=f"no way leads to '{step.id}'")


def _exits(flow: Flow) -> Iterator[Problem]:
    """A step from which no end can be reached keeps a person for ever."""
    leads_out = {step.id for step in flow.steps.values() if step.type in LEAVES}
    growing = True
    while growing:
        more = {step.id for step in flow.steps.values() if step.id not in leads_out and leads_out.intersection(step.targets())}
        growing = bool(more)
        leads_out |= more
    for step in flow.steps.values():
        if step.id not in leads_out:
            kind = "waits for an answer, but none of them" if step.type in WAITS else "goes on, but nothing after it"
            yield Problem(file=flow.file, line=step.line, message=f"'{step.id}' {kind} leads to an end of this flow")


def _circles(flow: Flow) -> Iterator[Problem]:
    """Steps that follow each other in a circle without waiting for anybody: the engine stops them after a while."""
    passing = {step.id for step in flow.steps.values() if step.type not in WAITS | LEAVES | {"call"}}
    state: dict[str, int] = {}
    for first in flow.steps:
        if first not in passing or state.get(first):
            continue
        path: list[tuple[str, list[str]]] = [(first, _passing_targets(flow, first, passing))]
        state[first] = 1
        while path:
            name, rest = path[-1]
            if not rest:
                state[name] = 2
                path.pop()
                continue
            target = rest.pop()
            if state.get(target) == 1:
                circle = [step for step, _ in path]
                shown = " → ".join([*circle[circle.index(target) :], target])
                message = f"runs in a circle without waiting for an answer: {shown}"
                yield Problem(file=flow.file, line=flow.steps[target].line, message=message)
            elif not state.get(target):
                state[target] = 1
                path.append((target, _passing_targets(flow, target, passing)))


def _passing_targets(flow: Flow, name: str, passing: set[str]) -> list[str]:
    return [target for target in reversed(flow.steps[name].targets()) if target in passing]


def _jump(content: Content, flow: Flow, step: Step) -> Iterator[Problem]:
    if step.type not in ("go", "call"):
        return
    name, entry = step.settings.get("flow"), step.settings.get("entry")
    target = content.flows.get(str(name))
    message = ""
    if target is None and not _only_if_it_exists(flow, step, f"world.{name}"):
        message = f"'{step.id}' leads to the flow '{name}', which does not exist"
    elif target is not None and entry is not None and entry not in target.entries:
        message = f"'{step.id}' leads to '{name}' by the entry '{entry}', which it does not have"
    if message:
        yield Problem(file=flow.file, line=step.line, message=message)


def _only_if_it_exists(flow: Flow, step: Step, asked: str) -> bool:
    """Whether every way to a step is an option that is offered only where the world says that the other flow is there."""
    ways = [(origin, option) for origin in flow.steps.values() for option, target in origin.routes.items() if target == step.id]
    others = [origin for origin in flow.steps.values() if origin.otherwise == step.id or any(case.next == step.id for case in origin.cases)]
    return bool(ways) and not others and all(_asks(origin, option, asked) for origin, option in ways)


def _asks(step: Step, name: str, asked: str) -> bool:
    return any(option.id == name and option.when is not None and asked in option.when.names() for option in step.options)


def _action(flow: Flow, step: Step, actions: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    if step.type not in ("do", "handoff"):
        return
    name = str(step.settings.get("action")) if step.type == "do" else HAND_OFF
    codes = actions.get(name)
    if codes is None:
        message = f"'{step.id}' does '{name}', which is no action (there are {', '.join(sorted(actions))})"
        yield Problem(file=flow.file, line=step.line, message=message)
        return
    for code in sorted(step.routes.keys() - codes):
        message = f"'{step.id}': '{code}' is no result of {name} (it gives {', '.join(sorted(codes))})"
        yield Problem(file=flow.file, line=step.line, message=message)
    if step.otherwise is None:
        for code in sorted(codes - step.routes.keys()):
            yield Problem(file=flow.file, line=step.line, message=f"'{step.id}' does not say what comes next when {name} gives '{code}'")
