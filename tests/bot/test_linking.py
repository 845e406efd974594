"""A colleague links a chat through Telegram itself: the real channel and polling loop, against the emulator of the Bot API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot.app import Service
from bot.channels.telegram import Poller, Telegram
from bot.desk.alarm import ALERT
from bot.desk.linking import CONNECTED
from bot.running import understander
from bot.settings import load_settings
from tests.bot.desk.sitting import add_person, wait_here
from tests.bot.house import UNIT, add_unit
from tests.bot.telegram_front import Front, until
from tests.bot.telegram_person import Person
from tests.stores import given


@asynccontextmanager
async def polling(folder: Path, front: Front) -> AsyncIterator[Service]:
    """A service that serves Telegram."""
    telegram = Telegram(token=front.token, base_url=f"{front.url}/bot", paced=False)
    settings = load_settings(from_environment=False, given=given(folder))
    service = Service(settings, channels={"telegram": telegram}, understander=understander(), messenger=telegram)
    await service.start(jobs=False)
    poller = Poller(telegram, service, wait=1)
    task = asyncio.create_task(poller.run())
    try:
        yield service
    finally:
        await poller.stop()
        with suppress(asyncio.CancelledError):
            await task
        await service.stop()


async def test_a_code_links_the_chat_and_alerts_go_there_and_nothing_is_stored(emulated: str, tmp_path: Path) -> None:
    async with Front(emulated).running() as front, polling(tmp_path, front) as service:
        unit = await add_unit(service, UNIT)
        lead = await add_person(service, "Lia", unit=unit, role="lead")
        code, _ = await service.linking.code(lead.id)
        await service.linking.bot()  # the page says to whom the code is sent; the emulator has no such name
        assert "getMe" in {call.method for call in front.calls}
        lia = Person(front)
        await front.enqueue(lia.writes(code))
        await until(lambda: [call.text for call in lia.screen] == [CONNECTED], "the answer", instead=lambda: lia.screen)
        await until(lambda: [call.ref for call in front.of("deleteMessage", lia.chat)] == lia.sent, "the code to go")
        async with service.engine.connect() as connection:
            for table in ("conversation", "inbox", "outbox", "address"):
                assert (await connection.exec_driver_sql(f"select count(*) from {table}")).scalar_one() == 0, table
        await wait_here(service, unit=unit, urgency="danger", since=1)
        await service.desk.tick()
        await service.settle()
        await until(lambda: [call.text for call in lia.screen] == [CONNECTED, ALERT], "the alert", instead=lambda: lia.screen)
        assert [call.fields["disable_notification"] for call in lia.screen] == [True, False], "what wakes somebody makes a sound"
        await until(lambda: bool(front.handed), "the message to be confirmed")
        assert front.problems == []
