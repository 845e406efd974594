"""A channel in memory, for tests of what lies behind a channel. It passes the same contract suite as the real ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.channels.base import Limits, Received, Refused, TryLater
from bot.channels.bubble import body, pieces, whole_unicode
from flows.message import Inbound, InboundKind, Outbound


class FakeChannel:
    """Keeps what it sends. `trouble` is raised, once each, by the next calls of `send` and `delete`."""

    name = "fake"
    pull = False

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits(text=1_600, options=10, label=24, id_bytes=64)
        self.sent: list[tuple[str, Outbound, tuple[str, ...]]] = []
        self.messages: dict[str, tuple[str, str]] = {}  # ref → address, text
        self.acknowledged: list[str] = []
        self.trouble: list[TryLater | Refused] = []
        self.closed = False

    def parse(self, update: Mapping[str, Any]) -> Received | None:
        """`{"id", "address", "text" or "tap"}`; with neither, the chat was opened."""
        number, address, text, tap = (update.get(key) for key in ("id", "address", "text", "tap"))
        if not isinstance(number, str) or not isinstance(address, str) or not number or not address:
            return None
        if isinstance(tap, str) and tap:
            inbound = Inbound(kind=InboundKind.TAP, tap=whole_unicode(tap))
        elif isinstance(text, str) and text:
            inbound = Inbound(kind=InboundKind.TEXT, text=whole_unicode(text))
        else:
            inbound = Inbound(kind=InboundKind.START)
        return Received(channel=self.name, message_id=number, address=address, inbound=inbound, ref=number)

    async def acknowledge(self, received: Received) -> None:
        self.acknowledged.append(received.message_id)

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        if self.trouble:
            raise self.trouble.pop(0)
        if not body(message).strip():
            raise Refused("fake_text_empty")
        refs = []
        for piece in pieces(body(message), self.limits.text):
            refs.append(f"m{len(self.messages) + 1}")
            self.messages[refs[-1]] = (address, piece)
        self.sent.append((address, message, tuple(refs)))
        return tuple(refs)

    async def delete(self, address: str, ref: str) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        if self.messages.get(ref, (address, ""))[0] != address:
            raise Refused("fake_not_found")
        self.messages.pop(ref, None)

    async def close(self) -> None:
        self.closed = True
