"""The polling loop: fetches updates and confirms them to Telegram only once each is durable with us.

python-telegram-bot's own Updater confirms what it merely holds in memory, so a crash would lose it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from bot.channels.base import ChannelError, Mailroom, Received
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.errors import UNAUTHORIZED

log = logging.getLogger(__name__)

T = TypeVar("T")

# Seconds that Telegram holds an empty request open. It allows 50; middleboxes drop quiet connections after 60.
_WAIT = 30
_LONGEST_PAUSE = 60.0
# An empty answer that comes sooner than this (seconds) is not followed by the next question at once.
_HASTE = 0.2
# Seconds given at the end to confirm what was stored.
_FAREWELL = 3.0


class PollerState(StrEnum):
    """How the loop is doing: for `/readyz`."""

    STARTING = "starting"
    POLLING = "polling"
    RETRYING = "retrying"  # Telegram or our own store cannot be reached
    REFUSED = "refused"  # Telegram does not know the token: the loop has ended
    STOPPED = "stopped"


class _Stopped(Exception):
    """The loop was asked to end while it waited."""


class Poller:
    """Fetches Telegram's updates into the mailroom until `stop`.

    `wait` is the number of seconds of a long poll, `backoff` those before the first retry (doubled each time, up to 60, with jitter).
    """

    def __init__(self, telegram: Telegram, mailroom: Mailroom, *, wait: int = _WAIT, backoff: float = 1.0) -> None:
        self.state = PollerState.STARTING
        self._telegram = telegram
        self._mailroom = mailroom
        self._wait = wait
        self._backoff = backoff
        self._offset: int | None = None  # the first update that is not durable yet
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()

    async def run(self) -> None:
        """Polls until `stop`, or until Telegram refuses the token (one line is logged, `state` says so). Raises nothing else."""
        self._ended.clear()
        try:
            await self._poll()
        except _Stopped:
            await self._farewell()
            self.state = PollerState.STOPPED
        finally:
            self._ended.set()

    async def stop(self) -> None:
        """Ends the loop and returns when it has ended: a batch that is being stored is stored first."""
        self._stopping.set()
        await self._ended.wait()

    async def _poll(self) -> None:
        failures, begun = 0, False
        clock = asyncio.get_running_loop().time
        while True:
            if self._stopping.is_set():  # also while updates come without a pause
                raise _Stopped
            asked = clock()
            try:
                if not begun:
                    await self._unless_stopped(self._telegram.delete_webhook())  # Telegram refuses to be polled while one is set
                    begun = True
                updates = await self._unless_stopped(self._telegram.get_updates(offset=self._offset, wait=self._wait))
            except ChannelError as error:
                if error.code == UNAUTHORIZED:
                    log.error("%s: Telegram does not accept RUANG_AMAN_TELEGRAM_TOKEN; polling has ended", error.code)
                    self.state = PollerState.REFUSED
                    return
                failures += 1
                await self._pause(failures, error.code, getattr(error, "after", 0.0))
                continue
            self.state = PollerState.POLLING
            problem = await self._store(updates)
            if problem:
                failures += 1
                await self._pause(failures, problem)
            else:
                failures = 0
                if not updates and clock() - asked < _HASTE:  # something between us and Telegram does not hold requests open
                    await self._unless_stopped(asyncio.sleep(_HASTE))

    async def _store(self, updates: list[Any]) -> str:
        """Hands a batch in and moves the offset behind what is durable. Gives the code of what went wrong, or "".

        The messages of one person go in one after the other; different people side by side, so that they can share a commit.
        """
        people: dict[str, list[tuple[int, Received]]] = {}
        numbers = []
        for update in updates:
            number = update.get("update_id") if isinstance(update, Mapping) else None
            if not isinstance(number, int) or isinstance(number, bool):
                continue
            numbers.append(number)
            received = self._telegram.parse(update)
            if received is not None:
                people.setdefault(received.address, []).append((number, received))
        failed = [number for number in await asyncio.gather(*map(self._receive, people.values())) if number is not None]
        if failed:
            self._offset = min(failed)
            return "telegram_store_failed"
        if updates and not numbers:
            return "telegram_bad_answer"  # without a number nothing can be confirmed: do not ask again at once
        if numbers:
            self._offset = max(numbers) + 1
        return ""

    async def _receive(self, messages: list[tuple[int, Received]]) -> int | None:
        """Stores one person's messages in order. Gives the number of the first that could not be, so that none is overtaken."""
        for number, received in messages:
            try:
                await self._mailroom.receive(received)
            except Exception as error:  # whatever it is, Telegram keeps the message; the error's words may hold a person's
                log.error("telegram_store_failed", extra={"update": number, "error": type(error).__name__})
                return number
        return None

    async def _pause(self, failures: int, code: str, asked: float = 0.0) -> None:
        self.state = PollerState.RETRYING
        longest = min(_LONGEST_PAUSE, self._backoff * 2.0 ** min(failures - 1, 16))
        pause = max(asked, random.uniform(longest / 2, longest))  # noqa: S311 - jitter, no secret
        log.warning("telegram_poll_retry", extra={"code": code, "failures": failures, "seconds": round(pause, 1)})
        await self._unless_stopped(asyncio.sleep(pause))

    async def _unless_stopped(self, awaitable: Awaitable[T]) -> T:
        """The awaitable's result; it is cancelled, and _Stopped raised, if the loop is to end before it is there."""
        work, stop = asyncio.ensure_future(awaitable), asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            raise _Stopped
        finally:
            stop.cancel()
            if not work.done():
                work.cancel()
                await asyncio.wait({work})

    async def _farewell(self) -> None:
        """Confirms what is stored, so that the next start does not get it again."""
        if self._offset is None:
            return
        try:
            async with asyncio.timeout(_FAREWELL):
                await self._telegram.get_updates(offset=self._offset, wait=0, limit=1)
        except (ChannelError, TimeoutError):
            log.info("telegram_confirm_failed")  # harmless: what comes again is recognised
