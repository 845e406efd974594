"""The real service with people who really write to it: over Telegram's webhook, the web chat's routes, and a terminal."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from aiohttp import web
from starlette.applications import Starlette

from bot.app import Service
from bot.channels.telegram import Telegram
from bot.channels.telegram import routes as telegram_routes
from bot.channels.terminal import Terminal
from bot.channels.web import WebChannel
from bot.channels.web import routes as web_routes
from bot.channels.web_throttle import Throttle
from bot.running import understander
from bot.settings import Settings, load_settings
from bot.shelf import Shelf, load_shelf
from bot.web_app import build
from flows.message import Choice, Outbound
from tests.bot.desk.sitting import Person as Colleague
from tests.stores import stores

TOKEN = "7311900042:AAE-canaryTokenOfTheBot_9q8w7e6r5t4y3u2i1o"
SECRET = "canary-webhook-secret-5f31"


class Platform:
    """Telegram's end, over real HTTP on loopback. `garbage`, if set, is what every call is answered with."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.garbage: tuple[int, bytes] | None = None
        self.base_url = ""
        self.files: dict[str, bytes] = {}
        self._ids = itertools.count(7000)

    async def _answer(self, request: web.Request) -> web.Response:
        parameters = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        if request.content_type == "application/json":
            parameters = await request.json()
        if request.path.startswith("/file/"):
            return web.Response(body=self.files[request.path.rpartition("/")[2]])
        method = request.path.rpartition("/")[2]
        self.calls.append((method, parameters))
        if self.garbage is not None:
            return web.Response(status=self.garbage[0], body=self.garbage[1])
        result: Any = {"message_id": next(self._ids)} if method == "sendMessage" else True
        if method.lower() == "getfile":
            result = {"file_id": parameters["file_id"], "file_path": parameters["file_id"]}
        return web.json_response({"ok": True, "result": result})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Platform]:
        """Serves on a free port."""
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/bot"
        try:
            yield self
        finally:
            await runner.cleanup()

    def shown(self, chat: int, since: int = 0) -> list[Outbound]:
        """What was sent to a chat, as bubbles, from call number `since` on."""
        found = []
        for method, call in self.calls[since:]:
            if method == "sendMessage" and str(call["chat_id"]) == str(chat):
                markup = call.get("reply_markup") or "{}"
                keyboard = (json.loads(markup) if isinstance(markup, str) else markup).get("inline_keyboard", [])
                choices = tuple(Choice(id=button["callback_data"], label=button["text"]) for row in keyboard for button in row)
                found.append(Outbound(text=call["text"], choices=choices))
        return found


class Town:
    """A running service and the ways to it. `now` is its clock, in seconds since 1970; `codes` are those of who talks at the desk, with the
    `counsellor`."""

    def __init__(self, settings: Settings, platform: Platform, *, now: float, shelf: Shelf | None = None) -> None:
        self.settings = settings
        self.platform = platform
        self.now = now
        self.codes: dict[str, str] = {}
        self.counsellor: Colleague | None = None
        self.output = io.StringIO()
        shelf = shelf or load_shelf()
        web_channel = WebChannel()
        token = settings.telegram_token
        assert token is not None
        self.telegram = Telegram(token=token.get_secret_value(), base_url=platform.base_url, paced=False)
        self.terminal = Terminal(output=self.output)
        self.service = Service(
            settings, channels={"web": web_channel, "telegram": self.telegram, "terminal": self.terminal}, understander=understander(),
            clock=lambda: self.now, shelf=shelf,
        )  # fmt: skip
        routes = [
            *web_routes(
                self.service, channel=web_channel, numbers=shelf.library.catalogue.numbers, service_name="Teman",
                throttle=Throttle(burst=10_000, new_per_minute=10_000), heartbeat=0.2,
            ),
            *telegram_routes(self.service, self.telegram, SECRET),
        ]  # fmt: skip
        self.app: Starlette = build(self.service, routes, lambda: {"web": "ok", "telegram": "webhook"})
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://bot.example")
        # Another start on the same data goes on with other numbers: those of before would be taken for redeliveries.
        self.updates = itertools.count(860_000_001 + secrets.randbelow(100_000) * 1000)

    async def hook(self, update: Mapping[str, Any], *, secret: str = SECRET) -> int:
        """Telegram's call to our webhook; gives the status."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        return (await self.client.post("/webhooks/telegram", json=update, headers=headers)).status_code

    async def close(self) -> None:
        """A graceful stop."""
        await self.client.aclose()
        await self.service.stop()


def configured(data_dir: Path, base_url: str, **given: Any) -> Settings:
    """Settings with every secret planted."""
    return load_settings(
        from_environment=False,
        given={
            **stores(data_dir), "data_dir": data_dir, "telegram_token": TOKEN, "telegram_mode": "webhook", "telegram_secret": SECRET,
            "public_url": "http://localhost:8080", "telegram_api_url": base_url, **given,
        },
    )  # fmt: skip


@asynccontextmanager
async def town(data_dir: Path, *, now: float, jobs: bool = False, **given: Any) -> AsyncIterator[Town]:
    """A service on a data directory, from start to graceful stop."""
    async with Platform().running() as platform:
        here = Town(configured(data_dir, platform.base_url, **given), platform, now=now)
        await here.service.start(jobs=jobs)
        try:
            yield here
        finally:
            await here.close()


class Person:
    """Somebody at a channel. `seen` is every bubble so far, `offered` maps the options on the screen to what a tap sends."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.seen: list[Outbound] = []
        self.last: list[Outbound] = []

    @property
    def offered(self) -> dict[str, str]:
        """Option → the tap's id."""
        return {choice.id.partition(".")[2]: choice.id for bubble in self.last for choice in bubble.choices}

    @property
    def read(self) -> str:
        """Everything that this person was shown."""
        return "\n".join(bubble.text for bubble in self.seen)

    async def does(self, *script: str) -> str:
        """Taps an option where one of that name is offered, types everything else. Gives the words of the last answer."""
        for line in script:
            tap = self.offered.get(line)
            await (self.taps(tap) if tap is not None else self.says(line))
            await self.town.service.settle()
            await self.fetch()
        return "\n".join(bubble.text for bubble in self.last)

    async def says(self, text: str) -> None:
        """Types."""
        raise NotImplementedError

    async def taps(self, tap: str) -> None:
        """Taps."""
        raise NotImplementedError

    async def fetch(self) -> None:
        """Looks at the screen."""
        raise NotImplementedError

    async def sends(self, kind: str, content: bytes) -> str:
        """Sends a file. Gives the words of the answer."""
        await self.hands_over(kind, content)
        await self.town.service.settle()
        await self.fetch()
        return "\n".join(bubble.text for bubble in self.last)

    async def hands_over(self, kind: str, content: bytes) -> None:
        """The file itself."""
        raise NotImplementedError


class OnTelegram(Person):
    """Somebody with a Telegram account."""

    def __init__(self, town: Town, chat: int, *, name: str, username: str) -> None:
        super().__init__(town)
        self.chat = chat
        self._person = {"id": chat, "is_bot": False, "first_name": name, "username": username, "language_code": "id"}
        self._place = {"id": chat, "type": "private", "first_name": name, "username": username}
        self._since = len(town.platform.calls)
        self._messages = itertools.count(1)

    def update(self, **content: Any) -> dict[str, Any]:
        """A message's update."""
        message = {"message_id": next(self._messages), "from": self._person, "chat": self._place, "date": int(self.town.now), **content}
        return {"update_id": next(self.town.updates), "message": message}

    async def says(self, text: str) -> None:
        assert await self.town.hook(self.update(text=text)) == 200

    async def hands_over(self, kind: str, content: bytes) -> None:
        name = uuid4().hex
        self.town.platform.files[name] = content
        file = {"file_id": name, "file_unique_id": "u", "file_size": len(content)}
        assert await self.town.hook(self.update(**({"photo": [file]} if kind == "image" else {kind: file}))) == 200

    async def taps(self, tap: str) -> None:
        query = {
            "id": str(uuid4().int)[:18], "from": self._person, "data": tap, "chat_instance": "1",
            "message": {"message_id": 1, "chat": self._place, "date": 0},
        }  # fmt: skip
        assert await self.town.hook({"update_id": next(self.town.updates), "callback_query": query}) == 200

    async def fetch(self) -> None:
        self.last = self.town.platform.shown(self.chat, self._since)
        self._since = len(self.town.platform.calls)
        self.seen += self.last


class OnWeb(Person):
    """Somebody with the page open."""

    def __init__(self, town: Town, token: str) -> None:
        super().__init__(town)
        self.token = token
        self.address = hashlib.sha256(token.encode()).hexdigest()
        self._headers = {"Authorization": f"Bearer {token}"}

    async def post(self, **body: Any) -> int:
        """A message of the page; gives the status."""
        answer = await self.town.client.post("/chat/messages", json={"id": str(uuid4()), **body}, headers=self._headers)
        return answer.status_code

    async def says(self, text: str) -> None:
        assert await self.post(kind="text", text=text) == 202

    async def taps(self, tap: str) -> None:
        assert await self.post(kind="tap", tap=tap) == 202

    async def hands_over(self, kind: str, content: bytes) -> None:
        headers = {**self._headers, "Chat-Message": str(uuid4()), "Content-Type": "application/octet-stream"}
        assert (await self.town.client.post("/chat/files", content=content, headers=headers)).status_code == 202

    async def leaves(self) -> None:
        """The button "leave quickly"."""
        answer = await self.town.client.post("/chat/leave", json={"token": self.token, "id": str(uuid4())})
        assert answer.status_code == 202
        await self.town.service.settle()
        await self.fetch()

    async def fetch(self) -> None:
        waiting = await self.town.service.pending("web", self.address)
        self.last = [row.message for row in waiting]
        self.seen += self.last
        if waiting:
            answer = await self.town.client.post("/chat/confirm", json={"ids": [row.id for row in waiting]}, headers=self._headers)
            assert answer.status_code == 202


class OnTerminal(Person):
    """Somebody at the keyboard of the terminal."""

    def __init__(self, town: Town) -> None:
        super().__init__(town)
        self._at = 0

    async def says(self, text: str) -> None:
        received = self.town.terminal.parse({"line": text, "id": uuid4().hex})
        assert received is not None
        await self.town.service.receive(received)

    async def taps(self, tap: str) -> None:
        number = next(n for n, choice in enumerate(self.last[-1].choices, 1) if choice.id == tap)
        await self.says(str(number))

    async def fetch(self) -> None:
        text = self.town.output.getvalue()[self._at :]
        self._at += len(text)
        self.last = [Outbound(text=text, choices=self.town.terminal._shown)] if text else []
        self.seen += self.last


def web_token(seed: str) -> str:
    """32 bytes in base64url, as the page makes them."""
    return base64.urlsafe_b64encode(hashlib.sha256(seed.encode()).digest()).rstrip(b"=").decode()
