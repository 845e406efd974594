"""The service with its model, as the settings want it: states, counters, and people who are served whatever Rasa does."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from bot.metrics import REGISTRY
from bot.model import Model
from bot.nlu_server.state import NluState
from bot.settings import load_settings
from flows.message import Danger
from tests.bot.nlu_server.household import until
from tests.bot.telegram_program import environment
from tests.nlu.rasa_peer import answer, peer, rasa_apart, raw, says

pytestmark = pytest.mark.own_store


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("ruang_aman_nlu_total", {"outcome": outcome}) or 0.0


def asked() -> float:
    return REGISTRY.get_sample_value("ruang_aman_nlu_asked_total") or 0.0


async def test_a_server_elsewhere_is_asked_and_counted(tmp_path: Path) -> None:
    async with peer() as rasa:
        rasa.behave = says(answer(("faq/visum", 0.9), ("greet", 0.1)))
        settings = load_settings(from_environment=False, given={"data_dir": tmp_path, "nlu_url": rasa.url, "nlu_token": "t"})
        states: list[NluState] = []
        model = Model(settings, changed=states.append)
        assert model.state is NluState.STARTING
        model.start()
        assert await model.until_settled() is NluState.READY
        before = asked(), counted("answered"), counted("failed")
        assert (await model.understander.understand("visum itu apa", "id")).intent == "faq/visum"
        rasa.behave = raw(b"<html>")
        found = await model.understander.understand("visum itu apa, di mana bisa visum", "id")
        assert found.ranking and found.ranking[0][0] == "faq/visum"  # keywords
        assert (asked() - before[0], counted("answered") - before[1], counted("failed") - before[2]) == (2, 1, 1)
        assert all("token=t" in target for target in rasa.targets)
        await model.stop()
    assert states == [NluState.READY]


async def test_off_starts_nothing_and_still_hears(tmp_path: Path) -> None:
    settings = load_settings(from_environment=False, given={"data_dir": tmp_path, "nlu_url": "off"})
    model = Model(settings)
    assert (await model.understander.understand("tolong skrg bapak mukulin adek", "id")).danger is Danger.EMERGENCY  # before it began
    model.start()
    before = counted("left_out")
    assert await model.until_settled() is NluState.OFF
    assert (await model.understander.understand("visum itu apa, di mana bisa visum", "id")).ranking
    assert counted("left_out") == before
    assert model.endpoint() is None
    await model.stop()
    assert list(tmp_path.iterdir()) == []


async def test_without_an_own_server_an_empty_setting_is_off(tmp_path: Path) -> None:
    settings = load_settings(from_environment=False, given={"data_dir": tmp_path})
    assert Model(settings, embedded=False).state is NluState.OFF


async def test_the_program_serves_while_rasa_cannot_be_reached_and_says_so(tmp_path: Path) -> None:
    with rasa_apart() as (rasa, url):
        rasa.behave = raw(b"", status=503)
        variables = environment(tmp_path / "data", RUANG_AMAN_NLU_URL=url)
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "bot", "serve", "--port", "0"], cwd=tmp_path, env=variables, stdout=log, stderr=log
            )
        try:
            def address() -> str:
                found = re.search(r"Ruang Aman: (http://localhost:\d+)/chat", (tmp_path / "log").read_text())
                return found[1] if found else ""

            await until(address, "the program serves", seconds=60)
            async with httpx.AsyncClient(base_url=address(), trust_env=False) as client:
                ready = await client.get("/readyz")
                assert ready.status_code == 200 and ready.json()["nlu"] == "starting"
                rasa.behave = says(answer(("greet", 0.9)))
                end = time.monotonic() + 30
                while (await client.get("/readyz")).json()["nlu"] != "ready":
                    assert time.monotonic() < end
                    await asyncio.sleep(0.2)
                metrics = (await client.get("/metrics")).text
                assert "ruang_aman_nlu_asked_total 0.0" in metrics  # a probe is no person
        finally:
            process.terminate()
            process.wait(30)
    assert process.returncode == 0
