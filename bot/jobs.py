"""Periodic work: what was left over is taken up, timers come due, keys and rows whose time is over die. APScheduler wakes it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]

from actions.rows import Delete, Insert
from bot.clearing import Clearing
from bot.deliver import Deliver
from bot.desk.leaving import Leaving
from bot.desk.queue import ROUND_SECONDS, Desk
from bot.intake import DAY, SILENCE
from bot.metrics import WAITING
from bot.mode import Mode
from bot.rollover import Rollover
from bot.storage.database import Engine, truncate_wal
from bot.storage.key_store import LIVE_DAYS, KeyStore
from bot.storage.purge import forget_conversations, purge
from bot.storage.reads import Reads
from bot.storage.sharing import Sharing
from bot.storage.writer import Writer
from bot.turn import TimerDue
from bot.turns import Turns
from bot.units import StoredUnits

log = logging.getLogger(__name__)

SESSION_LIFE = 3 * DAY
FORGET_EVERY = 600  # seconds
SCRUB_EVERY = 60


class Jobs:
    """All periodic work over one service."""

    def __init__(
        self, *, engine: Engine, writer: Writer, reads: Reads, keys: KeyStore, turns: Turns, rollover: Rollover, deliver: Deliver,
        units: StoredUnits, sharing: Sharing, clearing: Clearing, mode: Mode, clock: Callable[[], float], desk: Desk,
        leaving: Leaving,
    ) -> None:  # fmt: skip
        self._desk, self._leaving = desk, leaving
        self._sharing, self._clearing = sharing, clearing
        self._engine, self._writer, self._reads, self._keys = engine, writer, reads, keys
        self._turns, self._rollover, self._deliver, self._units, self._mode, self._clock = turns, rollover, deliver, units, mode, clock
        self._scheduler: AsyncIOScheduler | None = None

    def start(self) -> None:
        """Begins; every job runs at most once at a time, and a failing one is logged and tried again at its next time."""
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60})
        for work, every in ((self.sweep, 5), (self.clear, 5), (self.timers, 20), (self.scrub, SCRUB_EVERY), (self.forget, FORGET_EVERY)):
            self._scheduler.add_job(self._guarded(work), "interval", seconds=every, id=work.__name__)
        # What waits for a person waits in seconds: this one is never left out because it is late.
        self._scheduler.add_job(self._guarded(self.desk), "interval", seconds=ROUND_SECONDS, id="desk", misfire_grace_time=None)
        self._scheduler.start()

    def stop(self) -> None:
        """Ends. A job that is running is cancelled between two of its writes; what it had left is found by the next one."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)

    @staticmethod
    def _guarded(work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            try:
                await work()
            except asyncio.CancelledError:
                return  # the service stops (`stop`): no fault, and nothing for the log
            except Exception:
                log.exception("job_failed", extra={"job": work.__name__})

        return run

    async def sweep(self) -> None:
        """Messages and replies that are in nobody's hands; keys whose death was decided; the gauges."""
        if self._writer.trouble:
            with suppress(Exception):  # it is in the log, and stays in /readyz
                await self._writer.probe()
        await self._turns.take_up()
        await self._deliver.take_up()
        await self._sharing.give_back(lambda each: self._turns.busy(each) or self._deliver.busy(each))
        for key_id in await self._reads.dying_keys():
            await self._rollover.bury(key_id)
        for queue, count in (await self._reads.counts(int(self._clock()))).items():
            WAITING.labels(queue).set(count)

    async def desk(self) -> None:
        """The desk's round: offers that ran out, consoles that are gone, who is asked next, alarms."""
        await self._desk.tick()

    async def clear(self) -> None:
        """What platforms still keep of messages that arrived."""
        await self._clearing.run()

    async def timers(self) -> None:
        """Timers that came due. `silence` counts from the conversation's last message: one that wrote since is set anew."""
        await self._units.refresh()  # `unit add` beside a running service
        await self._mode.refresh()  # `mode`, on whichever machine it was typed
        await self._leaving.finish()
        now = int(self._clock())
        due = await self._reads.due_timers(now)
        ours = await self._sharing.take({timer.conversation_id for timer in due})
        for timer in due:
            if timer.conversation_id not in ours:
                continue
            # A timer of another name says at once what it has to say: "wipe" was asked for, and Telegram's 48 hours do not wait.
            if timer.name == "silence" and timer.last_at + SILENCE > now:
                await self._writer.write([self._silence(timer.conversation_id, timer.last_at + SILENCE)])
            else:
                self._turns.arrived(TimerDue(conversation_id=timer.conversation_id, name=timer.name))

    @staticmethod
    def _silence(conversation_id: bytes, due_at: int) -> Insert:
        return Insert(table="timer", row={"conversation_id": conversation_id, "name": "silence", "due_at": due_at}, replace=True)

    async def scrub(self) -> None:
        """Keys that died leave the key store's PostgreSQL server, too."""
        if self._keys.stained and await self._sharing.turn_of("scrub", SCRUB_EVERY / 2):
            await self._keys.scrub()

    async def forget(self) -> None:
        """Conversations of which nothing was heard for 72 hours, rows that are done with, keys that nothing uses."""
        if not await self._sharing.turn_of("forget", FORGET_EVERY / 2):
            return
        await self._clearing.run()  # whatever is due there: what cannot be deleted now gets a key that outlives its conversation
        now = int(self._clock())
        day = now // DAY
        await self._keys.day_keys(day)
        silent = 0
        # Somebody who writes at this very moment has leased the key: what was told then must not die unheard.
        while found := [row.id for row in await self._reads.silent_since(now - SESSION_LIFE) if not self._keys.leases(row.key_id)]:
            dying = await forget_conversations(self._engine, found, silent_since=now - SESSION_LIFE)
            await self._keys.destroy(dying)
            await self._writer.write([Delete(table="key_death", key={"key_id": key_id}) for key_id in dying])
            silent += len(dying)
            if not dying:
                break  # all that are left have something that waits, or another process writes in them: the next time, then
        gone = await purge(
            self._engine, finished_before=now - SESSION_LIFE, oldest_day=day - LIVE_DAYS + 1, hour=now // 3600 - 1, now=now
        )  # fmt: skip
        unused = await self._keys.known_ids(before=now - 3600) - await self._reads.used_keys() - set(await self._reads.dying_keys())
        await self._keys.destroy([key_id for key_id in unused if not self._keys.leases(key_id)])
        if silent or gone or unused:
            await truncate_wal(self._engine)
            log.info("forgot", extra={"conversations": silent, "rows": gone, "keys": len(unused)})
