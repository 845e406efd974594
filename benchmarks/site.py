"""The real service on a throw-away database, with the real webhook route and a counting platform."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette

from actions.rows import Insert
from benchmarks.platform import CountingTransport
from bot.app import Service
from bot.channels.telegram import Telegram, routes
from bot.hearing import Understands
from bot.running import understander
from bot.settings import load_settings
from bot.storage.pins import pin_of_unit
from bot.vault.keys import generate_keypair
from bot.web_app import build

SECRET = "benchmark-secret"
_HEADERS = [(b"content-type", b"application/json"), (b"x-telegram-bot-api-secret-token", SECRET.encode())]
_CONNECTIONS = 32  # kept-alive ones to one process

Way = Callable[[bytes], Awaitable[int]]
"""How a webhook call gets to a process: the body in, the status out."""


@dataclass(kw_only=True, slots=True)
class Site:
    """The service under measurement. Every message goes one of `ways`, chosen at random; none: straight into this process."""

    service: Service
    app: Starlette
    platform: CountingTransport
    folder: Path
    taken: int = 0
    ways: list[Way] = field(default_factory=list)
    _first_update: int = field(default_factory=lambda: secrets.randbelow(1 << 48))

    async def post(self, update: dict[str, Any], *, here: bool = False) -> int:
        """One webhook call; gives the status. `here`: into this process, whatever ways there are."""
        self.taken += 1
        body = orjson.dumps({"update_id": self._first_update + self.taken, **update})
        way = self.within if here or not self.ways else random.choice(self.ways)
        return await way(body)

    async def within(self, body: bytes) -> int:
        """Straight into this process's ASGI application."""
        status = 0
        sent = False

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if sent:
                await asyncio.sleep(3600)
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]

        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": "/webhooks/telegram", "raw_path": b"/webhooks/telegram", "query_string": b"", "root_path": "",
            "headers": [*_HEADERS, (b"content-length", str(len(body)).encode())], "client": None, "server": ("bench", 80),
        }  # fmt: skip
        await self.app(scope, receive, send)
        return status

    @asynccontextmanager
    async def served(self) -> AsyncIterator[int]:
        """While this lasts, the application is served on loopback by uvicorn; gives the port."""
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off", timeout_keep_alive=600
        )  # fmt: skip
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.should_exit = True
            await serving

    @asynccontextmanager
    async def over_loopback(self) -> AsyncIterator[None]:
        """While this lasts, `post` goes over real HTTP on loopback, through uvicorn, by kept-alive connections."""
        async with self.served() as port, loopback(port) as way:
            self.ways = [way]
            try:
                yield
            finally:
                self.ways = []

    async def cases(self) -> int:
        """How many cases there are."""
        async with self.service.engine.connect() as connection:
            return int((await connection.exec_driver_sql("SELECT count(*) FROM cases")).scalar_one())

    def message(self, chat: int, text: str) -> dict[str, Any]:
        """A text message's update."""
        sender = {"id": chat, "is_bot": False, "first_name": "x", "language_code": "id"}
        return {
            "message": {
                "message_id": secrets.randbelow(1 << 30), "date": int(time.time()), "chat": {"id": chat, "type": "private"}, "from": sender,
                "text": text,
            }
        }  # fmt: skip

    def tap(self, chat: int, data: str) -> dict[str, Any]:
        """A tap's update."""
        sender = {"id": chat, "is_bot": False, "first_name": "x", "language_code": "id"}
        message = {"message_id": 1, "date": int(time.time()), "chat": {"id": chat, "type": "private"}}
        return {"callback_query": {"id": secrets.token_hex(8), "from": sender, "chat_instance": "1", "data": data, "message": message}}


@asynccontextmanager
async def loopback(port: int) -> AsyncIterator[Way]:
    """A way to the process that serves on this port of this machine."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(_CONNECTIONS)]
    for pair in opened:
        free.put_nowait(pair)

    async def post(body: bytes) -> int:
        pair = await free.get()
        reader, writer = pair
        try:
            head = f"POST /webhooks/telegram HTTP/1.1\r\nhost: bench\r\ncontent-length: {len(body)}\r\n".encode()
            writer.write(head + b"".join(b"%s: %s\r\n" % header for header in _HEADERS) + b"\r\n" + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            if length:
                await reader.readexactly(length)
            return int(answer[9:12])
        finally:
            free.put_nowait(pair)

    try:
        yield post
    finally:
        for _, writer in opened:
            writer.close()


@asynccontextmanager
async def site(
    *, base: Path | None = None, given: Mapping[str, Any] | None = None, jobs: bool = False, understands: Understands | None = None
) -> AsyncIterator[Site]:  # fmt: skip
    """A site. Without `given` (what `load_settings` takes) it is on SQLite and gone afterwards; `base` is where its files are made then
    (default: the system's temporary folder). `jobs`: with the periodic work. `understands`: what hears people (default: phrases alone)."""
    made = Path(tempfile.mkdtemp(prefix="ruang-aman-bench-", dir=base)) if given is None else None
    platform = CountingTransport()
    telegram = Telegram(token="1:bench", request=platform, updates_request=platform, paced=False)
    settings = load_settings(from_environment=False, given=given or {"data_dir": made})
    service = Service(settings, channels={"telegram": telegram}, understander=understands or understander())
    try:
        await service.start(jobs=jobs)
        if not service.units.any:
            public = generate_keypair().public
            row = {"id": os.urandom(16), "name": "bench", "kind": "service", "lead": 1, "public_key": public, "created_at": 1}
            await service.keys.pins.put(pin_of_unit(row))
            await service.writer.write([Insert(table="unit", row=row)])
            await service.units.refresh()
        app = build(service, routes(service, telegram, SECRET), dict)
        yield Site(service=service, app=app, platform=platform, folder=settings.data_dir)
    finally:
        await service.stop()
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def fdatasync_ms(folder: Path, count: int = 200) -> dict[str, float]:
    """How long this disk takes to make 4 KiB durable: what every commit costs at least."""
    path = folder / "fdatasync.probe"
    times = []
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        for _ in range(count):
            os.pwrite(handle, b"x" * 4096, 0)
            start = time.perf_counter()
            os.fdatasync(handle)
            times.append((time.perf_counter() - start) * 1000)
    finally:
        os.close(handle)
        path.unlink()
    return percentiles(times)


def percentiles(values: list[float]) -> dict[str, float]:
    """p50 and p99, rounded to hundredths."""
    if len(values) < 2:
        return {"p50": round(values[0], 2), "p99": round(values[0], 2)} if values else {}
    cut = quantiles(values, n=100, method="inclusive")
    return {"p50": round(cut[49], 2), "p99": round(cut[98], 2)}


def environment(folder: Path, *, database: str = "sqlite synchronous=FULL", replicas: int = 1) -> dict[str, Any]:
    """What was measured on. `folder` is on the disk that the commits go to."""
    return {"database": database, "replicas": replicas, "cores": os.cpu_count(), "fdatasync_ms": fdatasync_ms(folder)}
