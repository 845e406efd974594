"""mode: the kill switch, and what people see from then on."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from bot.cli.command import Command
from bot.cli.store import opened
from bot.mode import MODES, NORMAL, PEOPLE_ONLY, switched
from bot.settings import Settings, load_settings
from bot.shelf import load_shelf


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("mode", choices=MODES, nargs="?", help="people-only: no report is taken; without a word: how it stands")


async def _switch(settings: Settings, mode: str | None) -> str:
    async with opened(settings) as store:
        if mode is None:
            stored = await store.reads.switch("mode")
            return NORMAL if stored in (None, NORMAL) else PEOPLE_ONLY
        await store.writer.write([switched(mode)])
    return mode


def _seen(language: str) -> Iterator[str]:
    """What people see in people-only mode, in their words."""
    catalogue = load_shelf().library.catalogue
    for flow, step, when in (("start", "people", "Who writes:"), ("interrupts", "paused", "Who was in the middle of a report:")):
        text, _ = catalogue.fill(catalogue.part(language, flow, step, "text", None) or "", {})
        yield when
        yield from (f"  | {line}".rstrip() for line in text.splitlines())


def _run(given: Namespace) -> int:
    settings = load_settings()
    mode = asyncio.run(_switch(settings, given.mode))
    print(f"The mode is {mode}." + ("" if given.mode is None else " A service that is running follows within 20 seconds."))
    if mode == PEOPLE_ONLY:
        print("No report is taken. Danger, leaving, erasing, messages to a counsellor and codes work as before. What people see:")
        for line in _seen(settings.language):
            print(line)
    elif given.mode is not None:
        print("Reports are taken again. Who was in the middle of one can go on with it.")
    return 0


MODE = Command(arguments=_arguments, run=_run)
