"""`python -m bot serve` with WhatsApp as its operator runs it, a Twilio on loopback, and a kill in between."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.bot.telegram_front import until
from tests.bot.telegram_program import environment
from tests.contracts.twilio_peer import ACCOUNT, PHONE, SENDER, TOKEN, Fault, Kept, Twilio, serving, signed

_READY = re.compile(r"Ruang Aman: http://localhost:(\d+)/chat")
PUBLIC = "http://127.0.0.1:8123"  # what the operator configured; a proxy leads from there to the port
CANARY = "kenari hitam di lemari"


class Program:
    def __init__(self, folder: Path, twilio_url: str, twilio: Twilio) -> None:
        self.log_file, self.twilio = folder / "service.log", twilio
        self._environment = environment(
            folder / "data", RUANG_AMAN_TWILIO_ACCOUNT_SID=ACCOUNT, RUANG_AMAN_TWILIO_AUTH_TOKEN=TOKEN, RUANG_AMAN_TWILIO_FROM=SENDER,
            RUANG_AMAN_TWILIO_API_URL=twilio_url, RUANG_AMAN_PUBLIC_URL=PUBLIC, RUANG_AMAN_LOG_LEVEL="DEBUG",
        )  # fmt: skip
        self._folder = folder

    async def start(self) -> None:
        begun = len(self.log())
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "serve", "--port", "0"], cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )
        await until(lambda: _READY.search(self.log()[begun:]) or self.process.poll() is not None, "the program", seconds=40)
        ready = _READY.search(self.log()[begun:])
        assert ready is not None, self.log()
        self.url = f"http://127.0.0.1:{ready[1]}"

    def end(self, how: int) -> None:
        self.process.send_signal(how)
        self.process.wait(30)

    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else ""

    async def post(self, form: dict[str, str], path: str = "/webhooks/whatsapp", query: str = "") -> int:
        body, headers = signed(f"{PUBLIC}{path}" + (f"?{query}" if query else ""), form)
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{self.url}{path}?{query}" if query else f"{self.url}{path}", content=body, headers=headers)
        return answer.status_code

    async def says(self, text: str) -> Kept:
        before = len(self.twilio.screen())
        assert await self.post(self.twilio.writes(text)) == 200
        await until(lambda: len(self.twilio.screen()) > before, f"an answer to {text}", seconds=25, instead=self.log)
        return self.twilio.screen()[-1]

    async def ready(self) -> Any:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{self.url}/readyz")).json()["channels"]


async def test_a_conversation_survives_a_bad_network_and_a_kill(tmp_path: Path) -> None:
    twilio = Twilio()
    async with serving(twilio) as url:
        program = Program(tmp_path, url, twilio)
        await program.start()
        try:
            first = await program.says(f"halo {CANARY}")
            assert first.buttons
            for _ in range(100):
                if (await program.ready())["whatsapp"] == "ok":
                    break
                await asyncio.sleep(0.1)
            assert await program.ready() == {"web": "ok", "whatsapp": "ok"}
            query, form = twilio.report(first, "delivered")
            assert await program.post(form, "/webhooks/whatsapp/status", query) == 200
            await until(lambda: first.sid in twilio.deleted, "the deletion", seconds=20)

            twilio.faults.append(Fault(call="send", status=429, code=20429, headers={"Retry-After": "1"}))
            second = await program.says("menu")
            # Taken, and the answer lost; the program is killed before it knows.
            twilio.faults.append(Fault(call="send", kind="slow", seconds=30))
            assert await program.post(twilio.writes("menu")) == 200
            await until(lambda: len(twilio.screen()) == 3, "the third")
            program.end(signal.SIGKILL)
            await program.start()
            await until(lambda: twilio.tried("list"), "the question whether it went out", seconds=20, instead=program.log)
            await asyncio.sleep(1.0)
            assert len(twilio.screen()) == 3, "nothing twice"
            assert second.body == twilio.screen()[2].body, "the same words, twice in the conversation: not taken for one another"
            await program.says("menu")
        finally:
            program.end(signal.SIGTERM)
            print(program.log())
    assert twilio.problems == []
    for secret in (CANARY, PHONE.partition("+")[2], TOKEN, "Rara Kenari"):
        assert secret not in program.log()
    assert "Traceback" not in program.log()
