"""What a command is, and how it fails."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass


class CommandError(Exception):
    """A command cannot do what was asked. `sentence` says why and what to do, in one sentence, without anybody's words or secrets."""

    def __init__(self, sentence: str, *, status: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """`arguments` adds the command's own arguments to a parser; `run` does the work and gives the exit status (0: done)."""

    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A line of the table of commands: what it does in plain words, and where its `Command` stands (`module:name`).

    The module is loaded only when the command is called: `--help` answers at once, and `check` does not need a web server.
    """

    summary: str
    at: str
