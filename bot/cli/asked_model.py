"""The model for a command that asks it: prepared, started and waited for, with what is going on said on standard error."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.cli.command import CommandError
from bot.cli.train import prepare
from bot.model import Model
from bot.nlu_server.project import project
from bot.nlu_server.state import NluState
from bot.settings import PREFIX, Settings

PATIENCE = 20.0  # seconds for one sentence: a command can wait, and a busy machine must not change what it says
_START, _REMOTE = 420.0, 60.0  # seconds until an own server understands, until another's does

WITHOUT = "without Rasa: danger phrases and keyword search only"


def say(sentence: str) -> None:
    """One line on standard error: standard output belongs to the results."""
    print(sentence, file=sys.stderr, flush=True)


@asynccontextmanager
async def asked_model(settings: Settings) -> AsyncIterator[Model]:
    """The model of the settings, ready to be asked; ended in the end. Where the settings say off it is said that there is none.

    Raises OperatorError if there should be one and it cannot be had.
    """
    embedded = not settings.nlu_url
    if embedded:
        of = project()
        if not of.complete:
            raise CommandError(
                f"This installation holds no Rasa project (config.yml, domain.yml, examples under data/): run this in a checkout, or set "
                f"{PREFIX}NLU_URL to the address of a Rasa server, or to off."
            )
        await prepare(settings, of)
    model = Model(settings, seconds=PATIENCE)
    model.start()
    try:
        if settings.nlu_off:
            say(f"{PREFIX}NLU_URL is off: {WITHOUT}.")
        elif embedded:
            say("Rasa is starting, less than a minute …")
        try:
            async with asyncio.timeout(_START if embedded else _REMOTE):
                state = await model.until_settled()
        except TimeoutError:
            raise CommandError(_gone(embedded)) from None
        if state is not NluState.READY and not settings.nlu_off:
            raise CommandError(_gone(embedded))
        if state is NluState.READY:
            say("Rasa is ready.")
        yield model
    finally:
        await model.stop()


def _gone(embedded: bool) -> str:
    if embedded:
        return f"Rasa did not start: start.log beside the model says why (or set {PREFIX}NLU_URL to off: {WITHOUT})."
    return f"No Rasa server understands anything at {PREFIX}NLU_URL: start it, or set it to off ({WITHOUT})."
