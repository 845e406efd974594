"""A Rasa project in a temporary folder, with the stand-in as its Rasa."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.nlu_server.environment import Environment
from bot.nlu_server.models import Models
from bot.nlu_server.project import Project
from bot.nlu_server.server import NluServer, Patience
from bot.nlu_server.state import NluState

HERE = Path(__file__).parent
QUICK = Patience(
    start=20, probe=1.0, every=0.2, misses=2, pause=0.1, longest_pause=0.4, steady=300, retry=0.2, longest_retry=0.5, looking=0.1
)  # fmt: skip


class Present(Environment):
    """An environment that is there: this very interpreter."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"), Path("/nowhere"))

    @property
    def python(self) -> Path:
        return Path(sys.executable)

    @property
    def installed(self) -> bool:
        return True


class Household:
    """One project. `lives` is what the stand-in does, life after life."""

    def __init__(self, folder: Path, *lives: str) -> None:
        self.root = folder / "program"
        (self.root / "nlu" / "rasa").mkdir(parents=True)
        (self.root / "data" / "id" / "faq").mkdir(parents=True)
        self.models_folder = self.root / "models"
        (self.root / "nlu" / "rasa" / "requirements.txt").write_text("rasa==3.6.21\n")
        (self.root / "domain.yml").write_text("intents: []\n")
        (self.root / "data" / "id" / "faq" / "cost.yml").write_text("nlu:\n- intent: faq/cost\n  examples: |\n    - bayar gak\n")
        (self.root / "config.yml").write_text("\n".join(lives) + "\n")
        self.project = Project(root=self.root, data=self.root / "data")
        self.models = Models((self.models_folder, folder / "data-dir" / "nlu"))
        self.states: list[NluState] = []

    def server(self, *, patience: Patience = QUICK, memory: int = 0) -> NluServer:
        """A server that is not started yet."""
        return NluServer(
            self.project, Present(), self.models, changed=self.states.append, patience=patience, module="stand_in", path=(HERE,),
            memory=memory,
        )  # fmt: skip

    def lives(self) -> list[dict[str, Any]]:
        """What each life of the stand-in told of itself."""
        file = self.models_folder / "lives"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def until(condition: Callable[[], object], what: str, *, seconds: float = 30) -> None:
    """Waits for it."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.02)


def kill(pid: int) -> None:
    """As the kernel does when memory runs out."""
    os.kill(pid, 9)
