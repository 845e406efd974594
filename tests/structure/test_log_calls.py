"""A log call's message is a literal of ours: what people wrote can only be an argument, and arguments are made harmless (bot/redact.py)."""

from __future__ import annotations

import ast

from tests.structure.project import relative, trees

METHODS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
OWN = ("bot", "flows", "nlu", "actions")
LOGGERS = frozenset({"log", "_log", "logger", "_logger", "LOG", "_LOG"})


def calls() -> list[tuple[str, ast.Call]]:
    found = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
                owner = node.func.value
                name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
                if name in LOGGERS:
                    found.append((f"{relative(path)}:{node.lineno}", node))
    return found


def test_every_message_is_a_literal() -> None:
    found = calls()
    assert len(found) > 3
    wrong = []
    for place, call in found:
        assert isinstance(call.func, ast.Attribute)
        at = 1 if call.func.attr == "log" else 0
        message = call.args[at] if len(call.args) > at else None
        if not (isinstance(message, ast.Constant) and isinstance(message.value, str)):
            wrong.append(place)
    assert wrong == []


def test_every_logger_of_ours_belongs_to_one_of_our_packages() -> None:
    """`logging.getLogger(__name__)`, or a name that starts with a package of ours: anything else would be heard as a library."""
    wrong, seen = [], 0
    for path, tree in trees():
        for node in ast.walk(tree):
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "getLogger"):
                continue
            seen += 1
            (name,) = value.args
            literal = isinstance(name, ast.Constant) and isinstance(name.value, str) and name.value.split(".")[0] in OWN
            if not (literal or (isinstance(name, ast.Name) and name.id == "__name__")):
                wrong.append(f"{relative(path)}:{value.lineno}")
    assert wrong == []
    assert seen > 3
