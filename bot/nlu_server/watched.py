"""What a Rasa server of our own and one that somebody else runs have in common for whoever asks them."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from bot.nlu_server.state import NluState
from nlu.rasa_backend import Endpoint


class Watched(ABC):
    """A server that is watched by a task. `changed` is called with every new state."""

    def __init__(self, *, endpoint: Endpoint | None, changed: Callable[[NluState], None] | None) -> None:
        self._endpoint, self._changed = endpoint, changed
        self._state = NluState.STARTING
        self._settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def state(self) -> NluState:
        """How it is doing."""
        return self._state

    @property
    def endpoint(self) -> Endpoint | None:
        """Where it can be asked now, None while it cannot."""
        return self._endpoint

    def start(self) -> None:
        """Begins; returns at once."""
        self._task = asyncio.create_task(self._run())

    async def until_settled(self) -> NluState:
        """Returns once it understands, or cannot be had (`off`)."""
        await self._settled.wait()
        return self._state

    async def stop(self) -> None:
        """Ends the watching, and whatever it does."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    def _now(self, state: NluState) -> None:
        if state in (NluState.READY, NluState.OFF):
            self._settled.set()
        else:
            self._settled.clear()
        if state is not self._state:
            self._state = state
            self._tell(state)
            if self._changed is not None:
                self._changed(state)

    @abstractmethod
    def _tell(self, state: NluState) -> None:
        """Writes a new state into the log."""

    @abstractmethod
    async def _run(self) -> None:
        """The watching."""
