"""A crisis that nobody has, or that its owner does not answer: every console, the chats of staff, the telephone chain, the leads. What is
sent says nothing of anybody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from actions.alarm import CONSOLE_TIMES, LEAD_EVERY, LEADS, may_telephone, next_alarm
from actions.hand_off import Stage
from actions.queue import Alarmed, Colleague, HandOff
from bot.channels.base import ChannelError, TryLater
from bot.desk.contacts import Contacts
from bot.desk.events import ALARM, Changed
from bot.desk.ledger import Ledger
from bot.metrics import DESK_ALARMS

log = logging.getLogger(__name__)

# To staff, who read both; on a telephone that lies about it says no more than this. No word of a reporter is ever in it.
ALERT = "Kamu dibutuhkan sekarang. Buka Meja petugas. · You are needed now. Open the counsellor desk."
LATE = "Ada yang belum dibaca di Meja petugas. · Something at the counsellor desk is unread."  # a clock ran out: nobody is to run
SENT, LATER, FAILED = "sent", "later", "failed"
"""What became of a message or a call. `later`: another one may get through."""
_SECONDS = 15.0  # for one message or call


class Messenger(Protocol):
    """Chats in which staff are woken (`bot.channels.telegram`)."""

    async def ring(self, address: str, text: str) -> None:
        """Sends a message with which the telephone makes a sound. Raises ChannelError."""


class Caller(Protocol):
    """A telephone."""

    async def call(self, number: str, *, code: str = "") -> None:
        """Has a number ring, and a voice say to open the console; or, with a `code` of digits, that code and nothing else. Returns once the
        call is on its way. Raises ChannelError."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Crisis:
    """A hand-off that rings, or in which danger has no answer, who can read it, and when its reporter wrote last."""

    hand_off: HandOff
    readers: frozenset[bytes]
    last_at: int | None


class Alarm:
    """Without a messenger or a caller those ways are left out, and the leads are told the sooner."""

    def __init__(
        self, *, ledger: Ledger, contacts: Contacts, messenger: Messenger | None = None, caller: Caller | None = None
    ) -> None:  # fmt: skip
        self._ledger, self._contacts = ledger, contacts
        self._messenger, self._caller = messenger, caller
        self._tasks: set[asyncio.Task[None]] = set()

    async def round(self, crises: Sequence[Crisis], rows: Collection[Any], colleagues: dict[bytes, Colleague]) -> None:
        """What is due now for these. It is written down first, so that of several processes one does it; a process that dies in between has
        left out one alert, and the next comes within a minute."""
        now = self._ledger.now
        for crisis in crises:
            chain = self._chain(crisis, rows)
            due = next_alarm(crisis.hand_off, now=now, chain=len(chain), last_at=crisis.last_at)
            if due is None:
                continue
            result = await self._ledger.move(crisis.hand_off, due)
            if not result.ok:
                continue  # somebody has just taken it
            self._ledger.events.publish(Changed(what=ALARM, id=crisis.hand_off.id, version=result.version or 0))
            DESK_ALARMS.labels(_way(due), "raised").inc()
            log.warning("desk_alarm", extra={"hand_off": crisis.hand_off.id.hex(), "code": _way(due), "step": due.step})
            self._go(self._alert(crisis, due, chain, rows, colleagues, now))

    def _go(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def calls(self) -> bool:
        """Whether anybody can be telephoned at all."""
        return self._caller is not None

    async def settle(self) -> None:
        """Returns when every message and call is on its way: for tests, and before the service stops."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _chain(self, crisis: Crisis, rows: Collection[Any]) -> list[Any]:
        """Who can be telephoned, in the order of the chain."""
        if self._caller is None:
            return []
        found = [row for row in rows if row.on_call is not None and row.telephone is not None and row.unit_id in crisis.readers]
        return sorted(found, key=lambda row: (row.on_call, row.id))

    async def _alert(
        self, crisis: Crisis, due: Alarmed, chain: list[Any], rows: Collection[Any], colleagues: dict[bytes, Colleague], now: int
    ) -> None:  # fmt: skip
        of_units = [row for row in rows if row.unit_id in crisis.readers]
        leads = [row for row in of_units if row.role == "lead"]
        on_duty = [row for row in of_units if (them := colleagues.get(row.id)) is not None and them.on_duty(now)]
        if due.stage == Stage.HEARD:  # whoever has it, whoever else is there, and the leads if that did not help
            on_duty = [row for row in on_duty if row.id != crisis.hand_off.owner_id]
            called = [*on_duty, *(row for row in of_units if row.id == crisis.hand_off.owner_id)]
            called += leads if due.step > CONSOLE_TIMES or not on_duty else []
        else:
            called = [*(on_duty or of_units), *(leads if due.stage in LEADS else chain[: due.step] if due.stage == Stage.ON_CALL else ())]
        linked = {row.id: row for row in called if row.telegram is not None}.values()
        if not on_duty:
            log.error("desk_nobody", extra={"hand_off": crisis.hand_off.id.hex(), "code": _way(due)})
        work = [self._write(row, f"{_way(due)}_message") for row in linked]
        if due.stage == Stage.ON_CALL:
            work.append(self._call(chain[due.step - 1], due))
        loud = due.stage in LEADS and (due.step - 1) % LEAD_EVERY == 0
        if loud and self._caller is not None and may_telephone(crisis.hand_off, now=now, last_at=crisis.last_at):
            work += [self._call(row, due) for row in leads if row.telephone is not None]
        await asyncio.gather(*work)

    def write_late(self, rows: Collection[Any], then: Callable[[Mapping[bytes, str]], Awaitable[None]]) -> None:
        """Says that a deadline has passed, with a sound, in the chats of those of these colleagues (rows of `DeskStore.staff`) who linked
        one, soon. `then` hears what became of it, by their ids."""
        self._go(self._late([row for row in rows if row.telegram is not None], then))

    async def _late(self, rows: Sequence[Any], then: Callable[[Mapping[bytes, str]], Awaitable[None]]) -> None:
        outcomes = await asyncio.gather(*(self._write(row, "deadline_message", LATE) for row in rows))
        await then({row.id: outcome for row, outcome in zip(rows, outcomes, strict=True)})

    async def _write(self, row: Any, kind: str, text: str = ALERT) -> str:
        chat = self._contacts.read(row, "telegram")
        if self._messenger is None or chat is None:
            return FAILED
        return await self._tried(self._messenger.ring(chat, text), row, kind)

    async def _call(self, row: Any, due: Alarmed) -> str:
        number = self._contacts.read(row, "telephone")
        if self._caller is None or number is None:
            return FAILED
        return await self._tried(self._caller.call(number), row, f"{_way(due)}_call")

    @staticmethod
    async def _tried(work: Any, row: Any, kind: str) -> str:
        """One try, and what became of it: the next alert comes in a minute, of a deadline in five if nobody was told. What went wrong is in
        the log, and keeps nobody else from being told."""
        try:
            async with asyncio.timeout(_SECONDS):
                await work
        except (ChannelError, TimeoutError) as error:
            code = error.code if isinstance(error, ChannelError) else "timed_out"
            log.error("desk_alarm_failed", extra={"staff": row.id.hex(), "kind": kind, "code": code})
            outcome = LATER if isinstance(error, TryLater | TimeoutError) else FAILED
        except Exception:
            log.exception("desk_alarm_failed", extra={"staff": row.id.hex(), "kind": kind})
            outcome = LATER
        else:
            outcome = SENT
        DESK_ALARMS.labels(kind, SENT if outcome == SENT else FAILED).inc()
        return outcome


def _way(due: Alarmed) -> str:
    """What it is called to the operator: leads are leads, before the chain and after it."""
    return Stage.LEAD if due.stage in LEADS else due.stage
