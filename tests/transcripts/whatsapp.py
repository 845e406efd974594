"""One phone with WhatsApp for a transcript: the real channel, twilio's client, and a Twilio that keeps and shows what it was given.

What the person does goes in as Twilio posts it; what the service says goes out as Twilio takes it. A tap is a tap only where there is a
button: where the options came as numbers, the person types the number in front of the words.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from bot.channels.base import Limits, Received, Refused
from bot.channels.whatsapp.pacing import Pace
from flows.message import Inbound, InboundKind, Outbound
from tests.bot.filed import sample
from tests.contracts.twilio_peer import Twilio, channel
from tests.transcripts.rules import over_limits

ADDRESS = "whatsapp:+62811555"
_MIME = {"image": "image/jpeg", "voice": "audio/ogg", "video": "video/mp4", "document": "application/pdf"}


class WhatsAppPhone:
    """The real channel, with what `LiveService` asks of a platform beside it."""

    name = "whatsapp"
    pull = False

    def __init__(self, twilio: Twilio, clock: Any, shown: list[Outbound], *, types: bool) -> None:
        self.twilio = twilio
        self._channel = channel(twilio, pace=Pace(clock))
        self.limits: Limits = self._channel.limits
        self.window, self.kept = self._channel.window, self._channel.kept
        self.sent: list[tuple[str, Outbound]] = []
        self.shown = shown  # lives on when the program is started again
        self._types = types
        self.deleted: list[str] = []
        self.refused: list[str] = []
        self.tapped = self.typed = 0

    parse = property(lambda self: self._channel.parse)
    acknowledge = property(lambda self: self._channel.acknowledge)
    delete = property(lambda self: self._channel.delete)
    invite = property(lambda self: self._channel.invite)
    sent_already = property(lambda self: self._channel.sent_already)
    fetch = property(lambda self: self._channel.fetch)
    drop = property(lambda self: self._channel.drop)
    close = property(lambda self: self._channel.close)

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        return await self.send_as(1, address, message)

    async def send_as(self, row_id: int, address: str, message: Outbound, sent: Sequence[str] = ()) -> tuple[str, ...]:
        found = over_limits(self.name, message)
        self.refused += found
        if found:
            raise Refused("over_limits")
        refs = await self._channel.send_as(row_id, address, message, sent)
        self.sent.append((refs[-1], message))
        self.shown.append(message)
        return refs

    def received(self, message: Inbound, address: str) -> Received:
        """What the channel makes of what the person does."""
        found = self.parse(self._form(message, address))
        assert found is not None, message
        return found

    def _form(self, message: Inbound, address: str) -> dict[str, str]:
        match message.kind:
            case InboundKind.TAP:
                return self._tap(str(message.tap), address)
            case InboundKind.START:
                return self.twilio.writes("Halo", address=address)  # nobody starts a chat on WhatsApp without a word
            case InboundKind.LEAVE:
                return self.twilio.writes("mtk", address=address)
            case InboundKind.LOCATION:
                assert message.location is not None
                latitude, longitude = map(str, message.location)
                return self.twilio.writes(message.text, address=address, Latitude=latitude, Longitude=longitude)
            case InboundKind.MEDIA:
                assert message.media is not None
                content = b"bytes" if message.media.kind == "video" else sample(message.media.handle)
                return self.twilio.sends_files((_MIME[message.media.kind], content), caption=message.text, address=address)
            case InboundKind.UNSUPPORTED:
                return self.twilio.writes("", address=address, MessageType="contacts")
            case _:
                return self.twilio.writes(message.text, address=address)

    def _tap(self, button: str, address: str) -> dict[str, str]:
        for one in reversed(self.twilio.screen(address)):
            for identity, title in one.buttons:
                if identity == button:
                    self.tapped += 1
                    return self.twilio.taps(button, title, address=address, listed=len(one.buttons) > 3)
        offered = next(bubble.choices for bubble in reversed(self.shown) if bubble.choices)
        number = next((n for n, choice in enumerate(offered, 1) if choice.id == button), None)
        self.typed += 1
        if number is None or not self._types:  # an old button, a double tap: as if there had been one
            return self.twilio.taps(button, "?", address=address)
        return self.twilio.writes(str(number), address=address)

    def in_prompts(self, words: Collection[str]) -> list[str]:
        """Those words that stand in what Twilio keeps as a template."""
        kept = json.dumps(list(self.twilio.contents.values()), ensure_ascii=False).casefold()
        return [each for each in words if json.dumps(each.casefold(), ensure_ascii=False)[1:-1] in kept]

