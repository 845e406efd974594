"""Periodic work, and the moment in which the service stops."""

from __future__ import annotations

import asyncio

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]

from bot.jobs import Jobs


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
