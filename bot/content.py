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
