"""How the real program ends: SIGTERM lets what is on its way arrive, a second one does not wait; nothing is lost either way."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from tests.bot.telegram_front import SECRET, until
from tests.bot.telegram_program import ROOT, environment
from tests.stores import run

_READY = re.compile(r"Ruang Aman: http://localhost:(\d+)/chat")


class Slow:
    """Telegram's end: a bubble takes as long to be taken as `seconds` says."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.begun = self.taken = 0

    async def answer(self, request: web.Request) -> web.Response:
        if not request.path.endswith("/sendMessage"):
            return web.json_response({"ok": True, "result": True})
        self.begun += 1
        await asyncio.sleep(self.seconds)
        self.taken += 1
        return web.json_response({"ok": True, "result": {"message_id": self.taken, "date": 0, "chat": {"id": 7, "type": "private"}}})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


class Served:
    """The program, its address, and what it said."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.process, self.url, self._log = process, url, log

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    async def ends(self, *, within: float) -> float:
        """Waits for the end; gives the seconds that it took."""
        begun = time.monotonic()
        await until(lambda: self.process.poll() is not None, "the program to end", seconds=within)
        return time.monotonic() - begun


@asynccontextmanager
async def served(folder: Path, telegram: str) -> AsyncIterator[Served]:
    log = folder / "log"
    begun = log.stat().st_size if log.exists() else 0  # an earlier run wrote there, too
    settings = {
        "RUANG_AMAN_TELEGRAM_TOKEN": "123456:canary", "RUANG_AMAN_TELEGRAM_API_URL": f"{telegram}/bot",
        "RUANG_AMAN_TELEGRAM_MODE": "webhook", "RUANG_AMAN_TELEGRAM_SECRET": SECRET, "RUANG_AMAN_PUBLIC_URL": telegram,
    }  # fmt: skip
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--port", "0"], cwd=ROOT, env=environment(folder / "data", **settings), stdout=stream,
            stderr=stream,
        )  # fmt: skip
    try:
        await until(lambda: _READY.search(log.read_text("utf-8")[begun:]) or process.poll() is not None, "the program", seconds=40)
        found = _READY.findall(log.read_text("utf-8")[begun:])
        assert found, log.read_text("utf-8")
        yield Served(process, f"http://127.0.0.1:{found[-1]}", log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(20)


async def says(client: httpx.AsyncClient, url: str, number: int) -> None:
    person = {"id": 7, "is_bot": False, "first_name": "x"}
    message = {"message_id": number, "from": person, "chat": {"id": 7, "type": "private"}, "date": 0, "text": "halo"}
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    answer = await client.post(f"{url}/webhooks/telegram", json={"update_id": number, "message": message}, headers=headers)
    assert answer.status_code == 200


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in run(folder / "data" / "ruang-aman.db", query)]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
async def test_what_is_on_its_way_arrives_and_open_pages_are_told_to_go(tmp_path: Path, name: str) -> None:
    slow = Slow()
    async with slow.running() as telegram, served(tmp_path, telegram) as program, httpx.AsyncClient() as client:
        assert (await client.get(f"{program.url}/readyz")).status_code == 200
        slow.seconds = 2.0
        await says(client, program.url, 1)
        await until(lambda: slow.begun == 1, "the first bubble to be on its way")
        headers = {"Authorization": f"Bearer {'a' * 43}"}
        async with client.stream("GET", f"{program.url}/chat/events", headers=headers) as page:
            assert page.status_code == 200
            program.process.send_signal(getattr(signal, name))
            async for _ in page.aiter_bytes():
                pass  # it ends by itself
        with pytest.raises(httpx.TransportError):
            for _ in range(50):
                await client.get(f"{program.url}/readyz")
                await asyncio.sleep(0.05)
        assert await program.ends(within=20) < 15
        assert program.process.returncode == 0
        assert "Traceback" not in program.said() and "ERROR" not in program.said()
    assert slow.taken >= 1
    states = rows(tmp_path, "select state, count(*) from outbox group by state")
    assert dict(states)["sent"] == slow.taken, "what Telegram took is written down as sent"
    assert [path.name for path in (tmp_path / "data").glob("*-wal") if path.stat().st_size] == []


async def test_a_second_signal_does_not_wait_and_loses_nothing(tmp_path: Path) -> None:
    slow = Slow()
    async with slow.running() as telegram:
        async with served(tmp_path, telegram) as program, httpx.AsyncClient() as client:
            slow.seconds = 60.0
            await says(client, program.url, 1)
            await until(lambda: slow.begun == 1, "the first bubble to be on its way")
            program.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(1.0)
            assert program.process.poll() is None, "it waits for what is on its way"
            program.process.send_signal(signal.SIGTERM)
            assert await program.ends(within=20) < 15, "it does not wait for the minute that a bubble takes"
        waiting = rows(tmp_path, "select count(*) from outbox where state in ('pending', 'sending')")
        assert waiting[0][0] >= 1
        slow.seconds = 0.0
        async with served(tmp_path, telegram) as program:
            await until(lambda: slow.taken >= waiting[0][0], "what waited to be sent", seconds=20)
            program.process.send_signal(signal.SIGTERM)
            await program.ends(within=20)
            assert program.process.returncode == 0
    assert rows(tmp_path, "select count(*) from outbox where state in ('pending', 'sending')") == [(0,)]
