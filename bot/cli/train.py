"""train: installs Rasa beside the program and trains it, with a progress line; does nothing when nothing changed."""

from __future__ import annotations

import asyncio
import time
from argparse import ArgumentParser, Namespace

from bot.cli.command import Command, CommandError
from bot.cli.progress import Progress
from bot.model import environment, models
from bot.nlu_server.project import Project, project
from bot.nlu_server.training import train
from bot.settings import Settings, load_settings


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--install-only", action="store_true", help="make Rasa's environment and train nothing")


async def prepare(settings: Settings, of: Project, *, install_only: bool = False) -> str:
    """Does what is missing; gives a sentence that says what was done."""
    rasa, begun = environment(of), time.monotonic()
    if not rasa.installed:
        progress = Progress("Installing Rasa, packages")
        try:
            await rasa.install(progress)
        finally:
            progress.end()
    if install_only:
        return f"Rasa's environment is there ({time.monotonic() - begun:.0f} s)."
    there, begun = models(of, settings.data_dir), time.monotonic()
    if there.find(of.fingerprint()) is not None:
        return "Nothing changed since the model was trained: nothing to do."
    progress = Progress("Training Rasa, components")
    try:
        made = await train(of, rasa, there, progress=progress)
    finally:
        progress.end()
    return f"Trained in {time.monotonic() - begun:.0f} s: {made.parent.name}/{made.name}. A running service takes it at its next start."


def _run(given: Namespace) -> int:
    of = project()
    if not of.complete:
        raise CommandError("This installation holds no Rasa project (config.yml, domain.yml, examples under data/): train in a checkout.")
    print(asyncio.run(prepare(load_settings(), of, install_only=given.install_only)))
    return 0


TRAIN = Command(arguments=_arguments, run=_run)
