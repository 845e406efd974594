"""The directory of services as people see it: only what is shipped (`data/services.yml`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

NEEDS = ("danger", "hurt", "police", "medical", "crisis", "legal", "drugs", "family", "oversight")
PARTS = ("for", "hours", "who", "cost")  # in the order in which they are told; `cost` may be missing


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One entry. `kecamatan` are the codes of those that it is for; empty: the whole city. `texts`: part → language → words.
    `verified` is the day its sources were last read; `always`: it is shown whatever its age, and without that day."""

    id: str
    needs: tuple[str, ...]
    kecamatan: tuple[str, ...]
    verified: date
    always: bool = False
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def text(self, part: str, language: str) -> str:
        """One of its texts; empty if it has none."""
        return str(self.texts.get(part, {}).get(language, ""))


def shipped(entries: Iterable[Mapping[str, Any]]) -> tuple[Service, ...]:
    """The entries that people are shown, in the order of the file. Raises ValueError for a date that is none (`check` names it)."""
    return tuple(
        Service(
            id=str(entry["id"]), needs=tuple(entry.get("need", ())), kecamatan=tuple(str(code) for code in entry.get("kecamatan", ())),
            verified=date.fromisoformat(str(entry["verified"])), always=entry.get("always") is True,
            texts={part: entry[part] for part in ("name", *PARTS) if isinstance(entry.get(part), Mapping)},
        )
        for entry in entries
        if entry.get("ship") is True
    )  # fmt: skip
