"""Debian's Firefox, driven over WebDriver BiDi: just enough to open pages, to type, and to see what is there."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox")
ENTER, TAB = "\ue007", "\ue004"
PATIENCE = 30.0  # seconds: keys are opened with Argon2id, on a machine that may be busy
_LISTENS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


class Firefox:
    """A running browser. `wrong` is what scripts of the pages raised."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._numbers, self._waiting = count(1), dict[int, asyncio.Future[Any]]()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._socket: ClientWebSocketResponse

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def connect(self, address: str) -> None:
        """Begins a session."""
        self._client = ClientSession()
        self._socket = await self._client.ws_connect(f"{address}/session", max_msg_size=0)
        self._reader = asyncio.create_task(self._reads())
        await self._sends("session.new", {"capabilities": {}})
        await self._sends("session.subscribe", {"events": ["log.entryAdded"]})

    async def close(self) -> None:
        """Ends it."""
        self._reader.cancel()
        await self._socket.close()
        await self._client.close()

    async def _reads(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            body = json.loads(message.data)
            if body.get("method") == "log.entryAdded" and body["params"]["level"] == "error":
                self.wrong.append(str(body["params"]["text"]))
            elif body.get("id") in self._waiting:
                self._waiting.pop(body["id"]).set_result(body)

    async def _sends(self, method: str, parameters: dict[str, Any]) -> Any:
        number = next(self._numbers)
        self._waiting[number] = self._loop.create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        body = await self._waiting[number]
        if body["type"] != "success":
            raise RuntimeError(f"{method}: {body.get('error')}: {body.get('message')}")
        return body["result"]

    def send(self, method: str, **parameters: Any) -> Any:
        """A command, and what comes of it."""
        return self.run(self._sends(method, parameters))

    def tab(self, *, width: int = 1280, height: int = 800) -> Tab:
        """A window of somebody else: nothing is shared with the others."""
        user = self.send("browser.createUserContext")["userContext"]
        context = self.send("browsingContext.create", type="tab", userContext=user)["context"]
        self.send("browsingContext.setViewport", context=context, viewport={"width": width, "height": height})
        return Tab(self, context)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class Tab:
    """A page."""

    def __init__(self, firefox: Firefox, context: str) -> None:
        self._firefox, self._context = firefox, context

    def opens(self, address: str) -> None:
        self._firefox.send("browsingContext.navigate", context=self._context, url=address, wait="complete")

    def reloads(self) -> None:
        self._firefox.send("browsingContext.reload", context=self._context, wait="complete")

    def sees(self, function: str, *given: Any) -> Any:
        """What a function of the page gives for these."""
        answer = self._firefox.send(
            "script.callFunction", functionDeclaration=f"(given) => JSON.stringify(({function})(...JSON.parse(given)) ?? null)",
            arguments=[{"type": "string", "value": json.dumps(given)}], awaitPromise=False, target={"context": self._context},
        )  # fmt: skip
        if answer["type"] != "success":
            raise AssertionError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def waits(self, function: str, *given: Any) -> Any:
        """The first true value of a function of the page, which may just be on its way to another one."""
        end, found = time.monotonic() + PATIENCE, None
        while not found:
            problem: Exception | None = None
            try:
                found = self.sees(function, *given)
            except (AssertionError, RuntimeError) as error:
                problem = error
            assert time.monotonic() < end, (function, given, problem or self.sees("() => document.body.innerText"))
            time.sleep(0 if found else 0.05)
        return found

    def shows(self, selector: str, words: str = "") -> None:
        """Something that can be seen says so."""
        self.waits(
            "(where, words) => [...document.querySelectorAll(where)].some((e) => e.checkVisibility() && e.innerText.includes(words))",
            selector, words,
        )  # fmt: skip

    def reads(self, selector: str) -> str:
        return str(self.waits("(where) => document.querySelector(where)?.innerText", selector))

    def keys(self, keys: str) -> None:
        """Presses keys; only a window that is in front has a keyboard."""
        self._firefox.send("browsingContext.activate", context=self._context)
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._firefox.send("input.performActions", context=self._context, actions=[{"type": "key", "id": "keys", "actions": actions}])

    def to(self, selector: str) -> None:
        """Presses Tab until it is there."""
        for _ in range(80):
            if self.sees("(where) => document.activeElement?.matches(where) ?? false", selector):
                return
            self.keys(TAB)
        raise AssertionError(f"Tab does not reach {selector}")

    def types(self, selector: str, words: str) -> None:
        self.to(selector)
        self.keys(words)


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """A browser with a profile of its own."""
    command = [str(PROGRAM), "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    browser = Firefox()
    try:
        assert process.stderr is not None
        address = next(found[1] for line in process.stderr if (found := _LISTENS.search(line)))
        threading.Thread(target=process.stderr.read, daemon=True).start()
        browser.run(browser.connect(address))
        yield browser
        browser.run(browser.close())
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        browser.stop()
