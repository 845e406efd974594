"""Where the content of the service lies: `data/` (texts, services, regions) and the definitions of the conversations.

The checkout is installed in editable mode, so `data/` stands beside the packages; a built wheel carries a copy at `bot/_data`.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_PACKAGED = _HERE / "_data"
_CHECKOUT = _HERE.parent / "data"


def content_folder() -> Path:
    """The folder `data/` that this installation uses. It exists unless the installation is damaged."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def definitions_folder() -> Path:
    """The folder that holds one YAML file a conversation."""
    return _HERE.parent / "flows" / "definitions"


def languages(folder: Path | None = None) -> tuple[str, ...]:
    """The languages that the service speaks: the folders of `data/` that hold strings, in alphabetical order."""
    root = folder or content_folder()
    return tuple(sorted(path.parent.name for path in root.glob("*/strings.yml")))


def shown(path: Path) -> str:
    """A content file's name as people know it: from the folder `data/` or `flows/` on."""
    for root, name in ((content_folder(), "data"), (_HERE.parent / "flows", "flows")):
        if path.is_relative_to(root):
            return f"{name}/{path.relative_to(root).as_posix()}"
    return path.name


def danger_files() -> tuple[Path, ...]:
    """The danger phrases of every language, where there are any."""
    return tuple(path for language in languages() if (path := content_folder() / language / "danger.yml").is_file())
