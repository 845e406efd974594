"""Somebody in the web chat of a service of this process, without a browser: for the demo's made-up reporters, and for tests."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from uuid import uuid4

from bot.app import Service
from bot.channels.base import Received
from flows.message import Inbound, InboundKind, Outbound

_CHANNEL = "web"


class Reporter:
    """One chat. `address` is that of a page's token (`bot.channels.web.address_of`); by default nobody's page."""

    def __init__(self, service: Service, address: str = "") -> None:
        self._service, self._address = service, address or secrets.token_hex(32)
        self._taps: dict[str, str] = {}

    async def starts(self) -> Sequence[Outbound]:
        """Opens the chat; gives what it shows."""
        return await self._sends(Inbound(kind=InboundKind.START))

    async def says(self, line: str) -> Sequence[Outbound]:
        """Taps the option of that id if it is offered, or types; gives what comes of it."""
        tap = self._taps.get(line)
        return await self._sends(Inbound(kind=InboundKind.TAP, tap=tap) if tap else Inbound(kind=InboundKind.TEXT, text=line))

    async def hears(self) -> Sequence[Outbound]:
        """What has come since the last look."""
        waiting = await self._service.pending(_CHANNEL, self._address)
        await self._service.confirm(_CHANNEL, self._address, tuple(row.id for row in waiting))
        offered = {choice.id.partition(".")[2]: choice.id for row in waiting for choice in row.message.choices}
        self._taps = offered or self._taps  # old buttons still count
        return [row.message for row in waiting]

    async def desk(self) -> str:
        """How it stands at the desk: none, waiting, active, callback, ended."""
        conversation_id = await self._service.intake.conversation(_CHANNEL, self._address)
        row = await self._service.reads.conversation(conversation_id) if conversation_id is not None else None
        return str((await self._service.desk.desk_world(row))["state"]) if row is not None else "none"

    async def _sends(self, inbound: Inbound) -> Sequence[Outbound]:
        received = Received(channel=_CHANNEL, message_id=uuid4().hex, address=self._address, inbound=inbound)
        await self._service.receive(received)
        await self._service.turns.settle()
        return await self.hears()
