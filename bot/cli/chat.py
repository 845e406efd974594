"""chat: the bot in this terminal, on the data of the settings."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace

from bot.cli.command import Command
from bot.cli.language import add_language, settings_in
from bot.cli.single import only_one
from bot.logs import set_up_logging
from bot.process import harden_process
from bot.settings import Settings


def _arguments(parser: ArgumentParser) -> None:
    add_language(parser, help="the language to begin in (id or en)")


async def _talk(settings: Settings) -> None:
    from bot.app import Service
    from bot.channels.terminal import Terminal
    from bot.model import Model

    terminal = Terminal(language=settings.language)
    model = Model(settings, embedded=False)  # a talk of a minute starts no server; one that is named is asked
    service = Service(settings, channels={"terminal": terminal}, understander=model.understander)
    await service.start()
    model.start()
    try:
        await terminal.run(service, service.settle)
    finally:
        await service.stop()
        await model.stop()


def _run(given: Namespace) -> int:
    settings = settings_in(given)
    set_up_logging("ERROR")
    harden_process()
    with only_one(settings):
        asyncio.run(_talk(settings))
    return 0


CHAT = Command(arguments=_arguments, run=_run)
