"""What every channel is: it turns a platform's update into an `Inbound`, and an `Outbound` into the platform's message.

A channel decides nothing about the conversation and stores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from flows.message import Inbound, Outbound


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What the platform refuses to carry. Lengths in characters, `id_bytes` in bytes; `options` is None where there is no limit."""

    text: int
    options: int | None
    label: int
    id_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """One message as it arrived. `message_id` is unique within the channel (it makes a redelivery harmless).

    `address` is where a reply goes (chat id, number, token hash): never logged, never stored in clear. `ref` names the platform's
    message so that it can be deleted later. `receipt` is what `Channel.acknowledge` needs (a Telegram callback id), not stored.
    """

    channel: str
    message_id: str
    address: str
    inbound: Inbound
    ref: str = ""
    receipt: str = ""


class ChannelError(Exception):
    """A send or a delete did not succeed. `code` is for machines and logs: never words that a person wrote."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TryLater(ChannelError):
    """The platform is busy or unreachable. `after` is the number of seconds that it asked to be left alone, 0 if it did not say."""

    def __init__(self, code: str, *, after: float = 0.0) -> None:
        super().__init__(code)
        self.after = after


class Refused(ChannelError):
    """The platform will never take this message (blocked, chat gone, malformed). A human sees it; nothing is retried."""


@runtime_checkable
class Channel(Protocol):
    """A platform. `pull` channels are fetched by the client (web chat): `send` is not called for them."""

    name: str
    limits: Limits
    pull: bool

    def parse(self, update: Mapping[str, Any]) -> Received | None:
        """The message in a platform's update, or None if the update holds none that concerns us. Never raises on odd input."""

    async def acknowledge(self, received: Received) -> None:
        """Tells the platform that a tap was heard (Telegram's spinner). Best effort: never raises."""

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        """Sends one bubble; gives the platform's message ids (more than one if the text had to be cut). Raises TryLater, Refused."""

    async def delete(self, address: str, ref: str) -> None:
        """Deletes a message of either side at the platform. Raises TryLater, or Refused where the platform does not allow it."""

    async def close(self) -> None:
        """Ends connections."""


@runtime_checkable
class Editing(Protocol):
    """A channel whose platform lets a sent bubble be changed."""

    async def edit(self, address: str, ref: str, message: Outbound) -> tuple[str, ...]:
        """Puts a bubble in the place of a sent one; gives the platform's message ids. Raises TryLater; Refused where it cannot be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """A bubble that waits for a client of a pull channel. `id` is the outbox row's: the client drops one that it has seen."""

    id: int
    message: Outbound


class Mailroom(Protocol):
    """What a channel's web end may ask of the service: hand messages in, fetch what waits. Implemented by `bot.app`."""

    async def receive(self, received: Received) -> bool:
        """Stores the message; returns once it is durable (only then may 2xx be answered). False: it was stored before (a redelivery)."""

    async def pending(self, channel: str, address: str) -> list[Pending]:
        """What waits for this address, oldest first; stays pending until `confirm`."""

    async def changed(self, channel: str, address: str, timeout: float) -> None:
        """Returns when something new may wait for this address, or after `timeout` seconds."""

    async def confirm(self, channel: str, address: str, ids: tuple[int, ...]) -> None:
        """The client has these: their bodies are erased."""
