"""Tells a reporter who agreed to it, in the chat, that an answer waits. What it says, the five words alone open: the service does not know
it, and who holds the telephone reads nothing but that there is one."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import orjson

from bot.channels.base import Channel
from bot.deliver import Deliver
from bot.intake import Intake
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.stored_session import LostSession, stored_session
from bot.vault.delivery import unwrap_with_any
from bot.vault.errors import SealError
from flows.library import Library
from flows.message import Outbound
from flows.told import quiet

log = logging.getLogger(__name__)

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

    async def tell(self, case_id: bytes, inner: bytes, language: str) -> str:
        """`inner` is a case's return address without its outer layer, as a browser hands it over (`bot.vault.delivery`). It is opened here,
        used, and forgotten: nothing of it is stored, logged or answered. Gives TOLD, TALKS or UNREACHABLE."""
        try:
            opened = unwrap_with_any(inner, delivery_privates=await self._keys.delivery_privates(), case_id=case_id)
            where = orjson.loads(opened)
            channel, address = str(where["channel"]), str(where["address"])
        except (SealError, ValueError, TypeError, KeyError):
            log.warning("return_address_unreadable")
            return UNREACHABLE
        if channel not in self._channels or self._channels[channel].pull:
            return UNREACHABLE
        if await self._left_in_peace(await self._intake.conversation(channel, address)):
            return TALKS
        text = self._library.catalogue.common(language, "answer_waits")
        bubble = Outbound(text=text, language=language, fixed=True, invites=True)
        self._deliver.enqueue(await self._intake.written_to(channel, address, bubble))
        return TOLD

    async def _left_in_peace(self, conversation_id: bytes | None) -> bool:
        row = await self._reads.conversation(conversation_id) if conversation_id is not None else None
        key = await self._keys.key(row.key_id) if row is not None else None
        if row is None or key is None:
            return False
        try:
            session = stored_session(row, key)
        except LostSession:  # whether it is safe there is not known
            return True
        return row.hand_off_id is not None or (session is not None and quiet(session))
