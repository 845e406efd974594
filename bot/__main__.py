"""`ruang-aman` and `python -m bot`: finds the command, and turns every error into one sentence."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence

from bot.cli.command import Command, CommandError
from bot.cli.table import COMMANDS
from bot.errors import OperatorError
from bot.redact import describe, place
from bot.settings import SettingsError

PROGRAM = "ruang-aman"
DEBUG_HELP = "show all of an error, its message too (not where people write to the service)"
INTERRUPTED = 130  # 128 + SIGINT, as shells give it


def _overview() -> ArgumentParser:
    width = max(len(name) for name in COMMANDS) + 2
    listed = "\n".join(f"  {name:<{width}}{row.summary}" for name, row in COMMANDS.items())
    parser = ArgumentParser(
        prog=PROGRAM,
        usage=f"{PROGRAM} COMMAND [options]",
        description="Ruang Aman: anonymous reporting for children in danger, and for those who worry about one.",
        epilog=f"commands:\n{listed}\n\n{PROGRAM} COMMAND --help tells more about one. The settings are described in the README.",
        formatter_class=RawDescriptionHelpFormatter,
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="store_true", help="this text")
    parser.add_argument("--version", action="store_true", help="the version of the program")
    parser.add_argument("--debug", action="store_true", help=DEBUG_HELP)
    return parser


def load(name: str) -> Command:
    """The command of that name in the table. Raises CommandError if its module does not load or holds no such command."""
    module, _, attribute = COMMANDS[name].at.partition(":")
    found = getattr(importlib.import_module(module), attribute, None)
    if not isinstance(found, Command):
        raise CommandError(f"This installation is damaged ({module} holds no {attribute}): install it again with make install.")
    return found


def _split(arguments: Sequence[str]) -> tuple[list[str], str | None, list[str]]:
    """What stands before the command, the command, and what follows it."""
    for index, word in enumerate(arguments):
        if not word.startswith("-"):
            return list(arguments[:index]), word, list(arguments[index + 1 :])
    return list(arguments), None, []


def _run(arguments: Sequence[str]) -> int:
    before, name, after = _split(arguments)
    overview = _overview()
    general = overview.parse_args(before)
    if general.version:
        from importlib.metadata import version

        print(f"{PROGRAM} {version(PROGRAM)}")
        return 0
    if name is None:
        overview.print_help(sys.stdout if general.help else sys.stderr)
        return 0 if general.help else 2
    if name not in COMMANDS:
        raise CommandError(f"There is no command '{name}': {PROGRAM} --help lists them all.", status=2)
    command = load(name)
    parser = ArgumentParser(prog=f"{PROGRAM} {name}", description=COMMANDS[name].summary[:1].upper() + COMMANDS[name].summary[1:] + ".")
    command.arguments(parser)
    parser.add_argument("--debug", action="store_true", help=DEBUG_HELP)
    chosen: Namespace = parser.parse_args([*(["--help"] if general.help else []), *after])
    return command.run(chosen)


def _say(sentence: str) -> None:
    print(f"{PROGRAM}: {sentence}", file=sys.stderr)


def _where(error: BaseException) -> str:
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return f"{place(at.tb_frame.f_code.co_filename)}:{at.tb_lineno}" if at else "?"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; gives the exit status: 0 done, 1 not done, 2 wrongly called or wrongly set up, 130 interrupted.

    An error is one sentence on standard error. With `--debug` anywhere on the line the traceback goes with it.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    try:
        return _run(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone (`… | head`): not an error. The interpreter must not try to flush it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debug:
            traceback.print_exc()
            return 1
        return _explain(error)


def _explain(error: Exception) -> int:
    """Says what went wrong; gives the exit status."""
    if isinstance(error, OperatorError):
        _say(error.sentence)
        return error.status
    if isinstance(error, SettingsError):
        for line in error.lines:
            _say(line)
        return 2
    # The message may hold anything, an address or a password of a database among it: type, code and place only.
    _say(f"Something went wrong that should not ({describe(error)} at {_where(error)}): run it again with --debug and report it.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
