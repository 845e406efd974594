"""What others rely on is written down: every setting and every command stands in the README."""

from __future__ import annotations

import re

from bot.cli.table import COMMANDS
from bot.settings import PREFIX, Settings
from tests.structure.project import ROOT


def settings() -> list[str]:
    names = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    assert len(names) >= 17
    return names


def stands_in(text: str, name: str) -> bool:
    """Whether a whole name stands in a text: RUANG_AMAN_X with its prefix, or `X` on its own in a table that says the prefix once."""
    bare = name.removeprefix(PREFIX)
    return re.search(rf"(?<![A-Z_]){re.escape(name)}(?![A-Z_])|`{re.escape(bare)}`", text) is not None


def test_every_setting_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in settings() if not stands_in(readme, name)] == []


def test_the_readme_names_no_setting_that_there_is_not() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    known = {*settings(), PREFIX}
    named = set(re.findall(rf"{PREFIX}[A-Z_]*", readme))
    assert {name for name in named if name not in known and not name.startswith(f"{PREFIX}TEST_")} == set()


def test_every_setting_is_in_the_example_file_and_none_is_set_there() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    named = [line.lstrip("#").partition("=")[0] for line in lines if re.match(rf"#?{PREFIX}", line)]
    assert sorted(named) == sorted(settings())
    assert [line for line in lines if line and not line.startswith("#")] == []


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(COMMANDS) > 5
    assert [name for name in COMMANDS if not re.search(rf"(ruang-aman |`){re.escape(name)}\b", readme)] == []


def test_make_and_the_readme_agree() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in ("make demo", "make test"):
        assert target in readme
