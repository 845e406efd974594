"""What a command is, and how it fails."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import OperatorError


class CommandError(OperatorError):
    """A command cannot do what was asked."""


def port(text: str) -> int:
    """A port of this machine from an argument; 0 is any that is free. Raises CommandError."""
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= 65_535):
        raise CommandError("A port is a number from 0 to 65535: choose one with --port.", status=2)
    return int(text)


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
