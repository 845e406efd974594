"""Tells a reporter who agreed to it, in the chat, that an answer waits. What it says, the five words alone open: the service does not know
it, and who holds the telephone reads nothing but that there is one."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

import orjson

from actions.rows import Require
from bot.adapters import forged
from bot.channels.base import Channel
from bot.deliver import Deliver
from bot.intake import Intake
from bot.storage.faults import Moved
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.stored_session import LostSession, stored_session
from bot.vault.delivery import unwrap_with_any
from bot.vault.errors import SealError
from flows.library import Library
from flows.message import Outbound
from flows.told import quiet

log = logging.getLogger(__name__)

Tell = Callable[[bytes, bytes, bytes, str, Sequence[Require]], Awaitable[str]]
"""`HeadsUp.tell`."""

_LOOKS = 5  # at a conversation in which somebody writes at the same moment
TOLD, TALKS, UNREACHABLE = "told", "talks", "unreachable"
"""What became of it: it was said; the reporter talks with the desk in that chat, or waits for it, or has said there that it is not safe;
the address leads nowhere."""


class HeadsUp:
    """Over the keys that open addresses, and the way out."""

    def __init__(
        self, *, keys: KeyStore, intake: Intake, deliver: Deliver, reads: Reads, channels: Mapping[str, Channel], library: Library
    ) -> None:  # fmt: skip
        self._keys, self._intake, self._deliver, self._reads = keys, intake, deliver, reads
        self._channels, self._library = channels, library

    async def tell(self, case_id: bytes, record_id: bytes, inner: bytes, language: str, relies: Sequence[Require] = ()) -> str:
        """`inner` is a case's return address without its outer layer, as a browser hands it over (`bot.vault.delivery`), `record_id` the
        record that it lay in. It is opened here, used, and forgotten: nothing of it is stored, logged or answered. One that was taken back
        is not used, whoever kept it or put its record back. `relies` is what has to be so in the very commit: that nobody takes it back.
        Gives TOLD, TALKS or UNREACHABLE."""
        if await self._keys.buried([record_id], for_seconds=-1):
            forged("return_address", record_id)
            return UNREACHABLE
        try:
            opened = unwrap_with_any(inner, delivery_privates=await self._keys.delivery_privates(), case_id=case_id)
            where = orjson.loads(opened)
            channel, address = str(where["channel"]), str(where["address"])
            if where.get("record", record_id.hex()) != record_id.hex():  # one from before they were named has none
                raise ValueError("another record's address")
        except (SealError, ValueError, TypeError, KeyError, AttributeError):
            log.warning("return_address_unreadable")
            return UNREACHABLE
        if channel not in self._channels or self._channels[channel].pull:
            return UNREACHABLE
        text = self._library.catalogue.common(language, "answer_waits")
        bubble = Outbound(text=text, language=language, fixed=True, invites=True)
        for _ in range(_LOOKS):
            try:
                waiting = await self._intake.written_to(channel, address, bubble, may=self._undisturbed, relies=relies)
            except Moved:
                continue  # somebody writes there at this very moment: what they wrote is looked at
            self._deliver.enqueue(waiting or ())
            return TOLD if waiting is not None else TALKS
        return UNREACHABLE

    async def _undisturbed(self, conversation_id: bytes) -> Sequence[Require] | None:
        """What has to be so while somebody is written to in a conversation: it is as it was looked at. None if they are left in peace."""
        row = await self._reads.conversation(conversation_id)
        if row is None:
            raise Moved
        as_seen = Require(
            table="conversation", key={"id": row.id}, values={"version": row.version, "key_id": row.key_id, "hand_off_id": row.hand_off_id}
        )  # fmt: skip
        key = await self._keys.key(row.key_id)
        if key is None:
            return [as_seen]
        try:
            session = stored_session(row, key)
        except LostSession:  # whether it is safe there is not known
            return None
        return None if row.hand_off_id is not None or (session is not None and quiet(session)) else [as_seen]
