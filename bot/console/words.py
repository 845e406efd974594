"""The console's words and prepared replies, from `data/<language>/console.yml` and `data/canned.yml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.content import content_folder
from bot.errors import OperatorError
from flows.catalogue import FIRST_LANGUAGE, Catalogue
from flows.marked import SAFE_LOADER

GROUPS = ("greet", "listen", "inquire", "validate", "safety", "support", "close")


class WordsError(OperatorError):
    """A file of the console's words cannot be used."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} cannot be read: put back the file that came with this version.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """A language's words by key (`queue.heading`)."""

    language: str
    table: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The words under a key, with `{name}` filled in. Raises KeyError on a key that there is not."""
        text = self.table[key]
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text


@dataclass(frozen=True, kw_only=True, slots=True)
class Dictionary:
    """The words of all languages, and the prepared replies as they come with the program: id, group and text by language."""

    languages: Mapping[str, Words]
    canned: tuple[Mapping[str, Any], ...]

    def of(self, language: str | None) -> Words:
        """A language's words; the first language's if it is not known."""
        return self.languages.get(language or FIRST_LANGUAGE, self.languages[FIRST_LANGUAGE])


def _flat(node: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in node.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", str(value)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE_LOADER)  # noqa: S506  a safe one
    except (OSError, yaml.YAMLError):
        raise WordsError(f"data/{path.parent.name}/{path.name}") from None
    if not isinstance(found, dict):
        raise WordsError(path.name)
    return found


def load_words(catalogue: Catalogue, folder: Path | None = None) -> Dictionary:
    """All of them; `catalogue` knows the telephone numbers that go into them. Raises WordsError if a file cannot be used."""
    root = folder or content_folder()
    languages = {}
    for path in sorted(root.glob("*/console.yml")):
        language = path.parent.name
        languages[language] = Words(
            language=language, table={key: catalogue.fill(text, {})[0] for key, text in _flat(_read(path))}
        )  # fmt: skip
    if FIRST_LANGUAGE not in languages:
        raise WordsError(f"data/{FIRST_LANGUAGE}/console.yml")
    replies = _read(root / "canned.yml").get("replies", [])
    canned = tuple({"id": str(r["id"]), "group": str(r["group"]), "text": dict(r["text"])} for r in replies)
    return Dictionary(languages=languages, canned=canned)
