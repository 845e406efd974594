"""A database that is full, locked or away: nothing that was taken in is lost, nothing is answered twice, and the operator sees why."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from bot.channels.base import Received
from bot.web_app import build
from flows.message import Inbound, InboundKind
from tests.bot.house import House, house
from tests.stores import postgres_only, sqlite_only


async def _state(here: House) -> dict[str, Any]:
    """What /readyz says, with its status."""
    app = build(here.service, [], dict)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot.example") as client:
        answer = await client.get("/readyz")
    return {"status": answer.status_code, **answer.json()}


async def _post(here: House, number: str, text: str) -> None:
    inbound = Inbound(kind=InboundKind.TEXT, text=text)
    await here.service.receive(Received(channel="telegram", message_id=number, address="7", inbound=inbound))


async def _until(true: Callable[[], bool]) -> None:
    for _ in range(1500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come")


async def _every_connection(here: House, statement: str) -> None:
    """Runs a statement on every pooled connection that may write."""
    connections = [await here.service.engine.connect() for _ in range(2)]
    for connection in connections:
        await connection.exec_driver_sql(statement)
        await connection.commit()
    for connection in connections:
        await connection.close()
    writer = here.service.writer
    await asyncio.get_running_loop().run_in_executor(writer._thread, _said_to, writer._threaded, statement)


def _said_to(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
        connection.commit()


@asynccontextmanager
async def _full(here: House) -> AsyncIterator[None]:
    """No page more: what SQLite says when the disk is full."""
    await _every_connection(here, "PRAGMA max_page_count=1")  # SQLite takes the present size for less
    await _every_connection(here, "PRAGMA incremental_vacuum")
    try:
        yield
    finally:
        await _every_connection(here, "PRAGMA max_page_count=1000000")


@sqlite_only
async def test_a_full_disk_refuses_what_it_cannot_store_and_loses_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.talk("7", "/start", "report", "yes", "self_13_17")
        taken = 0
        async with _full(here):
            state: dict[str, Any] = {}
            for _ in range(20):  # something shorter may still have found room, and then it is well again for that moment
                with pytest.raises(Exception, match="full"):  # the webhook answers 503, and the platform keeps it
                    for _ in range(400):
                        await _post(here, f"n{taken}", f"cerita bagian {taken} " + "panjang sekali " * 60)
                        taken += 1
                state = await _state(here)
                if state["status"] == 503:
                    break
            assert (state["status"], state["database"]) == (503, "full")
            shown = len(here.phones.seen["7"])
        await here.service.settle()
        await here.service.jobs.sweep()
        await here.service.settle()
        assert (await _state(here))["status"] == 200, "it says so by itself when it is over"
        assert len(here.phones.seen["7"]) >= shown
        assert await _states(here) == {"done": 4 + taken}


async def _states(here: House) -> dict[str, int]:
    async with here.service.engine.connect() as connection:
        found = await connection.exec_driver_sql("select state, count(*) from inbox group by state")
        return {str(row[0]): int(row[1]) for row in found}


@sqlite_only
async def test_a_turn_waits_for_a_database_that_somebody_else_has_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup program that is not ours, or a hand in the shell. Three tries would be over in a second, and the message given up."""
    async with house(tmp_path) as here:
        await here.say("7", "/start")
        await _every_connection(here, "PRAGMA busy_timeout=50")
        begun = asyncio.Event()
        turn = here.service.turns._turn

        async def noted(item: Any) -> None:
            begun.set()
            await asyncio.sleep(0.05)
            await turn(item)

        monkeypatch.setattr(here.service.turns, "_turn", noted)
        before = len(here.phones.seen["7"])
        await _post(here, "one", "lapor")
        with closing(sqlite3.connect(tmp_path / "ruang-aman.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await begun.wait()
            await asyncio.sleep(1.5)
            assert len(here.phones.seen["7"]) == before
            assert (await _state(here))["database"] == "locked"
            other.execute("ROLLBACK")
        await _until(lambda: len(here.phones.seen["7"]) > before)
        await here.service.settle()
        assert "Sekarang kamu aman" in here.phones.seen["7"][-1].text, "the answer itself, not an excuse"
        assert await _states(here) == {"done": 2}


@postgres_only
async def test_a_database_that_goes_away_in_the_middle_of_a_turn_is_waited_for(tmp_path: Path) -> None:
    """With the person's words stored and the server restarting, the answer comes when it is back."""
    from tests.postgres import server

    async with house(tmp_path) as here:
        await here.talk("7", "/start", "report", "yes")
        before = len(here.phones.seen["7"])
        go = asyncio.Event()
        resume = here.service.turns.turn._resume

        async def slow(*arguments: Any) -> Any:
            await go.wait()
            return await resume(*arguments)

        here.service.turns.turn._resume = slow  # type: ignore[method-assign]
        await _post(here, "one", "aku 15 tahun")
        await asyncio.to_thread(server().stop)
        go.set()
        await asyncio.sleep(0.5)
        assert (await _state(here))["status"] == 503
        await asyncio.to_thread(server().start)
        await _until(lambda: len(here.phones.seen["7"]) > before)
        await here.service.settle()
        assert await _states(here) == {"done": 4}


@postgres_only
async def test_a_message_is_not_answered_twice_when_a_commit_was_not_heard_of(tmp_path: Path) -> None:
    """The connection broke between the server's commit and its word of it: the turn is tried again, and finds itself done."""
    async with house(tmp_path) as here:
        await here.talk("7", "/start")
        commit = here.service.writer._commit
        lost = 0

        async def unheard(batch: list[Any]) -> Any:
            nonlocal lost
            results = await commit(batch)
            if any(job.fence is not None for job in batch) and lost < 1:
                lost += 1
                raise ConnectionResetError
            return results

        here.service.writer._commit = unheard  # type: ignore[method-assign]
        before = len(here.phones.seen["7"])
        await _post(here, "one", "lapor")
        await here.service.turns.settle()
        await here.service.jobs.sweep()
        await here.service.settle()
        assert lost == 1 and await _states(here) == {"done": 2}
        assert len(here.phones.seen["7"]) == before + 1
