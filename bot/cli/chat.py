"""chat: the bot in this terminal, on the data of the settings."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace

from bot.cli.command import Command, CommandError
from bot.cli.single import OnlyOne
from bot.content import languages
from bot.logs import set_up_logging
from bot.process import harden_process
from bot.settings import Settings, load_settings


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--language", help="the language to begin in (id or en)")


async def _talk(settings: Settings) -> None:
    from bot.app import Service
    from bot.channels.terminal import Terminal
    from bot.running import understander

    terminal = Terminal(language=settings.language)
    service = Service(settings, channels={"terminal": terminal}, understander=understander())
    await service.start()
    try:
        await terminal.run(service, service.settle)
    finally:
        await service.stop()


def _run(given: Namespace) -> int:
    if given.language and given.language not in languages():
        raise CommandError(f"The bot does not speak '{given.language}': use one of {', '.join(languages())}.")
    settings = load_settings(given={"language": given.language} if given.language else {})
    set_up_logging("ERROR")
    harden_process()
    with OnlyOne(settings.data_dir):
        asyncio.run(_talk(settings))
    return 0


CHAT = Command(arguments=_arguments, run=_run)
