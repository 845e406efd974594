"""How a test drives each channel: what a person would do at the other end, and what that person then sees."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol
from uuid import uuid4

from bot.channels.base import Channel, Received
from bot.channels.terminal import Terminal
from bot.channels.web import WebChannel
from bot.channels.whatsapp.pacing import Pace
from flows.message import Choice
from tests.contracts.fake_channel import FakeChannel
from tests.contracts.telegram_peer import CHAT, Peer, captured, peer, tap_update, text_update
from tests.contracts.twilio_peer import PHONE, Twilio
from tests.contracts.twilio_peer import channel as whatsapp_channel


class Rig(Protocol):
    """One person at one channel."""

    channel: Channel
    address: str

    def says(self, text: str) -> dict[str, Any]:
        """The platform's update for a text."""

    def taps(self, choice: Choice) -> dict[str, Any]:
        """The platform's update for a tap on a choice that was sent last."""

    def sees(self) -> str:
        """Everything that the person was shown, in order, joined."""

    def examples(self) -> list[dict[str, Any]]:
        """Real updates, to be mutated."""


class FakeRig:
    address = "a1"

    def __init__(self) -> None:
        self.channel = FakeChannel()
        self._ids = itertools.count(1)

    def says(self, text: str) -> dict[str, Any]:
        return {"id": f"u{next(self._ids)}", "address": self.address, "text": text}

    def taps(self, choice: Choice) -> dict[str, Any]:
        return {"id": f"u{next(self._ids)}", "address": self.address, "tap": choice.id}

    def sees(self) -> str:
        return "".join(text for _, text in self.channel.messages.values())

    def examples(self) -> list[dict[str, Any]]:
        return [self.says("halo"), {"id": "1", "address": "a", "tap": "yes"}]


class TerminalRig:
    def __init__(self) -> None:
        self.output = io.StringIO()
        self.channel = Terminal(output=self.output)
        self.address = self.channel.address

    def says(self, text: str) -> dict[str, Any]:
        return {"line": text, "id": uuid4().hex}

    def taps(self, choice: Choice) -> dict[str, Any]:
        # What a person does: reads the number in front of the label, types it.
        number = re.search(rf"^(\d+)\. {re.escape(choice.label)}$", self.output.getvalue(), re.MULTILINE)
        assert number is not None
        return self.says(number[1])

    def sees(self) -> str:
        return self.output.getvalue()

    def examples(self) -> list[dict[str, Any]]:
        return [self.says("halo"), {"start": True, "id": "1"}, self.says("/lokasi -1.26 116.83")]


class TelegramRig:
    address = str(CHAT)

    def __init__(self, running: Peer) -> None:
        self.channel = running.telegram
        self._request = running.request
        self._numbers = itertools.count(871000100)

    def says(self, text: str) -> dict[str, Any]:
        return text_update(next(self._numbers), text)

    def taps(self, choice: Choice) -> dict[str, Any]:
        rows = self._request.of("sendMessage")[-1]["reply_markup"]["inline_keyboard"]
        (data,) = [button["callback_data"] for row in rows for button in row if button["text"] == choice.label]
        return tap_update(next(self._numbers), data)

    def sees(self) -> str:
        return "".join(call["text"] for call in self._request.of("sendMessage"))

    def examples(self) -> list[dict[str, Any]]:
        return [
            captured(name) for name in ("text", "callback_query", "location", "venue", "voice", "photo_caption", "contact", "unknown_kind")
        ]


class WebRig:
    """The page fetches: what it sees is for the web chat's own tests."""

    def __init__(self) -> None:
        self.channel = WebChannel()
        self._token = "A" * 43
        received = self.channel.parse(self.says("x"))
        assert received is not None
        self.address = received.address

    def says(self, text: str) -> dict[str, Any]:
        return {"token": self._token, "id": str(uuid4()), "kind": "text", "text": text}

    def taps(self, choice: Choice) -> dict[str, Any]:
        return {"token": self._token, "id": str(uuid4()), "kind": "tap", "tap": choice.id}

    def sees(self) -> str:
        raise NotImplementedError

    def examples(self) -> list[dict[str, Any]]:
        return [self.says("halo"), {"token": self._token, "id": str(uuid4()), "kind": "location", "location": [-1.2, 116.8]}]


class WhatsAppRig:
    """Taps the button that is really there; where there is none, types what a person reads in front of the label."""

    address = PHONE

    def __init__(self) -> None:
        self.twilio = Twilio()
        self.channel = whatsapp_channel(self.twilio, pace=Pace(lambda: 0.0))

    def says(self, text: str) -> dict[str, Any]:
        return self.twilio.writes(text)

    def taps(self, choice: Choice) -> dict[str, Any]:
        last = self.twilio.screen()[-1]
        ((button, title),) = [each for each in last.buttons if each[1] == choice.label]
        return self.twilio.taps(button, title, listed=len(last.buttons) > 3)

    def sees(self) -> str:
        return "".join(one.body for one in self.twilio.screen())

    def examples(self) -> list[dict[str, Any]]:
        return [
            self.says("halo"), self.twilio.taps("17.yes", "Ya"), self.twilio.taps("3.b", "B", listed=True),
            self.twilio.sends_files(("audio/ogg", b"x")),
            self.twilio.sends_files(("image/jpeg", b"x"), ("application/pdf", b"y"), caption="ini"),
            self.twilio.writes("", Latitude="-1.2654", Longitude="116.8312", Address="Jl. Contoh", Label="Rumah"),
            self.twilio.writes("", MessageType="sticker"),
        ]  # fmt: skip


@asynccontextmanager
async def rig(name: str) -> AsyncIterator[Rig]:
    """The rig of a channel by its name in CHANNELS, or "fake"."""
    if name == "telegram":
        async with peer() as running:
            yield TelegramRig(running)
        return
    if name == "whatsapp":
        rigged = WhatsAppRig()
        yield rigged
        await rigged.channel.close()
        assert rigged.twilio.problems == []
        return
    simple: dict[str, Any] = {"fake": FakeRig, "terminal": TerminalRig, "web": WebRig}
    found: Rig = simple[name]()
    yield found
    await found.channel.close()


def as_json(update: Any) -> Any:
    """An update as it comes off the wire."""
    return json.loads(json.dumps(update))


def parsed(found: Rig, update: dict[str, Any]) -> Received:
    """What the channel makes of an update that is a message."""
    received = found.channel.parse(as_json(update))
    assert received is not None
    return received
