"""Rasa's end of `POST /model/parse`, played on loopback: it answers, or misbehaves in one of the ways in which servers do."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

TOKEN = "canary-token"


def answer(*ranking: tuple[str, float], entities: list[dict[str, Any]] | None = None, text: str = "") -> dict[str, Any]:
    """What Rasa answers: retrieval intents as `faq` with their topics in the response selector, all else by its name."""
    topics = [(name, likely) for name, likely in ranking if name.startswith("faq/")]
    plain = [(name, likely) for name, likely in ranking if not name.startswith("faq/")]
    if topics:
        plain.append(("faq", sum(likely for _, likely in topics)))
    plain.sort(key=lambda pair: -pair[1])
    selector = {
        "response": {"intent_response_key": topics[0][0] if topics else None, "confidence": topics[0][1] if topics else 0.0},
        "ranking": [{"intent_response_key": name, "confidence": likely} for name, likely in topics],
    }
    return {
        "text": text, "intent": {"name": plain[0][0], "confidence": plain[0][1]}, "entities": entities or [],
        "intent_ranking": [{"name": name, "confidence": likely} for name, likely in plain],
        "response_selector": {"all_retrieval_intents": ["faq"], "faq": selector},
    }  # fmt: skip


Behaviour = Callable[["Peer", asyncio.StreamWriter], Awaitable[None]]


class Peer:
    """One server. `behave` decides how the next questions are answered; `heard` are the sentences that arrived, `targets` the paths."""

    def __init__(self) -> None:
        self.behave: Behaviour = says(answer(("greet", 0.9)))
        self.heard: list[str] = []
        self.targets: list[str] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listens; on the same port as before, if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        """As if its process had been killed: connections break."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                self.targets.append(head.split()[1])
                length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
                self.heard.append(json.loads(await reader.readexactly(length))["text"])
                await self.behave(self, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


def raw(body: bytes, *, status: int = 200, kind: str = "application/json") -> Behaviour:
    """Answers with these bytes."""

    async def behave(peer: Peer, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)

    return behave


def says(body: Any) -> Behaviour:
    """Answers with this as JSON."""
    return raw(json.dumps(body).encode())


def slow(seconds: float, then: Behaviour) -> Behaviour:
    """Answers after a while."""

    async def behave(peer: Peer, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await then(peer, writer)

    return behave


def dripping() -> Behaviour:
    """Begins to answer and goes on for ever, a byte at a time: no single read takes long."""

    async def behave(peer: Peer, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 100000\r\n\r\n")
        for _ in range(1000):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    return behave


def breaks_off() -> Behaviour:
    """Closes the connection in the middle of the answer."""

    async def behave(peer: Peer, writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 200 X\r\ncontent-length: 1000\r\n\r\n{"intent":')
        await writer.drain()
        writer.close()

    return behave


@asynccontextmanager
async def peer() -> AsyncIterator[Peer]:
    """A server that listens."""
    made = Peer()
    await made.start()
    try:
        yield made
    finally:
        await made.kill()


@contextmanager
def rasa_apart() -> Iterator[tuple[Peer, str]]:
    """A server that listens in a thread of its own, for what has a loop of its own; and its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    made = Peer()
    try:
        asyncio.run_coroutine_threadsafe(made.start(), loop).result(10)
        yield made, made.url
        asyncio.run_coroutine_threadsafe(made.kill(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
