"""The directory of services, and what the city still has to decide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from flows.catalogue import PLACEHOLDER
from flows.directory import NEEDS
from flows.inspection.content import Content
from flows.marked import Marked, Problem, day_of, read
from flows.topics import CONFIDENCE

FRESH = timedelta(days=180)
KINDS = ("phone", "whatsapp", "web")
TEXTS = ("name", "for", "hours", "who")
ROLES = "identity_roles"
_ROLE = re.compile(r"[a-z][a-z0-9_]{1,39}")


def _entries(content: Content) -> Iterator[Marked]:
    listed = content.services.get("services")
    yield from (entry for entry in listed if isinstance(entry, Marked)) if isinstance(listed, list) else ()


def check_services(content: Content, today: date) -> Iterator[Problem]:
    """Mistakes in the entries of the directory, and numbers in texts that are not shipped."""
    source = content.sources.services
    if source is None:
        return
    if not isinstance(content.services.get("services"), list):
        yield Problem(file=source.file, line=1, message="must hold a list 'services'")
        return
    seen: set[str] = set()
    for entry in _entries(content):
        for message, line in _entry(content, entry, today):
            yield Problem(file=source.file, line=line, message=message)
        name = str(entry.get("id"))
        if name in seen:
            yield Problem(file=source.file, line=entry.line_of("id"), message=f"'{name}' stands twice")
        seen.add(name)
    hidden = {str(entry.get("id")) for entry in _entries(content) if entry.get("ship") is not True}
    for strings in (*content.sources.strings.values(), *content.sources.lessons.values()):
        for line, text in enumerate(strings.text.splitlines(), start=1):
            for name in PLACEHOLDER.findall(text):
                if name.startswith("number.") and name.removeprefix("number.") in hidden:
                    message = f"{{{name}}} is not to be shown yet (ship: false in {source.file})"
                    yield Problem(file=strings.file, line=line, message=message)


def _entry(content: Content, entry: Marked, today: date) -> Iterator[tuple[str, int]]:
    name = entry.get("id")
    if not isinstance(name, str) or not name:
        yield "a service needs an 'id'", entry.line
        return
    if not isinstance(entry.get("number"), str) or not str(entry.get("number")).strip():
        yield f"'{name}' needs a 'number' in quotes", entry.line_of("number")
    for key, allowed in (("kind", KINDS), ("confidence", CONFIDENCE)):
        if entry.get(key) not in allowed:
            yield f"'{name}': {key} must be one of {', '.join(allowed)}", entry.line_of(key)
    if not isinstance(entry.get("ship"), bool):
        yield f"'{name}': ship must be true or false", entry.line_of("ship")
    elif entry["ship"] and entry.get("confidence") in ("low", "unverified"):
        yield f"'{name}' is shown to people although its confidence is {entry['confidence']}", entry.line_of("ship")
    elif not entry["ship"] and not entry.get("reason"):
        yield f"'{name}' is not shown to people: 'reason' must say what is missing", entry.line
    needs = entry.get("need", [])
    if not isinstance(needs, list) or not set(map(str, needs)) <= set(NEEDS):
        yield f"'{name}': need must be a list out of {', '.join(NEEDS)}", entry.line_of("need")
    codes, known = entry.get("kecamatan", []), _kecamatan(content)
    if not isinstance(codes, list) or not all(isinstance(code, str) and (not known or code in known) for code in codes):
        yield f"'{name}': kecamatan must be a list of codes of data/regions.yml, in quotes", entry.line_of("kecamatan")
    if not entry.get("source"):
        yield f"'{name}' needs a 'source'", entry.line
    verified = day_of(entry.get("verified"))
    if verified is None:
        yield f"'{name}': verified must be a date like 2026-11-23", entry.line_of("verified")
    elif verified > today:
        yield f"'{name}' was verified in the future", entry.line_of("verified")
    for key in TEXTS:
        texts = entry.get(key)
        for language in content.languages:
            if not isinstance(texts, Marked) or not texts.get(language):
                yield f"'{name}': {key} has no text in '{language}'", entry.line_of(key)


def _kecamatan(content: Content) -> frozenset[str]:
    """The codes of the city's kecamatan, if their file is among the sources."""
    source = next((source for source in content.sources.others if source.file == "data/regions.yml"), None)
    listed = read(source.text, file=source.file)[0].get("kecamatan") if source is not None else None
    return frozenset(str(entry.get("code")) for entry in listed if isinstance(entry, Marked)) if isinstance(listed, list) else frozenset()


def stale_services(content: Content, today: date) -> Iterator[Problem]:
    """Entries that people are shown and that nobody has looked at for 180 days. The emergency numbers (`always`) never age out."""
    source = content.sources.services
    for entry in _entries(content) if source is not None else ():
        verified = day_of(entry.get("verified"))
        if source is None or verified is None or entry.get("ship") is not True or entry.get("always") is True:
            continue
        age = today - verified
        if age > FRESH:
            message = f"'{entry.get('id')}' was verified {age.days} days ago: look at its sources again and renew the date"
            yield Problem(file=source.file, line=entry.line_of("verified"), message=message)


def check_city(content: Content) -> Iterator[Problem]:
    """Mistakes in what the city decides."""
    source = content.sources.city
    if source is None:
        return
    roles = content.city.get(ROLES)
    if isinstance(roles, Marked):
        for message in _roles(roles.get("value"), content.languages):
            yield Problem(file=source.file, line=content.city.line_of(ROLES), message=f"'{ROLES}' {message}")
    for name, entry in content.city.items():
        line = content.city.line_of(name)
        if not isinstance(entry, Marked) or "value" not in entry or not isinstance(entry.get("confirm"), bool):
            yield Problem(file=source.file, line=line, message=f"'{name}' needs a 'value' and 'confirm: true' or 'confirm: false'")
            continue
        value = entry["value"]
        if wrong := _span(name, value) or _start(name, value):
            yield Problem(file=source.file, line=line, message=f"'{name}' {wrong}")
        if isinstance(value, Marked) and value.keys() & set(content.languages):
            for language in content.languages:
                if not value.get(language):
                    yield Problem(file=source.file, line=line, message=f"'{name}' has no text in '{language}'")


def _span(name: str, value: Any) -> str:
    """What is wrong with a length of time; "" if nothing, or if it is none."""
    if not name.endswith(("_hours", "_minutes", "_days")):
        return ""
    least = 1 if "_again_" in name else 0  # told again without a pause, nobody would listen any more
    good = isinstance(value, int) and not isinstance(value, bool) and value >= least
    return "" if good else f"must be a whole number, at least {least}"


def _start(name: str, value: Any) -> str:
    return "must be 'submitted': from another moment nothing is counted" if name.endswith("_clock_starts") and value != "submitted" else ""


def _roles(value: Any, languages: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the two roles that open an identity together: people are told their names before they give one."""
    roles = [role for role in value if isinstance(role, Marked)] if isinstance(value, list) else []
    if len(roles) != 2 or len(roles) != len(value):
        yield "must be exactly two roles, {id: …, name: …}: one alone could open, of three somebody would be passed over"
        return
    ids = [str(role.get("id")) for role in roles]
    if not all(_ROLE.fullmatch(role) for role in ids) or ids[0] == ids[1]:
        yield "must have two different ids of letters a-z, digits and _ (they stand in key files)"
    for language in languages:
        names = [role["name"].get(language) if isinstance(role.get("name"), Marked) else None for role in roles]
        if not all(isinstance(name, str) and name.strip() for name in names):
            yield f"has a role without a name in '{language}'"
        elif names[0] == names[1]:
            yield f"calls both roles the same in '{language}'"


def undecided(content: Content) -> tuple[str, ...]:
    """What nobody in the city has decided yet, by the names of `data/city.yml`, in that order."""
    return tuple(name for name, entry in content.city.items() if isinstance(entry, Marked) and entry.get("confirm") is True)
