"""A file is named for its one noun, and stays small enough to hold only that."""

from __future__ import annotations

import re

from tests.structure.project import python_files, relative

SAYS_NOTHING = re.compile(r"(^|_)(utils?|helpers?|managers?|common|misc|stuff|tools?|base_?classes|lib)(_|$)")
LONGEST = 400


def test_no_file_is_named_for_nothing() -> None:
    everywhere = python_files("actions", "bot", "flows", "nlu", "tests", "benchmarks")
    assert [relative(path) for path in everywhere if SAYS_NOTHING.search(path.stem)] == []


def test_no_file_has_outgrown_its_noun() -> None:
    long = {relative(path): lines for path in python_files() if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST}
    assert long == {}


def test_the_rule_itself_catches_what_it_should() -> None:
    for name in ("utils", "date_helpers", "manager", "string_util", "common"):
        assert SAYS_NOTHING.search(name), name
    for name in ("commands", "toolkit", "library", "settings", "communal"):
        assert not SAYS_NOTHING.search(name), name
