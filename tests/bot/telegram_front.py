"""Between the real program and the emulator of the Bot API: checks every call, remembers it, and fails where a test wants it to.

The emulator is a process of its own, as Telegram is. Both ways lead through here: the program's calls to the Bot API, and, in webhook mode,
the Bot API's calls to the program.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from tests.contracts import bot_api
from tests.contracts.telegram_peer import _REFUSED_BY_EMULATOR

T = TypeVar("T")

SECRET = "e2e-webhook-secret-4b7d1c"
_HEADER = "X-Telegram-Bot-Api-Secret-Token"
_TOKENS = count(7_000_000_101)
_UPDATES = count(871_500_000)


async def until(found: Callable[[], T], what: str, *, seconds: float = 15.0, instead: Callable[[], object] = lambda: "") -> T:
    """The first true value of `found`. Fails, saying what was waited for and what was there instead, if there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}: {instead()}"
        await asyncio.sleep(0.01)


@contextmanager
def emulator() -> Iterator[str]:
    """A running emulator; gives its address. It is stopped by its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-c", "from lo_bot_api_emulator import main; main()", "--port", str(port), "--host", "127.0.0.1"]
    command += ["--enable-control", "--allow-insecure-loopback-webhooks"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                urllib.request.urlopen(url, timeout=1).close()
                break
            except urllib.error.HTTPError:  # 404: it is there
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    process.kill()
                    raise RuntimeError(f"the emulator did not start: {process.stderr.read() if process.stderr else ''}") from None
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        if process.stderr is not None:
            process.stderr.close()


@dataclass(kw_only=True, slots=True)
class Fault:
    """What happens to the next `times` calls of a method (to one chat, if given).

    `status` with `body`: the answer instead of the emulator's. "drop": the connection ends before the call was taken, "lost": after it was.
    "slow": the emulator takes the call at once. Answers come after `seconds`.
    """

    method: str
    kind: str = "answer"
    chat: int | None = None
    times: int = 1
    status: int = 500
    body: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    met: int = 0


def refusal(method: str, status: int, description: str, *, chat: int | None = None, times: int = 1, retry_after: int = 0) -> Fault:
    """An answer of the Bot API that is an error."""
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if retry_after:
        body["parameters"] = {"retry_after": retry_after}
    return Fault(method=method, chat=chat, times=times, status=status, body=body)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call of the program, as it came and as it was answered (`status` 0: not at all)."""

    method: str
    fields: dict[str, Any]
    status: int
    result: Any
    at: float

    @property
    def chat(self) -> int:
        """The chat that it concerns."""
        return int(self.fields["chat_id"])

    @property
    def ref(self) -> int:
        """The message's id: the one given by the platform, or the one that was named in the call."""
        return int(self.result["message_id"] if self.method == "sendMessage" else self.fields["message_id"])

    @property
    def text(self) -> str:
        """The message's words."""
        return str(self.fields.get("text", ""))

    @property
    def buttons(self) -> dict[str, str]:
        """What lies under the message: callback data → label."""
        rows = (self.fields.get("reply_markup") or {}).get("inline_keyboard", [])
        return {button["callback_data"]: button["text"] for row in rows for button in row}


class Front:
    """The Bot API as the program sees it. `calls` are all that it made, `problems` what the Bot API would not have taken."""

    def __init__(self, emulator_url: str) -> None:
        self.token = f"{next(_TOKENS)}:AAEndToEndTokenThatMustNeverBeLogged"
        self.calls: list[Call] = []
        self.problems: list[str] = []
        self.faults: list[Fault] = []
        self.handed: list[int] = []  # updates that getUpdates has given to the program
        self.delivered: list[tuple[int, int]] = []  # (update, the program's status) of each call to its webhook
        self.lose = 0  # so many answers of the program's webhook are lost on the way back
        self.url = ""
        self.program_url = ""
        self._emulator = emulator_url
        self._moving: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Front]:
        """Serves on a free port."""
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._call)
        app.router.add_post("/webhooks/telegram", self._deliver)
        # A program that is killed lets go of its long poll at once: without this the emulator would hold it and refuse the next one.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        async with ClientSession(timeout=ClientTimeout(total=70)) as self._client:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            try:
                yield self
            finally:
                await runner.cleanup()
                for task in self._moving:
                    task.cancel()

    # What people do

    def number(self, update: dict[str, Any]) -> dict[str, Any]:
        """The update with a number of its own."""
        return {"update_id": next(_UPDATES), **update}

    async def enqueue(self, *updates: dict[str, Any]) -> None:
        """These reach the bot, one after the other. In webhook mode each is delivered before this returns, if the program takes it."""
        for update in updates:
            async with self._client.post(f"{self._emulator}/__fixture/updates", json={"token": self.token, "update": update}) as answer:
                assert answer.status == 200, await answer.text()

    async def again(self) -> int:
        """The emulator tries once more what the program's webhook did not take; gives how many it took now."""
        async with self._client.post(f"{self._emulator}/__fixture/deliver", json={"token": self.token}) as answer:
            return int((await answer.json())["result"]["delivered"])

    async def waiting(self) -> int:
        """Updates that the program has not confirmed."""
        async with self._client.post(f"{self._emulator}/bot{self.token}/getWebhookInfo") as answer:
            return int((await answer.json())["result"]["pending_update_count"])

    async def hook(self, update: dict[str, Any], *, secret: str | None = SECRET) -> int:
        """A call to the program's webhook by anybody; gives the status."""
        headers = {} if secret is None else {_HEADER: secret}
        async with self._client.post(f"{self.program_url}/webhooks/telegram", json=update, headers=headers) as answer:
            return answer.status

    async def page(self, path: str) -> str:
        """A page of the program."""
        async with self._client.get(f"{self.program_url}{path}") as answer:
            return await answer.text()

    # What people see

    def of(self, method: str, chat: int | None = None) -> list[Call]:
        """All calls of one method that succeeded."""
        return [call for call in self.calls if call.method == method and call.status == 200 and (chat is None or call.chat == chat)]

    def screen(self, chat: int) -> list[Call]:
        """Everything that came to a chat, or changed in it, in order."""
        methods = ("sendMessage", "editMessageText")
        return [call for call in self.calls if call.method in methods and call.status == 200 and call.chat == chat]

    def tried(self, method: str, chat: int) -> list[Call]:
        """All calls of one method to a chat, successful or not."""
        return [call for call in self.calls if call.method == method and call.chat == chat]

    # The two ways

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        raw = {name: str(value) for name, value in (await request.post()).items()}
        fields = _typed(method, raw)
        if request.match_info["token"] != self.token:
            self.problems.append(f"{method}: another token")
        self.problems += bot_api.problems(method, fields)
        fault = self._fault(method, fields)
        if fault is not None and fault.kind in ("answer", "drop"):
            self._note(method, fields, fault.status if fault.kind == "answer" else 0, None)
            await asyncio.sleep(fault.seconds)
            return web.json_response(fault.body, status=fault.status) if fault.kind == "answer" else _cut(request)
        passed = {name: value for name, value in raw.items() if name not in _REFUSED_BY_EMULATOR}
        forward = asyncio.create_task(self._forward(method, passed, fields))
        if method == "getUpdates":
            status, body = await forward
        else:
            # What Telegram has taken is done, whether the program lives on or not.
            self._moving.add(forward)
            forward.add_done_callback(self._moving.discard)
            status, body = await asyncio.shield(forward)
        if fault is not None and fault.kind == "lost":
            return _cut(request)
        if fault is not None:
            await asyncio.sleep(fault.seconds)
        response = web.json_response(body, status=status)
        if method == "getUpdates" and status == 200 and body["result"]:
            await response.prepare(request)
            await response.write_eof()
            self.handed += [update["update_id"] for update in body["result"]]
        return response

    async def _forward(self, method: str, passed: dict[str, str], fields: dict[str, Any]) -> tuple[int, Any]:
        async with self._client.post(f"{self._emulator}/bot{self.token}/{method}", data=passed) as answer:
            status, body = answer.status, await answer.json()
        self._note(method, fields, status, body.get("result"))
        return status, body

    def _note(self, method: str, fields: dict[str, Any], status: int, result: Any) -> None:
        self.calls.append(Call(method=method, fields=fields, status=status, result=result, at=time.monotonic()))

    def _fault(self, method: str, fields: dict[str, Any]) -> Fault | None:
        chat = int(fields["chat_id"]) if "chat_id" in fields else None
        for fault in self.faults:
            if fault.met < fault.times and fault.method == method and fault.chat in (None, chat):
                fault.met += 1
                return fault
        return None

    async def _deliver(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {"Content-Type": "application/json", _HEADER: request.headers.get(_HEADER, "")}
        try:
            async with self._client.post(f"{self.program_url}/webhooks/telegram", data=body, headers=headers) as answer:
                status = answer.status
        except ClientError:
            status = 502
        self.delivered.append((json.loads(body)["update_id"], status))
        if self.lose:
            self.lose -= 1
            return web.Response(status=502)
        return web.Response(status=status)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _typed(method: str, raw: dict[str, str]) -> dict[str, Any]:
    """A form's values as what they stand for: the Bot API takes numbers, objects and arrays as JSON in a form."""
    api = bot_api.description()
    if api is None:
        return {name: _loaded(value) if name != "text" else value for name, value in raw.items()}
    kinds = {known["name"]: known["types"] for known in api["methods"].get(method, {}).get("fields", [])}
    return {name: value if "String" in kinds.get(name, ["String"]) else _loaded(value) for name, value in raw.items()}


def _loaded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
