"""Registries are literal dicts: who reads the file sees everything that there is, and nothing is added behind their back."""

from __future__ import annotations

import ast

import pytest

from actions.registry import ACTIONS
from bot.__main__ import load
from bot.cli.command import Command
from bot.cli.table import COMMANDS
from flows.definition import KINDS as KIND_NAMES
from flows.definition import TYPES
from flows.kinds import KINDS
from flows.registry import STEP_TYPES
from tests.structure.project import ROOT, python_files, relative, trees

REGISTRIES = {
    "actions/registry.py": "ACTIONS",
    "bot/channels/__init__.py": "CHANNELS",
    "bot/cli/table.py": "COMMANDS",
    "flows/kinds.py": "KINDS",
    "flows/registry.py": "STEP_TYPES",
}


def assigned(tree: ast.Module, name: str) -> list[ast.expr | None]:
    """What a name is given at the top of a module."""
    found: list[ast.expr | None] = []
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            found.append(node.value)
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
            found.append(node.value)
    return found


@pytest.mark.parametrize(("file", "name"), REGISTRIES.items())
def test_a_registry_is_one_literal_dict(file: str, name: str) -> None:
    (value,) = assigned(ast.parse((ROOT / file).read_text(encoding="utf-8")), name)
    assert isinstance(value, ast.Dict)
    keys = [key.value for key in value.keys if isinstance(key, ast.Constant)]
    assert len(keys) == len(value.keys) > 0, "every key is written out"
    assert len(set(keys)) == len(keys)


def test_nobody_adds_to_a_registry() -> None:
    names = set(REGISTRIES.values())
    added = []
    for path, tree in trees():
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
            subscripts = [target.value for target in targets if isinstance(target, ast.Subscript)]
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("update", "setdefault", "pop"):
                subscripts.append(node.func.value)
            added += [f"{relative(path)}:{value.lineno}" for value in subscripts if isinstance(value, ast.Name) and value.id in names]
    assert added == []
    assert len(python_files()) > 40


def test_what_the_definitions_may_use_is_what_there_is() -> None:
    assert set(STEP_TYPES) == set(TYPES)
    assert set(KINDS) == set(KIND_NAMES)


def test_every_action_declares_what_it_may_come_back_with() -> None:
    assert len(ACTIONS) > 5
    for name, entry in ACTIONS.items():
        assert entry.codes, name
        assert len(set(entry.codes)) == len(entry.codes), name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_loads(name: str) -> None:
    assert isinstance(load(name), Command)
