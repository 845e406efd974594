"""How fast WhatsApp may be sent to.

Meta allows one message in 6 seconds to one person, and a burst of up to 45 that is borrowed from the seconds after it; beyond that
Twilio reports error 63018 (https://www.twilio.com/docs/api/errors/63018,
https://developers.facebook.com/docs/whatsapp/cloud-api/overview#pair-rate-limits). A sender has 80 messages a second unless Meta raised it
(https://www.twilio.com/docs/whatsapp/faq).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bot.channels.base import TryLater

EACH = 6.0  # seconds a message
BURST = 20  # messages at once: below half of what is allowed, for somebody else of the staff may write too
A_SECOND = 80.0
_MOST = 20_000  # people remembered


class Pace:
    """Counts in memory alone, and forgets whoever could send a whole burst again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}  # address → when everything borrowed is given back
        self._next = 0.0

    async def wait(self, address: str, count: int = 1) -> None:
        """Returns when `count` messages may go. Raises TryLater if this person was sent to too much just now."""
        now = self._clock()
        until = max(self._until.get(address, now), now)
        early = until - now - (BURST - 1) * EACH
        if early > 0:
            raise TryLater("whatsapp_paced", after=early)
        if len(self._until) >= _MOST:
            self._until = {known: ends for known, ends in self._until.items() if ends > now}
        self._until[address] = until + count * EACH
        self._next = max(self._next, now) + count / A_SECOND
        if self._next - now > 1 / A_SECOND:
            await asyncio.sleep(self._next - now)
