"""Reads the content of the service from its files: conversations, words, numbers, regions, what the city decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.content import content_folder, definitions_folder
from bot.errors import OperatorError
from flows import directory
from flows.catalogue import Catalogue
from flows.definition import Flow
from flows.inspection.content import Content, Source, Sources, read_content
from flows.library import Library
from flows.marked import Problem, read
from flows.places import Regions, RegionsError
from flows.topics import FAQ
from nlu.thresholds import read_thresholds


class ContentError(OperatorError):
    """The content cannot be used. `problems` names every mistake with file and line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("The content has mistakes: ruang-aman check names them all.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """Everything that was read. `recording` maps an answer's name to option → values of the national recording, whose `fields` have these
    values; `city` name → value."""

    library: Library
    content: Content
    recording: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    city: dict[str, Any] = field(default_factory=dict)

    @property
    def identity_roles(self) -> tuple[str, ...]:
        """The names of the two roles that open an identity together, as the city decided."""
        return tuple(str(role["id"]) for role in self._roles())

    def identity_role(self, number: int, language: str) -> str:
        """What the first (0) or second (1) of them is called, in a language."""
        roles = self._roles()
        return str(roles[number]["name"].get(language, "")) if number < len(roles) else ""

    def _roles(self) -> list[dict[str, Any]]:
        """None where the city's line is not what it should be: `check` says so, and no identity is taken."""
        roles = self.city.get("identity_roles")
        good = isinstance(roles, list) and all(isinstance(r, dict) and "id" in r and isinstance(r.get("name"), dict) for r in roles)
        return roles if isinstance(roles, list) and good else []

    def decided(self, name: str, language: str) -> str:
        """What the city decided about a text, in a language."""
        value = self.city.get(name, "")
        return str(value.get(language, "")) if isinstance(value, dict) else str(value)

    def number(self, name: str) -> int:
        """What the city decided, as a whole number."""
        return int(self.city[name])


def read_sources(folder: Path | None = None, definitions: Path | None = None) -> Sources:
    """The texts of all content files, named as people know them (`data/id/strings.yml`)."""
    data = folder or content_folder()
    flows = definitions or definitions_folder()

    def source(path: Path, name: str) -> Source:
        return Source(file=name, text=path.read_text(encoding="utf-8"))

    def optional(name: str) -> Source | None:
        path = data / name
        return source(path, f"data/{name}") if path.is_file() else None

    def optional_in(name: str) -> dict[str, Source]:
        found = {language: optional(f"{language}/{name}") for language in languages}
        return {language: each for language, each in found.items() if each is not None}

    def folder_of(kind: str) -> dict[str, dict[str, Source]]:
        return {
            name: {path.stem: source(path, f"data/{name}/{kind}/{path.name}") for path in sorted((data / name / kind).glob("*.yml"))}
            for name in languages
        }

    languages = sorted(path.parent.name for path in data.glob("*/strings.yml"))
    taken = {"strings.yml", "commands.yml", "lessons.yml", "services.yml", "recording.yml", "city.yml"}
    return Sources(
        definitions=tuple(source(path, f"flows/definitions/{path.name}") for path in sorted(flows.glob("*.yml"))),
        strings={name: source(data / name / "strings.yml", f"data/{name}/strings.yml") for name in languages},
        commands=optional_in("commands.yml"),
        services=optional("services.yml"),
        recording=optional("recording.yml"),
        city=optional("city.yml"),
        lessons=optional_in("lessons.yml"),
        faq=folder_of("faq"),
        intents=folder_of("intents"),
        others=tuple(
            source(path, f"data/{path.relative_to(data)}")
            for path in sorted(data.rglob("*.yml"))
            if path.name not in taken and path.parent.name not in ("faq", "intents")
        ),
    )


def offered_from(folder: Path | None = None) -> float:
    """How likely a topic has to be to be offered (`data/understanding.yml`). Raises ContentError if the file cannot be used."""
    name = "understanding.yml"
    found, problems = read_thresholds(((folder or content_folder()) / name).read_text(encoding="utf-8"), file=f"data/{name}")
    if found is None:
        raise ContentError(problems)
    return found.offer


def load_shelf(folder: Path | None = None, former: dict[tuple[str, str], Flow] | None = None) -> Shelf:
    """The content, ready for the engine. Raises ContentError if a file cannot be used as it is."""
    content, problems = read_content(read_sources(folder))
    regions, found = read(((folder or content_folder()) / "regions.yml").read_text(encoding="utf-8"), file="data/regions.yml")
    problems += found
    try:
        places = Regions.from_mapping(regions)
    except RegionsError as error:
        problems.append(Problem(file="data/regions.yml", line=0, message=str(error)))
    if problems:
        raise ContentError(problems)
    commands = {
        language: {name: tuple(str(word) for word in words) for name, words in table.items()}
        for language, table in content.commands.items()
    }
    shipped = {str(entry["id"]) for entry in content.services.get("services", ()) if entry.get("ship") is True}
    numbers = {name: number for name, number in content.numbers.items() if name in shipped}
    strings = {language: {**table, FAQ: content.answers.get(language, {})} for language, table in content.strings.items()}
    catalogue = Catalogue(strings=strings, commands=commands, numbers=numbers)
    try:
        services = directory.shipped(content.services.get("services", ()))
    except ValueError:
        raise ContentError([Problem(file="data/services.yml", line=0, message="a date of 'verified' is none")]) from None
    return Shelf(
        library=Library(
            flows=content.flows, catalogue=catalogue, regions=places, topics=content.topics, services=services, former=former or {},
            offer=offered_from(folder),
        ),
        content=content,
        recording=dict(content.recording.get("steps", {})),
        fields={str(name): tuple(str(value) for value in values) for name, values in content.recording.get("fields", {}).items()},
        city={name: entry.get("value") for name, entry in content.city.items() if isinstance(entry, dict)},
    )
