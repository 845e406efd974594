"""The console's words: complete in every language, and every key that a template or a module asks for is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions import audit
from actions.access import KEYED_ADMINISTRATOR, ROLES
from actions.colleague import LANGUAGES, SKILLS
from bot.console.document import SHORTCUTS, VIEWS, environment
from bot.console.words import GROUPS, Dictionary, load_words
from bot.desk.queue import OUTCOMES, RISKS
from bot.shelf import load_shelf
from tests.structure.project import ROOT

TEMPLATES = ROOT / "bot" / "console" / "templates"
MODULES = ROOT / "bot" / "console" / "web" / "src"
_IN_TEMPLATE = re.compile(r"""\bt\(\s*["']([a-z_.]+)["']\s*(~)?""")
_IN_MODULE = re.compile(r"""\b(?:t|say)\(\s*["`]([a-z_.]+)(\$\{)?""")
_BEFORE = re.compile(r"""data-t(?:-label)?="([a-z_.]+)(\{\{)?""")


@pytest.fixture(scope="module")
def words() -> Dictionary:
    return load_words(load_shelf().library.catalogue)


def test_every_language_has_the_same_keys(words: Dictionary) -> None:
    first, *others = [set(each.table) for each in words.languages.values()]
    assert others
    assert len(first) > 350
    for other in others:
        assert first ^ other == set()
    for each in words.languages.values():
        assert [key for key, text in each.table.items() if not text.strip() or "{number." in text] == []
        known = {"seconds", "time", "name", "number", "n", "all", "line", "word", "title", "id", "role", "zone", "list", "what", "head"}
        known |= {"outcome", "risk"}
        assert set(re.findall(r"\{(\w+)\}", " ".join(each.table.values()))) <= known


class _Strict(yaml.SafeLoader):
    """Refuses a key that stands twice: of the two the first would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
        return super().construct_mapping(node, deep)


@pytest.mark.parametrize("path", sorted(Path(ROOT / "data").glob("*/console.yml")), ids=lambda path: path.parent.name)
def test_no_key_stands_twice(path: Path) -> None:
    assert yaml.load(path.read_text(encoding="utf-8"), Loader=_Strict)["queue"]


def asked_for() -> set[tuple[str, bool]]:
    """(key, whole): a key, or the beginning of several."""
    found: set[tuple[str, bool]] = set()
    for path in TEMPLATES.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        found |= {(key, not more) for key, more in (*_IN_TEMPLATE.findall(text), *_BEFORE.findall(text))}
    for path in MODULES.rglob("*.js"):
        found |= {(key, not more) for key, more in _IN_MODULE.findall(path.read_text(encoding="utf-8"))}
    assert len(found) > 150
    return found


def test_every_key_that_is_asked_for_is_there(words: Dictionary) -> None:
    table = words.of("id").table
    missing = {key for key, whole in asked_for() if (key not in table if whole else not any(name.startswith(key) for name in table))}
    assert missing == set()


def test_what_the_code_names_has_words(words: Dictionary) -> None:
    table = words.of("id").table
    wanted = [f"nav.{name}" for name, _, _ in VIEWS] + [f"keys.{name}" for _, name in SHORTCUTS] + [f"group.{name}" for name in GROUPS]
    wanted += [f"outcome.{name}" for name in OUTCOMES] + [f"risk.{name}" for name in RISKS] + [f"role.{name}" for name in ROLES]
    wanted += [f"role.{KEYED_ADMINISTRATOR}", *(f"urgency.{name}" for name in SKILLS), *(f"language.{name}" for name in LANGUAGES)]
    actions = {value for name, value in vars(audit).items() if name.isupper() and isinstance(value, str)}
    wanted += [f"audit.did.{name}" for name in actions]
    wanted += [f"{part}.{name}" for name in ("danger", "self_harm") for part in ("urgency", "reason")]
    wanted += [f"talk.{name}" for name in ("pending", "sent", "delivered", "read", "failed", "held", "withheld")]
    wanted += [f"ended.{name}" for name in ("handled", "left", "erased", "silent")]
    assert [key for key in wanted if key not in table] == []


def test_every_value_of_the_national_recording_has_words(words: Dictionary) -> None:
    fields = load_shelf().fields
    assert len(fields) == 6
    wanted = [f"form.{name}" for name in fields] + [f"form.{name}_{value}" for name, values in fields.items() for value in values]
    assert [key for key in wanted if key not in words.of("id").table] == []


def test_prepared_replies_are_in_both_languages_and_promise_nothing(words: Dictionary) -> None:
    assert len(words.canned) > 15
    assert {reply["group"] for reply in words.canned} == set(GROUPS)
    assert len({reply["id"] for reply in words.canned}) == len(words.canned)
    for reply in words.canned:
        assert set(reply["text"]) == {"id", "en"}
        said = " ".join(reply["text"].values()).casefold()
        assert not re.search(r"\b(kenapa|mengapa|why|janji|promise|pasti)\b", said), reply["id"]


def test_no_template_holds_anything_inline() -> None:
    files = sorted(TEMPLATES.glob("*.html"))
    assert len(files) > 8
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals|\|\s*safe\b", text), path.name
        environment().get_template(path.name)  # it can be read


def test_no_module_makes_markup_of_words() -> None:
    files = sorted(path for path in MODULES.rglob("*.js"))
    assert len(files) > 15
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML\s*=|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function", text), path.name


def test_the_documentation_tells_every_shortcut() -> None:
    text = Path(ROOT / "docs" / "desk.md").read_text(encoding="utf-8")
    assert [key for keys, _ in SHORTCUTS for key in keys if f"`{key}`" not in text] == []
