"""Telegram and WhatsApp as the program calls them: a Bot API and a Twilio, over HTTP, and one person with a phone at each."""

from __future__ import annotations

import asyncio
import threading
import time
import urllib.request
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import cache, partial
from typing import Any, TypeVar

from bot.shelf import load_shelf
from tests.bot.telegram_front import Front, emulator
from tests.bot.telegram_person import Person
from tests.contracts.twilio_peer import ACCOUNT, PHONE, SENDER, TOKEN, Kept, Twilio, serving, signed

T = TypeVar("T")
PATIENCE = 20.0  # seconds


@cache
def _catalogue() -> Any:
    return load_shelf().library.catalogue


def label(flow: str, step: str, option: str, reader: str | None = None) -> str:
    """What stands on a button of a conversation."""
    return str(_catalogue().option("id", flow, step, option, reader))


class Peers:
    """Both, and who writes there. `settings` is what the program's environment needs; `site` how the program is reached."""

    def __init__(self, front: Front, twilio: Twilio, twilio_url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.front, self.twilio, self._loop = front, twilio, loop
        self.site = ""
        self.settings = {
            "telegram_token": front.token, "telegram_api_url": f"{front.url}/bot", "twilio_account_sid": ACCOUNT,
            "twilio_auth_token": TOKEN, "twilio_from": SENDER, "twilio_api_url": twilio_url,
        }  # fmt: skip
        self.telegram = Person(front, reader="adult")

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Does something on Telegram."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    # Telegram

    def tg(self, *options: str) -> None:
        """The person on Telegram taps these, one after the other, each once it is there; what was never offered is typed."""
        for option in options:
            if option.startswith(("/", "'")):
                self.run(self.front.enqueue(self.telegram.writes(option.removeprefix("'"))))
            else:
                _until(partial(self._tg_button, option), f"{option} on Telegram", self._tg_shown)
                self.run(self.front.enqueue(self.telegram.presses(option)))

    def _tg_button(self, option: str) -> bool:
        try:
            self.telegram.button(option)
        except AssertionError:
            return False
        return True

    def tg_reads(self, words: str) -> None:
        """It comes on Telegram, once."""
        _until(lambda: any(words in call.text for call in self.telegram.screen), words, self._tg_shown)

    def _tg_shown(self) -> list[str]:
        return [call.text for call in self.telegram.screen]

    # WhatsApp

    def wa(self, *options: str) -> None:
        """The person on WhatsApp taps these, or types what begins with an apostrophe."""
        for option in options:
            if option.startswith("'"):
                self._wa_posts(self.twilio.writes(option[1:]))
                continue
            kept, (name, title) = _until(partial(self._wa_button, option), f"{option} on WhatsApp", self._wa_shown)
            listed = "twilio/list-picker" in self.twilio.contents[kept.content]["types"]
            self._wa_posts(self.twilio.taps(name, title, listed=listed))

    def _wa_button(self, option: str) -> tuple[Kept, tuple[str, str]] | None:
        offered = [(kept, button) for kept in self.twilio.screen()[-3:] for button in kept.buttons if button[0].partition(".")[2] == option]
        return offered[-1] if offered else None

    def _wa_posts(self, form: dict[str, str]) -> None:
        address = f"{self.site}/webhooks/whatsapp"
        body, headers = signed(address, form)
        request = urllib.request.Request(address, data=body, headers={name.decode(): value.decode() for name, value in headers})
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 200

    def wa_reads(self, words: str) -> None:
        """It comes on WhatsApp."""
        _until(lambda: any(words in kept.body for kept in self.twilio.screen(PHONE)), words, self._wa_shown)

    def _wa_shown(self) -> list[str]:
        return [kept.body for kept in self.twilio.screen()]


def _until(there: Any, what: str, instead: Any) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := there()):
        assert time.monotonic() < deadline, f"waited for {what}: {instead()}"
        time.sleep(0.05)
    return found


@contextmanager
def peers() -> Iterator[Peers]:
    """Both, serving on loopback; at the end nothing was called that the real ones would not take."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    stack, twilio = AsyncExitStack(), Twilio()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    try:
        with emulator() as address:
            front = Front(address)
            run(stack.enter_async_context(front.running()))
            url = run(stack.enter_async_context(serving(twilio)))
            try:
                yield Peers(front, twilio, url, loop)
            finally:
                run(stack.aclose())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
    assert front.problems == [] and twilio.problems == []
