"""domain.yml and the examples under data/ are one Rasa project: they name the same intents and entities, and an entity's value is known."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from flows.inspection.content import Content, Source
from flows.inspection.questions import files_of, lines_of
from flows.marked import Marked, Problem, read
from flows.topics import intents_of

MARKED = re.compile(r"\[([^\]]*)\](\{[^}]*\})")  # [surface words]{"entity": …, "value": …}
KELURAHAN = "kelurahan"
# What an entity may be, but for the kelurahan, which data/regions.yml names. The first three are options of the report's questions.
VALUES: Mapping[str, frozenset[str]] = {
    "violence_type": frozenset({"physical", "psychological", "sexual", "neglect", "exploitation", "trafficking", "bullying", "online"}),
    "place": frozenset({"home", "school", "public", "work", "online", "other"}),
    "relation": frozenset({"parent", "relative", "neighbour", "teacher", "friend", "spouse", "employer", "stranger", "other"}),
    "victim_age": frozenset(str(age) for age in range(18)),
}


def check_domain(content: Content, domain: Source, *, kelurahan: Collection[str]) -> Iterator[Problem]:
    """What is wrong between `domain` and the examples of all languages. `kelurahan`: the official names; without any, none is looked at."""
    data, found = read(domain.text, file=domain.file)
    yield from found
    if found and not data:
        return
    intents, entities = _named(data, "intents"), _named(data, "entities")
    values = {**VALUES, KELURAHAN: frozenset(kelurahan)}
    used: set[str] = set()
    marked: set[str] = set()
    for language in content.languages:
        for _, name, source, body, wrong in files_of(content, language):
            used |= {name} if wrong else set()  # the file is no YAML, which is said of it already
            for entry in intents_of(body):
                intent = str(entry.get("intent"))
                used.add(intent.partition("/")[0])
                if intent.partition("/")[0] not in intents:
                    yield Problem(file=source.file, line=entry.line_of("intent"), message=f"{domain.file} names no intent '{intent}'")
            for _, line, text in lines_of(body):
                for words, told in MARKED.findall(text):
                    entity, message = _mark(words, told, values=values)
                    marked.add(entity)
                    if entity and entity not in entities:
                        message = f"{domain.file} names no entity '{entity}' ([{words}])"
                    if message:
                        yield Problem(file=source.file, line=line, message=message)
    for name in sorted(intents - used):
        yield Problem(file=domain.file, line=data.line_of("intents"), message=f"names the intent '{name}', of which there is no example")
    for name in sorted(entities - marked):
        yield Problem(file=domain.file, line=data.line_of("entities"), message=f"names the entity '{name}', which no example marks")


def _named(data: Marked, key: str) -> set[str]:
    """The names of a list of the domain; one that has settings of its own is a mapping."""
    listed = data.get(key)
    entries: list[Any] = listed if isinstance(listed, list) else []
    return {str(next(iter(entry), "")) if isinstance(entry, Marked) else str(entry) for entry in entries}


def _mark(words: str, told: str, *, values: Mapping[str, frozenset[str]]) -> tuple[str, str]:
    """An annotation's entity ("" if it cannot be read), and what is wrong with it ("" if nothing is)."""
    try:
        mark = json.loads(told)
        entity = str(mark["entity"])
    except (ValueError, KeyError, TypeError):
        return "", f"what stands behind [{words}] cannot be read: write {{\"entity\": …, \"value\": …}}"
    value, known = str(mark.get("value", words)), values.get(entity)
    if not known or value in known:
        return entity, ""
    return entity, f"[{words}] has the value '{value}', which is no {entity}"
