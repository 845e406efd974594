"""The examples as Rasa is given them: every line of every file, the marks taken out and said beside."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.nlu_server.errors import NluError
from bot.nlu_server.examples import as_json
from bot.nlu_server.project import project

FILE = """
version: "3.1"
nlu:
- intent: disclosure
  examples: |
    - [bapak]{"entity": "relation", "value": "parent"} suka [nampar]{"entity": "violence_type", "value": "physical"} aku
    - umurku [12]{"entity": "victim_age"} kak
    -   dua spasi - dan garis 😭
- intent: faq/visum
  metadata: {title: Visum}
  examples: |
    - visum itu apa
responses:
  utter_faq/visum:
  - text: "- bukan contoh"
"""


def read(*files: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(as_json(files))["rasa_nlu_data"]["common_examples"]
    return found


def test_marks_become_entities_at_their_place(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text(FILE, encoding="utf-8")
    told, age, plain, question = read(path)
    assert told["text"] == "bapak suka nampar aku" and told["intent"] == "disclosure"
    assert [(told["text"][e["start"] : e["end"]], e["entity"], e["value"]) for e in told["entities"]] == [
        ("bapak", "relation", "parent"), ("nampar", "violence_type", "physical"),
    ]  # fmt: skip
    assert age["entities"] == [{"start": 7, "end": 9, "entity": "victim_age", "value": "12"}]
    assert (plain["text"], plain["entities"]) == ("dua spasi - dan garis 😭", [])
    assert question == {"intent": "faq/visum", "text": "visum itu apa", "entities": []}


@pytest.mark.parametrize("body", ["nlu: [", "version: '3.1'", "nlu:\n- intent: a\n", 'nlu:\n- intent: a\n  examples: "- [x]{nothing}"\n'])
def test_what_is_no_file_of_examples_is_named(tmp_path: Path, body: str) -> None:
    path = tmp_path / "broken.yml"
    path.write_text(body, encoding="utf-8")
    with pytest.raises(NluError, match=r"broken\.yml"):
        as_json([path])


def test_every_example_of_the_project_is_there() -> None:
    files = sorted(project().examples())
    found = read(*files)
    lines = [line for path in files for line in _listed(path.read_text(encoding="utf-8"))]
    assert len(found) == len(lines) > 16_000
    assert not [one["text"] for one in found if re.search(r"[\]\[{}]", one["text"])], "no mark is left in what is learned"
    assert all(one["text"][e["start"] : e["end"]].strip() for one in found for e in one["entities"])


def _listed(content: str) -> list[str]:
    """The lines of the first list of examples in a file, as an editor sees them."""
    rest = content.partition("  examples: |\n")[2].splitlines()
    end = next((at for at, line in enumerate(rest) if line and not line.startswith("    ")), len(rest))
    return [line for line in rest[:end] if line.strip()]
