"""The project's own files, for tests that walk over them. A walk that finds nothing is a mistake of the test."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("actions", "bot", "flows", "nlu")
RASA_SIDE = "nlu/rasa/"  # runs in Rasa's own environment


def python_files(*folders: str) -> list[Path]:
    """Every Python file of some folders (of the service, if none is named). Fails if there is none."""
    found = sorted(path for folder in folders or PACKAGES for path in (ROOT / folder).rglob("*.py"))
    found = [path for path in found if not relative(path).startswith(RASA_SIDE)]
    assert found, folders
    return found


def relative(path: Path) -> str:
    """A file's name from the top of the project."""
    return path.relative_to(ROOT).as_posix()


def module_name(path: Path) -> str:
    """The name under which a file is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def trees(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file, parsed."""
    for path in python_files(*folders):
        yield path, ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def committed_files() -> list[Path]:
    """Every file that git keeps. Fails where there is no checkout: then nobody can tell what would be committed."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60)
    found = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    present = [path for path in found if path.is_file()]
    assert len(present) > 50
    return present
