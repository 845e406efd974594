"""Calls into an ASGI application, byte by byte as a client may send them, and the service behind them kept alive on a loop of its own."""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette

from bot.cli.unit import add_unit
from bot.logs import EventFormatter, EventHandler
from tests.attackers.town import Town, configured, town

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back. `read` is how many bytes of the request's body were taken."""

    status: int
    headers: dict[str, str]
    body: bytes
    read: int


async def call(
    app: Starlette, method: str, path: str, *, headers: Sequence[tuple[bytes, bytes]] = (), chunks: Iterable[bytes] = (b"",),
    query: bytes = b"",
) -> Answer:  # fmt: skip
    """One request, its body in the chunks given: no Content-Length unless it is among the headers. Raises what the application raises."""
    waiting = iter(chunks)
    following: bytes | None = next(waiting, b"")
    read, status, body = 0, 0, bytearray()
    answered: dict[str, str] = {}

    async def receive() -> dict[str, Any]:
        nonlocal following, read
        if following is None:
            return {"type": "http.disconnect"}
        chunk, following = following, next(waiting, None)
        read += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": following is not None}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            answered.update({name.decode("latin-1"): value.decode("latin-1") for name, value in message.get("headers", ())})
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query, "root_path": "", "headers": [*headers],
        "client": ("192.0.2.7", 4711), "server": ("bot.example", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    return Answer(status=status, headers=answered, body=bytes(body), read=read)


class Alive:
    """A town that lives on while a test that is not asynchronous asks it again and again."""

    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self.log = io.StringIO()
        self.town: Town = self.run(self._open(folder))

    async def _open(self, folder: Path) -> Town:
        settings = configured(folder / "data", "http://localhost/bot")
        await add_unit(settings, name="UPTD PPA", kind="service", lead=True, key_file=folder / "unit.key", passphrase=None)
        return await self._stack.enter_async_context(town(folder / "data", now=time.time()))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs something on the town's loop."""
        return self._loop.run_until_complete(work)

    def close(self) -> None:
        """A graceful stop."""
        self.run(self._stack.aclose())
        self._loop.close()


@contextmanager
def logged() -> Iterator[Callable[[], str]]:
    """What the log says meanwhile, at DEBUG, every library included, as the service would write it."""
    stream = io.StringIO()
    handler = EventHandler(stream)
    handler.setFormatter(EventFormatter())
    levels = {name: logging.getLogger(name).level for name in (None, "bot", "telegram", "httpx", "httpcore", "asyncio", "aiosqlite")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.root.addHandler(handler)
    try:
        yield stream.getvalue
    finally:
        logging.root.removeHandler(handler)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
