"""Rasa's own default pipeline, trained on the same data in the same environment: what ours is measured against."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx
import orjson

from bot.cli.asked_model import PATIENCE, say
from bot.cli.command import CommandError
from bot.cli.progress import Progress
from bot.model import environment
from bot.nlu_server.models import Models
from bot.nlu_server.project import Project, project
from bot.nlu_server.server import NluServer
from bot.nlu_server.state import NluState
from bot.nlu_server.training import train
from bot.settings import Settings
from nlu.rasa_backend import Endpoint
from nlu.scoring.default_rasa import DefaultAnswerError, read_default
from nlu.scoring.outcome import Outcome
from nlu.scoring.sentence import Sentence

PIPELINE = Path("benchmarks") / "nlu" / "baseline.yml"
_START = 600.0  # seconds
_MEMORY = 8 * 1024**3  # bytes: twice what ours needs


async def baseline(settings: Settings, sentences: Sequence[Sentence]) -> list[Outcome]:
    """What Rasa's default pipeline understands, without our danger phrases and thresholds. Trained first if it is not there: half an hour.

    Raises OperatorError if it cannot be trained or asked.
    """
    ours = project()
    pipeline = ours.root / PIPELINE
    if not pipeline.is_file():
        raise CommandError(f"The baseline's pipeline ({PIPELINE}) is not part of this installation: run this in a checkout.")
    of = Project(root=ours.root, data=ours.data, pipeline=pipeline)
    rasa, there = environment(of), Models((of.root / "models" / "baseline", settings.data_dir / "nlu" / "baseline"))
    if there.find(of.fingerprint()) is None:
        say("Rasa's default pipeline is being trained on the same data: that takes half an hour, and is kept …")
        progress = Progress("Training Rasa's default pipeline, components")
        try:
            await train(of, rasa, there, progress=progress, memory=_MEMORY)
        finally:
            progress.end()
    server = NluServer(of, rasa, there, memory=_MEMORY)
    server.start()
    try:
        say("Rasa's default pipeline is starting …")
        async with asyncio.timeout(_START):
            state = await server.until_settled()
        endpoint = server.endpoint
        if state is not NluState.READY or endpoint is None:
            raise CommandError("Rasa's default pipeline did not start: start.log beside its model (models/baseline) says why.")
        return await _outcomes(endpoint, sentences)
    except TimeoutError:
        raise CommandError("Rasa's default pipeline did not start: start.log beside its model (models/baseline) says why.") from None
    finally:
        await server.stop()


async def _outcomes(endpoint: Endpoint, sentences: Sequence[Sentence]) -> list[Outcome]:
    progress = Progress("Understanding, Rasa's default pipeline")
    found = []
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            for number, sentence in enumerate(sentences, start=1):
                answer = await client.post(
                    f"{endpoint.url}/model/parse", params={"token": endpoint.token}, content=orjson.dumps({"text": sentence.text}),
                    headers={"content-type": "application/json"},
                )  # fmt: skip
                understood = read_default(answer.content, text=sentence.text)
                found.append(Outcome(sentence=sentence, understood=understood, model=understood.danger))
                progress(number, len(sentences))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, DefaultAnswerError):
        raise CommandError("Rasa's default pipeline stopped answering: look at the load of this machine, then start again.") from None
    finally:
        progress.end()
    return found
