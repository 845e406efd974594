"""The page for whoever works at the desk calls everything as the screen does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "panduan-petugas.md"
SHOWN = re.compile(r"(?<![*\w])\*{1,2}([^*\n]+)\*{1,2}")
SERVICES = "112/110"


def _texts(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        for each in found.values():
            yield from _texts(each)
    elif isinstance(found, str):
        yield found.replace("{number}", SERVICES).removesuffix(" …")


def test_what_the_guide_names_stands_on_the_screen_under_that_name() -> None:
    known = {text for name in ("console", "strings") for text in _texts(yaml.safe_load((ROOT / f"data/id/{name}.yml").read_text("utf-8")))}
    named = SHOWN.findall(GUIDE.read_text("utf-8"))
    assert len(named) > 20
    assert [name for name in named if name not in known] == []
