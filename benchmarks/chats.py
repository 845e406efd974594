"""The people of a benchmark: chats that go through one script again and again, each by itself.

Twenty messages a round: guided steps, one submission (sealed, with its Argon2id receipt), pacing off.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.site import Site
from bot import adapters
from bot.storage.sharing import IDLE

# Twenty messages of a child: an option's id is tapped, anything else is typed. One of them files a report.
TYPED = ("/start", "tadi di sekolah aku didorong lagi sampe jatuh", "terus diejek rame2", "menu")
SCRIPT = (
    "/start", "report", "yes", "self_13_17", TYPED[1], TYPED[2], "yes", "64.71.02", "own_code", "send", "done", "menu", "services", "menu",
    "help", "privacy", "go_on", "help", "go_on", "menu",
)  # fmt: skip
# The same with two sentences of one's own among the twenty: a child asks the menu something in its own words.
FREE = "a sentence of one's own"
MIXED = (*SCRIPT[:-3], FREE, FREE, SCRIPT[-1])
SENTENCES = (
    "kalo dia nyebar foto gw gmn", "visum itu apa sih kak", "lapor bayar gak", "nanti bapak tau gak siapa yg lapor",
    "abis lapor trs gimana", "temenku dibully di kelas aku harus ngapain", "kamu ini robot apa orang",
    "anak saya main hp terus dari pagi, harus gimana ya bu",
    "rumah aman itu tempat apa", "guru boleh mukul murid ga", "gimana cara bilang ke mama kalo aku takut", "umur brp boleh main tiktok",
    "kl pelakunya masih sekolah jg gmn hukumannya", "chat ini disimpan berapa lama", "psikolognya gratis?", "mau lapor tp gk punya bukti",
)  # fmt: skip
PATIENCE = 30  # seconds that a chat waits for its reply before the run is given up
_kdf = 0.0  # seconds of processor time in the receipts' key derivation


def count_kdf() -> None:
    """Counts the processor time of every derivation from now on: it is the largest part, and has a thread of its own."""
    derive = adapters.derive

    def counted(words: str, *, pepper: bytes) -> Any:
        global _kdf
        start = time.thread_time()
        try:
            return derive(words, pepper=pepper)
        finally:
            _kdf += time.thread_time() - start

    adapters.derive = counted


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What a while of messages was: the milliseconds until each one's reply, the seconds it took in all, how many messages this process's
    own chats sent, this process's processor time and that of the key derivation in it (seconds)."""

    latencies: list[float]
    took: float
    sent: int
    cpu: float
    kdf: float


class Chat:
    """One chat that goes through a script again and again."""

    def __init__(self, where: Site, chat: int, script: tuple[str, ...] = SCRIPT) -> None:
        self._site = where
        self.chat = chat
        self._lines = itertools.cycle(script)
        self._sentences = itertools.cycle(SENTENCES[chat % len(SENTENCES) :] + SENTENCES[: chat % len(SENTENCES)])
        self._heard = -IDLE  # when its last reply came
        self.free: list[float] = []  # milliseconds until the reply to a sentence of one's own

    async def go_on(self) -> float:
        """The next message; gives the seconds until the reply was handed to the platform."""
        line = next(self._lines)
        platform = self._site.platform
        typed = next(self._sentences) if line == FREE else line
        data = None if line in (*TYPED, FREE) else await platform.option(self.chat, line)
        update = self._site.message(self.chat, typed) if data is None else self._site.tap(self.chat, data)
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        platform.waiting[self.chat] = future
        platform.buttons.pop(self.chat, None)  # what was offered before is answered now
        start = time.perf_counter()
        # A first message, and one after a silence, goes to its own process: that one then has the conversation, and hands the replies to
        # the platform that we see.
        status = await self._site.post(update, here=start - self._heard > IDLE / 2)
        if status != 200:
            raise RuntimeError(f"the webhook answered {status}")
        self._heard = await asyncio.wait_for(future, PATIENCE)
        if line == FREE:
            self.free.append((self._heard - start) * 1000)
        return self._heard - start


class Chats:
    """The chats of one process, spread evenly over the script once they have caught up."""

    def __init__(self, where: Site, count: int, script: tuple[str, ...] = SCRIPT) -> None:
        self._site = where
        self._script = script
        first = 1 + secrets.randbelow(1 << 48)  # nobody's yet in a database that was used before
        self._chats = [Chat(where, first + number, script) for number in range(count)]

    async def catch_up(self) -> None:
        """Brings each chat to its own place in the script."""

        async def one(number: int, chat: Chat) -> None:
            for _ in range(1 + number % len(self._script)):
                await chat.go_on()

        await asyncio.gather(*(one(number, chat) for number, chat in enumerate(self._chats)))

    def free(self) -> list[float]:
        """The milliseconds until each reply to a sentence of one's own since this was last asked."""
        found = [each for chat in self._chats for each in chat.free]
        for chat in self._chats:
            chat.free.clear()
        return found

    async def closed(self, seconds: float) -> Load:
        """As many messages as it takes: each chat waits for its reply and then goes on at once."""
        latencies: list[float] = []
        end = time.perf_counter() + seconds

        async def one(chat: Chat) -> None:
            while time.perf_counter() < end:
                latencies.append(await chat.go_on() * 1000)

        return await self._measured(latencies, asyncio.gather(*map(one, self._chats)))

    async def open(self, seconds: float, rate: float) -> Load:
        """A fixed rate: each message is due at its time, whether earlier ones are answered or not (a chat's own order is kept)."""
        latencies: list[float] = []
        gates = [asyncio.Lock() for _ in self._chats]

        async def one(index: int, due: float) -> None:
            async with gates[index]:
                await self._chats[index].go_on()
            latencies.append((time.perf_counter() - due) * 1000)

        async def all_of_them() -> None:
            begun = time.perf_counter()
            async with asyncio.TaskGroup() as tasks:
                for number in range(int(seconds * rate)):
                    due = begun + number / rate
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                    tasks.create_task(one(number % len(self._chats), due))

        return await self._measured(latencies, all_of_them())

    async def _measured(self, latencies: list[float], work: Any) -> Load:
        sent, cpu, kdf, begun = self._site.taken, time.process_time(), _kdf, time.perf_counter()
        await work
        return Load(
            latencies=latencies, took=time.perf_counter() - begun, sent=self._site.taken - sent, cpu=time.process_time() - cpu,
            kdf=_kdf - kdf,
        )  # fmt: skip
