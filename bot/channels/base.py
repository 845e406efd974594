"""What every channel is: it turns a platform's update into an `Inbound`, and an `Outbound` into the platform's message.

A channel decides nothing about the conversation and stores nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
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
    """A send or a delete did not succeed. `code` is for machines and logs: never words that a person wrote. `refs` are the platform's ids
    of those messages of the bubble that had gone out before this one failed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.refs: tuple[str, ...] = ()


class TryLater(ChannelError):
    """The platform is busy or unreachable. `after` is the number of seconds that it asked to be left alone, 0 if it did not say. `unsure`:
    it may have taken the message all the same (its answer was lost). `of_message`: the platform is well, and this message alone is what it
    does not do it with yet."""

    def __init__(self, code: str, *, after: float = 0.0, unsure: bool = False, of_message: bool = False) -> None:
        super().__init__(code)
        self.after, self.unsure, self.of_message = after, unsure, of_message


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


@runtime_checkable
class TypingShown(Protocol):
    """A channel whose platform shows for a few seconds that somebody is writing."""

    async def typing(self, address: str) -> None:
        """Shows it. Raises TryLater, Refused."""


@runtime_checkable
class Named(Protocol):
    """A channel in whose platform the bot has a name by which it is found."""

    async def username(self) -> str:
        """The name. Raises TryLater, Refused."""


@runtime_checkable
class Fetching(Protocol):
    """A channel whose platform keeps a person's files until they are fetched.

    `file_is_message = True` on a channel says that its files are messages of the person's own chat: those that were taken stay there.
    Without it a file lies apart from the chat, and goes as soon as it was taken.
    """

    def fetch(self, handle: str) -> AsyncIterator[bytes]:
        """The bytes of a file in pieces, straight from the platform: nothing is kept on disk. Raises TryLater, Refused."""

    async def drop(self, handle: str) -> None:
        """Has the platform delete the file; one that is gone already counts as deleted. Raises TryLater, Refused."""


@runtime_checkable
class Asking(Protocol):
    """A `Reporting` channel whose platform can be asked whether it has a message: after a crash nothing goes out twice."""

    async def sent_already(self, address: str, message: Outbound, since: int, known: Collection[str]) -> tuple[str, ...]:
        """The platform's ids of this bubble's messages, from the first one on as far as it took them after `since` (seconds since 1970).

        `known` are ids of other bubbles: the same words may have been said before. Raises TryLater, Refused.
        """


@runtime_checkable
class Reporting(Protocol):
    """A channel whose platform tells later what became of a message: `Reports` hears it under the id of the bubble's row."""

    async def send_as(self, row_id: int, address: str, message: Outbound, sent: Sequence[str] = ()) -> tuple[str, ...]:
        """Like `Channel.send`; the platform is told under which id to report. `sent` are the ids of the bubble's first messages, as far as
        an earlier try came: they do not go out again, and stand at the head of what is given."""


@runtime_checkable
class Resuming(Protocol):
    """A channel that sends a long bubble as several messages, and can go on where it was stopped."""

    async def send_rest(self, address: str, message: Outbound, sent: Sequence[str]) -> tuple[str, ...]:
        """Like `Channel.send`, without the bubble's first messages, whose ids are `sent`: they stand at the head of what is given. An
        error's `refs` are all that are there."""


@runtime_checkable
class Keeping(Protocol):
    """A channel whose platform keeps every message until it is told to delete it, which takes nothing from a person's own screen."""

    kept: float  # seconds after which a message is deleted there at the latest


@runtime_checkable
class Windowed(Protocol):
    """A channel that may write freely only for a while after a person wrote."""

    window: float  # seconds

    async def invite(self, address: str) -> tuple[str, ...]:
        """Sends the approved message that asks a person to write again. Raises TryLater; Refused if there is none."""


class Reports(Protocol):
    """Hears what became of messages. Implemented by `bot.reports`."""

    async def report(self, channel: str, row_id: int, status: str, code: str = "") -> None:
        """`status` is sent, delivered, read or failed; `code` says why it failed, a word for machines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """A bubble that waits for a client of a pull channel. `id` is the outbox row's: the client drops one that it has seen."""

    id: int
    message: Outbound


class Mailroom(Protocol):
    """What a channel's web end may ask of the service: hand messages in, fetch what waits. Implemented by `bot.app`."""

    async def receive(self, received: Received) -> bool:
        """Stores the message; returns once it is durable (only then may 2xx be answered). False: it was stored before (a redelivery)."""

    async def receive_file(self, received: Received, content: bytes) -> bool:
        """Stores a message with the file that it brought (its `media.handle` is empty: no platform keeps it). As `receive`; raises
        TryLater while there is no room for files."""

    async def pending(self, channel: str, address: str) -> list[Pending]:
        """What waits for this address, oldest first; stays pending until `confirm`."""

    async def changed(self, channel: str, address: str, timeout: float) -> None:
        """Returns when something new may wait for this address, or after `timeout` seconds."""

    async def confirm(self, channel: str, address: str, ids: tuple[int, ...]) -> None:
        """The client has these: their bodies are erased."""

    async def typed(self, channel: str, address: str) -> float:
        """When somebody of the staff was last writing to this address, by a clock that only goes on; 0.0 if nobody is."""

    async def types(self, channel: str, address: str) -> None:
        """Whoever is at this address is writing: whoever talks with them is shown it."""
