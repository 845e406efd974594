"""That somebody is writing: a hint for a few seconds, from either side, and kept nowhere.

Only while the two really talk: whoever has been asked whether it is safe to write, or has said that it is not, must see no sign of life
from us, for another may hold the telephone; and until they have answered, who writes there may be that other.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from actions.queue import HandOff, State
from bot import contexts
from bot.channels.base import Channel, ChannelError, TypingShown
from bot.desk.events import TYPING, Changed, Events
from bot.hand_offs import hand_off_of, talked_in
from bot.pages import Pages
from bot.storage.desk import DeskStore
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.sharing import REPORTER_TYPES, STAFF_TYPES, Sharing, notice
from bot.storage.writer import Writer
from bot.vault.draft import unlock
from bot.vault.errors import VaultError

log = logging.getLogger(__name__)

EVERY = 4.0  # seconds: so often, at most, one side's hint goes anywhere
_SECONDS = 5.0  # for one call to a platform: a hint that is late is none
_MOST_KNOWN = 4_096


def shows(hand_off: HandOff) -> bool:
    """Whether either side may see that the other is writing."""
    return hand_off.state is State.ACTIVE and hand_off.conversation_id is not None and hand_off.safe not in ("asked", "no")


class Typing:
    """Nothing of this is written to a store; other processes hear it by a notice."""

    def __init__(
        self, *, store: DeskStore, reads: Reads, writer: Writer, keys: KeyStore, channels: Mapping[str, Channel], pages: Pages,
        events: Events, sharing: Sharing,
    ) -> None:  # fmt: skip
        self._store, self._reads, self._writer, self._keys = store, reads, writer, keys
        self._channels, self._pages, self._events, self._sharing = channels, pages, events, sharing
        self._told: OrderedDict[tuple[str, bytes], float] = OrderedDict()

    async def counsellor(self, staff_id: bytes, hand_off_id: bytes) -> bool:
        """Whoever has a conversation is writing in it. Whether its reporter was shown that."""
        if not self._due("staff", hand_off_id):
            return False
        hand_off = await self._store.hand_off(hand_off_id)
        if hand_off is None or hand_off.owner_id != staff_id or not shows(hand_off):
            return False
        talked = await talked_in(hand_off, self._reads, self._keys)
        channel = self._channels.get(talked[0].channel) if talked is not None else None
        if talked is None or channel is None:
            return False
        where, key = talked
        if channel.pull:
            self._pages.typing(where.id)
            await self._tell(STAFF_TYPES, where.id)
            return True
        return isinstance(channel, TypingShown) and await self._platform(channel, where, key)

    async def _platform(self, channel: TypingShown, where: Any, key: bytes) -> bool:
        try:
            address = unlock(key, where.address, context=contexts.address(where.id)).decode()
            async with asyncio.timeout(_SECONDS):
                await channel.typing(address)
        except (VaultError, ChannelError, TimeoutError):
            return False  # the reply itself will say what is wrong
        return True

    async def reporter(self, conversation_id: bytes) -> None:
        """A page says that its reporter is writing: whoever has the conversation is shown it."""
        if not self._due("reporter", conversation_id):
            return
        where: Any = await self._reads.conversation(conversation_id)
        key = await self._keys.key(where.key_id) if where is not None else None
        hand_off = await hand_off_of(where, key, self._reads) if key is not None else None
        if hand_off is None or not shows(hand_off):
            return
        self.heard(hand_off.id)
        await self._tell(REPORTER_TYPES, hand_off.id)

    def heard(self, hand_off_id: bytes) -> None:
        """A reporter is writing, at this process's page or at another's: consoles here show it."""
        self._events.publish(Changed(what=TYPING, id=hand_off_id))

    async def _tell(self, kind: str, subject: bytes) -> None:
        if self._sharing.holder is not None:
            await self._writer.write([], notices=(notice(kind, subject),))

    def _due(self, side: str, subject: bytes) -> bool:
        now = time.monotonic()
        if now - self._told.get((side, subject), -EVERY) < EVERY:
            return False
        self._told[(side, subject)] = now
        self._told.move_to_end((side, subject))
        if len(self._told) > _MOST_KNOWN:
            self._told.popitem(last=False)
        return True
