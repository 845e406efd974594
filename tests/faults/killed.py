"""The real program, killed at random moments while people write to it, and a platform that keeps what everybody was sent."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web
from sqlalchemy import text

from bot.cli.unit import add_unit
from bot.settings import PREFIX, load_settings
from bot.storage.database import open_engine

ROOT = Path(__file__).parents[2]
TOKEN = "7000000001:AAKilledTokenThatMustNeverBeLogged"
SECRET = "killed-webhook-secret-0123456789abcdef"
DROPPED = 299
LONG = 10.0  # seconds; with an undisturbed process an answer takes a few hundredths
_READY = re.compile(r"Ruang Aman: http://localhost:(\d+)/chat")
_CODE = re.compile(r"\n[a-z]+( [a-z]+){4}\n")  # differs for everybody; all else is the same

# A child's report from the first word to the menu again. Options are tapped by their ids, anything else is typed.
STORY = "tadi di sekolah aku didorong lagi sampai jatuh"
SCRIPT = ("/start", "report", "yes", "self_13_17", STORY, "terus diejek ramai-ramai", "yes", "64.71.02", "own_code", "send", "menu")


class Telegram:
    """Telegram's end: takes every call, remembers who was sent what. `trouble` may answer in its place; `DROPPED` takes the call, and the
    answer to it gets lost."""

    def __init__(self) -> None:
        self.screens: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.trouble: Callable[[str], web.Response | None] | None = None
        self.url = ""
        self._ids = itertools.count(1)
        self._news = asyncio.Condition()

    async def _call(self, request: web.Request) -> web.Response:
        method = request.path.rpartition("/")[2]
        said = await request.json() if request.content_type == "application/json" else dict(await request.post())
        number = next(self._ids)
        answer = web.json_response({"ok": True, "result": {"message_id": number} if "Message" in method else True})
        trouble = self.trouble(method) if self.trouble is not None else None
        if trouble is not None and trouble.status != DROPPED:
            return trouble
        if method == "sendMessage":
            async with self._news:
                self.screens[int(said["chat_id"])].append(said)
                self._news.notify_all()
        if trouble is not None and request.transport is not None:
            request.transport.close()
        return answer

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Telegram]:
        """Serves on a free port."""
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._call)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Whether something came to be so before the time was over."""
        async with self._news:
            try:
                await asyncio.wait_for(self._news.wait_for(true), seconds)
            except TimeoutError:
                return False
        return True

    def options(self, chat: int) -> dict[str, str]:
        """The options that a chat was offered last: option id → what a tap sends."""
        for said in reversed(self.screens[chat]):
            markup = said.get("reply_markup") or {}
            keyboard = (json.loads(markup) if isinstance(markup, str) else markup).get("inline_keyboard") or []
            found = {button["callback_data"].partition(".")[2]: button["callback_data"] for row in keyboard for button in row}
            if found:
                return found
        return {}

    def texts(self, chat: int) -> list[str]:
        """What stands on a chat's screen, without what differs between people."""
        return [_CODE.sub("\n(code)\n", said["text"]) for said in self.screens[chat]]


class Program:
    """One process of the service. It is started again with the same stores as often as it is killed."""

    def __init__(self, folder: Path, environment: dict[str, str], name: str) -> None:
        self._folder, self._environment, self._name = folder, environment, name
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    @property
    def log(self) -> Path:
        """What it wrote."""
        return self._folder / f"{self._name}.log"

    async def start(self) -> None:
        """Returns once it serves."""
        with self.log.open("ab") as log:
            begun = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "serve", "--port", "0"], cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )
        process = self._process
        for _ in range(3000):
            ready = _READY.search(self.log.read_bytes()[begun:].decode(errors="replace"))
            if ready:
                self.url = f"http://127.0.0.1:{ready[1]}"
                return
            if process.poll() is not None:
                break
            await asyncio.sleep(0.02)
        raise AssertionError(f"{self._name} did not start: {self.log.read_text(errors='replace')[-3000:]}")

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Ends it, as a power cut does."""
        self.url = ""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None


@dataclass
class Tally:
    """What happened, for the judgement at the end."""

    acknowledged: set[int] = field(default_factory=set)
    kills: int = 0
    sending: set[int] = field(default_factory=set)  # rows that were on their way when a process was killed
    reports: int = 0


class Site:
    """Processes on one pair of stores, Telegram, and people who write until they are told to stop."""

    def __init__(self, folder: Path, stores: dict[str, str], telegram: Telegram, processes: int) -> None:
        self.folder, self.telegram, self.tally = folder, telegram, Tally()
        given = {"data_dir": folder / "data", **stores}
        self.settings = load_settings(from_environment=False, given=given)
        names = {f"{PREFIX}{name.upper()}": str(value) for name, value in given.items()}
        environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | names | {
            f"{PREFIX}NLU_URL": "off",
            "PYTHONPATH": str(ROOT), f"{PREFIX}TELEGRAM_TOKEN": TOKEN, f"{PREFIX}TELEGRAM_API_URL": f"{telegram.url}/bot",
            f"{PREFIX}TELEGRAM_MODE": "webhook", f"{PREFIX}TELEGRAM_SECRET": SECRET, f"{PREFIX}PUBLIC_URL": telegram.url,
        }  # fmt: skip
        self.programs = [Program(folder, environment, f"program{number}") for number in range(processes)]
        self.engine = open_engine(self.settings.database_url.get_secret_value())
        self.chance = random.Random()
        self._waiting: dict[int, float] = {}  # chats that wait for an answer, and since when
        self.done = asyncio.Event()
        self._updates = itertools.count(860_000_001)
        self._client = httpx.AsyncClient(timeout=10, limits=httpx.Limits(max_keepalive_connections=0))

    async def open(self) -> None:
        """Makes a unit, starts every process."""
        key = self.folder / "unit.key"
        await add_unit(self.settings, name="UPTD PPA", kind="service", lead=True, key_file=key, passphrase=None)
        await asyncio.gather(*(program.start() for program in self.programs))

    async def close(self) -> None:
        """Ends everything."""
        for program in self.programs:
            program.kill()
        await self._client.aclose()
        await self.engine.dispose()

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What stands in the database."""
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]

    async def kill_one(self) -> None:
        """Kills a process at a moment of chance, notes what was on its way, and starts it again."""
        program = self.chance.choice(self.programs)
        await asyncio.sleep(self.chance.uniform(0.0, 0.7))
        # On a machine that is busy with other things, filing a report may take longer than any of these lives lasts. Who has waited long is
        # answered first; if nothing comes even then, `says` finds that out.
        while any(time.monotonic() - since > LONG for since in self._waiting.values()):
            await asyncio.sleep(0.05)
        program.kill()
        self.tally.kills += 1
        self.tally.sending |= {row[0] for row in await self.rows("select id from outbox where state = 'sending'")}
        await program.start()

    async def post(self, update: dict[str, Any]) -> None:
        """Telegram's call, again and again until it is answered with 2xx; now and then once more after that."""
        while True:
            urls = [program.url for program in self.programs if program.url]
            try:
                if urls:
                    url = f"{self.chance.choice(urls)}/webhooks/telegram"
                    answer = await self._client.post(url, json=update, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET})
                    if answer.is_success:
                        again = update["update_id"] in self.tally.acknowledged or self.chance.random() > 0.1
                        self.tally.acknowledged.add(update["update_id"])
                        if again:
                            return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.05)

    async def says(self, chat: int, line: str, *, patience: float = 60.0) -> None:
        """One line of the script, and the wait for something new on the screen."""
        number = next(self._updates)
        sender = {"id": chat, "is_bot": False, "first_name": "Rara", "language_code": "id"}
        place = {"id": chat, "first_name": "Rara", "type": "private"}
        button = self.telegram.options(chat).get(line)
        message = {"message_id": number, "from": sender, "chat": place, "date": int(time.time()), "text": line}
        under = {"message_id": 1, "chat": place, "date": 0}
        tap = {"id": f"9{number}", "from": sender, "message": under, "chat_instance": "1", "data": button}
        before = set(self.telegram.texts(chat))
        self._waiting[chat] = time.monotonic()
        await self.post({"update_id": number, **({"callback_query": tap} if button else {"message": message})})
        # A bubble of before that came twice is no answer: one that was not there yet has to come. (No two of the script's are the same.)
        answered = await self.telegram.until(lambda: bool(set(self.telegram.texts(chat)) - before), patience)
        self._waiting.pop(chat, None)
        if not answered:
            seen = [one[:40] for one in self.telegram.texts(chat)][-4:]
            raise AssertionError(f"chat {chat}: no answer to {line!r} within {patience} s; {seen}\n{await self.state()}")

    async def state(self) -> str:
        """What is not done yet, and what the processes wrote last: for whoever has to find out why something did not come."""
        waiting = await self.rows("select 'inbox', state, attempts, count(*) from inbox where state <> 'done' group by state, attempts")
        leaving = await self.rows("select 'outbox', state, code, count(*) from outbox where state <> 'sent' group by state, code")
        logs = "\n".join(program.log.read_text(errors="replace")[-6000:] for program in self.programs)
        return f"{waiting} {leaving}\n{logs}"

    async def person(self, chat: int) -> None:
        """Tells one report after the other, as somebody new each time, until everything is over; the last one is told to its end."""
        for number in itertools.count():
            for line in SCRIPT:
                await self.says(chat + number * 1000, line)
            self.tally.reports += 1
            if self.done.is_set():
                return


def walked(seen: list[str], expected: list[str]) -> int:
    """How many of the bubbles that somebody saw came twice. Raises AssertionError if one is missing, or came before its time."""
    position = doubles = 0
    for bubble in seen:
        if position < len(expected) and bubble == expected[position]:
            position += 1
        elif bubble in expected[:position]:
            doubles += 1
        else:
            raise AssertionError(f"out of order: {bubble[:80]!r}, after {[one[:30] for one in expected[:position]]}")
    assert position == len(expected), f"missing: {[one[:60] for one in expected[position:]]}"
    return doubles
