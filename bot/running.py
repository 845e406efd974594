"""Builds the service with its channels from the settings, and runs it until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn
from starlette.routing import BaseRoute

from bot.app import Service
from bot.channels import CHANNELS
from bot.channels.base import Channel, Refused, TryLater
from bot.content import content_folder
from bot.errors import OperatorError
from bot.logs import watch_loop
from bot.settings import TELEGRAM_API_URL, Settings, TelegramMode
from bot.shelf import Shelf, load_shelf
from bot.web_app import build
from nlu.danger import load
from nlu.understand import Understander

log = logging.getLogger(__name__)


def understander(folder: Path | None = None) -> Understander:
    """Understanding without a model: the danger phrases of every language."""
    root = folder or content_folder()
    return Understander(load(*sorted(root.glob("*/danger.yml"))))


class Running:
    """A service with its web server and its Telegram loop."""

    def __init__(self, settings: Settings, *, host: str, port: int, shelf: Shelf | None = None) -> None:
        from bot.channels.web import WebChannel, routes

        self.settings = settings
        self.host, self.port = host, port
        shelf = shelf or load_shelf()
        web = CHANNELS["web"]()
        channels: dict[str, Channel] = {"web": web}
        self._telegram: Any = None
        self._poller: Any = None
        if settings.telegram_token is not None:
            self._telegram = CHANNELS["telegram"](
                token=settings.telegram_token.get_secret_value(), base_url=settings.telegram_api_url or TELEGRAM_API_URL
            )  # fmt: skip
            channels["telegram"] = self._telegram
        self.service = Service(settings, channels=channels, understander=understander(), shelf=shelf)
        if not isinstance(web, WebChannel):
            raise TypeError("the web channel is not the web chat's")
        found: list[BaseRoute] = list(
            routes(
                self.service, channel=web, numbers=shelf.library.catalogue.numbers,
                service_name=shelf.decided("service_name", settings.language),
            )
        )  # fmt: skip
        found += self._telegram_routes()
        self.app = build(self.service, found, self._states)
        self._web = web
        self._tasks: list[asyncio.Task[Any]] = []

    def _telegram_routes(self) -> Sequence[BaseRoute]:
        if self._telegram is None:
            return ()
        from bot.channels.telegram import Poller, routes

        if self.settings.telegram_mode is TelegramMode.POLLING:
            self._poller = Poller(self._telegram, self.service)
            return ()
        secret = self.settings.telegram_secret
        return routes(self.service, self._telegram, secret.get_secret_value() if secret else "")

    def _states(self) -> dict[str, str]:
        states = {"web": "ok"}
        if self._telegram is not None:
            states["telegram"] = str(self._poller.state.value) if self._poller is not None else "webhook"
        return states

    async def _hook(self) -> None:
        """Tells Telegram where to deliver, until Telegram has heard it."""
        secret = self.settings.telegram_secret
        pause = 2.0
        while secret is not None:
            try:
                await self._telegram.set_webhook(f"{self.settings.public_url}/webhooks/telegram", secret.get_secret_value())
                return
            except TryLater as error:
                log.warning("webhook_not_set", extra={"code": error.code})
            except Refused as error:
                log.error("webhook_refused", extra={"code": error.code})
                return
            await asyncio.sleep(pause)
            pause = min(60.0, pause * 2)

    def _listen(self) -> socket.socket:
        """The port, before anything else is done. Raises OperatorError if it cannot be had."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            return socket.create_server((self.host, self.port), family=family, backlog=2048)
        except OSError:
            raise OperatorError(
                f"Port {self.port} on {self.host} cannot be used: another program has it, or this user may not. "
                "Choose one with --port (or an address of this machine with --host)."
            ) from None

    async def run(self, *, ready: Callable[[str], None] | None = None) -> None:
        """Serves until SIGINT or SIGTERM. `ready` is called with the address once people can be served.

        Raises OperatorError if the port, the stores or the pepper cannot be used.
        """
        watch_loop(asyncio.get_running_loop())
        listening = self._listen()
        await self.service.start()
        config = uvicorn.Config(
            self.app, host=self.host, port=self.port, log_config=None, access_log=False, server_header=False, date_header=False,
            timeout_graceful_shutdown=5, proxy_headers=False, lifespan="off",
        )  # fmt: skip
        server = _Server(config, self._web)
        try:
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started and not serving.done():
                await asyncio.sleep(0.02)
            if serving.done():
                await serving
                raise OperatorError("The web server did not start: the log says why.")
            self._start_telegram()
            if ready is not None:
                port = listening.getsockname()[1]
                ready(f"http://{'localhost' if self.host in ('0.0.0.0', '::', '127.0.0.1') else self.host}:{port}")  # noqa: S104
            await serving
        finally:
            if self._poller is not None:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._poller.stop(), 5)
            for task in self._tasks:
                task.cancel()
            await self.service.stop()

    def _start_telegram(self) -> None:
        if self._poller is not None:
            self._tasks.append(asyncio.create_task(self._poller.run()))
        elif self._telegram is not None:
            self._tasks.append(asyncio.create_task(self._hook()))


class _Server(uvicorn.Server):
    """Uvicorn, which tells the open chats to end before it waits for them."""

    def __init__(self, config: uvicorn.Config, web: Any) -> None:
        super().__init__(config)
        self._web = web

    def handle_exit(self, sig: int, frame: Any) -> None:
        """A signal to stop."""
        self._web.closing.set()
        super().handle_exit(sig, frame)


def run_until_stopped(work: Callable[[], Any]) -> None:
    """Runs a coroutine function on uvloop; SIGTERM ends it like SIGINT."""
    import uvloop

    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with suppress(KeyboardInterrupt):
        uvloop.run(work())
