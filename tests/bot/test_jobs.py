"""Periodic work, and the moment in which the service stops."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]

from bot.desk.staff import farewell
from bot.jobs import Jobs
from bot.storage.pins import LEAVING, STAFF
from tests.bot.desk.sitting import office


async def test_a_job_that_the_stop_cancels_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.sleep(60)

    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(Jobs._guarded(work), "date")
    scheduler.start()
    await begun.wait()
    scheduler.shutdown(wait=False)
    await asyncio.sleep(0.05)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


async def test_what_is_left_of_a_removal_is_done_by_the_timers(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        rina = await here.comes("Rina")
        await here.service.keys.pins.leaving(rina.id)
        await here.service.jobs.timers()
        pins = await here.service.keys.pins.all()
        assert not pins[STAFF][rina.id].gone, "the row says that she is here"
        await here.service.writer.write(farewell(rina.id))
        await here.service.jobs.timers()
        pins = await here.service.keys.pins.all()
        assert pins[STAFF][rina.id].gone and LEAVING not in pins
