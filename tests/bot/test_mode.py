"""Numbers and people only, as the running service takes it from the database."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from bot.cli.mode import _seen, _switch
from bot.mode import switched
from bot.web_app import build
from tests.bot.house import House, house
from tests.bot.test_backup import settings
from tests.bot.test_keys_and_timers import REPORT


async def ready(here: House) -> dict[str, object]:
    """What /readyz says."""
    app = build(here.service, [], lambda: {"web": "ok"})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot.example") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200, "people are served in either mode"
    return dict(answer.json())


async def test_the_command_reaches_a_running_service_and_is_still_there_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        assert (await ready(here))["reports"] == "open"
        await here.talk("7", *REPORT)
        await _switch(settings(tmp_path), "people-only")
        await here.service.jobs.timers()  # every 20 seconds
        state = await ready(here)
        assert (state["mode"], state["reports"]) == ("people-only", "closed")
        assert "belum terkirim" in " ".join(bubble.text for bubble in await here.say("7", "yes"))
    async with house(tmp_path) as here:
        assert "report" not in [choice.id for bubble in await here.talk("8", "/start") for choice in bubble.choices]
        await _switch(settings(tmp_path), "normal")
        await here.service.jobs.timers()
        assert (await ready(here))["reports"] == "open"
    assert await _switch(settings(tmp_path), None) == "normal"


async def test_what_is_no_word_of_ours_is_taken_for_the_careful_one(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        async with here.service.engine.begin() as connection:
            await connection.exec_driver_sql("insert into switch values ('mode', 'pepole-only')")
        await here.service.jobs.timers()
        assert here.service.mode.value == "people-only"
    with pytest.raises(ValueError, match="no such mode"):
        switched("pepole-only")


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_operator_is_shown_what_people_see(language: str) -> None:
    shown = "\n".join(_seen(language))
    assert shown.count("112") >= 2 and "{" not in shown
