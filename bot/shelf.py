"""Reads the content of the service from its files: conversations, words, numbers, regions, what the city decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.content import content_folder, definitions_folder
from bot.errors import OperatorError
from flows.catalogue import Catalogue
from flows.definition import Flow
from flows.inspection.content import Content, Source, Sources, read_content
from flows.library import Library
from flows.marked import Problem, read
from flows.places import Regions, RegionsError


class ContentError(OperatorError):
    """The content cannot be used. `problems` names every mistake with file and line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("The content has mistakes: ruang-aman check names them all.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """Everything that was read. `recording` maps an answer's name to option → values of the national recording; `city` name → value."""

    library: Library
    content: Content
    recording: dict[str, Any] = field(default_factory=dict)
    city: dict[str, Any] = field(default_factory=dict)

    def decided(self, name: str, language: str) -> str:
        """What the city decided about a text, in a language."""
        value = self.city.get(name, "")
        return str(value.get(language, "")) if isinstance(value, dict) else str(value)


def read_sources(folder: Path | None = None, definitions: Path | None = None) -> Sources:
    """The texts of all content files, named as people know them (`data/id/strings.yml`)."""
    data = folder or content_folder()
    flows = definitions or definitions_folder()

    def source(path: Path, name: str) -> Source:
        return Source(file=name, text=path.read_text(encoding="utf-8"))

    def optional(name: str) -> Source | None:
        path = data / name
        return source(path, f"data/{name}") if path.is_file() else None

    languages = sorted(path.parent.name for path in data.glob("*/strings.yml"))
    taken = {"strings.yml", "commands.yml"}
    return Sources(
        definitions=tuple(source(path, f"flows/definitions/{path.name}") for path in sorted(flows.glob("*.yml"))),
        strings={name: source(data / name / "strings.yml", f"data/{name}/strings.yml") for name in languages},
        commands={
            name: source(data / name / "commands.yml", f"data/{name}/commands.yml")
            for name in languages
            if (data / name / "commands.yml").is_file()
        },
        services=optional("services.yml"),
        recording=optional("recording.yml"),
        city=optional("city.yml"),
        others=tuple(
            source(path, f"data/{path.relative_to(data)}")
            for path in sorted(data.rglob("*.yml"))
            if path.name not in taken and path.name not in ("services.yml", "recording.yml", "city.yml")
        ),
    )


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
    catalogue = Catalogue(strings=content.strings, commands=commands, numbers=numbers)
    return Shelf(
        library=Library(flows=content.flows, catalogue=catalogue, regions=places, former=former or {}),
        content=content,
        recording=dict(content.recording.get("steps", {})),
        city={name: entry.get("value") for name, entry in content.city.items() if isinstance(entry, dict)},
    )
