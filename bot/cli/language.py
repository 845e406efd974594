"""The language that a command speaks: the settings' one, or another that is asked for."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bot.cli.command import CommandError
from bot.content import languages
from bot.settings import Settings, load_settings


def add_language(parser: ArgumentParser, *, help: str) -> None:
    """The option `--language`."""
    parser.add_argument("--language", help=help)


def settings_in(given: Namespace) -> Settings:
    """The settings, with the language that was asked for. Raises CommandError for one that the bot does not speak."""
    if given.language and given.language not in languages():
        raise CommandError(f"The bot does not speak '{given.language}': use one of {', '.join(languages())}.")
    return load_settings(given={"language": given.language} if given.language else {})
