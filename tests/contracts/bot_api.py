"""Outgoing calls compared with a machine-readable description of the Bot API, where one lies beside the checkout.

Format: {"methods": {name: {"fields": [{"name", "types", "required", "description"}]}}, "types": {name: {"fields"} or {"subtypes"}}}.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

DESCRIPTION = Path(__file__).parents[2].parent / "shared" / "peers" / "telegram" / "api.json"
_LENGTH = re.compile(r"(\d+)-(\d+) (characters|bytes)")


@cache
def description() -> dict[str, Any] | None:
    """The Bot API, or None where nobody has put it."""
    if not DESCRIPTION.exists():
        return None
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text("utf-8"))
    return found


def problems(method: str, parameters: Mapping[str, Any]) -> list[str]:
    """What the Bot API would not take in a call: unknown method or parameter, a missing one, a wrong type or length."""
    api = description()
    if api is None:
        return []
    if method not in api["methods"]:
        return [f"{method}: no such method"]
    return _fields(api, method, api["methods"][method].get("fields", []), parameters)


def _fields(api: dict[str, Any], where: str, fields: list[dict[str, Any]], values: Mapping[str, Any]) -> list[str]:
    known = {field["name"]: field for field in fields}
    found = [f"{where}: unknown {name}" for name in values if name not in known]
    found += [f"{where}: {name} is missing" for name, field in known.items() if field["required"] and name not in values]
    for name, value in values.items():
        if name in known:
            field = known[name]
            trials = [_type(api, f"{where}.{name}", kind, value) for kind in field["types"]]
            found += min(trials, key=len)
            found += _length(f"{where}.{name}", field["description"], value)
    return found


def _length(where: str, words: str, value: Any) -> list[str]:
    limits = _LENGTH.search(words)
    if not limits or not isinstance(value, str):
        return []
    length = len(value.encode()) if limits[3] == "bytes" else len(value.encode("utf-16-le")) // 2
    return [] if int(limits[1]) <= length <= int(limits[2]) else [f"{where}: {length} {limits[3]}"]


def _type(api: dict[str, Any], where: str, kind: str, value: Any) -> list[str]:
    if kind.startswith("Array of "):
        if not isinstance(value, list | tuple):
            return [f"{where}: no array"]
        return [problem for item in value for problem in _type(api, where, kind.removeprefix("Array of "), item)]
    simple = {"String": str, "Integer": int, "Boolean": bool, "Float": (int, float)}.get(kind)
    if simple is not None:
        fits = isinstance(value, simple) and (kind == "Boolean" or not isinstance(value, bool))
        return [] if fits else [f"{where}: no {kind}"]
    if not isinstance(value, Mapping):
        return [f"{where}: no {kind}"]
    described = api["types"][kind]
    if "subtypes" in described:
        return min((_type(api, where, subtype, value) for subtype in described["subtypes"]), key=len)
    return _fields(api, f"{where}<{kind}>", described.get("fields", []), value)
