"""A web chat on loopback that can be stopped and started again, with a small scripted bot behind it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable

import uvicorn
from starlette.applications import Starlette

from bot.channels.base import Received
from bot.channels.web import WebChannel, routes
from bot.channels.web_throttle import Throttle
from flows.message import Choice, InboundKind, Outbound
from tests.bot.channels.mailroom import MemoryMailroom

NUMBERS = {"emergency": "112", "police": "110", "ambulance": "119"}


class ScriptedBot:
    """Greets, asks for words, for several choices, for a place, and says what it heard. An older question may be tapped at any time."""

    def __init__(self) -> None:
        self.step: dict[str, int] = {}
        self.heard: dict[str, list[str]] = {}

    def __call__(self, received: Received) -> Iterable[Outbound]:
        inbound, address = received.inbound, received.address
        heard = self.heard.setdefault(address, [])
        if inbound.kind is InboundKind.LEAVE:
            self.step.pop(address, None)
            return
        if inbound.kind is InboundKind.START:
            yield self.ask(self.step.setdefault(address, 0))
            return
        heard.append(inbound.tap or inbound.text or str(inbound.location))
        if inbound.tap and inbound.tap.startswith("menu.") and self.step.get(address, 0) > 0:
            yield Outbound(text="Jawabanmu yang tadi sudah kami ganti.")
            return
        self.step[address] = self.step.get(address, 0) + 1
        yield self.ask(self.step[address], heard)

    def ask(self, step: int, heard: Iterable[str] = ()) -> Outbound:
        if step == 0:
            return Outbound(
                text="Halo. Ini tempat bercerita untuk anak dan orang dewasa di Balikpapan.\n"
                "Aku program, bukan orang. Yang kamu kirim dibaca petugas.\n\nMau mulai dari mana?",
                choices=tuple(
                    Choice(id=f"menu.{key}", label=label)
                    for key, label in [("tell", "Lapor"), ("talk", "Bicara dengan konselor"), ("find", "Layanan & nomor")]
                ),
            )
        if step == 1:
            return Outbound(
                text="Terima kasih sudah menulis. Ceritakan dengan kata-katamu sendiri.\n"
                "Darurat: 112, bukan 1123. <b onclick=alert(1)>Polisi</b> 110.",
                numbers=("112", "110"),
            )
        if step == 2:
            return Outbound(
                text="Apa yang terjadi? Boleh pilih beberapa.",
                choices=(
                    Choice(id="what.hit", label="Dipukul"),
                    Choice(id="what.threat", label="Diancam", description="langsung atau lewat HP"),
                    Choice(id="what.left", label="Ditinggalkan"),
                    Choice(id="what.done", label="Selesai"),
                ),
                many=True,
            )
        if step == 3:
            return Outbound(
                text="Kamu di mana? Tulis patokan atau kirim lokasi.",
                ask_location=True,
                choices=(Choice(id="where.skip", label="Lewati"),),
            )
        return Outbound(text="Yang kami terima: " + " | ".join(heard))


class Site:
    """One service. `stop` and `start` keep port and mailroom, as a restart of a real one keeps its database."""

    def __init__(self, *, throttle: Throttle | None = None) -> None:
        self.bot = ScriptedBot()
        self.mailroom = MemoryMailroom(self.bot)
        self.throttle = throttle
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: uvicorn.Server | None = None

    def start(self) -> None:
        """Serves; returns once it is listening."""
        self._channel = WebChannel()
        app = Starlette(
            routes=routes(
                self.mailroom,
                channel=self._channel,
                numbers=NUMBERS,
                service_name="Ruang Aman",
                throttle=self.throttle or Throttle(burst=200),
                heartbeat=1.0,
            )
        )
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_config=None, access_log=False, lifespan="off")
        self._server = server = uvicorn.Server(config)
        self._thread = threading.Thread(target=server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 15
        while not server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the web chat did not start")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends the service and its streams."""
        if self._server is None:
            return
        self._server.force_exit = True
        self._server.should_exit = True
        self._thread.join(15)
        self._server = None

    def texts(self) -> list[str]:
        """What was typed, of all conversations, in the order of arrival."""
        return [r.inbound.text for r in self.mailroom.received if r.inbound.kind is InboundKind.TEXT]

    def kinds(self) -> list[str]:
        """What sort of messages came, in the order of arrival."""
        return [r.inbound.kind.value for r in self.mailroom.received]

    def addresses(self) -> list[str]:
        """Who wrote, each once, in the order of appearance."""
        return list(dict.fromkeys(r.address for r in self.mailroom.received))
