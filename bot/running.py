"""Builds the service with its channels from the settings, and runs it until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import uvicorn
from starlette.routing import BaseRoute

from bot.adapters import StoredPrompts
from bot.app import Service
from bot.channels import CHANNELS
from bot.channels.base import Channel, Refused, TryLater
from bot.console.build import open_console
from bot.content import danger_files
from bot.desk.people import People
from bot.errors import OperatorError
from bot.logs import watch_loop
from bot.model import Model
from bot.nlu_server.state import NluState
from bot.settings import TELEGRAM_API_URL, Settings, TelegramMode
from bot.shelf import Shelf, load_shelf
from bot.web_app import build
from nlu.danger import load
from nlu.understand import Understander

log = logging.getLogger(__name__)

POLLING_CLAIM = 9.0  # seconds for which one of several processes has Telegram's polling


def understander() -> Understander:
    """Understanding without a model: the danger phrases of every language. For tests and benchmarks; the service has a `Model`."""
    return Understander(load(*danger_files()))


class Running:
    """A service with its web server, its Telegram loop and its model. `nlu_changed` is called with every new state of the model; `beside`
    gives routes that stand beside the service's own (the demo has some); `second_factor` is `bot.console.build.open_console`'s."""

    def __init__(
        self, settings: Settings, *, host: str, port: int, shelf: Shelf | None = None,
        nlu_changed: Callable[[NluState], None] | None = None, beside: Callable[[Model, Shelf], Sequence[BaseRoute]] | None = None,
        second_factor: bool = True,
    ) -> None:  # fmt: skip
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
        self._whatsapp: Any = None
        if settings.twilio_auth_token is not None:
            self._whatsapp = CHANNELS["whatsapp"](
                account_sid=settings.twilio_account_sid, auth_token=settings.twilio_auth_token.get_secret_value(),
                sender=settings.twilio_from, api_url=settings.twilio_api_url, public_url=settings.public_url,
                template=settings.twilio_template_sid,
            )  # fmt: skip
            channels["whatsapp"] = self._whatsapp
        self.model = Model(settings, changed=nlu_changed)
        self._voice = self._telephone()
        self.service = Service(
            settings, channels=channels, understander=self.model.understander, shelf=shelf, messenger=self._telegram, caller=self._voice
        )  # fmt: skip
        if not isinstance(web, WebChannel):
            raise TypeError("the web channel is not the web chat's")
        found: list[BaseRoute] = list(
            routes(
                self.service, channel=web, numbers=shelf.library.catalogue.numbers,
                service_name=shelf.decided("service_name", settings.language),
            )
        )  # fmt: skip
        found += self._telegram_routes()
        found += self._whatsapp_routes()
        found += beside(self.model, shelf) if beside is not None else ()
        self.app = build(self.service, found, self._states, lambda: self.model.state.value)
        self._web = web
        self._second_factor = second_factor
        self._closing = asyncio.Event()  # of the console's open pages
        self._tasks: list[asyncio.Task[Any]] = []

    def _telephone(self) -> Any:
        """What telephones staff on call; None if there is no number for that."""
        settings = self.settings
        if not settings.twilio_voice_from or settings.twilio_auth_token is None:
            return None
        from bot.channels.whatsapp import Voice

        return Voice(
            account_sid=settings.twilio_account_sid, auth_token=settings.twilio_auth_token.get_secret_value(),
            sender=settings.twilio_voice_from, api_url=settings.twilio_api_url,
        )  # fmt: skip

    def _telegram_routes(self) -> Sequence[BaseRoute]:
        if self._telegram is None:
            return ()
        from bot.channels.telegram import routes

        if self.settings.telegram_mode is TelegramMode.POLLING:
            self._poller = self._new_poller()
            return ()
        secret = self.settings.telegram_secret
        return routes(self.service, self._telegram, secret.get_secret_value() if secret else "")

    def _whatsapp_routes(self) -> Sequence[BaseRoute]:
        token = self.settings.twilio_auth_token
        if self._whatsapp is None or token is None:
            return ()
        from bot.channels.whatsapp import routes

        self._whatsapp.stored = StoredPrompts(self.service.reads, self.service.writer, time.time)
        return routes(
            self.service, self.service.reports, self._whatsapp, public_url=self.settings.public_url, auth_token=token.get_secret_value()
        )  # fmt: skip

    async def _check_whatsapp(self) -> None:
        """Asks Twilio who we are until it has answered: /readyz tells how that went."""
        pause = 2.0
        while True:
            try:
                await self._whatsapp.check()
                return
            except TryLater as error:
                log.warning("whatsapp_not_ready", extra={"code": error.code})
            except Refused as error:
                log.error("whatsapp_refused", extra={"code": error.code})
            await asyncio.sleep(pause)
            pause = min(60.0, pause * 2)

    def _new_poller(self) -> Any:
        from bot.channels.telegram import Poller

        return Poller(self._telegram, self.service)

    def _states(self) -> dict[str, str]:
        states = {"web": "ok"}
        if self._telegram is not None:
            states["telegram"] = str(self._poller.state.value) if self._poller is not None else "webhook"
        if self._whatsapp is not None:
            states["whatsapp"] = self._whatsapp.state
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

    async def run(
        self, *, ready: Callable[[str], None] | None = None, begun: Callable[[People], Awaitable[None]] | None = None
    ) -> None:  # fmt: skip
        """Serves until SIGINT or SIGTERM. `ready` is called with the address once people can be served; `begun` before that, with the
        colleagues, once the stores are open.

        Raises OperatorError if the port, the stores or the pepper cannot be used.
        """
        watch_loop(asyncio.get_running_loop())
        listening = self._listen()
        await self.service.start()
        console = open_console(self.app, self.service, closing=self._closing, clock=time.time, second_factor=self._second_factor)
        config = uvicorn.Config(
            self.app, host=self.host, port=self.port, log_config=None, access_log=False, server_header=False, date_header=False,
            timeout_graceful_shutdown=5, proxy_headers=False, lifespan="off",
        )  # fmt: skip
        server = _Server(config, (self._web.closing, self._closing))
        try:
            if begun is not None:
                await begun(console.people)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started and not serving.done():
                await asyncio.sleep(0.02)
            if not server.started and not server.should_exit:
                await serving
                raise OperatorError("The web server did not start: the log says why.")
            if not server.should_exit:  # told to stop before it had begun
                self._start_channels()
                self.model.start()
                if ready is not None:
                    port = listening.getsockname()[1]
                    ready(f"http://{'localhost' if self.host in ('0.0.0.0', '::', '127.0.0.1') else self.host}:{port}")  # noqa: S104
            await serving
        finally:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=6)
            console.close()
            try:
                await self.service.stop()
            finally:
                if self._voice is not None:
                    await self._voice.close()
                await self.model.stop()

    async def _poll(self) -> None:
        """Polls Telegram while it is this process's turn: it speaks to one poller alone. With one process it always is."""
        polling: asyncio.Task[None] | None = None
        poller = self._poller
        try:
            while True:
                try:
                    ours = await self.service.sharing.turn_of("telegram_polling", POLLING_CLAIM)
                except Exception as error:
                    log.warning("polling_unclaimed", extra={"error": type(error).__name__})
                    ours = self.service.sharing.fresh and polling is not None
                if ours and polling is None:
                    polling = asyncio.create_task(poller.run())
                elif not ours and polling is not None:
                    await poller.stop()
                    polling = None
                    poller = self._poller = self._new_poller()
                await asyncio.sleep(POLLING_CLAIM / 3)
        finally:
            if polling is not None:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(poller.stop(), 5)

    def _start_channels(self) -> None:
        if self._whatsapp is not None:
            self._tasks.append(asyncio.create_task(self._check_whatsapp()))
        if self._poller is not None:
            self._tasks.append(asyncio.create_task(self._poll()))
        elif self._telegram is not None:
            self._tasks.append(asyncio.create_task(self._hook()))


class _Server(uvicorn.Server):
    """Uvicorn, which tells the open pages to end before it waits for them."""

    def __init__(self, config: uvicorn.Config, closing: Sequence[asyncio.Event]) -> None:
        super().__init__(config)
        self._closing = closing

    def handle_exit(self, sig: int, frame: Any) -> None:
        """A signal to stop."""
        for pages in self._closing:
            pages.set()
        super().handle_exit(sig, frame)


def run_until_stopped(work: Callable[[], Any]) -> None:
    """Runs a coroutine function on uvloop; SIGTERM ends it like SIGINT."""
    import uvloop

    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with suppress(KeyboardInterrupt):
        uvloop.run(work())
