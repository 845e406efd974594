"""Importing has no effect: no network, no file written, no process or thread started, no hook or handler put in place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.structure.project import PACKAGES, ROOT, module_name, python_files

# Runs in a process of its own: audit hooks cannot be taken away again.
IMPORT_ALL = """
import json, sys
effects, busy = [], [""]
WRITES = set("wax+")
FORBIDDEN = {
    "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.chmod", "os.putenv", "os.system", "os.exec", "os.fork", "os.posix_spawn",
    "subprocess.Popen", "shutil.rmtree", "tempfile.mkstemp", "tempfile.mkdtemp", "socket.connect", "socket.bind", "socket.getaddrinfo",
    "socket.sendto", "sqlite3.connect", "_thread.start_new_thread",
}

def watch(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and WRITES & set(arguments[1]) and arguments[0] != "/dev/null":
        effects.append([busy[0], event, str(arguments[0])])
    elif event in FORBIDDEN:
        effects.append([busy[0], event, str(arguments)[:200]])

names = json.loads(sys.stdin.read())
import asyncio, logging, signal, threading, warnings
def state():
    hooks = [sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning, signal.getsignal(signal.SIGTERM)]
    policy = asyncio.get_event_loop_policy().__class__
    return [*map(repr, hooks), repr(policy), len(logging.root.handlers), logging.root.level, threading.active_count()]
before = state()
sys.addaudithook(watch)
import importlib
for name in names:
    busy[0] = name
    importlib.import_module(name)
busy[0] = "state"
after = state()
effects += [["state", was, now] for was, now in zip(before, after) if was != now]
print(json.dumps(effects))
"""


def imported(names: list[str], folder: Path) -> list[list[str]]:
    """What importing these modules did."""
    done = subprocess.run(
        [sys.executable, "-B", "-W", "ignore", "-c", IMPORT_ALL], input=json.dumps(names), capture_output=True, text=True, timeout=110,
        check=False, cwd=folder, env={"PYTHONPATH": f"{ROOT}:{folder}", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    effects: list[list[str]] = json.loads(done.stdout.splitlines()[-1])
    assert len(done.stdout.splitlines()) == 1, "importing prints nothing"
    return effects


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_has_no_effect(package: str, tmp_path: Path) -> None:
    # `__main__` runs nothing either when it is imported under its name.
    names = [module_name(path) for path in python_files(package)]
    names = [name for name in names if "migrations" not in name]  # alembic runs those; they are not imported
    assert names
    # urllib3, under the `requests` that twilio brings along, finds out in this way whether the system knows IPv6: nothing is sent.
    probe = [effect for effect in imported(names, tmp_path) if effect[1] != "socket.bind" or "('::1', 0)" not in effect[2]]
    assert probe == []
    assert list(tmp_path.iterdir()) == []


def test_an_effect_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "naughty.py").write_text(
        "import logging, socket, sys, threading\nopen('made', 'w').close()\nlogging.basicConfig()\nsys.excepthook = print\n"
        "s = socket.socket()\ns.bind(('127.0.0.1', 0))\nthreading.Thread(target=int).start()\n"
    )
    found = {tuple(effect[:2]) for effect in imported(["naughty"], tmp_path) if effect[0] == "naughty"}
    assert {("naughty", "open"), ("naughty", "socket.bind")} <= found
    states = [effect for effect in imported(["naughty"], tmp_path) if effect[0] == "state"]
    assert len(states) >= 2
