"""understand: one message a line in, what the bot understands of it a line out, as JSON."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

import orjson

from bot.cli.asked_model import asked_model, say
from bot.cli.command import Command
from bot.cli.language import add_language, settings_in
from bot.lines import lines
from bot.logs import set_up_logging
from bot.process import harden_process
from bot.settings import Settings
from nlu.explained import By, Explained

RANKED = 10


def line_of(explained: Explained) -> dict[str, Any]:
    """The whole understanding as the bot uses it; `by` says who told what the message is about."""
    found = explained.together
    return {
        "text": found.text,
        "intent": found.intent,
        "confidence": round(found.confidence, 4),
        "danger": found.danger,
        "entities": [{"entity": e.entity, "value": e.value, "start": e.start, "end": e.end} for e in found.entities],
        "ranking": [{"intent": name, "confidence": round(confidence, 4)} for name, confidence in found.ranking[:RANKED]],
        "by": explained.by,
    }


async def _understand(settings: Settings, *, language: str, source: int) -> None:
    typed = lines(source)
    out = sys.stdout.buffer
    async with asked_model(settings) as model:
        missed = 0
        while (line := await typed.get()) is not None:
            explained = await model.explain(line.rstrip("\r"), language)
            missed += explained.by is not By.MODEL and not settings.nlu_off and bool(line.strip())
            out.write(orjson.dumps(line_of(explained)) + b"\n")
            out.flush()
        if missed:
            say(f"Rasa did not answer for {missed} of the lines: they were understood by danger phrases and keyword search alone.")


def _arguments(parser: ArgumentParser) -> None:
    add_language(parser, help="the language that the person has chosen (id or en); danger is heard in both")


def _run(given: Namespace) -> int:
    settings = settings_in(given)
    set_up_logging("ERROR")
    harden_process()
    asyncio.run(_understand(settings, language=settings.language, source=sys.stdin.fileno()))
    return 0


UNDERSTAND = Command(arguments=_arguments, run=_run)
