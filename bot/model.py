"""The understanding of free text as the settings want it: the server that is asked, what stands in for it, and how it is doing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from bot.content import content_folder, danger_files
from bot.errors import OperatorError
from bot.metrics import NLU, NLU_ASKED, NLU_SECONDS
from bot.nlu_server.environment import Environment, Progress
from bot.nlu_server.models import Models
from bot.nlu_server.project import Project, project
from bot.nlu_server.remote import RemoteServer
from bot.nlu_server.server import NluServer
from bot.nlu_server.state import NluState
from bot.settings import Settings
from flows.message import Understanding
from nlu.danger import load
from nlu.explained import Explained, explain
from nlu.rasa_backend import SECONDS, Endpoint, Outcome, RasaBackend
from nlu.search import FaqSearch, load_search
from nlu.thresholds import Thresholds, ThresholdsError, load_thresholds
from nlu.understand import Understander

log = logging.getLogger(__name__)

THRESHOLDS = "understanding.yml"


def thresholds() -> Thresholds:
    """What `data/understanding.yml` says. Raises OperatorError if it cannot be used."""
    try:
        return load_thresholds(content_folder() / THRESHOLDS)
    except (ThresholdsError, OSError, UnicodeDecodeError):
        raise OperatorError(f"data/{THRESHOLDS} cannot be used: ruang-aman check says why.") from None


def models(of: Project, data_dir: Path) -> Models:
    """Where this installation's models lie."""
    return Models((of.root / "models", data_dir / "nlu"))


def environment(of: Project) -> Environment:
    """Rasa's environment of this installation."""
    return Environment(of.root, of.requirements)


def count(outcome: Outcome, took: float) -> None:
    """Counts what became of a question to the model."""
    NLU.labels(outcome.value).inc()
    if outcome is not Outcome.LEFT_OUT:
        NLU_ASKED.inc()
        NLU_SECONDS.observe(took)


class Model:
    """What understands free text. `changed` is called with every new state of the server. `start` it once people are served: it holds
    nobody up, and before it the danger phrases are heard already."""

    def __init__(
        self, settings: Settings, *, changed: Callable[[NluState], None] | None = None, progress: Progress | None = None,
        embedded: bool = True, seconds: float = SECONDS,
    ) -> None:  # fmt: skip
        """`embedded`: whether a server is started where the settings name none; without it such a service does without a model.
        `seconds`: how long it is waited for; who measures has more patience than whoever wrote."""
        levels = self.thresholds = thresholds()
        self._server: NluServer | RemoteServer | None = None
        if settings.nlu_url and not settings.nlu_off:
            token = settings.nlu_token.get_secret_value() if settings.nlu_token is not None else ""
            self._server = RemoteServer(Endpoint(url=settings.nlu_url, token=token), changed=changed)
        elif not settings.nlu_off and embedded:
            of = project()
            self._server = NluServer(of, environment(of), models(of, settings.data_dir), changed=changed, progress=progress)
        self._backend = RasaBackend(self.endpoint, levels, count=count, seconds=seconds) if self._server is not None else None
        self._search: FaqSearch | None = None
        self._loading: asyncio.Task[None] | None = None
        self._phrases = load(*danger_files())
        self.understander = Understander(self._phrases, self._backend, self)

    @property
    def state(self) -> NluState:
        """How it is doing, for `/readyz`."""
        return self._server.state if self._server is not None else NluState.OFF

    def endpoint(self) -> Endpoint | None:
        """Where it is asked now."""
        return self._server.endpoint if self._server is not None else None

    def find(self, text: str) -> Understanding:
        """The keyword search; nothing until its words are read, a second after the start."""
        return self._search.find(text) if self._search is not None else Understanding(text=text)

    async def explain(self, text: str, language: str) -> Explained:
        """How `text` is understood, layer by layer: for tools, and the demo's page."""
        return await explain(text, language, phrases=self._phrases, backend=self._backend, search=self)

    def start(self) -> None:
        """Begins; returns at once."""
        self._loading = asyncio.create_task(self._load())
        if self._server is not None:
            self._server.start()

    async def _load(self) -> None:
        try:
            self._search = await asyncio.to_thread(load_search, content_folder(), confident=self.thresholds.search)
        except Exception as error:  # content that `check` names: without a search the menu still works
            log.error("nlu_search_unread", exc_info=error)

    async def until_settled(self) -> NluState:
        """Returns once the search is there and the server understands, or cannot be had."""
        if self._loading is not None:
            await self._loading
        return await self._server.until_settled() if self._server is not None else NluState.OFF

    async def stop(self) -> None:
        """Ends the server, if it is ours, and the connections to it."""
        if self._server is not None:
            await self._server.stop()
        if self._backend is not None:
            await self._backend.close()
        if self._loading is not None:
            await asyncio.wait({self._loading})
