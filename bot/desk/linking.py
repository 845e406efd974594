"""A colleague ties a Telegram chat, or a telephone number, to the own account: by a code that only who has both can know.

*Telegram*: the console shows a code, and the bot takes it in a chat. *Telephone*: a voice says a code, and the console takes it. A code is
good once and for ten minutes; what is stored of it is an HMAC under the desk's key, so a thief of the database finds nothing to try.

A message that is such a code never becomes one of a conversation: nothing of it goes to the inbox, and no conversation begins. What looks
like a code and is none (any more) goes its way like anything that somebody writes: nobody learns that there are codes.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from actions import audit
from actions.rows import Delete, Insert, Require, Update
from bot import contexts
from bot.channels.base import Channel, ChannelError, Named, Received
from bot.desk.alarm import Caller
from bot.desk.contacts import LAST_PLACE, TELEGRAM, TELEPHONE, Contacts, fits
from bot.desk.errors import Refused
from bot.desk.throttle import Scope, Throttle, TooFast
from bot.storage.audit import AuditChain
from bot.storage.faults import Moved
from bot.storage.key_store import KeyStore
from bot.storage.staff import StaffStore
from bot.storage.writer import Writer
from bot.vault.draft import lock, row_key, unlock
from bot.vault.errors import VaultError
from flows.message import InboundKind, Outbound

log = logging.getLogger(__name__)

CODE_SECONDS = 600
CONNECTED = "Terhubung. · Connected."
"""The bot's answer. It says neither to what nor to whom: others may look at this telephone."""

_SECONDS = 15.0  # for one message or call
_LETTERS, _DIGITS = "ABCDEFGHJKMNPQRSTVWXYZ", "23456789"  # none that look like another
_GROUP = f"[{_LETTERS}]{{3}}[{_DIGITS}]{{3}}"
# Twice three letters and three digits: 45 bits, and nothing that somebody writes who does not mean it.
_CODE = re.compile(rf"\s*({_GROUP})[\s-]?({_GROUP})\s*", re.IGNORECASE | re.ASCII)
_SPOKEN_DIGITS = 6


def new_code() -> str:
    """A code for a chat: KQF729-MRX384."""
    return "-".join("".join(secrets.choice(signs) for signs in (*[_LETTERS] * 3, *[_DIGITS] * 3)) for _ in range(2))


def code_in(text: str) -> str | None:
    """The code that a message is, as `new_code` writes it; None if it is none."""
    found = _CODE.fullmatch(text)
    return f"{found[1]}-{found[2]}".upper() if found else None


class Linking:
    """`channel` is Telegram's, `caller` telephones: without one that way is not there. `told` is called when somebody's own page shows
    something else than before; `clock` gives seconds since 1970."""

    def __init__(
        self, *, store: StaffStore, writer: Writer, keys: KeyStore, chain: AuditChain, channel: Channel | None, caller: Caller | None,
        told: Callable[[], Awaitable[None]], clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._store, self._writer, self._keys, self._chain = store, writer, keys, chain
        self._channel, self._caller, self._told, self._clock = channel, caller, told, clock
        self._contacts = Contacts(lambda: keys.desk)
        self._throttle = Throttle(store, writer, keys, clock)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways that there are: telegram, telephone."""
        return tuple(name for name, there in ((TELEGRAM, self._channel), (TELEPHONE, self._caller)) if there is not None)

    @property
    def _now(self) -> int:
        return int(self._clock())

    async def state(self, staff_id: bytes) -> dict[str, Any]:
        """What somebody's own page shows: `telegram` (whether a chat is linked), `telephone` (its last three digits, "" without one),
        `place` in the on-call chain, `ways`."""
        row = await self._store.member(staff_id)
        number = self._contacts.read(row, TELEPHONE) if row is not None else None
        return {
            "telegram": row is not None and row.telegram is not None, "telephone": (number or "")[-3:],
            "place": row.on_call if row is not None else None, "ways": self.ways,
        }  # fmt: skip

    async def settle(self) -> None:
        """Returns when nothing is on its way: for tests, and before the service stops."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    # Telegram

    async def code(self, staff_id: bytes) -> tuple[str, int]:
        """A code for the bot, and until when it is good; one that was shown before is not good any more. Raises TooFast, and Refused if
        there is no such way."""
        if self._channel is None:
            raise Refused("no_way")
        await self._throttle.begin([_of_staff(staff_id, TELEGRAM)])
        code, until = new_code(), self._now + CODE_SECONDS
        await self._writer.write([_code_row(staff_id, TELEGRAM, self._hashed(TELEGRAM, code.encode()), until)])
        return code, until

    async def bot(self) -> str:
        """The bot's name, without the @; "" if Telegram does not say it now."""
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._channel.username() if isinstance(self._channel, Named) else ""
        except (ChannelError, TimeoutError):
            return ""

    async def took(self, received: Received) -> bool:
        """Whether a message was a code of ours and is done with: its chat is linked, or was by the same message before."""
        code = code_in(received.inbound.text) if received.channel == TELEGRAM and received.inbound.kind is InboundKind.TEXT else None
        if code is None or self._channel is None or not fits(TELEGRAM, received.address):
            return False
        scope = Scope(parts=(b"link", received.address.encode()), free=5, most=60)
        try:
            await self._throttle.begin([scope])
        except TooFast:
            return False
        row = await self._store.contact_code(self._hashed(TELEGRAM, code.encode()))
        if row is None or row.kind != TELEGRAM or row.until <= self._now or not await self._linked(row, received.address):
            return False
        await self._throttle.good([scope])
        self._go(self._answer(received))
        return True

    async def _linked(self, code: Any, chat: str) -> bool:
        if code.used:  # the platform delivers a message again whose receipt it missed
            row = await self._store.member(code.staff_id)
            return row is not None and self._contacts.read(row, TELEGRAM) == chat
        used = Update(table="contact_code", key={"staff_id": code.staff_id, "kind": TELEGRAM}, values={"used": 1})
        seen = {"code": code.code, "used": 0}
        try:
            await self._change(code.staff_id, self._contacts.changed(code.staff_id, telegram=chat), used, seen=seen, kind=TELEGRAM)
        except Moved:  # another message with it was first, or the person does not work here any more
            return False
        return True

    async def _answer(self, received: Received) -> None:
        """Says so, and takes the code out of the chat. If that fails the console shows it all the same."""
        if self._channel is None:
            return
        for work in (self._channel.send(received.address, Outbound(text=CONNECTED)), self._channel.delete(received.address, received.ref)):
            try:
                async with asyncio.timeout(_SECONDS):
                    await work
            except (ChannelError, TimeoutError) as error:
                log.warning("link_answer_failed", extra={"code": error.code if isinstance(error, ChannelError) else "timed_out"})

    async def unlink(self, staff_id: bytes) -> None:
        """No chat any more; a code that was shown is not good any more either."""
        gone = Delete(table="contact_code", key={"staff_id": staff_id, "kind": TELEGRAM})
        await self._change(staff_id, self._contacts.changed(staff_id, telegram=None), gone)

    # Telephone

    async def ring(self, staff_id: bytes, number: str) -> int:
        """Has a number ring, and a voice say a code; gives until when it is good. Raises TooFast; Refused: no_way, number, not_reached."""
        if self._caller is None:
            raise Refused("no_way")
        if not fits(TELEPHONE, number):
            raise Refused("number")
        # A call costs money, and rings with somebody who may not want it: a colleague's page must not be good for more than a few.
        await self._throttle.begin([_of_staff(staff_id, TELEPHONE)])
        code, until = "".join(secrets.choice("0123456789") for _ in range(_SPOKEN_DIGITS)), self._now + CODE_SECONDS
        value = lock(self._keys.desk, number.encode(), context=contexts.staff("contact_code", staff_id))
        hashed = self._hashed(TELEPHONE, staff_id, code.encode())
        await self._writer.write([_code_row(staff_id, TELEPHONE, hashed, until, value)])
        try:
            async with asyncio.timeout(_SECONDS):
                await self._caller.call(number, code=code)
        except (ChannelError, TimeoutError) as error:
            log.warning("link_call_failed", extra={"code": error.code if isinstance(error, ChannelError) else "timed_out"})
            raise Refused("not_reached") from None
        return until

    async def confirm(self, staff_id: bytes, code: str, place: int | None) -> None:
        """The code that was heard: from now on the number is telephoned, at a place of the chain. Raises TooFast; Refused: code, place."""
        if place is not None and not 1 <= place <= LAST_PLACE:
            raise Refused("place")
        scope = Scope(parts=(b"link-heard", staff_id), free=3, most=60)
        await self._throttle.begin([scope])
        row = await self._store.contact_code(self._hashed(TELEPHONE, staff_id, code.strip().encode()))
        if row is None or row.staff_id != staff_id or row.until <= self._now:
            raise Refused("code")
        try:
            number = unlock(self._keys.desk, row.value or b"", context=contexts.staff("contact_code", staff_id)).decode()
            gone = Delete(table="contact_code", key={"staff_id": staff_id, "kind": TELEPHONE})
            change = self._contacts.changed(staff_id, telephone=number, on_call=place)
            await self._change(staff_id, change, gone, seen={"code": row.code}, kind=TELEPHONE)
        except (VaultError, Moved):
            raise Refused("code") from None
        await self._throttle.good([scope])

    async def forget(self, staff_id: bytes) -> None:
        """No number any more, and no place in the chain."""
        gone = Delete(table="contact_code", key={"staff_id": staff_id, "kind": TELEPHONE})
        await self._change(staff_id, self._contacts.changed(staff_id, telephone=None, on_call=None), gone)

    # Both

    async def _change(
        self, staff_id: bytes, change: Update, along: Update | Delete, *, seen: dict[str, Any] | None = None, kind: str = ""
    ) -> None:  # fmt: skip
        """Writes it, with an entry in the audit chain. Raises Moved if the code is not as it was seen."""
        requires = [Require(table="staff", key={"id": staff_id}, values={"state": "active"})]
        if seen is not None:
            requires.append(Require(table="contact_code", key={"staff_id": staff_id, "kind": kind}, values=seen))
        await self._chain.append(
            action=audit.CONTACT_CHANGED, subject=staff_id, actors=[staff_id], at=self._now, along=[change, along], requires=requires
        )  # fmt: skip
        await self._told()

    def _hashed(self, *parts: bytes | str) -> bytes:
        return row_key(self._keys.desk, b"contact code", *(part.encode() if isinstance(part, str) else part for part in parts))

    def _go(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _of_staff(staff_id: bytes, kind: str) -> Scope:
    """Codes that somebody asks for."""
    return Scope(parts=(b"link-code", kind.encode(), staff_id), free=3, most=120)


def _code_row(staff_id: bytes, kind: str, code: bytes, until: int, value: bytes | None = None) -> Insert:
    row = {"staff_id": staff_id, "kind": kind, "code": code, "until": until, "value": value, "used": 0}
    return Insert(table="contact_code", row=row, replace=True)
