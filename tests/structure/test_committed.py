"""No file that is committed says where it was made: no registry's host, no path of a machine, no database, no key."""

from __future__ import annotations

import re

from tests.structure.project import committed_files, relative

# Put together from parts, so that this file does not hold what it looks for.
HOSTS = [
    "files." + "pythonhosted", "pypi" + ".org/simple", "registry." + "npmjs", "deb." + "debian", "pypi" + ".python", "conda" + ".anaconda",
    "--extra" + "-index-url", "--index" + "-url", "--find" + "-links ", "trusted" + "-host",
]  # fmt: skip
FOLDERS = ["/" + name + "/" for name in ("root", "work", "farm", "home/[a-z]+", "Users/[A-Za-z]+")]
FORBIDDEN = re.compile("|".join([*(re.escape(host) for host in HOSTS), *(rf"(?<![\w.\-/]){folder}" for folder in FOLDERS)]))
BINARY = frozenset({".png", ".ico", ".woff2", ".jpg", ".gz", ".zip", ".pdf", ".ogg", ".mp3", ".m4a", ".aac", ".amr", ".wav"})
NEVER = re.compile(r"\.(db|db-wal|db-shm|sqlite3?|key|pem|p12|pyc|log|env)$|(^|/)\.env$")


def texts() -> list[tuple[str, str]]:
    found = []
    for path in committed_files():
        if path.suffix not in BINARY:
            found.append((relative(path), path.read_text(encoding="utf-8")))
    assert len(found) > 50
    return found


def test_no_file_names_a_registry_or_a_machine() -> None:
    named = []
    for name, text in texts():
        for number, line in enumerate(text.splitlines(), start=1):
            match = FORBIDDEN.search(line)
            if match is not None:
                named.append(f"{name}:{number}: {match[0]}")
    assert named == []


def test_no_store_no_key_and_no_log_is_committed() -> None:
    assert [relative(path) for path in committed_files() if NEVER.search(relative(path))] == []


def test_requirements_are_pinned_and_hashed() -> None:
    checked = 0
    for name, text in texts():
        if not re.fullmatch(r"(?:requirements/\w+|nlu/rasa/requirements)\.txt", name):
            continue
        for block in re.split(r"\n(?=[a-z0-9])", text.strip()):
            requirement = block.partition(" ")[0]
            assert re.fullmatch(r"[a-z0-9._\-]+(\[[a-z,\-]+\])?==[\w.]+", requirement), f"{name}: {requirement}"
            assert "--hash=sha256:" in block, f"{name}: {requirement}"
            checked += 1
    assert checked > 200


def test_the_rule_itself_catches_what_it_should() -> None:
    for host, path in (("https://files." + "pythonhosted.org", "/" + "root/x"), ("--index" + "-url x", "/" + "home/ani/x")):
        assert FORBIDDEN.search(f"see {host}")
        assert FORBIDDEN.search(f"cd {path}")
    for line in ("the root/leaf", "path/wo" "rk/x", "../wo" "rk/x", "https://example.org/home/page", "framework/ro" "ot/"):
        assert not FORBIDDEN.search(line), line
