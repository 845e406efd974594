"""A Rasa server that somebody else runs: its address is known, and whether it understands is asked now and then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from bot.nlu_server.probe import understands
from bot.nlu_server.state import NluState
from bot.nlu_server.watched import Watched
from nlu.rasa_backend import Endpoint

log = logging.getLogger(__name__)

_EVERY, _PROBE = 20.0, 5.0  # seconds


class RemoteServer(Watched):
    """Says how the server at an address is doing, `ready` or `starting`. People's messages go there whatever this says: only a failed
    question tells the truth."""

    def __init__(self, endpoint: Endpoint, *, changed: Callable[[NluState], None] | None = None, every: float = _EVERY) -> None:
        super().__init__(endpoint=endpoint, changed=changed)
        self._asked, self._every = endpoint, every

    def _tell(self, state: NluState) -> None:
        (log.info if state is NluState.READY else log.warning)("nlu_remote", extra={"state": state.value})

    async def _run(self) -> None:
        while True:
            state = NluState.READY if await understands(self._asked, _PROBE) else NluState.STARTING
            self._now(state)
            await asyncio.sleep(self._every if state is NluState.READY else min(self._every, 2.0))
