"""Outgoing calls compared with Twilio's own machine-readable descriptions (OpenAPI 3), where they lie beside the checkout."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2].parent / "shared" / "peers" / "twilio"
FILES = ("twilio_api_v2010.json", "twilio_content_v1.json")


@cache
def descriptions() -> tuple[dict[str, Any], ...]:
    """Twilio's APIs, as far as they were put there."""
    return tuple(json.loads((FOLDER / name).read_text("utf-8")) for name in FILES if (FOLDER / name).exists())


def problems(method: str, path: str, query: Sequence[tuple[str, str]], form: Sequence[tuple[str, str]], body: Any) -> list[str]:
    """What Twilio would not take in a call: an unknown path or parameter, a missing one, a wrong type, pattern or format."""
    if not descriptions():
        return []
    for api in descriptions():
        for template, operations in api["paths"].items():
            found = re.fullmatch(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template)), path)
            if found and method.lower() in operations:
                return _call(api, f"{method} {template}", operations[method.lower()], found.groupdict(), query, form, body)
    return [f"{method} {path}: no such call"]


def _call(
    api: dict[str, Any], where: str, operation: dict[str, Any], inside: Mapping[str, str], query: Sequence[tuple[str, str]],
    form: Sequence[tuple[str, str]], body: Any,
) -> list[str]:  # fmt: skip
    found = []
    known = {(each["in"], each["name"]): each for each in operation.get("parameters", ())}
    given = {("path", name): value for name, value in inside.items()} | {("query", name): value for name, value in query}
    for key, value in given.items():
        if key in known:
            found += _value(api, f"{where}: {key[1]}", known[key]["schema"], value, text=True)
        elif key[0] == "query":
            found.append(f"{where}: unknown {key[1]}")
    found += [f"{where}: {key[1]} is missing" for key, each in known.items() if each.get("required") and key not in given]
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        return found + _value(api, where, content["application/json"]["schema"], body, text=False)
    if not content:
        return found + [f"{where}: unknown {name}" for name, _ in form]
    schema = _resolved(api, content["application/x-www-form-urlencoded"]["schema"])
    fields = schema.get("properties", {})
    found += [f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in dict(form)]
    for name, value in form:
        if name not in fields:
            found.append(f"{where}: unknown {name}")
            continue
        field = _resolved(api, fields[name])
        found += _value(api, f"{where}: {name}", field.get("items", field) if field.get("type") == "array" else field, value, text=True)
    return found


def _resolved(api: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        target: Any = api
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def _value(api: dict[str, Any], where: str, schema: dict[str, Any], value: Any, *, text: bool) -> list[str]:
    """`text`: the value comes from a form or an address, where everything is a string."""
    schema = _resolved(api, schema)
    kind = schema.get("type")
    if kind == "object":
        if not isinstance(value, Mapping):
            return [f"{where}: no object"]
        fields, more = schema.get("properties", {}), schema.get("additionalProperties")
        found = [f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in value]
        for name, inner in value.items():
            if name in fields:
                found += _value(api, f"{where}.{name}", fields[name], inner, text=text)
            elif isinstance(more, Mapping):
                found += _value(api, f"{where}.{name}", dict(more), inner, text=text)
            elif not more:
                found.append(f"{where}: unknown {name}")
        return found
    if kind == "array":
        if not isinstance(value, list):
            return [f"{where}: no array"]
        return [problem for n, inner in enumerate(value) for problem in _value(api, f"{where}[{n}]", schema["items"], inner, text=text)]
    simple = {"string": str, "integer": int, "boolean": bool, "number": (int, float)}.get(str(kind))
    if simple is not None and not text and not isinstance(value, simple):
        return [f"{where}: no {kind}"]
    if text and kind in ("integer", "number") and not re.fullmatch(r"-?[0-9.]+", str(value)):
        return [f"{where}: no {kind}"]
    found = []
    if "pattern" in schema and not re.search(schema["pattern"], str(value)):
        found.append(f"{where}: not {schema['pattern']}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: none of {schema['enum']}")
    if schema.get("format") == "uri" and not re.match(r"https?://[^\s]+$", str(value)):
        found.append(f"{where}: no address")
    for name, wrong in (("minLength", lambda least: len(value) < least), ("maxLength", lambda most: len(value) > most)):
        if name in schema and isinstance(value, str) and wrong(schema[name]):
            found.append(f"{where}: {len(value)} characters")
    return found
