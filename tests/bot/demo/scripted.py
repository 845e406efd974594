"""A page of the demo with a scripted model behind it: no Rasa has to be there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.routing import Route

from bot.demo.understanding_page import understanding_routes
from flows.message import Danger, Entity, Understanding
from nlu.explained import Explained, explain
from nlu.search import FaqSearch, Topic
from tests.nlu.danger_corpus import phrases

TITLES = {
    "faq/sextortion": {"id": "Foto disebar", "en": "Photos spread"},
    "faq/bullying": {"id": "Diejek", "en": "Teased"},
    "faq/cost": {"id": "Biaya", "en": "Cost"},
}
PHOTO = "kalo dia nyebar foto gw gmn"
HIT = "😢 bapak mukulin adek di rumah, wa ku 0812-3456-7890"
UNSURE = "hmm gimana ya"

ANSWERS: Mapping[str, Understanding] = {
    PHOTO: Understanding(
        intent="faq/sextortion", confidence=0.83, ranking=(("faq/sextortion", 0.83), ("faq/bullying", 0.1), ("disclosure", 0.04))
    ),
    HIT: Understanding(
        intent="disclosure", confidence=0.7, danger=Danger.EMERGENCY,
        ranking=(("disclosure", 0.7), ("emergency", 0.2), ("faq/bullying", 0.1)),
        entities=(
            Entity(entity="relation", value="parent", start=2, end=7),
            Entity(entity="violence_type", value="physical", start=8, end=15),
            Entity(entity="place", value="home", start=24, end=29),
        ),
    ),
    UNSURE: Understanding(intent="unclear", confidence=0.21, ranking=(("faq/cost", 0.21), ("help", 0.2), ("greet", 0.1))),
}  # fmt: skip


class Scripted:
    """A model that knows three sentences. `state` is what the page says of it: only a ready one is asked."""

    def __init__(self, state: str = "ready") -> None:
        self.state = state
        self.asked: list[tuple[str, str]] = []
        self.slow = 0.0
        self.broken = False
        topics = (Topic(name="faq/cost", sentences=("berapa biaya lapor",)), Topic(name="faq/bullying", sentences=("diejek teman terus",)))
        self._search = FaqSearch(topics, confident=0.6)

    async def parse(self, text: str, language: str) -> Understanding | None:
        """The scripted answer, nothing while it is not ready."""
        return ANSWERS.get(text, Understanding()) if self.state == "ready" else None

    async def explain(self, text: str, language: str) -> Explained:
        """As the service does."""
        self.asked.append((text, language))
        await asyncio.sleep(self.slow)
        if self.broken:
            raise ValueError(f"canary {text}")
        return await explain(text, language, phrases=phrases(), backend=self, search=self._search)

    def routes(self) -> list[Route]:
        """The page."""
        return understanding_routes(explain=self.explain, state=lambda: self.state, titles=TITLES, threshold=lambda found: 0.45)
