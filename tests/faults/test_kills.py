"""SIGKILL at random moments: what got a 2xx has exactly one effect, no reply is missing, and only what was on its way may come twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.killed import SCRIPT, Site, Telegram, walked
from tests.postgres import binaries
from tests.stores import on_postgres

PEOPLE = 6

pytestmark = pytest.mark.own_store
needs_postgres = pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed: apt install postgresql")


@asynccontextmanager
async def _site(folder: Path, store: str) -> AsyncIterator[Site]:
    async with Telegram().running() as telegram:
        site = Site(folder, on_postgres(folder) if store == "postgresql" else {}, telegram, processes=2 if store == "postgresql" else 1)
        await site.open()
        try:
            yield site
        finally:
            await site.close()


async def _killed(folder: Path, store: str, kills: int) -> None:
    async with _site(folder, store) as site:
        # What an undisturbed person sees.
        for line in SCRIPT:
            await site.says(5, line)
        site.tally.reports += 1
        expected = site.telegram.texts(5)
        assert len(expected) >= len(SCRIPT)

        people = [asyncio.create_task(site.person(100 + number)) for number in range(PEOPLE)]
        try:
            for _ in range(kills):
                await site.kill_one()
                for person in people:
                    if person.done():
                        person.result()
        finally:
            site.done.set()
        await asyncio.wait_for(asyncio.gather(*people), 120)
        for _ in range(200):  # what was sent is written down a moment later
            if await site.rows("select count(*) from outbox where state in ('sending', 'pending')") == [(0,)]:
                break
            await asyncio.sleep(0.1)

        tally = site.tally
        doubles = sum(walked(site.telegram.texts(chat), expected) for chat in list(site.telegram.screens))
        print(f"{store}: {tally.kills} kills, {len(tally.acknowledged)} messages, {tally.reports} reports, {doubles} doubled of "
              f"{len(tally.sending)} on their way")  # fmt: skip
        assert tally.kills == kills
        assert await site.rows("select state, count(*) from inbox group by state") == [("done", len(tally.acknowledged))]
        assert await site.rows("select count(*) from cases") == [(tally.reports,)], "each report was filed once"
        assert await site.rows("select count(*) from receipt") == [(tally.reports,)]
        assert await site.rows("select count(*) from outbox where state <> 'sent'") == [(0,)]
        assert doubles <= len(tally.sending), "a reply came twice that was not on its way at a kill"
        for program in site.programs:
            log = program.log.read_text(errors="replace")
            assert "Traceback" not in log and SCRIPT[4] not in log and " ERROR " not in log, log[-3000:]


@pytest.mark.timeout(420)
@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgresql", marks=needs_postgres)])
async def test_ten_kills(tmp_path: Path, store: str) -> None:
    await _killed(tmp_path, store, 10)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgresql", marks=needs_postgres)])
async def test_three_hundred_kills(tmp_path: Path, store: str) -> None:
    await _killed(tmp_path, store, 300)
