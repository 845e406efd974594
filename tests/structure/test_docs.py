"""The documentation says what is there: its examples are read by the program, its tables are complete, its links lead somewhere."""

from __future__ import annotations

import ast
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from actions.registry import ACTIONS
from bot.__main__ import load
from bot.cli.table import COMMANDS
from bot.metrics import REGISTRY
from bot.settings import PREFIX, Settings
from bot.shelf import read_sources
from bot.storage.tables import SEALED, key_metadata, metadata
from flows.catalogue import COMMANDS as COMMAND_WORDS
from flows.definition import KINDS, TYPES, read_flow
from flows.inspect import inspect
from flows.inspection.content import Source
from flows.inspection.words import PARTS
from flows.marked import read
from flows.signals import WORLD
from tests.structure.project import ROOT, relative, trees

GUIDE = "docs/conversations.md"
ADDING = "docs/adding-a-question.md"  # its examples: test_adding_a_question.py
PAGES = ("README.md", "SECURITY.md", "CHANGELOG.md", *sorted(relative(path) for path in (ROOT / "docs").rglob("*.md")))
_BLOCK = re.compile(r"^```(?P<about>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_PATH = re.compile(r"`((?:flows|nlu|actions|bot|data|tests|benchmarks|docs)/[\w./\-]+)`")
# Written for the reader to fill in, or made by an example.
_NOT_YET_THERE = frozenset(
    {"flows/definitions/proof.yml", "data/id/faq/meeting_time.yml", "data/en/faq/meeting_time.yml"}
)  # fmt: skip


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, about: str) -> list[str]:
    """The fenced blocks of a page whose info string is `about`."""
    found = [match["text"] for match in _BLOCK.finditer(page(name)) if match["about"].strip() == about]
    assert found, f"{name} holds no ```{about}"
    return found


def said(text: str, name: str) -> bool:
    """Whether a name stands in code on a page, whole."""
    return any(re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", code) for code in re.findall(r"`([^`\n]+)`", text))


def outline(text: str) -> Iterator[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")


# Examples


def test_the_whole_conversation_of_the_guide_is_right() -> None:
    """Added to the real content, with its words in both languages, it gives `check` nothing to say."""
    (flow,) = blocks(GUIDE, "yaml flow")
    words = {language: blocks(GUIDE, f"yaml strings {language}") for language in ("id", "en")}
    sources = read_sources()
    name = re.search(r"^flow: (\w+)$", flow, re.MULTILINE)
    assert name is not None
    file = f"flows/definitions/{name[1]}.yml"
    assert file in _NOT_YET_THERE
    added = replace(
        sources,
        definitions=(*sources.definitions, Source(file=file, text=flow)),
        strings={
            language: replace(source, text=source.text + "\n" + "\n".join(words[language]))
            for language, source in sources.strings.items()
        },
    )  # fmt: skip
    actions = {name: frozenset(entry.codes) for name, entry in ACTIONS.items()}
    found = inspect(added, actions=actions, today=date(2026, 11, 26))
    assert [str(problem) for problem in found.problems] == []
    assert name[1] in found.content.flows
    without = replace(added, strings=sources.strings)
    assert inspect(without, actions=actions, today=date(2026, 11, 26)).problems  # its words were really looked for


@pytest.mark.parametrize("steps", blocks(GUIDE, "yaml steps"))
def test_steps_of_the_guide_are_read_without_a_problem(steps: str) -> None:
    indented = "".join(f"  {line}\n" for line in steps.splitlines())
    flow, problems = read_flow(f"flow: example\nstart: {steps.partition(':')[0]}\nsteps:\n{indented}", file="example.yml")
    assert [str(problem) for problem in problems] == []
    assert flow is not None
    for step in flow.steps.values():
        if step.type == "do":
            assert set(step.routes) == set(ACTIONS[str(step.settings["action"])].codes)


def test_words_of_the_guide_have_the_parts_that_there_are() -> None:
    for text in blocks(GUIDE, "yaml strings"):
        data, problems = read(text, file="example.yml")
        assert problems == []
        (flow,) = data.values()
        entries = [entry for entry in flow.values() if not isinstance(entry, str)]
        assert entries
        for entry in entries:
            assert set(entry) == PARTS


@pytest.mark.parametrize("name", [name for name in PAGES if "```yaml" in page(name)])
def test_every_yaml_block_is_tested(name: str) -> None:
    """No example beside those that the tests above read."""
    known = {
        GUIDE: {"yaml flow", "yaml steps", "yaml strings", "yaml strings id", "yaml strings en"},
        ADDING: {"yaml topic id", "yaml topic en", "yaml sentences"},
    }
    about = {match["about"].strip() for match in _BLOCK.finditer(page(name))}
    assert {one for one in about if one.startswith("yaml")} <= known[name]


# Tables


def first_cells(name: str) -> set[str]:
    """What stands in code in the first column of a page's tables."""
    cells = re.findall(r"^\| ([^|]+) \|", page(name), re.MULTILINE)
    return {code for cell in cells for code in re.findall(r"`([^`]+)`", cell)}


def test_the_guide_explains_every_type_kind_part_action_and_command_word() -> None:
    cells = first_cells(GUIDE)
    text = page(GUIDE)
    for wanted in (TYPES, KINDS, PARTS, ACTIONS):
        assert set(wanted) - cells == set()
    assert [word for word in COMMAND_WORDS if not said(text, word)] == []
    assert [name for name in WORLD if not said(text, name)] == []


def test_the_guide_names_every_result_of_every_action() -> None:
    rows = {match[1]: match[2] for match in re.finditer(r"^\| `(\w+)` \|[^|]+\| ([^\n]+) \|$", page(GUIDE), re.MULTILINE)}
    assert rows.keys() >= ACTIONS.keys()
    assert {name: [code for code in entry.codes if f"`{code}`" not in rows[name]] for name, entry in ACTIONS.items()} == {
        name: [] for name in ACTIONS
    }


def test_the_readme_names_every_setting_in_its_table() -> None:
    cells = first_cells("README.md")
    assert {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} - cells == set()


def test_the_readme_names_every_argument_of_every_command() -> None:
    readme = page("README.md")
    for name in COMMANDS:
        row = re.search(rf"^\| `ruang-aman {re.escape(name)}\b.*$", readme, re.MULTILINE)
        assert row is not None, name
        parser = ArgumentParser(add_help=False)
        load(name).arguments(parser)
        options = [max(action.option_strings, key=len) for action in parser._actions if action.option_strings]
        assert [option for option in options if option not in row[0]] == [], name


def test_the_architecture_names_every_table() -> None:
    text = page("docs/architecture.md")
    tables = {*metadata.tables, *key_metadata.tables}
    assert len(tables) > 15
    assert [name for name in tables if not said(text, name)] == []


def test_the_privacy_page_names_every_sealed_column() -> None:
    text = page("docs/privacy.md")
    assert [f"{table}.{column}" for table, column in SEALED if not said(text, f"{table}.{column}")] == []


def test_the_operator_is_told_every_metric() -> None:
    text = page("docs/operator.md")
    names = [metric.name + ("_total" if metric.type == "counter" else "") for metric in REGISTRY.collect()]
    assert len(names) > 5
    assert [name for name in names if not said(text, name)] == []


def events() -> Iterator[str]:
    """The first word of every event that is logged as a warning or worse."""
    for path, tree in trees("bot", "actions", "flows", "nlu"):
        if relative(path) == "bot/logs.py":
            continue  # what nobody caught: "unhandled error …"
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("warning", "error", "exception"):
                owner, text = node.func.value, node.args[0] if node.args else None
                if isinstance(owner, ast.Name) and owner.id == "log" and isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield text.value.split()[0]


def test_the_operator_is_told_what_every_warning_means() -> None:
    text = page("docs/operator.md")
    names = {name for name in events() if re.fullmatch(r"[a-z_]+", name)}
    assert len(names) > 15
    assert sorted(name for name in names if not said(text, name)) == []


def test_the_picture_of_the_report_shows_the_report() -> None:
    """Redraw it after a change of the definition: ruang-aman flow report --svg docs/pictures/report.svg."""
    source = next(source for source in read_sources().definitions if source.file.endswith("/report.yml"))
    flow, _ = read_flow(source.text, file=source.file)
    assert flow is not None
    assert flow.revision in page("docs/pictures/report.svg")


# Links


@pytest.mark.parametrize("name", PAGES)
def test_links_and_paths_lead_somewhere(name: str) -> None:
    text = page(name)
    folder = (ROOT / name).parent
    for link in _LINK.findall(text):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        path = (folder / target).resolve() if target else ROOT / name
        assert path.exists() and path.is_relative_to(ROOT), f"{name}: {link}"
        if anchor:
            assert anchor in set(outline(path.read_text(encoding="utf-8"))), f"{name}: {link}"
    for path_name in _PATH.findall(text):
        assert path_name in _NOT_YET_THERE or (ROOT / path_name).exists(), f"{name}: {path_name}"


def test_every_thief_stands_in_the_threat_table() -> None:
    """Each file of tests/attackers is named in SECURITY.md, and every test that is named there exists."""
    text = page("SECURITY.md")
    thieves = sorted(relative(path) for path in (ROOT / "tests" / "attackers").glob("test_*.py"))
    assert thieves
    assert [path for path in thieves if path not in text] == []
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    for path, test in named:
        assert re.search(rf"def {test}\b", (ROOT / path).read_text(encoding="utf-8")), f"{path}::{test}"


def test_every_page_of_the_documentation_is_linked_from_the_readme() -> None:
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in _LINK.findall(page("README.md")) if "://" not in link}
    pages = sorted((ROOT / "docs").glob("*.md"))
    assert len(pages) >= 4
    assert [relative(path) for path in pages if path not in linked] == []


def test_the_rules_catch_what_they_should() -> None:
    """The helpers above find names, blocks and anchors, and miss what only looks like one."""
    assert said("see `an inbox.body x`", "inbox.body")
    assert not said("see `inbox.bodyguard`", "inbox.body")
    assert not said("inbox.body", "inbox.body")
    assert list(outline("# A `b` c\n## D, e: f")) == ["a-b-c", "d-e-f"]
    assert _LINK.findall("![x](a.png) [y](b.md#c) z") == ["a.png", "b.md#c"]
    assert [m["about"] for m in _BLOCK.finditer("```yaml flow\nx\n```\n\n```\ny\n```\n")] == ["yaml flow", ""]
